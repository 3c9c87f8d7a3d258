"""Holding people and care funds until a transaction ends: people first, by id, then funds, and then the books."""

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID

from ledger.session import WriteTx
from timebank.errors import RefusalError
from timebank.timecoins.queries import CareFund, nearest_care_funds

# As strong as counting what somebody has needs, and no stronger: who writes a row that names the person goes on.
_PEOPLE = """
select p.id, p.erased_at is null as is_living from people p
where p.bank_id = $1 and p.id = any($2::uuid[]) order by p.id for no key update
"""
_FUNDS = """
select f.id from funds f
where f.bank_id = $1 and f.id = any($2::bigint[]) and (f.closed_on is null or f.closed_on > $3)
order by f.id for share
"""


async def lock_people(tx: WriteTx, people: Collection[UUID]) -> None:
    """Hold people, so that what they are given meanwhile is counted one after the other.

    Raises:
        RefusalError: `unknown_person` if one is not there, or was erased.
    """
    if not await hold_people(tx, people) >= set(people):
        raise RefusalError("unknown_person")


async def hold_people(tx: WriteTx, people: Collection[UUID]) -> set[UUID]:
    """Hold those of some owners who are people, and return those of them who are living."""
    rows = await tx.connection.fetch(_PEOPLE, tx.bank_id, sorted(set(people)))
    return {row["id"] for row in rows if row["is_living"]}


async def hold_nearest_care_funds(
    tx: WriteTx, people: Collection[UUID], *, on: date
) -> Mapping[UUID, CareFund]:
    """Return for each person the care fund that is nearest, and let nobody close any of them meanwhile."""
    while True:
        found = await nearest_care_funds(tx, people, on=on)
        wanted = sorted({fund.id for fund in found.values()})
        held = await tx.connection.fetch(_FUNDS, tx.bank_id, wanted, on)
        if len(held) == len(wanted):  # else one was closed just now, and the next statement sees that
            return found
