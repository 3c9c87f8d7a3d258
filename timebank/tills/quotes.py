"""Quotes: who stands at a till, what is in their basket, what it costs, and what speaks against it.

A quote moves nothing. It lives for the minutes that the policy gives it, and no change of the basket makes it older.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, represented
from timebank.errors import RefusalError
from timebank.passes.spending import hold_proof
from timebank.redemptions.limits import DayRule, limits_for, rule_on
from timebank.redemptions.rules import Finding, Wish
from timebank.tills.items import items_of, named_items, points_of
from timebank.tills.queries import Till, selling_till
from timebank.tills.rules import Item, Line, basket, total_points
from timebank.tills.showing import How, Shown

if TYPE_CHECKING:
    from collections.abc import Mapping

_INSERT = """
insert into quotes (bank_id, till_id, person_id, shown, proof, reservation_id, lines, points, policy_version, made_at,
  expires_at)
select $1, $2, p.id, $4, $5, $6, $7::text::jsonb, $8, $9, $10, $11
from people p where p.bank_id = $1 and p.id = $3 and p.erased_at is null
returning id
"""
_CHANGE = """
update quotes set lines = $3::text::jsonb, points = $4, policy_version = $5, version = version + 1
where bank_id = $1 and id = $2
"""
# A quote under whose key something is in the books is over, redeemed or refused.
_QUOTE = """
select q.id, q.till_id, q.person_id, q.shown, q.reservation_id, q.lines::text as lines, q.expires_at, q.version,
  exists (select from transactions t
    where t.bank_id = $1 and t.idempotency_key = 'redemption:' || q.id::text) as is_over
from quotes q where q.bank_id = $1 and q.id = $2
"""
_LOCK = "select id from quotes where bank_id = $1 and id = $2 for update"
_RESERVED = """
select l.goods_id, l.quantity, l.points from reservation_lines l
where l.bank_id = $1 and l.reservation_id = $2 order by l.line
"""
_FORGET = "delete from quotes where bank_id = $1 and expires_at < $2"

QUOTES_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """So many of an item, and what they cost together."""

    item: Item
    quantity: int
    points: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What a cashier sees of who stands there; `person_id` goes no further than the masked name."""

    id: UUID
    till_id: int
    person_id: UUID
    shown: How
    balance_points: int
    lines: Sequence[QuoteLine]
    points: int
    warnings: Sequence[Finding]
    refusals: Sequence[Finding]
    expires_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class _Stored:
    """A quote on record."""

    id: UUID
    till: Till
    person_id: UUID
    shown: How
    reservation_id: int | None
    lines: Sequence[Line]
    expires_at: datetime
    version: int


async def make_quote(
    tx: WriteTx, till: Till, shown: Shown, *, wanted: Sequence[tuple[int | str, int]], now: datetime
) -> Quote:
    """Quote a basket of (item's id or barcode, quantity) to who showed that they stand there; it may be empty yet.

    What is picked up is in the basket already. The till is one at which the caller sells.

    Raises:
        RefusalError: `sale_to_oneself` if it is the cashier, or somebody they act for; `goods_not_sold`,
            `basket_too_large`, `quote_of_reservation` (more than what is picked up), `code_used`, `policy_missing`,
            `unknown_person` if they were erased meanwhile.
    """
    # Points leave with consent, and goods with somebody looking on: that takes two.
    if shown.person_id == till.cashier_id or await represented(
        tx, till.cashier_id, [shown.person_id], now=now
    ):
        raise RefusalError("sale_to_oneself")
    day_rule = await rule_on(tx, tx.day(now))
    if shown.reservation_id is None:
        lines = await _priced(tx, till, wanted)
    elif wanted:
        raise RefusalError("quote_of_reservation")
    else:
        lines = await _reserved(tx, shown.reservation_id)
    expires_at = now + timedelta(minutes=day_rule.rule.quote_minutes)
    if shown.proof is not None:
        await hold_proof(tx, shown.proof)
    try:
        id_: UUID | None = await tx.connection.fetchval(
            _INSERT,
            tx.bank_id,
            till.id,
            shown.person_id,
            shown.how,
            shown.proof,
            shown.reservation_id,
            _written(lines),
            total_points(lines),
            day_rule.version,
            now,
            expires_at,
        )
    except asyncpg.UniqueViolationError:
        raise RefusalError("code_used") from None
    if id_ is None:
        raise RefusalError("unknown_person")
    stored = _Stored(id_, till, shown.person_id, shown.how, shown.reservation_id, lines, expires_at, 1)
    return await _quoted(tx, stored, day_rule, now=now)


async def change_quote(
    tx: WriteTx,
    actor: Actor,
    quote_id: UUID,
    *,
    wanted: Sequence[tuple[int | str, int]],
    expected_version: int | None,
    now: datetime,
) -> Quote:
    """Put another basket in the place of a quote's, at today's prices; `expected_version` None is any.

    Raises:
        RefusalError: `forbidden`, `unknown_quote`, `till_closed`, `shop_closed`, `version_differs`, `quote_expired` (or
            over otherwise), `quote_of_reservation`, `goods_not_sold`, `basket_too_large`, `policy_missing`.
    """
    await tx.connection.execute(_LOCK, tx.bank_id, quote_id)
    stored = await _stored(tx, actor, quote_id, now=now)
    if expected_version is not None and stored.version != expected_version:
        raise RefusalError("version_differs")
    if stored.reservation_id is not None:
        raise RefusalError("quote_of_reservation")
    day_rule = await rule_on(tx, tx.day(now))
    lines = await _priced(tx, stored.till, wanted)
    await tx.connection.execute(
        _CHANGE, tx.bank_id, quote_id, _written(lines), total_points(lines), day_rule.version
    )
    changed = _Stored(
        stored.id,
        stored.till,
        stored.person_id,
        stored.shown,
        None,
        lines,
        stored.expires_at,
        stored.version + 1,
    )
    return await _quoted(tx, changed, day_rule, now=now)


async def quote(tx: ReadTx, actor: Actor, quote_id: UUID, *, now: datetime) -> Quote:
    """Return a living quote at the till at which the caller sells.

    Raises:
        RefusalError: `forbidden`, `unknown_quote`, `till_closed`, `shop_closed`, `quote_expired`, `policy_missing`.
    """
    stored = await _stored(tx, actor, quote_id, now=now)
    return await _quoted(tx, stored, await rule_on(tx, tx.day(now)), now=now)


async def forget_quotes(tx: WriteTx, *, now: datetime) -> None:
    """Delete quotes that have been over for a day: what came of them is a redemption, or nothing."""
    await tx.connection.execute(_FORGET, tx.bank_id, now - QUOTES_KEPT)


async def _stored(tx: ReadTx, actor: Actor, quote_id: UUID, *, now: datetime) -> _Stored:
    row = await tx.connection.fetchrow(_QUOTE, tx.bank_id, quote_id)
    try:
        till = await selling_till(tx, actor, 0 if row is None else row["till_id"], now=now)
    except RefusalError as refused:
        if refused.code == "unknown_till":
            raise RefusalError("unknown_quote") from None
        raise
    assert row is not None  # noqa: S101 -- there is no till 0
    if row["is_over"] or row["expires_at"] <= now:
        raise RefusalError("quote_expired")
    lines = [Line(**line) for line in json.loads(row["lines"])]
    return _Stored(
        row["id"],
        till,
        row["person_id"],
        row["shown"],
        row["reservation_id"],
        lines,
        row["expires_at"],
        row["version"],
    )


async def _priced(tx: ReadTx, till: Till, wanted: Sequence[tuple[int | str, int]]) -> Sequence[Line]:
    named = await named_items(tx, till.shop.id, wanted)
    return basket(named, await items_of(tx, till.shop.id, [goods_id for goods_id, _ in named]))


async def _reserved(tx: ReadTx, reservation_id: int) -> Sequence[Line]:
    return [Line(*row) for row in await tx.connection.fetch(_RESERVED, tx.bank_id, reservation_id)]


def _written(lines: Sequence[Line]) -> str:
    return json.dumps([asdict(line) for line in lines])


async def _quoted(tx: ReadTx, stored: _Stored, day_rule: DayRule, *, now: datetime) -> Quote:
    """Return a quote with what there is to say about it. What was reserved was judged, and set aside, back then."""
    items = await items_of(tx, stored.till.shop.id, [line.goods_id for line in stored.lines])
    balance = (await points_of(tx, [stored.person_id], day=tx.day(now)))[stored.person_id]
    points = total_points(stored.lines)
    warnings: Sequence[Finding] = ()
    refusals: list[Finding] = []
    if stored.reservation_id is None:
        quantities = {line.goods_id: line.quantity for line in stored.lines}
        (found,) = await limits_for(tx, day_rule.rule, [Wish(stored.person_id, points, quantities)], now=now)
        warnings = found.warnings
        refusals = [*_shortages(quantities, items), *_poverty(points, balance), *found.refusals]
    return Quote(
        stored.id,
        stored.till.id,
        stored.person_id,
        stored.shown,
        balance,
        [QuoteLine(items[line.goods_id], line.quantity, line.points) for line in stored.lines],
        points,
        warnings,
        refusals,
        stored.expires_at,
        stored.version,
    )


def _shortages(quantities: "Mapping[int, int]", items: "Mapping[int, Item]") -> list[Finding]:
    return [
        Finding(
            "out_of_stock",
            {"available": items[goods_id].stock, "requested": quantity, "goods_id": goods_id},
        )
        for goods_id, quantity in quantities.items()
        if quantity > items[goods_id].stock
    ]


def _poverty(points: int, balance: int) -> list[Finding]:
    if points <= balance:
        return []
    return [Finding("insufficient_points", {"available": balance, "requested": points})]
