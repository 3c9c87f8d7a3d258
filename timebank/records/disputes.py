"""Disputes: what volunteers say against their own records (民政部令第67号 Art 12-13), decided by who had no part in it.

While one is open its record is neither approved nor credited. Upheld, the record is corrected, or voided.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from ledger.values import Refused
from timebank.access import Actor, check_person
from timebank.errors import RefusalError
from timebank.notifications.actions import tell
from timebank.records.correcting import Target, Times, correct_locked, lock_target, void_locked
from timebank.records.queries import IN_REACH, IS_BY_HAND
from timebank.records.storing import By

if TYPE_CHECKING:
    import asyncpg

OWN: Final = "disputes.own"
DECIDE: Final = "disputes.decide"
NOTHING: Final = 0
"""No record has this id."""

_COLUMNS = """d.id, d.record_id, d.person_id, d.statement, d.raised_at, d.decided_at, d.decided_by, d.decision,
  d.answer"""
_LOCK_RECORD = """
select v.owner, r.state from service_records r
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
where r.bank_id = $1 and r.id = $2 for update of r
"""
_RAISE = f"""
insert into disputes as d (bank_id, record_id, person_id, statement, raised_at) values ($1, $2, $3, $4, $5)
on conflict (bank_id, record_id) where decided_at is null do nothing returning {_COLUMNS}
"""  # noqa: S608 -- ours
_RECORD_OF = "select d.record_id from disputes d where d.bank_id = $1 and d.id = $2"
_IS_DECIDED = "select d.decided_at is not null from disputes d where d.bank_id = $1 and d.id = $2"
_HAD_A_PART = """
select exists (select from record_entries e where e.bank_id = $1 and e.record_id = $2 and e.person_id = $3
  and e.kind in ('approved', 'approved_second', 'rejected'))
"""
_IS_BY_HAND = f"""
select {IS_BY_HAND.format(n=3)} from service_records r where r.bank_id = $1 and r.id = $2
"""  # noqa: S608 -- ours
_DECIDE = """
update disputes d set decided_at = $3, decided_by = $4, decision = $5, answer = $6
where d.bank_id = $1 and d.id = $2 and d.decided_at is null
"""
_OF_PERSON = f"""
select {_COLUMNS} from disputes d
where d.bank_id = $1 and d.person_id = $2 and d.id > $3 order by d.id limit $4
"""  # noqa: S608 -- ours
_OF_RECORD = f"""
select {_COLUMNS} from disputes d
where d.bank_id = $1 and d.record_id = $2 and d.person_id = $3 order by d.id
"""  # noqa: S608 -- ours
_LIST = f"""
select {_COLUMNS} from disputes d
join service_records r on r.bank_id = $1 and r.id = d.record_id
join activities a on a.bank_id = $1 and a.id = r.activity_id
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
where d.bank_id = $1 and d.id > $2 and {IN_REACH.format(n=3)}
  and ($4::boolean is null or (d.decided_at is null) = $4)
order by d.id limit $5
"""  # noqa: S608 -- ours


@dataclass(frozen=True, slots=True)
class Dispute:
    """What a volunteer says against a record of theirs, and what was decided."""

    id: int
    record_id: int
    person_id: UUID
    statement: str
    raised_at: datetime
    decided_at: datetime | None
    decided_by: UUID | None
    decision: str | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of a dispute: the record in place of the disputed one, if it was corrected."""

    dispute_id: int
    record_id: int
    decision: str
    correction_id: int | None


async def raise_dispute(
    tx: WriteTx, actor: Actor, *, record_id: int, statement: str, now: datetime
) -> Dispute:
    """Say something against a record of one's own, or of whom one acts for; it stands still until that is decided.

    Raises:
        RefusalError: `forbidden`, `unknown_record`, `record_state_refused`, `already_disputed`.
    """
    row = await tx.connection.fetchrow(_LOCK_RECORD, tx.bank_id, record_id)
    if actor.person_id is None:
        raise RefusalError("forbidden", permission=OWN)
    if row is None:
        raise RefusalError("unknown_record", record=record_id)
    try:
        await check_person(tx, actor, OWN, row["owner"], now=now)
    except RefusalError as refusal:  # of others' records nothing is said
        raise RefusalError("unknown_record", record=record_id) from refusal
    if row["state"] == "voided":
        raise RefusalError("record_state_refused")
    raised = await tx.connection.fetchrow(_RAISE, tx.bank_id, record_id, row["owner"], statement, now)
    if raised is None:
        raise RefusalError("already_disputed")
    return _dispute(raised)


async def decide_dispute(
    tx: WriteTx,
    actor: Actor,
    *,
    dispute_id: int,
    decision: Literal["upheld", "dismissed"],
    answer: str,
    times: Times | None,
    now: datetime,
) -> Decision | Refused:
    """Decide a dispute in reach and tell the person.

    Upheld with times the record is corrected to them, without any it is voided: nobody was there. What the ledger
    refuses to take back is returned, and the dispute stays open.

    Raises:
        RefusalError: `forbidden`, `unknown_dispute`, `already_decided`, `review_of_own`, `dispute_by_approver`,
            `dispute_by_enterer`, `correction_not_wanted`, `correction_span_invalid`, `already_voided`.
    """
    record_id = await tx.connection.fetchval(_RECORD_OF, tx.bank_id, dispute_id)
    try:
        target = await lock_target(tx, actor, DECIDE, record_id or NOTHING, now=now)
    except RefusalError as refusal:
        if refusal.code == "unknown_record":
            raise RefusalError("unknown_dispute") from refusal
        raise
    # Whoever decides a dispute has its record locked, so what is asked now stays so.
    if await tx.connection.fetchval(_IS_DECIDED, tx.bank_id, dispute_id):
        raise RefusalError("already_decided")
    if await tx.connection.fetchval(_HAD_A_PART, tx.bank_id, target.id, actor.person_id):
        raise RefusalError("dispute_by_approver")
    if await tx.connection.fetchval(_IS_BY_HAND, tx.bank_id, target.id, actor.text):
        raise RefusalError("dispute_by_enterer")
    if times is not None and decision == "dismissed":
        raise RefusalError("correction_not_wanted")
    correction_id = None
    if decision == "upheld":
        done = await _uphold(tx, target, times, by=By(actor.text, actor.person_id), now=now)
        if isinstance(done, Refused):
            return done
        correction_id = done
    await tx.connection.execute(_DECIDE, tx.bank_id, dispute_id, now, actor.person_id, decision, answer)
    await tell(tx, [target.owner], "dispute_decided", dispute=dispute_id, record=target.id, decision=decision)
    return Decision(dispute_id, target.id, decision, correction_id)


async def _uphold(
    tx: WriteTx, target: Target, times: Times | None, *, by: By, now: datetime
) -> int | Refused | None:
    """Correct or void a disputed record, and return the one in its place; one voided meanwhile stays so."""
    if times is not None:
        corrected = await correct_locked(tx, target, times, by=by, reason="dispute", now=now)
        return corrected if isinstance(corrected, Refused) else corrected.record_id
    if target.state == "voided":
        return None
    voided = await void_locked(tx, target, by=by, reason="dispute", now=now)
    return voided if isinstance(voided, Refused) else None


async def disputes_of(tx: ReadTx, person_id: UUID, *, after_id: int, limit: int) -> list[Dispute]:
    """Return a person's disputes by id."""
    rows = await tx.connection.fetch(_OF_PERSON, tx.bank_id, person_id, after_id, limit)
    return [_dispute(row) for row in rows]


async def disputes_of_record(tx: ReadTx, record_id: int, person_id: UUID) -> list[Dispute]:
    """Return what a person said against a record of theirs, the first thing first."""
    rows = await tx.connection.fetch(_OF_RECORD, tx.bank_id, record_id, person_id)
    return [_dispute(row) for row in rows]


async def disputes(
    tx: ReadTx, *, after_id: int, limit: int, reach: Sequence[int] | None = None, is_open: bool | None = None
) -> list[Dispute]:
    """Return disputes over records in `reach` (None: all) by id, open ones or decided ones or both."""
    rows = await tx.connection.fetch(_LIST, tx.bank_id, after_id, reach, is_open, limit)
    return [_dispute(row) for row in rows]


def _dispute(row: "asyncpg.Record") -> Dispute:
    return Dispute(*row)
