"""Drafting, approving and paying monthly statements.

A statement takes in every transaction on the payee's takings that took effect before the end of its month and is in no
statement yet, so what is uploaded or refunded late is in the next one, and each is counted exactly once: the key of
`settlement_items` is the transaction. Drafting waits for drafting, and nobody who sells waits for it. Paying locks the
statement, its fund, the accounts, in this order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from ledger.posting import post
from ledger.session import ReadTx, WriteTx
from ledger.values import CONVERTED, TAKINGS, Draft, Move, Place, Posted, Refused, Wallet
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.funds.actions import hold_open
from timebank.merchants.access import is_staff
from timebank.policy.queries import version_on
from timebank.settlements.queries import Settlement, settlement
from timebank.settlements.rules import next_month

SETTLEMENT = "settlement"

# One bank's drafts come one after another. The rows of shops and merchants are left alone: whoever sells holds them.
_LOCK = "select pg_advisory_xact_lock($1)"
DRAFTERS_LOCK = 0x7464 << 48
_SHOPS = "select id from shops where bank_id = $1 and ($2::bigint[] is null or organisation_id = any($2)) order by id"
_MERCHANTS = """
select id from merchants where bank_id = $1 and ($2::bigint[] is null or organisation_id = any($2)) order by id
"""
_IS_DRAFTED = """
select from settlements s where s.bank_id = $1 and s.month_on = $5 and s.unit = u.code
  and (s.shop_id = p.shop_id or s.merchant_id = p.merchant_id)
"""
# A statement of its own, begun after the lock: it sees what those who held it before have drafted.
_DRAFT = f"""
with payees as (
  select s.id as shop_id, null::bigint as merchant_id, s.owner from shops s
  where s.bank_id = $1 and s.id = any($2::bigint[])
  union all
  select null, m.id, m.owner from merchants m where m.bank_id = $1 and m.id = any($3::bigint[])
), taken as (
  select p.shop_id, p.merchant_id, u.code as unit, x.transaction_id, sum(x.amount)::bigint as amount
  from payees p
  join accounts a on a.bank_id = $1 and a.owner = p.owner and a.kind = 'takings' and a.expires_on is null
  join units u on u.bank_id = $1 and u.id = a.unit_id and u.class = 'value',
  lateral (
    select q.transaction_id, q.amount from postings q
    where q.bank_id = $1 and q.to_account_id = a.id and q.to_seq is null
    union all
    select q.transaction_id, -q.amount from postings q
    where q.bank_id = $1 and q.from_account_id = a.id and q.from_seq is null
  ) x
  join transactions t on t.bank_id = $1 and t.id = x.transaction_id and t.effective_at < $4 and t.kind <> '{SETTLEMENT}'
  where not exists (select from settlement_items i where i.bank_id = $1 and i.transaction_id = x.transaction_id)
    and not exists ({_IS_DRAFTED})
  group by p.shop_id, p.merchant_id, u.code, x.transaction_id
), made as (
  insert into settlements (bank_id, shop_id, merchant_id, unit, month_on, amount, unit_cents, cents, state,
    policy_version, drafted_by, drafted_person_id, drafted_at)
  select $1, t.shop_id, t.merchant_id, t.unit, $5, sum(t.amount), coalesce(r.cents, 0),
    sum(t.amount) * coalesce(r.cents, 0), 'drafted', $8, $9, $10, $11
  from taken t left join unnest($6::text[], $7::bigint[]) as r (unit, cents) on r.unit = t.unit
  group by t.shop_id, t.merchant_id, t.unit, r.cents having sum(t.amount) > 0
  order by t.shop_id, t.merchant_id, t.unit
  returning id, shop_id, merchant_id, unit
), counted as (
  insert into settlement_items (bank_id, transaction_id, settlement_id, amount)
  select $1, t.transaction_id, m.id, t.amount from taken t
  join made m on m.unit = t.unit and (m.shop_id = t.shop_id or m.merchant_id = t.merchant_id)
)
select array(select id from made order by id)
"""  # noqa: S608 -- our own words
_HOLD = "select id from settlements where bank_id = $1 and id = $2 for no key update"
_APPROVE = """
update settlements set state = 'approved', approved_by = $3, approved_at = $4, version = version + 1
where bank_id = $1 and id = $2
"""
_PAY = """
update settlements set state = 'paid', fund_id = $3, paid_by = $4, paid_at = $5, transaction_id = $6,
  version = version + 1
where bank_id = $1 and id = $2
"""


@dataclass(frozen=True, slots=True)
class By:
    """Who drafts, as the books name it: a person at a door, or a job."""

    actor: str
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Payees:
    """Who is paid, by their ids."""

    shops: Sequence[int]
    merchants: Sequence[int]


async def payees_of(tx: ReadTx, organisations: Sequence[int] | None) -> Payees:
    """Return the shops and merchants of some organisations, or all of them."""
    within = None if organisations is None else list(organisations)
    shops, merchants = [
        [row["id"] for row in await tx.connection.fetch(sql, tx.bank_id, within)]
        for sql in (_SHOPS, _MERCHANTS)
    ]
    return Payees(shops, merchants)


async def draft_statements(
    tx: WriteTx, *, month_on: date, payees: Payees, by: By, now: datetime
) -> list[int]:
    """Draft the statements of a month that is over for some payees; return their ids.

    A payee whose takings come to nothing or less gets none: they are counted in a later one. One that has its statement
    keeps it, so drafting again drafts what is missing.

    Raises:
        RefusalError: `month_not_over`.
    """
    after = next_month(month_on)
    if tx.day(now) < after:
        raise RefusalError("month_not_over", month=f"{month_on:%Y-%m}")
    await tx.connection.execute(_LOCK, DRAFTERS_LOCK + tx.bank_id)
    version = await version_on(tx, month_on)
    rates = {} if version is None else version.pack.settlement.unit_cents
    drafted: list[int] = await tx.connection.fetchval(
        _DRAFT,
        tx.bank_id,
        list(payees.shops),
        list(payees.merchants),
        datetime.combine(after, time.min, tx.zone),
        month_on,
        list(rates),
        list(rates.values()),
        0 if version is None else version.version,
        by.actor,
        by.person_id,
        now,
    )
    return drafted


async def approve_statement(tx: WriteTx, actor: Actor, *, settlement_id: int, now: datetime) -> Settlement:
    """Approve a statement that somebody else, or the job, drafted.

    Raises:
        RefusalError: `unknown_settlement`, `already_approved_settlement`, `approver_drafted`, `decision_by_staff`.
    """
    found = await _held(tx, settlement_id)
    if found.state != "drafted":
        raise RefusalError("already_approved_settlement")
    if found.drafted_person_id == actor.person_id:
        raise RefusalError("approver_drafted")
    await _check_outside(tx, actor, found, now=now)
    await tx.connection.execute(_APPROVE, tx.bank_id, settlement_id, actor.person_id, now)
    return await settlement(tx, settlement_id)


async def pay_statement(
    tx: WriteTx, actor: Actor, *, settlement_id: int, fund_id: int, now: datetime
) -> Settlement:
    """Pay an approved statement out of a fund of money: the takings are settled and the money is gone, at once.

    Raises:
        RefusalError: `unknown_settlement`, `settlement_not_approved`, `already_paid_settlement`, `payer_approved`,
            `decision_by_staff`, `unknown_fund`, `fund_closed`, `fund_of_other_kind`, `fund_insufficient`.
    """
    found = await _held(tx, settlement_id)
    if found.state == "drafted":
        raise RefusalError("settlement_not_approved")
    if found.state == "paid":
        raise RefusalError("already_paid_settlement")
    if found.approved_by == actor.person_id:
        raise RefusalError("payer_approved")
    await _check_outside(tx, actor, found, now=now)
    fund = await hold_open(tx, fund_id, kind="money")
    taken = Place(TAKINGS, found.owner)
    moves = [Move(taken, Place(CONVERTED, found.owner), found.unit, found.amount)]
    if found.cents:
        moves.append(Move(Wallet(fund.owner), taken, fund.unit, found.cents))
    draft = Draft(
        SETTLEMENT,
        f"settlement:{found.id}",
        now,
        actor.text,
        tuple(moves),
        metadata={"settlement": found.id, "policy": found.policy_version},
    )
    (outcome,) = await post(tx, [draft])
    if isinstance(outcome, Refused):
        # Raised, so nothing of it is kept: once there is money in the fund, the same key is good.
        raise RefusalError(
            "fund_insufficient" if outcome.code == "insufficient" else outcome.code, **outcome.detail
        )
    if not isinstance(outcome, Posted):
        raise RefusalError("idempotency_conflict")
    await tx.connection.execute(
        _PAY, tx.bank_id, settlement_id, fund_id, actor.person_id, now, outcome.transaction_id
    )
    return await settlement(tx, settlement_id)


async def _check_outside(tx: ReadTx, actor: Actor, found: Settlement, *, now: datetime) -> None:
    """Refuse to let a merchant's staff decide what it is paid."""
    if found.merchant_id and await is_staff(tx, actor.person_id, found.merchant_id, now=now):
        raise RefusalError("decision_by_staff")


async def _held(tx: WriteTx, settlement_id: int) -> Settlement:
    await tx.connection.execute(_HOLD, tx.bank_id, settlement_id)
    return await settlement(tx, settlement_id)
