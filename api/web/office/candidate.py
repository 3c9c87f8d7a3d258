"""One candidate of a round: the evidence, what was decided about them, and the objections to them."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar, get_args

from fastapi.exceptions import RequestValidationError
from pydantic import StringConstraints
from starlette.responses import Response

from api.fields import Id, PathId, Printable, Sentence
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.asking import Problem, problem_of
from api.web.forms import FormBody
from api.web.office.recognition import label_of
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, has
from timebank.certificates.queries import Issued, certificates_of_round
from timebank.errors import RefusalError
from timebank.notices.rules import shown_name
from timebank.people.queries import masked_names
from timebank.recognition.access import READ, check_round
from timebank.recognition.deciding import Reason, decide_candidate
from timebank.recognition.ending import RevokeReason, revoke_candidate
from timebank.recognition.objection_queries import RaisedObjection, objections
from timebank.recognition.objections import DECIDE, decide_objection
from timebank.recognition.queries import Candidate, Decision, Round, candidate, decisions

router = bare()

MOST_OBJECTIONS = 200
REASONS: tuple[Reason, ...] = get_args(Reason)
REVOKE_REASONS: tuple[RevokeReason, ...] = get_args(RevokeReason)
SAID = frozenset(
    {
        "version_differs",
        "round_at_other_step",
        "recognition_of_own",
        "already_excluded",
        "already_proposed",
        "already_revoked",
        "not_on_list",
        "already_decided_objection",
        "decision_by_objector",
        "decision_by_decider",
    }
)
"""Refusals that the page says where they happened."""

R = TypeVar("R", bound=str)

Note = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True), Printable]


class CandidateForm(FormBody):
    """What becomes of a candidate of the round as it was seen, and why."""

    do: Literal["exclude", "include", "revoke"]
    version: Id
    reason: Reason | RevokeReason
    note: Note = ""


class ObjectionForm(FormBody):
    """What an objection comes to, and why."""

    decision: Literal["upheld", "dismissed"]
    reason: Sentence


@dataclass(frozen=True, slots=True)
class OneCandidate:
    """A candidate with all that happened to them."""

    round: Round
    candidate: Candidate
    name: str
    decisions: list[Decision]
    objections: list[RaisedObjection]
    certificate: Issued | None


@router.get("/office/recognition/{round_id}/{number}")
async def show_candidate(visit: VisitOf, round_id: PathId, number: PathId) -> Response:
    """Show a candidate."""
    return await _candidate(visit, round_id, number)


@router.post("/office/recognition/{round_id}/{number}")
async def decide(visit: VisitOf, round_id: PathId, number: PathId) -> Response:
    """Take a candidate off the list, put them on it, or take their recognition back."""
    try:
        form = await visit.form(CandidateForm)
    except RequestValidationError:
        return await _again(visit, round_id, number, RefusalError("page.form_invalid"))

    async def work(tx: WriteTx, actor: Actor) -> Candidate:
        if form.do == "revoke":
            return await revoke_candidate(
                tx,
                actor,
                round_id=round_id,
                number=number,
                reason=_one_of(form.reason, REVOKE_REASONS),
                note=form.note,
                expected_version=form.version,
                now=visit.now,
            )
        return await decide_candidate(
            tx,
            actor,
            round_id=round_id,
            number=number,
            decision=form.do,
            reason=_one_of(form.reason, REASONS),
            note=form.note,
            expected_version=form.version,
            now=visit.now,
        )

    try:
        await visit.write(work, action=f"recognitions.{form.do}", subject=f"{round_id}/{number}")
    except RefusalError as refusal:
        return await _again(visit, round_id, number, refusal)
    return visit.go(f"/office/recognition/{round_id}/{number}")


@router.post("/office/recognition/{round_id}/{number}/objections/{objection_id}")
async def decide_one(visit: VisitOf, round_id: PathId, number: PathId, objection_id: PathId) -> Response:
    """Decide an objection."""
    try:
        form = await visit.form(ObjectionForm)
    except RequestValidationError:
        return await _again(visit, round_id, number, RefusalError("page.form_invalid"))

    async def work(tx: WriteTx, actor: Actor) -> None:
        await decide_objection(
            tx,
            actor,
            objection_id=objection_id,
            decision=form.decision,
            reason=form.reason,
            now=visit.now,
        )

    try:
        await visit.write(work, action="objections.decide", subject=str(objection_id))
    except RefusalError as refusal:
        return await _again(visit, round_id, number, refusal)
    return visit.go(f"/office/recognition/{round_id}/{number}")


def _one_of(reason: str, known: tuple[R, ...]) -> R:
    """Return a reason that the decision knows.

    Raises:
        RefusalError: `page.form_invalid`.
    """
    for each in known:
        if each == reason:
            return each
    raise RefusalError("page.form_invalid")


async def _again(visit: Visit, round_id: int, number: int, refusal: RefusalError) -> Response:
    """Show the candidate with what was refused, if that is said there."""
    if refusal.code not in SAID and not refusal.code.startswith("page."):
        raise refusal
    return await _candidate(visit, round_id, number, problem=problem_of(visit, refusal))


async def _candidate(visit: Visit, round_id: int, number: int, *, problem: Problem | None = None) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> OneCandidate:
        found = await check_round(tx, actor, READ, round_id)
        each = await candidate(tx, round_id, number)
        name = each.organisation or "***"
        if each.person_id is not None:
            names = await masked_names(tx, visit.service.cipher, [each.person_id], mask=shown_name)
            name = names.get(each.person_id, "***")
        certificate = None
        if has(actor, "certificates.read"):
            issued = await certificates_of_round(tx, round_id, after=number - 1, limit=1)
            certificate = next((one for one in issued if one.candidate_number == number), None)
        return OneCandidate(
            found,
            each,
            name,
            await decisions(tx, round_id, number),
            await objections(tx, actor, after_id=0, limit=MOST_OBJECTIONS, round_id=round_id, number=number)
            if has(actor, DECIDE)
            else [],
            certificate,
        )

    return visit.page(
        "office/candidate.html",
        status=problem.status if problem else 200,
        one=await visit.read(work),
        problem=problem,
        reasons=REASONS,
        revoke_reasons=REVOKE_REASONS,
        label=lambda words: label_of(visit, words),
    )
