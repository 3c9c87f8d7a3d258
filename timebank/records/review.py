"""Reviewing records: another than the activity's creator approves, and over the policy's measures a second one too.

Rows are locked in order of their ids and read after that, so that a dispute or another review that came first is seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from ledger.session import WriteTx
from timebank.access import Actor, reach, represented
from timebank.errors import RefusalError
from timebank.notifications.actions import tell_each
from timebank.policy.actions import load_history
from timebank.policy.parts import Grade
from timebank.policy.rules import PolicyPack
from timebank.records.entries import Kind, State, enter, move
from timebank.records.grades import second_approval
from timebank.records.queries import IN_REACH, IS_BY_HAND

PERMISSION: Final = "reviews.write"
IN_REVIEW: Final[Sequence[State]] = ("pending", "second_review")
MAX_DECISIONS: Final = 200

Reason = Literal[
    "papers_seen", "witnessed", "not_there", "times_wrong", "not_service", "duplicate", "staged", "other"
]
"""Why, in a word: what somebody writes freely may name people, and an entry cannot be erased."""
Evaluation = Literal["excellent", "good", "pass", "fail"]
"""How good the service was (民政部令第67号 Art 10)."""

_LOCK = """
select r.id from service_records r where r.bank_id = $1 and r.id = any($2::bigint[]) order by r.id for update
"""
_READ = f"""
select r.id, v.owner, r.state, r.outcome, r.grade, r.minutes, r.policy_version, a.created_by,
  a.kind = 'emergency' and a.approved_by is null as is_unapproved,
  exists (select from disputes d where d.bank_id = $1 and d.record_id = r.id and d.decided_at is null) as is_disputed,
  {IS_BY_HAND.format(n=4)} as is_by_hand,
  (select e.person_id from record_entries e where e.bank_id = $1 and e.record_id = r.id and e.kind = 'approved'
    order by e.id desc limit 1) as approver_id
from service_records r
join activities a on a.bank_id = $1 and a.id = r.activity_id
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
where r.bank_id = $1 and r.id = any($2::bigint[]) and {IN_REACH.format(n=3)}
"""  # noqa: S608 -- ours
_EVALUATE = """
update service_records r set evaluation = $3, version = r.version + 1
where r.bank_id = $1 and r.id = $2 and r.state not in ('rejected', 'voided') returning r.id
"""


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """What somebody decides on a record, and why."""

    record_id: int
    decision: Literal["approve", "reject"]
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class ReviewAnswer:
    """What came of a decision: the state the record is in now, or the code of the refusal."""

    record_id: int
    state: State | None
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A record in review, as far as who may decide it is concerned.

    `is_by_hand`: the reviewer entered its times on the roll or late, scanned a card, or made it as a correction.
    """

    id: int
    owner: UUID
    state: str
    outcome: str
    grade: Grade | None
    minutes: int
    policy_version: int
    created_by: UUID | None
    is_unapproved: bool
    is_disputed: bool
    is_by_hand: bool
    approver_id: UUID | None
    is_represented: bool = False
    """The reviewer acts for the volunteer, as agent or as guardian."""


def refusal_of(request: ReviewRequest, found: Reviewed, reviewer: UUID | None) -> str | None:
    """Return why somebody may not decide a record so, first that applies; None if they may."""
    if found.state not in IN_REVIEW:
        return "record_state_refused"
    if found.is_disputed:
        return "record_disputed"
    if request.decision == "reject":
        return "reason_missing" if request.reason is None else None
    refused = {
        "review_of_own": reviewer == found.owner or found.is_represented or found.is_by_hand,
        "review_by_creator": reviewer == found.created_by,
        "emergency_unapproved": found.is_unapproved,
        "second_approver_same": found.state == "second_review" and reviewer == found.approver_id,
        "reason_missing": found.grade == "E" and request.reason is None,
    }
    return next((code for code, applies in refused.items() if applies), None)


def following(request: ReviewRequest, found: Reviewed, pack: PolicyPack) -> tuple[State, Kind]:
    """Return the state a decision brings a record into, and the entry it leaves."""
    if request.decision == "reject":
        return "rejected", "rejected"
    if found.state == "second_review":
        return "approved", "approved_second"
    needs_second = second_approval(found.grade, found.minutes, found.outcome, pack)
    return ("second_review" if needs_second else "approved"), "approved"


async def review_records(
    tx: WriteTx, actor: Actor, requests: Sequence[ReviewRequest], *, now: datetime
) -> list[ReviewAnswer]:
    """Decide records in reach, each on its own, and answer in the same order; who is rejected is told.

    Raises:
        RefusalError: `forbidden`. Of a record: `unknown_record`, `record_state_refused`, `record_disputed`,
            `review_of_own`, `review_by_creator`, `emergency_unapproved`, `second_approver_same`, `reason_missing`,
            in its answer.
    """
    nodes = await reach(tx, actor, PERMISSION)
    asked = sorted({request.record_id for request in requests})
    await tx.connection.execute(_LOCK, tx.bank_id, asked)
    rows = await tx.connection.fetch(_READ, tx.bank_id, asked, nodes, actor.text)
    principals = await represented(tx, actor.person_id, {row["owner"] for row in rows}, now=now)
    found = {row["id"]: replace(Reviewed(*row), is_represented=row["owner"] in principals) for row in rows}
    history = await load_history(tx)
    packs = {version.version: version.pack for version in history.versions}
    answers: list[ReviewAnswer] = []
    done: dict[int, tuple[ReviewRequest, State, Kind]] = {}
    for request in requests:
        record = found.get(request.record_id)
        refusal = "unknown_record" if record is None else refusal_of(request, record, actor.person_id)
        if request.record_id in done:
            refusal = "record_state_refused"
        if record is None or refusal is not None:
            answers.append(ReviewAnswer(request.record_id, None, refusal))
            continue
        state, kind = following(request, record, packs[record.policy_version])
        done[record.id] = (request, state, kind)
        answers.append(ReviewAnswer(record.id, state))
    await _keep(tx, actor, done, now=now)
    rejected = [
        (found[id_].owner, {"record": id_, "reason": request.reason})
        for id_, (request, state, _) in done.items()
        if state == "rejected"
    ]
    await tell_each(tx, rejected, "record_rejected")
    return answers


async def evaluate_record(
    tx: WriteTx, actor: Actor, *, record_id: int, evaluation: Evaluation, now: datetime
) -> None:
    """Say how good the service of a record in reach was; nobody says it of their own.

    Raises:
        RefusalError: `forbidden`, `unknown_record`, `review_of_own`, `record_state_refused`.
    """
    nodes = await reach(tx, actor, PERMISSION)
    row = await tx.connection.fetchrow(_READ, tx.bank_id, [record_id], nodes, actor.text)
    if row is None:
        raise RefusalError("unknown_record", record=record_id)
    if row["owner"] == actor.person_id or await represented(tx, actor.person_id, [row["owner"]], now=now):
        raise RefusalError("review_of_own")
    if await tx.connection.fetchval(_EVALUATE, tx.bank_id, record_id, evaluation) is None:
        raise RefusalError("record_state_refused")
    entered = {record_id: {"evaluation": evaluation}}
    await enter(tx, "evaluated", entered, actor=actor.text, person_id=actor.person_id, now=now)


async def _keep(
    tx: WriteTx, actor: Actor, done: Mapping[int, tuple[ReviewRequest, State, Kind]], *, now: datetime
) -> None:
    """Bring the records into their new states, and enter who decided and why."""
    for to in ("second_review", "approved", "rejected"):
        await move(tx, [id_ for id_, (_, state, _) in done.items() if state == to], since=IN_REVIEW, to=to)
    for kind in ("approved", "approved_second", "rejected"):
        details = {
            id_: {"reason": request.reason} for id_, (request, _, left) in done.items() if left == kind
        }
        await enter(tx, kind, details, actor=actor.text, person_id=actor.person_id, now=now)
