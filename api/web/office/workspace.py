"""The workspace of one round: candidates with their ties and quotas, its steps up to publication, and its downloads."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal, TypeAlias, get_args
from uuid import UUID

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from api.fields import MAX_ID, Id, PathId
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.asking import Problem, problem_of
from api.web.forms import FormBody
from api.web.office.faults import fault_of
from api.web.office.recognition import label_of
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, has
from timebank.certificates.awarding import BATCH
from timebank.certificates.queries import Issued, certificates_of_round
from timebank.errors import RefusalError
from timebank.notices.rules import shown_name
from timebank.people.queries import masked_names
from timebank.recognition.access import APPROVE, READ, WRITE, check_round
from timebank.recognition.approving import approve_round, check_approver, publish_round
from timebank.recognition.difference import Difference, differences
from timebank.recognition.ending import EndReason, revoke_round, withdraw_round
from timebank.recognition.noticing import is_notice_over, open_notice
from timebank.recognition.pack import PACKED
from timebank.recognition.queries import Candidate, CandidateState, Round, candidates, counts
from timebank.tasks.queries import PACKS, Task, own_packs_of_round

router = bare()

PAGE_LINES = 50
MOST_PRINTS = 2_000
PAGE_DIFFERENCES = 100
MOST_PACKS = 20
END_REASONS: tuple[EndReason, ...] = get_args(EndReason)
STATES: tuple[CandidateState, ...] = get_args(CandidateState)
SAID = frozenset(
    {
        "version_differs",
        "round_at_other_step",
        "nobody_proposed",
        "recognition_notice_open",
        "objections_undecided",
        "approval_by_involved",
        "approval_from_above_needed",
        "recognition_of_own",
        "pack_too_early",
        "round_not_published",
    }
)
"""Refusals that the page says where they happened."""

Step: TypeAlias = Literal["notice", "approve", "publish", "withdraw", "revoke"]
AfterLine = Annotated[int, Query(ge=0, le=MAX_ID)]
Filter = Annotated[CandidateState | None, Query(alias="state")]


class StepForm(FormBody):
    """The next step of a round as it was seen, and why where it ends."""

    do: Step
    version: Id
    reason: EndReason | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A round with a page of its candidates; `packs` are the tasks of the reader's own that make its packs.

    `prints` are the numbers after which each file of certificates begins; `barred` is why the reader does not approve.
    """

    round: Round
    counts: Mapping[str, int]
    lines: list[Candidate]
    names: Mapping[UUID, str]
    following: int | None
    is_notice_over: bool
    packs: list[Task]
    certificates: int
    prints: list[int]
    barred: str


@router.get("/office/recognition/{round_id}")
async def show_round(
    visit: VisitOf, round_id: PathId, after: AfterLine = 0, state: Filter = None, award: AfterLine = 0
) -> Response:
    """Show a round and its candidates; `award` is where issuing certificates goes on."""
    return await _workspace(visit, round_id, after, state, award=award)


@router.post("/office/recognition/{round_id}")
async def take_step(visit: VisitOf, round_id: PathId) -> Response:
    """Take a round a step on, or end it."""
    try:
        form = await visit.form(StepForm)
    except RequestValidationError:
        return await again(visit, round_id, RefusalError("page.form_invalid"))
    if form.do in {"withdraw", "revoke"} and not form.reason:
        return await again(visit, round_id, RefusalError("page.round.reason_needed"))
    work = _step(visit, round_id, form)
    try:
        await visit.write(work, action=f"recognitions.{form.do}", subject=str(round_id))
    except RefusalError as refusal:
        return await again(visit, round_id, refusal)
    return visit.go(f"/office/recognition/{round_id}")


@router.get("/office/recognition/{round_id}/differences")
async def show_differences(visit: VisitOf, round_id: PathId, after: UUID | None = None) -> Response:
    """Show what the books of now say otherwise than the frozen list."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[Round, list[Difference], dict[UUID, str]]:
        found = await check_round(tx, actor, READ, round_id)
        differing = await differences(tx, found, after=after, limit=PAGE_DIFFERENCES + 1)
        who = [each.subject for each in differing if each.organisation_id is None]
        return found, differing, await masked_names(tx, visit.service.cipher, who, mask=shown_name)

    found, differing, names = await visit.read(work)
    shown = differing[:PAGE_DIFFERENCES]
    following = shown[-1].subject if len(differing) > PAGE_DIFFERENCES else None
    return visit.page("office/differences.html", round=found, lines=shown, names=names, following=following)


def _step(visit: Visit, round_id: int, form: StepForm) -> Callable[[WriteTx, Actor], Awaitable[Round]]:
    """Return the work of a step."""
    cipher, now, version = visit.service.cipher, visit.now, form.version

    async def work(tx: WriteTx, actor: Actor) -> Round:
        if form.do == "notice":
            return await open_notice(tx, actor, cipher, round_id=round_id, expected_version=version, now=now)
        if form.do == "approve":
            return await approve_round(tx, actor, round_id=round_id, expected_version=version, now=now)
        if form.do == "publish":
            return await publish_round(tx, actor, round_id=round_id, expected_version=version, now=now)
        end = withdraw_round if form.do == "withdraw" else revoke_round
        assert form.reason  # noqa: S101 -- asked before
        return await end(tx, actor, round_id=round_id, reason=form.reason, expected_version=version, now=now)

    return work


async def again(visit: Visit, round_id: int, refusal: RefusalError) -> Response:
    """Show the round with what was refused, if that is said there."""
    if refusal.code not in SAID and not refusal.code.startswith("page."):
        raise refusal
    return await _workspace(visit, round_id, 0, None, problem=problem_of(visit, refusal))


async def _workspace(
    visit: Visit,
    round_id: int,
    after: int,
    state: CandidateState | None,
    *,
    problem: Problem | None = None,
    award: int = 0,
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Workspace:
        found = await check_round(tx, actor, READ, round_id)
        lines = await candidates(
            tx, round_id, after=after, limit=PAGE_LINES + 1, states=[state] if state else None
        )
        shown = lines[:PAGE_LINES]
        who = [each.person_id for each in shown if each.person_id is not None]
        packs: list[Task] = []
        if found.state in PACKED and has(actor, WRITE):
            packs = await own_packs_of_round(tx, actor, round_id, limit=MOST_PACKS, now=visit.now)
        issued: list[Issued] = []
        if found.state == "published" and has(actor, "certificates.award"):
            issued = await certificates_of_round(tx, round_id, after=0, limit=MOST_PRINTS)
        return Workspace(
            found,
            await counts(tx, round_id),
            shown,
            await masked_names(tx, visit.service.cipher, who, mask=shown_name),
            shown[-1].number if len(lines) > PAGE_LINES else None,
            is_notice_over(found, tx.day(visit.now)),
            packs,
            len(issued),
            [0, *((one.candidate_number or 0) for one in issued[BATCH - 1 : -1 : BATCH])] if issued else [],
            await _barred(tx, actor, found, visit) if found.state == "notice" and has(actor, APPROVE) else "",
        )

    return visit.page(
        "office/round.html",
        status=problem.status if problem else 200,
        space=await visit.read(work),
        problem=problem,
        after=after,
        state=state,
        award=award,
        states=STATES,
        reasons=END_REASONS,
        label=lambda words: label_of(visit, words),
        kinds=sorted(PACKS),
        fault=partial(fault_of, visit),
    )


async def _barred(tx: ReadTx, actor: Actor, found: Round, visit: Visit) -> str:
    try:
        await check_approver(tx, actor, found, now=visit.now)
    except RefusalError as refusal:
        return problem_of(visit, refusal).sentence
    return ""
