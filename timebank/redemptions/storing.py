"""Writing down redemptions: with their lines, the acts they are and what members are told, in one statement."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.session import WriteTx
from timebank.redemptions.loading import SoldLine
from timebank.tills.items import POINTS_LEFT

TOLD = "redeemed"
"""What a member's notification is called."""

# What is left is read after the ledger posted, in the statement before this one.
_STORE = f"""
with made as (
  insert into redemptions (bank_id, receipt, shop_id, till_id, quote_id, reservation_id, person_id, points, cash_cents,
    transaction_id, policy_version, made_at, made_on, made_by)
  select $1, n.* from unnest($2::text[], $3::bigint[], $4::bigint[], $5::uuid[], $6::bigint[], $7::uuid[],
    $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::timestamptz[], $13::date[], $14::text[]) as n
  returning id, quote_id, person_id, made_on
), lines as (
  insert into redemption_lines (bank_id, redemption_id, line, goods_id, quantity, points)
  select $1, made.id, l.line, l.goods_id, l.quantity, l.points
  from unnest($15::uuid[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[])
    as l (quote_id, line, goods_id, quantity, points)
  join made on made.quote_id = l.quote_id
), acts as (
  insert into acts (bank_id, person_id, session_id, request_id, action, subject)
  select $1, a.cashier_id, a.login_id, a.request_id, 'redemptions.confirm', a.receipt
  from unnest($20::uuid[], $21::uuid[], $22::text[], $2::text[]) as a (cashier_id, login_id, request_id, receipt)
), told as (
  insert into notifications (bank_id, person_id, kind, params)
  select $1, t.person_id, '{TOLD}', t.params::jsonb
  from unnest($7::uuid[], $23::text[]) as t (person_id, params)
)
select made.id, made.quote_id, {POINTS_LEFT.format(owner="made.person_id", day="made.made_on")} as points_left from made
"""  # noqa: S608 -- ours


@dataclass(frozen=True, slots=True)
class NewRedemption:
    """A redemption as it is written down, its fields in the order of the table; its lines, and who asked for it."""

    receipt: str
    shop_id: int
    till_id: int
    quote_id: UUID
    reservation_id: int | None
    person_id: UUID
    points: int
    cash_cents: int
    transaction_id: int
    policy_version: int
    made_at: datetime
    made_on: date
    made_by: str
    lines: Sequence[SoldLine]
    cashier_id: UUID
    login_id: UUID
    request_id: str


@dataclass(frozen=True, slots=True)
class Stored:
    """The id that a redemption got, and what its member has left."""

    id: int
    points_left: int


async def store(tx: WriteTx, made: Sequence[NewRedemption]) -> dict[UUID, Stored]:
    """Write redemptions down, in their order, and tell their members; return what they are by quote."""
    lines = [
        (new.quote_id, number, line.goods_id, line.quantity, line.points)
        for new in made
        for number, line in enumerate(new.lines, 1)
    ]
    rows = await tx.connection.fetch(
        _STORE,
        tx.bank_id,
        *([getattr(new, name) for new in made] for name in _COLUMNS),
        *map(list, zip(*lines, strict=True)),
        [new.cashier_id for new in made],
        [new.login_id for new in made],
        [new.request_id for new in made],
        [json.dumps({"receipt": new.receipt, "points": new.points}) for new in made],
    )
    return {row["quote_id"]: Stored(row["id"], row["points_left"]) for row in rows}


_COLUMNS = tuple(NewRedemption.__dataclass_fields__)[:13]
