"""Reading kinships: each is one row, seen from either side."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx
from timebank.errors import RefusalError
from timebank.kinships.rules import INVERSE
from timebank.policy.spending import Relation

if TYPE_CHECKING:
    import asyncpg

_COLUMNS = """k.id, k.person_id, k.kin_id, k.relation, k.declared_at, k.confirmed_at, k.ended_at"""
# Both branches walk an index; one condition with OR would not.
_OF_PERSON = f"""
select * from (
  select {_COLUMNS} from kinships k where k.bank_id = $1 and k.person_id = $2
  union all
  select {_COLUMNS} from kinships k where k.bank_id = $1 and k.kin_id = $2
) k where k.id > $3 order by k.id limit $4
"""  # noqa: S608 -- columns are a constant of ours
_ONE = f"""
select {_COLUMNS} from kinships k where k.bank_id = $1 and k.id = $3 and $2 in (k.person_id, k.kin_id)
"""  # noqa: S608 -- the same
_BETWEEN = f"""
select {_COLUMNS} from kinships k
where k.bank_id = $1 and k.ended_at is null
  and ((k.person_id = $2 and k.kin_id = $3) or (k.person_id = $3 and k.kin_id = $2))
"""  # noqa: S608 -- the same


@dataclass(frozen=True, slots=True)
class Kinship:
    """A kinship as one side sees it: `kin_id` is their `relation`."""

    id: int
    person_id: UUID
    kin_id: UUID
    relation: Relation
    declared_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None

    @property
    def holds(self) -> bool:
        """Whether it was confirmed and has not ended."""
        return self.confirmed_at is not None and self.ended_at is None


async def kinships_of(tx: ReadTx, person_id: UUID, *, after_id: int, limit: int) -> list[Kinship]:
    """Return a page of a person's kinships by id, as the person sees them, past ones too."""
    rows = await tx.connection.fetch(_OF_PERSON, tx.bank_id, person_id, after_id, limit)
    return [seen_by(person_id, row) for row in rows]


async def kinship(tx: ReadTx, person_id: UUID, kinship_id: int) -> Kinship:
    """Return one kinship of a person, as the person sees it.

    Raises:
        RefusalError: `unknown_kinship`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, person_id, kinship_id)
    if row is None:
        raise RefusalError("unknown_kinship")
    return seen_by(person_id, row)


async def kinship_between(tx: ReadTx, person_id: UUID, other_id: UUID) -> Kinship | None:
    """Return the kinship of two that has not ended, as the first sees it, confirmed or not."""
    row = await tx.connection.fetchrow(_BETWEEN, tx.bank_id, person_id, other_id)
    return None if row is None else seen_by(person_id, row)


def seen_by(person_id: UUID, row: "asyncpg.Record") -> Kinship:
    """Return a row as one of its two sides sees it."""
    declared: Relation = row["relation"]
    is_mine = row["person_id"] == person_id
    return Kinship(
        row["id"],
        person_id,
        row["kin_id"] if is_mine else row["person_id"],
        declared if is_mine else INVERSE[declared],
        row["declared_at"],
        row["confirmed_at"],
        row["ended_at"],
    )
