"""The office: the review queue, with what looks staged about a session shown beside it."""

from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.responses import Response

from api.fields import MAX_ID, Id
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.forms import FormBody
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, reach
from timebank.people.queries import masked_names
from timebank.records.queue import Waiting, waiting
from timebank.records.review import (
    MAX_DECISIONS,
    PERMISSION,
    Reason,
    ReviewAnswer,
    ReviewRequest,
    review_records,
)

router = bare()

PAGE_LINES = 50
REASONS: tuple[Reason, ...] = (
    "papers_seen", "witnessed", "not_there", "times_wrong", "not_service", "duplicate", "staged", "other"
)  # fmt: skip

After = Annotated[int, Query(ge=0, le=MAX_ID)]
Of = Annotated[int | None, Query(ge=1, le=MAX_ID)]


class ReviewForm(FormBody):
    """The lines that were ticked, and what becomes of them."""

    decision: Literal["approve", "reject"]
    record: tuple[Id, ...] = Field(default=(), max_length=MAX_DECISIONS)
    reason: Reason | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of the queue is shown: after a record, of a session or of an activity only."""

    after: int
    session: int | None
    activity: int | None

    def address(self, after: int) -> str:
        """Return the address of this part from after another record."""
        asked = {"after": after or None, "session": self.session, "activity": self.activity}
        return "?" + urlencode({name: value for name, value in asked.items() if value is not None})


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of the queue, the masked names in it, and where the next page begins."""

    lines: list[Waiting]
    names: dict[UUID, str]
    following: int | None


@router.get("/office/reviews")
async def show_queue(visit: VisitOf, after: After = 0, session: Of = None, activity: Of = None) -> Response:
    """Show what waits for approval: all of it, or what one session or activity brought."""
    return await _queue(visit, Part(after, session, activity))


@router.post("/office/reviews")
async def review(visit: VisitOf, after: After = 0, session: Of = None, activity: Of = None) -> Response:
    """Decide what was ticked, each line on its own, and show what came of it."""
    part = Part(after, session, activity)
    try:
        form = await visit.form(ReviewForm)
    except RequestValidationError:
        return await _queue(visit, part, problem="page.form_invalid")
    if not form.record:
        return await _queue(visit, part, problem="page.reviews.nothing")
    requests = [ReviewRequest(id_, form.decision, form.reason or None) for id_ in dict.fromkeys(form.record)]

    async def work(tx: WriteTx, actor: Actor) -> list[ReviewAnswer]:
        return await review_records(tx, actor, requests, now=visit.now)

    answers = await visit.write(work, action="reviews.bulk", subject=_subject)
    return await _queue(visit, part, answers=answers)


async def _queue(
    visit: Visit, part: Part, *, answers: list[ReviewAnswer] | None = None, problem: str = ""
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Queue:
        nodes = await reach(tx, actor, PERMISSION)
        found = await waiting(
            tx,
            after_id=part.after,
            limit=PAGE_LINES + 1,
            reach=nodes,
            session_id=part.session,
            activity_id=part.activity,
        )
        lines = found[:PAGE_LINES]
        names = await masked_names(tx, visit.service.cipher, list({line.record.person_id for line in lines}))
        return Queue(lines, names, lines[-1].record.id if len(found) > PAGE_LINES else None)

    done: dict[str, int] = {}
    refused: dict[str, list[int]] = {}
    for answer in answers or ():
        if answer.state is not None:
            done[answer.state] = done.get(answer.state, 0) + 1
        elif answer.refusal is not None:
            refused.setdefault(answer.refusal, []).append(answer.record_id)
    return visit.page(
        "office/reviews.html",
        queue=await visit.read(work),
        part=part,
        done=done,
        refused=refused,
        problem=problem,
        reasons=REASONS,
        ticked={id_ for ids in refused.values() for id_ in ids},
    )


def _subject(answers: list[ReviewAnswer]) -> str:
    return ",".join(str(answer.record_id) for answer in answers if answer.state is not None)[:500]
