"""Reading acceptances: a member's own, and those of a merchant, to whom nobody is known by more than a masked name."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.session import ReadTx
from timebank.notices.rules import UNNAMED, shown_name
from timebank.people.queries import masked_names
from timebank.privacy.queries import consenting
from timebank.privacy.rules import Purpose
from timebank.vault.cipher import Cipher

_REFUNDED = """(select c.decided_at from complaints c
  where c.bank_id = $1 and c.acceptance_id = a.id and c.refund_id is not null)"""
_OF_PERSON = f"""
select a.id, a.merchant_id, m.name as merchant, a.offer_id, o.title, a.fufen, a.via, a.accepted_at,
  {_REFUNDED} as refunded_at
from acceptances a
join merchants m on m.bank_id = $1 and m.id = a.merchant_id
join offers o on o.bank_id = $1 and o.id = a.offer_id
where a.bank_id = $1 and a.person_id = $2 and a.id < $3 order by a.id desc limit $4
"""  # noqa: S608 -- ours
_OF_MERCHANT = f"""
select a.id, a.person_id, a.offer_id, o.title, a.fufen, a.via, a.accepted_at, {_REFUNDED} as refunded_at
from acceptances a join offers o on o.bank_id = $1 and o.id = a.offer_id
where a.bank_id = $1 and a.merchant_id = $2 and a.id < $3 order by a.id desc limit $4
"""  # noqa: S608 -- ours

# A day's are among the newest; more than that many of a day are counted as so many.
_OF_DAY = """
select count(*)::bigint, coalesce(sum(x.fufen), 0)::bigint from (
  select a.accepted_on, a.fufen from acceptances a
  where a.bank_id = $1 and a.merchant_id = $2 order by a.id desc limit 2000
) x where x.accepted_on = $3
"""


@dataclass(frozen=True, slots=True)
class OwnAcceptance:
    """Fufen that somebody gave: where, for what, how many; `refunded_at` if they came back."""

    id: int
    merchant_id: int
    merchant: str
    offer_id: int
    title: str
    fufen: int
    via: str
    accepted_at: datetime
    refunded_at: datetime | None


@dataclass(frozen=True, slots=True)
class MerchantsAcceptance:
    """Fufen that a merchant took. `name` is masked, and not even that without consent to hand it to merchants."""

    id: int
    name: str
    offer_id: int
    title: str
    fufen: int
    via: str
    accepted_at: datetime
    refunded_at: datetime | None


@dataclass(frozen=True, slots=True)
class DaysTaking:
    """How often a merchant took fufen on a day, and how many; those that went back later are in it."""

    times: int
    fufen: int


async def taking_on(tx: ReadTx, merchant_id: int, day: date) -> DaysTaking:
    """Return what a merchant took on a day."""
    (row,) = await tx.connection.fetch(_OF_DAY, tx.bank_id, merchant_id, day)
    return DaysTaking(*row)


async def acceptances_of(tx: ReadTx, person_id: UUID, *, before_id: int, limit: int) -> list[OwnAcceptance]:
    """Return a person's acceptances, the newest first."""
    rows = await tx.connection.fetch(_OF_PERSON, tx.bank_id, person_id, before_id, limit)
    return [OwnAcceptance(*row) for row in rows]


async def acceptances_at(
    tx: ReadTx, cipher: Cipher, merchant_id: int, *, before_id: int, limit: int
) -> list[MerchantsAcceptance]:
    """Return a merchant's acceptances, the newest first.

    Raises:
        RefusalError: `vault_key_wrong`.
    """
    rows = await tx.connection.fetch(_OF_MERCHANT, tx.bank_id, merchant_id, before_id, limit)
    agreed = await consenting(tx, {row["person_id"] for row in rows}, Purpose.MERCHANT)
    names = await masked_names(tx, cipher, sorted(agreed), mask=shown_name)
    return [MerchantsAcceptance(id_, names.get(person_id, UNNAMED), *rest) for id_, person_id, *rest in rows]
