"""Disputes over records: those that wait, those decided, and one with its record and the form that decides it."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from api.fields import MAX_ID, PathId, Sentence
from api.routers import bare
from api.v1 import disputes as doors
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask, problem_of
from api.web.forms import FormBody
from api.web.local import LocalMoment, field_of, in_zone
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor, reach
from timebank.errors import RefusalError
from timebank.people.queries import masked_names
from timebank.records.disputes import DECIDE, Dispute, disputes
from timebank.records.queries import Record, records_by_id

router = bare()

PAGE_DISPUTES = 30

After = Annotated[int, Query(ge=0, le=MAX_ID)]
Which = Annotated[Literal["open", "decided"], Query()]


class DecisionForm(FormBody):
    """What is decided on a dispute, and the answer to the volunteer."""

    do: Literal["correct", "void", "dismiss"]
    answer: Sentence
    came: LocalMoment | Literal[""] = ""
    went: LocalMoment | Literal[""] = ""
    once: Once


@dataclass(frozen=True, slots=True)
class Disputed:
    """A page of disputes with their records and the masked names of who raised them."""

    lines: list[Dispute]
    records: dict[int, Record]
    names: dict[UUID, str]
    following: int | None


@router.get("/office/disputes")
async def show_disputes(visit: VisitOf, show: Which = "open", after: After = 0) -> Response:
    """Show the disputes in reach that wait, or those decided."""

    async def work(tx: ReadTx, actor: Actor) -> Disputed:
        nodes = await reach(tx, actor, DECIDE)
        found = await disputes(
            tx, after_id=after, limit=PAGE_DISPUTES + 1, reach=nodes, is_open=show == "open"
        )
        shown = found[:PAGE_DISPUTES]
        following = shown[-1].id if len(found) > PAGE_DISPUTES else None
        return await _with_records(tx, visit, shown, following)

    disputed = await visit.read(work)
    return visit.page("office/disputes.html", disputed=disputed, show=show, after=after)


@router.get("/office/disputes/{dispute_id}")
async def show_dispute(visit: VisitOf, dispute_id: PathId) -> Response:
    """Show one dispute with its record."""
    return await _one(visit, dispute_id)


@router.post("/office/disputes/{dispute_id}")
async def decide(visit: VisitOf, dispute_id: PathId) -> Response:
    """Decide a dispute: the record is corrected, voided, or stays."""
    try:
        form = await visit.form(DecisionForm)
        body = _decision(visit, form)
    except (RequestValidationError, ValueError):
        typed = dict(await visit.request.form())
        refusal = RefusalError("page.disputes.form_invalid")
        return await _one(visit, dispute_id, problem=problem_of(visit, refusal), typed=typed)
    door = doors.create_decision(visit.caller, dispute_id, body, form.once)
    done = await ask(visit, door, doors.DecisionOut)
    if isinstance(done, Problem):
        return await _one(visit, dispute_id, problem=done, typed=form.model_dump(mode="json"))
    return visit.go(f"/office/disputes/{dispute_id}")


def _decision(visit: Visit, form: DecisionForm) -> doors.DecisionIn:
    """Return the decision as the API takes it.

    Raises:
        ValueError: it is to be corrected to times that are none.
    """
    times = None
    if form.do == "correct":
        if isinstance(form.came, str) or isinstance(form.went, str):
            raise ValueError("no times")
        zone = visit.banks_own.zone
        times = doors.TimesIn(check_in_at=in_zone(form.came, zone), check_out_at=in_zone(form.went, zone))
    decision: Literal["upheld", "dismissed"] = "dismissed" if form.do == "dismiss" else "upheld"
    return doors.DecisionIn(decision=decision, answer=form.answer, times=times)


async def _one(
    visit: Visit,
    dispute_id: int,
    *,
    problem: Problem | None = None,
    typed: Mapping[str, object] | None = None,
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Disputed:
        nodes = await reach(tx, actor, DECIDE)
        found = await disputes(tx, after_id=dispute_id - 1, limit=1, reach=nodes)
        if not found or found[0].id != dispute_id:
            raise RefusalError("unknown_dispute")
        return await _with_records(tx, visit, found, None)

    disputed = await visit.read(work)
    record = disputed.records[disputed.lines[0].record_id]
    zone = visit.banks_own.zone
    times = {"came": field_of(record.check_in_at, zone), "went": field_of(record.check_out_at, zone)}
    return visit.page(
        "office/dispute.html",
        status=problem.status if problem else 200,
        dispute=disputed.lines[0],
        record=record,
        name=disputed.names.get(record.person_id, "*"),
        problem=problem,
        typed=times | {"answer": "", "do": ""} | dict(typed or {}),
        once=secrets.token_hex(16),
    )


async def _with_records(tx: ReadTx, visit: Visit, lines: list[Dispute], following: int | None) -> Disputed:
    who = list({line.person_id for line in lines})
    return Disputed(
        lines,
        await records_by_id(tx, [line.record_id for line in lines]),
        await masked_names(tx, visit.service.cipher, who),
        following,
    )
