"""Guardians of minors, dated. A guardianship is recorded with its end, the eighteenth birthday: no job ends it."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.people.memberships import lock_person
from timebank.people.queries import person
from timebank.people.rules import BORN_ON, is_of_age, of_age_on
from timebank.vault.actions import take_fields
from timebank.vault.cipher import Cipher

_LIST = """
select id, minor_id, guardian_id, relation, from_on, until_on from guardianships
where bank_id = $1 and (minor_id = $2 or guardian_id = $2) order by id
"""
_ONE = """
select id, minor_id, guardian_id, relation, from_on, until_on from guardianships
where bank_id = $1 and minor_id = $2 and id = $3
"""
_INSERT = """
insert into guardianships (bank_id, minor_id, guardian_id, relation, from_on, until_on, recorded_by)
values ($1, $2, $3, $4, $5, $6, $7) returning id
"""
_HAS = """
select exists (select from guardianships where bank_id = $1 and minor_id = $2 and guardian_id = $3
  and (until_on is null or until_on > $4))
"""
_END = "update guardianships set until_on = $3 where bank_id = $1 and id = $2"
_RECKON = """
update guardianships set until_on = greatest(from_on, $3) where bank_id = $1 and minor_id = $2
  and (until_on is null or until_on > $4)
"""


@dataclass(frozen=True, slots=True)
class Guardianship:
    """Who guards whom; `until_on` is the first day on which not any more."""

    id: int
    minor_id: UUID
    guardian_id: UUID
    relation: str
    from_on: date
    until_on: date | None


async def guardianships_of(tx: ReadTx, person_id: UUID) -> list[Guardianship]:
    """Return the guardianships over and by a person, past ones too, in the order in which they were recorded."""
    return [Guardianship(*row) for row in await tx.connection.fetch(_LIST, tx.bank_id, person_id)]


async def appoint_guardian(
    tx: WriteTx,
    cipher: Cipher,
    *,
    minor_id: UUID,
    guardian_id: UUID,
    relation: str,
    today: date,
    actor: str,
) -> Guardianship:
    """Record a guardian of a minor from today up to the minor's eighteenth birthday.

    Raises:
        RefusalError: `unknown_person`, `birth_date_missing` (of either), `not_a_minor`, `guardian_not_of_age`,
            `already_guardian`, `guardian_to_oneself` (who records it would hold it); `vault_key_wrong`.
    """
    if actor == f"person:{guardian_id}":
        raise RefusalError("guardian_to_oneself")
    await lock_person(tx, minor_id)
    await person(tx, guardian_id)
    born_on = await _born_on(tx, cipher, minor_id)
    if is_of_age(born_on, today):
        raise RefusalError("not_a_minor")
    if not is_of_age(await _born_on(tx, cipher, guardian_id), today):
        raise RefusalError("guardian_not_of_age")
    if await tx.connection.fetchval(_HAS, tx.bank_id, minor_id, guardian_id, today):
        raise RefusalError("already_guardian")
    until_on = of_age_on(born_on)
    id_ = await tx.connection.fetchval(
        _INSERT, tx.bank_id, minor_id, guardian_id, relation, today, until_on, actor
    )
    return Guardianship(id_, minor_id, guardian_id, relation, today, until_on)


async def end_guardianship(tx: WriteTx, minor_id: UUID, guardianship_id: int, *, today: date) -> Guardianship:
    """End a guardianship today, before its time.

    Raises:
        RefusalError: `unknown_person`, `unknown_guardianship`, `already_ended`.
    """
    await lock_person(tx, minor_id)
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, minor_id, guardianship_id)
    if row is None:
        raise RefusalError("unknown_guardianship")
    found = Guardianship(*row)
    if found.until_on is not None and found.until_on <= today:
        raise RefusalError("already_ended")
    await tx.connection.execute(_END, tx.bank_id, found.id, today)
    return Guardianship(found.id, minor_id, found.guardian_id, found.relation, found.from_on, today)


async def reckon_guardianships(tx: WriteTx, minor_id: UUID, born_on: date, *, today: date) -> None:
    """Let the guardianships in force end on the eighteenth birthday that a corrected birth date gives."""
    await tx.connection.execute(_RECKON, tx.bank_id, minor_id, of_age_on(born_on), today)


async def _born_on(tx: ReadTx, cipher: Cipher, person_id: UUID) -> date:
    text = (await take_fields(tx, cipher, person_id)).get(BORN_ON)
    if not text:
        raise RefusalError("birth_date_missing")
    return date.fromisoformat(text)
