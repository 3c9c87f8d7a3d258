"""Taking records back and correcting them. Nothing is changed or deleted: a voided record stays, with its entries.

What was credited is reversed in the ledger, whole. Of points that were spent since, the bank issues as many again to
the lot that they came from, as a `debt`, and the reversal takes them with the rest: the hours go, no wallet falls
below nothing, and the debt is in the books and on the record. A correction is credited anew, so it may owe nothing:
it is refused where points are spent, and its record stays as it is.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from ledger.holds import reversal
from ledger.posting import post
from ledger.session import WriteTx
from ledger.shortfalls import shortfalls
from ledger.values import Posted, Refused
from timebank.access import Actor, reach, represented
from timebank.errors import RefusalError
from timebank.notices.crediting import settle_credit
from timebank.notifications.actions import tell
from timebank.policy.parts import Grade
from timebank.records.debts import debt_draft, keep_ceilings
from timebank.records.deciding import decide_attendance
from timebank.records.entries import State, enter, move
from timebank.records.grades import Attended, weakest
from timebank.records.plans import lock_volunteers, session_plan, standings
from timebank.records.queries import IN_REACH
from timebank.records.storing import By, NewRow, insert_records

PERMISSION: Final = "records.void"

VoidReason = Literal["mistake", "duplicate", "dispute", "fraud", "other"]
"""Why, in a word: the books and the entries cannot forget what is written into them."""

_FOUND = f"""
select r.volunteer_id, v.owner, {IN_REACH.format(n=3)} as is_in_reach
from service_records r
join activities a on a.bank_id = $1 and a.id = r.activity_id
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
where r.bank_id = $1 and r.id = $2
"""  # noqa: S608 -- ours
_LOCK = """
select r.id, r.activity_id, r.session_id, r.volunteer_id, r.grade, r.state,
  coalesce(r.credited_transaction_id, (select t.id from transactions t
    where t.bank_id = $1 and t.idempotency_key = 'record:' || r.id and t.refusal is null)) as transaction_id
from service_records r where r.bank_id = $1 and r.id = $2 for update of r
"""
_REFUSED_BEFORE = """
select count(*) from record_entries e
where e.bank_id = $1 and e.record_id = $2 and e.kind = 'noted' and e.detail ? 'void_refused'
"""
_IS_REVERSED = """
select exists (select from transactions t where t.bank_id = $1 and t.reverses_id = $2 and t.refusal is null)
"""
_STRIKE = """
update notice_lines l set state = 'struck'
where l.bank_id = $1 and l.record_id = $2 and l.state in ('shown', 'objected')
"""
_NOT_VOIDED: Final[tuple[State, ...]] = (
    "pending",
    "second_review",
    "approved",
    "noticed",
    "objected",
    "credited",
    "rejected",
)


@dataclass(frozen=True, slots=True)
class Target:
    """A record that is about to be taken back: locked, and its volunteer before it."""

    id: int
    activity_id: int
    session_id: int | None
    volunteer_id: int
    grade: Grade | None
    state: str
    transaction_id: int | None
    owner: UUID


@dataclass(frozen=True, slots=True)
class Voided:
    """A record that counts no more, the transaction that took its credit back, and by unit what was spent of it."""

    record_id: int
    reversal_id: int | None
    debt: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Corrected:
    """A record in place of another: it waits for approval, or is rejected by the rules."""

    record_id: int
    corrects_id: int
    outcome: str
    state: str
    minutes: int
    reversal_id: int | None


@dataclass(frozen=True, slots=True)
class Times:
    """When somebody came and went after all."""

    check_in_at: datetime
    check_out_at: datetime


async def void_record(
    tx: WriteTx, actor: Actor, *, record_id: int, reason: VoidReason, now: datetime
) -> Voided | Refused:
    """Take a record in reach back, with what it credited, and tell the person; the ledger's refusal is returned.

    Raises:
        RefusalError: `forbidden`, `unknown_record`, `review_of_own`, `already_voided`.
    """
    target = await lock_target(tx, actor, PERMISSION, record_id, now=now)
    done = await void_locked(tx, target, by=By(actor.text, actor.person_id), reason=reason, now=now)
    if isinstance(done, Voided):
        await tell(tx, [target.owner], "record_voided", record=record_id, reason=reason)
    return done


async def correct_record(
    tx: WriteTx, actor: Actor, *, record_id: int, times: Times, reason: VoidReason, now: datetime
) -> Corrected | Refused:
    """Put a record with other times in place of one in reach, and tell the person; it is reviewed like any other.

    Raises:
        RefusalError: `forbidden`, `unknown_record`, `review_of_own`, `already_voided`, `correction_span_invalid`.
    """
    target = await lock_target(tx, actor, PERMISSION, record_id, now=now)
    by = By(actor.text, actor.person_id)
    return await correct_locked(tx, target, times, by=by, reason=reason, now=now)


async def lock_target(tx: WriteTx, actor: Actor, permission: str, record_id: int, *, now: datetime) -> Target:
    """Lock a record in reach and its volunteer, the volunteer first as closing a session does.

    Raises:
        RefusalError: `forbidden`, `unknown_record`, `review_of_own`.
    """
    nodes = await reach(tx, actor, permission)
    row = await tx.connection.fetchrow(_FOUND, tx.bank_id, record_id, nodes)
    if row is None or not row["is_in_reach"]:
        raise RefusalError("unknown_record", record=record_id)
    if row["owner"] == actor.person_id or await represented(tx, actor.person_id, [row["owner"]], now=now):
        raise RefusalError("review_of_own")
    await lock_volunteers(tx, [row["volunteer_id"]])
    locked = await tx.connection.fetchrow(_LOCK, tx.bank_id, record_id)
    assert locked is not None  # noqa: S101 -- records are never deleted
    return Target(**{**locked, "owner": row["owner"]})


async def void_locked(
    tx: WriteTx, target: Target, *, by: By, reason: VoidReason, now: datetime, may_owe: bool = True
) -> Voided | Refused:
    """Take a locked record back: reverse its credit, strike its line on a notice, enter why.

    Unless it `may_owe`, the ledger refuses where something of the credit was spent.

    Raises:
        RefusalError: `already_voided`, `idempotency_conflict`.
    """
    if target.state == "voided":
        raise RefusalError("already_voided")
    reversal_id: int | None = None
    debt: Mapping[str, int] = {}
    if target.state == "credited":
        outcome = await _reverse(tx, target, by=by, reason=reason, now=now, may_owe=may_owe)
        if isinstance(outcome, Refused):
            return outcome
        reversal_id, debt = outcome
    await move(tx, [target.id], since=_NOT_VOIDED, to="voided")
    await tx.connection.execute(_STRIKE, tx.bank_id, target.id)
    detail: dict[str, object] = {"reason": reason, "reversal": reversal_id}
    if debt:
        detail["debt"] = dict(debt)
    await enter(tx, "voided", {target.id: detail}, actor=by.text, person_id=by.person_id, now=now)
    return Voided(target.id, reversal_id, debt)


async def correct_locked(
    tx: WriteTx, target: Target, times: Times, *, by: By, reason: VoidReason, now: datetime
) -> Corrected | Refused:
    """Put a record with other times in place of a locked one, decided by the policy of the service date.

    Its evidence is somebody's word, so its grade is D at best.

    Raises:
        RefusalError: `already_voided`, `correction_span_invalid`.
    """
    if times.check_out_at <= times.check_in_at:
        raise RefusalError("correction_span_invalid")
    plan = await session_plan(tx, target.activity_id, target.session_id)
    done = await void_locked(tx, target, by=by, reason=reason, now=now, may_owe=False)
    if isinstance(done, Refused):
        return done
    grade = weakest(target.grade or "D", "D")
    found = Attended(times.check_in_at, times.check_out_at, grade, "scans", is_cut=False)
    left = await standings(tx, [target.volunteer_id], plan, instead_of=[target.id])
    decided = decide_attendance(found, plan.plan, plan.policy.pack, plan.category, left[target.volunteer_id])
    row = NewRow(target.volunteer_id, found, decided, "correction", target.id)
    new_id = (await insert_records(tx, plan, [row], by=by, now=now))[target.volunteer_id]
    detail = {"record": new_id, "reason": reason}
    await enter(tx, "corrected", {target.id: detail}, actor=by.text, person_id=by.person_id, now=now)
    await tell(tx, [target.owner], "record_corrected", record=target.id, correction=new_id)
    return Corrected(new_id, target.id, decided.outcome, decided.state, decided.minutes, done.reversal_id)


async def _reverse(
    tx: WriteTx, target: Target, *, by: By, reason: VoidReason, now: datetime, may_owe: bool
) -> tuple[int | None, Mapping[str, int]] | Refused:
    """Reverse what a record credited: the reversal's id and what is owed, or the ledger's refusal.

    There is no id if somebody reversed it before, or nothing ever came of the credit. A refusal is final under its
    key, so each try has one of its own; each leaves a note of what was missing.
    """
    transaction_id = target.transaction_id
    if transaction_id is None:
        transaction_id = await settle_credit(tx, target.id, actor=by.text, now=now)
        if transaction_id is None:
            return None, {}
    tries = await tx.connection.fetchval(_REFUSED_BEFORE, tx.bank_id, target.id)
    turn = f"{target.id}:{tries}" if tries else f"{target.id}"
    # Locks the lots first: nobody reverses it, and nothing of it is spent, after this.
    missing = await shortfalls(tx, transaction_id)
    if await tx.connection.fetchval(_IS_REVERSED, tx.bank_id, transaction_id):
        return None, {}
    if not may_owe:
        missing = []
    drafts = [
        reversal(f"void:{turn}", transaction_id=transaction_id, effective_at=now, actor=by.text, memo=reason)
    ]
    if missing:
        drafts.insert(0, debt_draft(f"debt:{turn}", target.id, transaction_id, missing, by=by, now=now))
    outcome = (await post(tx, drafts))[-1]
    if isinstance(outcome, Posted):
        owed: Counter[str] = Counter()
        for one in missing:
            owed[one.unit] += one.amount
        if owed:
            await keep_ceilings(tx, f"spent:{turn}", target.id, transaction_id, owed, by=by, now=now)
        return outcome.transaction_id, owed
    if not isinstance(outcome, Refused):
        raise RefusalError("idempotency_conflict")
    detail = {
        "void_refused": outcome.code,
        "debt": dict(outcome.detail),
        "transaction": outcome.transaction_id,
    }
    await enter(tx, "noted", {target.id: detail}, actor=by.text, person_id=by.person_id, now=now)
    return outcome
