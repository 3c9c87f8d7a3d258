"""Renewing lots: what is left of each goes to a lot of the same owner and unit that ends later.

As in `ledger.expiry`, whose batches call this, the rows are made where the lots are, and are those that `post` would
write for the same draft. Lots that are filled are locked together with those that are drained, in id order, as every
writer locks; those that are not there yet are opened afterwards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from ledger.appending import new_salts
from ledger.arrays import number_array, text_array
from ledger.session import WriteTx
from ledger.values import CARRY_OVER, MAX_AMOUNT, WALLET, Draft, Move, Place, Renewal, canonical_json

if TYPE_CHECKING:
    import asyncpg

_LOCK = """
with filled as materialized (
  select f.id
  from unnest($3::text::bigint[], $4::text::date[]) as r (id, until),
    lateral (select a.owner, a.unit_id from accounts a
      where a.bank_id = (select $1::bigint) and a.id = r.id offset 0) d,
    lateral (select a.id from accounts a
      where a.bank_id = (select $1::bigint) and a.owner = d.owner and a.unit_id = d.unit_id
        and a.kind = 'wallet' and a.expires_on = r.until offset 0) f
)
select a.id, a.owner, a.unit_id, a.expires_on, a.balance > a.floor as is_due
from accounts a
where a.bank_id = $1
  and a.id = any(array(select id from filled union select d.id from unnest($2::text::bigint[]) as d (id)))
order by a.id
for no key update of a
"""
_OPEN = """
with opened as (
  insert into accounts (bank_id, owner, unit_id, kind, guarded, expires_on)
  select $1, n.owner, n.unit_id, 'wallet', true, n.expires_on
  from unnest($2::uuid[], $3::bigint[], $4::date[]) as n (owner, unit_id, expires_on)
  order by n.unit_id, n.owner, n.expires_on
  on conflict on constraint accounts_place_key do nothing
  returning 1
)
select count(*) from opened
"""

# Several lots may fill the same one: they do so in the order of their transactions. No lot is filled and drained at
# once. All are found one by one and updated by their place, as in `ledger.appending`.
_RENEW = """
with drained as materialized (
  select a.ctid as place, a.id, a.owner, a.unit_id, a.expires_on, a.floor, a.balance - a.floor as amount, a.last_seq,
    r.until, r.metadata, r.content_before, r.content_between, r.content_after,
    nextval('transaction_ids') as transaction_id, substr($14::bytea, 16 * (l.number - 1)::int + 1, 16) as salt
  from unnest($6::text::bigint[]) with ordinality as l (id, number),
    lateral (select a.ctid, a.* from accounts a where a.bank_id = (select $1::bigint) and a.id = l.id offset 0) a,
    unnest($7::text::bigint[], $8::text::date[], $9::text::date[], $10::text::text[], $11::text::text[],
      $12::text::text[], $13::text::text[])
      as r (unit_id, expires_on, until, metadata, content_before, content_between, content_after)
  where r.unit_id = a.unit_id and r.expires_on = a.expires_on
), moved as materialized (
  select d.*, f.place as filled_place, f.id as filled_id,
    f.last_seq + row_number() over (partition by f.id order by d.transaction_id) as to_seq,
    f.balance + sum(d.amount) over (partition by f.id order by d.transaction_id) as to_balance
  from drained d,
    lateral (select a.ctid as place, a.id, a.last_seq, a.balance from accounts a where a.bank_id = (select $1::bigint)
      and a.owner = d.owner and a.unit_id = d.unit_id
        and a.kind = 'wallet' and a.expires_on = d.until offset 0) f
), new_transactions as (
  insert into transactions
    (bank_id, id, kind, idempotency_key, fingerprint, effective_at, recorded_at, xact, actor, metadata, salt)
  select $1, m.transaction_id, 'carry_over', 'carry_over:' || m.id || ':' || m.last_seq,
    substr(sha256(convert_to(m.content_before
      || format('["wallet","%s","%s"],', replace(m.owner::text, '-', ''), to_char(m.expires_on, 'YYYY-MM-DD'))
      || format('["wallet","%s","%s"]', replace(m.owner::text, '-', ''), to_char(m.until, 'YYYY-MM-DD'))
      || m.content_between || m.amount || m.content_after, 'UTF8')), 1, 16),
    $2, $3, $4, $5, m.metadata::jsonb, m.salt
  from moved m
  returning 1
), new_postings as (
  insert into postings (bank_id, transaction_id, xact, line, unit_id, from_account_id, to_account_id, amount,
    from_seq, from_balance, to_seq, to_balance)
  select $1, m.transaction_id, $4, 1, m.unit_id, m.id, m.filled_id, m.amount,
    m.last_seq + 1, m.floor, m.to_seq, m.to_balance
  from moved m
  returning 1
), emptied as (
  update accounts a set balance = m.floor, last_seq = m.last_seq + 1
  from moved m where a.bank_id = $1 and a.ctid = m.place
  returning 1
), topped_up as (
  update accounts a set balance = n.balance, last_seq = n.seq
  from (select m.filled_place, max(m.to_seq) as seq, max(m.to_balance)::bigint as balance
    from moved m group by m.filled_place) n
  where a.bank_id = $1 and a.ctid = n.filled_place
  returning 1
)
select m.unit_id, count(*) as lots, sum(m.amount)::bigint as amount from moved m group by m.unit_id
"""


Renewals: TypeAlias = Mapping[tuple[int, date], Renewal]
"""By the unit's id and the last day of the lots that are renewed."""


@dataclass(frozen=True, slots=True)
class Booking:
    """What the transactions of a batch have in common."""

    effective_at: datetime
    recorded_at: datetime
    xact: int
    actor: str


async def lock_lots(
    tx: WriteTx, due: "Sequence[asyncpg.Record]", renewals: Renewals
) -> "list[asyncpg.Record]":
    """Lock lots and those that their renewals fill, opening what is missing; return the lots that are still due.

    Somebody may have emptied a lot while its lock was waited for.
    """
    untils = [(row["id"], renewals.get((row["unit_id"], row["expires_on"]))) for row in due]
    renewed = {id_: renewal.until for id_, renewal in untils if renewal is not None}
    wanted_ids = {row["id"] for row in due}
    while True:
        locked = await tx.connection.fetch(
            _LOCK,
            tx.bank_id,
            number_array([row["id"] for row in due]),
            number_array(list(renewed)),
            text_array([day.isoformat() for day in renewed.values()]),
        )
        found = [row for row in locked if row["id"] in wanted_ids and row["is_due"]]
        there = {(row["owner"], row["unit_id"], row["expires_on"]) for row in locked}
        filled = {(row["owner"], row["unit_id"], renewed[row["id"]]) for row in found if row["id"] in renewed}
        missing = filled - there
        # What somebody else opens meanwhile may hold something by now: it is locked, too, before it is filled.
        if not missing or await _opened(tx, missing) == len(missing):
            return found


async def _opened(tx: WriteTx, missing: set[tuple[UUID, int, date]]) -> int:
    opened: int = await tx.connection.fetchval(_OPEN, tx.bank_id, *map(list, zip(*missing, strict=True)))
    return opened


async def renew_lots(
    tx: WriteTx, lot_ids: Sequence[int], renewals: Renewals, codes: Mapping[int, str], booking: Booking
) -> dict[str, int]:
    """Renew lots that are locked, with those they fill, and return the amounts by unit code."""
    rows = [
        (unit_id, last_day.isoformat(), renewal.until.isoformat(), canonical_json(renewal.metadata),
         *_content_around_lots(codes[unit_id], renewal, booking))
        for (unit_id, last_day), renewal in renewals.items()
    ]  # fmt: skip
    unit_ids, *texts = zip(*rows, strict=True)
    renewed = await tx.connection.fetch(
        _RENEW,
        tx.bank_id,
        booking.effective_at,
        booking.recorded_at,
        booking.xact,
        booking.actor,
        number_array(lot_ids),
        number_array(unit_ids),
        *map(text_array, texts),
        new_salts(len(lot_ids)),
    )
    return {codes[row["unit_id"]]: row["amount"] for row in renewed}


def _content_around_lots(unit: str, renewal: Renewal, booking: Booking) -> tuple[str, str, str]:
    """Return what the draft that renews says before its two lots, between them and the amount, and after that."""
    owner = UUID(int=0)
    move = Move(Place(WALLET, owner, date.min), Place(WALLET, owner, date.max), unit, MAX_AMOUNT)
    draft = Draft(CARRY_OVER, "any", booking.effective_at, booking.actor, (move,), metadata=renewal.metadata)
    lots = f'["{WALLET}","{owner.hex}","{date.min}"],["{WALLET}","{owner.hex}","{date.max}"]'
    # Texts from outside have their quotes escaped, and a unit no bracket: neither can look like what is split at.
    before, _, rest = draft.content().partition(lots)
    between, _, after = rest.partition(f"{MAX_AMOUNT}]")
    return before, between, f"]{after}"
