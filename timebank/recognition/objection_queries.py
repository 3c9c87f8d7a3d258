"""Reading objections to lists as the office does; how to reach who raised one is asked for by itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx
from timebank.access import Actor, reach
from timebank.errors import RefusalError
from timebank.recognition.access import check_judge
from timebank.recognition.objections import DECIDE, contact_field
from timebank.recognition.queries import candidate

if TYPE_CHECKING:
    import asyncpg

    from timebank.vault.cipher import Cipher

_COLUMNS = """o.id, o.round_id, o.number, o.ground, o.raised_by, o.raised_at,
  o.contact_sealed is not null as has_contact, o.decided_at, o.decision, o.reason
from recognition_objections o join recognition_rounds r on r.bank_id = $1 and r.id = o.round_id"""
_IN_REACH = "($3::bigint[] is null or r.organisation_id = any($3::bigint[]))"
_PAGE = f"""
select {_COLUMNS} where o.bank_id = $1 and o.id > $2 and {_IN_REACH}
  and ($4::bool is null or (o.decided_at is null) = $4) and ($5::bigint is null or o.round_id = $5)
  and ($7::bigint is null or o.number = $7)
  and not exists (select from recognition_candidates c join volunteers v on v.bank_id = $1 and v.id = c.volunteer_id
    where c.bank_id = $1 and c.round_id = o.round_id and c.number = o.number and v.owner = $8)
order by o.id limit $6
"""  # noqa: S608 -- ours
_ONE = f"select {_COLUMNS} where o.bank_id = $1 and o.id = $2 and {_IN_REACH}"
_CONTACT = (
    "select o.raised_by, o.contact_sealed from recognition_objections o where o.bank_id = $1 and o.id = $2"
)


@dataclass(frozen=True, slots=True)
class RaisedObjection:
    """An objection to a candidate, `number` of a round, as the office sees it."""

    id: int
    round_id: int
    number: int
    ground: str
    raised_by: UUID | None
    raised_at: datetime
    has_contact: bool
    decided_at: datetime | None
    decision: str | None
    reason: str | None


async def objections(
    tx: ReadTx,
    actor: Actor,
    *,
    after_id: int,
    limit: int,
    is_open: bool | None = None,
    round_id: int | None = None,
    number: int | None = None,
) -> list[RaisedObjection]:
    """Return objections in reach by id, but to the actor: those to decide, those decided, or all; of a round or line.

    Raises:
        RefusalError: `forbidden`.
    """
    nodes = await reach(tx, actor, DECIDE)
    rows = await tx.connection.fetch(
        _PAGE, tx.bank_id, after_id, nodes, is_open, round_id, limit, number, actor.person_id
    )
    return [RaisedObjection(*row) for row in rows]


async def objection(tx: ReadTx, actor: Actor, objection_id: int, *, now: datetime) -> RaisedObjection:
    """Return one objection in reach, to who may judge it: whom it is about does not learn who objects.

    Raises:
        RefusalError: `forbidden`, `unknown_objection`, `recognition_of_own`.
    """
    nodes = await reach(tx, actor, DECIDE)
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, objection_id, nodes)
    if row is None:
        raise RefusalError("unknown_objection")
    found = RaisedObjection(*row)
    await check_judge(tx, actor, await candidate(tx, found.round_id, found.number), now=now)
    return found


async def contact_of(tx: ReadTx, cipher: "Cipher", objection_id: int) -> str | None:
    """Return how to reach who raised an objection; None if they left nothing, or were erased.

    Raises:
        RefusalError: `vault_key_wrong`.
    """
    row: asyncpg.Record | None = await tx.connection.fetchrow(_CONTACT, tx.bank_id, objection_id)
    if row is None or row["contact_sealed"] is None:
        return None
    return cipher.open(tx.bank_id, row["raised_by"], contact_field(objection_id), row["contact_sealed"])
