"""The office's rounds of recognition: which there are, and opening a new one."""

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from api.fields import MAX_ID, Id, Name
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask, problem_of
from api.web.forms import FormBody
from api.web.rendering import CHINESE
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, reach
from timebank.errors import RefusalError
from timebank.organisations.queries import organisation
from timebank.permissions import PERMISSIONS
from timebank.policy.calendar import RecognitionScheme
from timebank.policy.parts import Words
from timebank.policy.queries import version_on
from timebank.policy.rules import schemes
from timebank.recognition.access import READ, WRITE
from timebank.recognition.computing import compute_round, is_small
from timebank.recognition.opening import Wanted, check_opening, open_round, seal_for_round
from timebank.recognition.queries import Round, rounds

router = bare()

PAGE_ROUNDS = 30
YEARS = 5
"""So many years back a list can be opened from the page; the API takes any days."""

SAID = frozenset(
    {
        "policy_missing",
        "unknown_scheme",
        "period_not_over",
        "too_much_unsealed",
        "nothing_sealed",
        "tree_tampered",
        "history_forked",
    }
)
"""Refusals that the page says where they happened."""

Before = Annotated[int, Query(ge=1, le=MAX_ID)]


class OpeningForm(FormBody):
    """Which list is to be made."""

    scheme: Annotated[str, StringConstraints(max_length=40)]
    year: Annotated[int, Field(ge=1900, le=2999)]
    organisation: Id
    title: Name
    once: Once


class Opened(BaseModel):
    """The round that was opened."""

    id: int


@dataclass(frozen=True, slots=True)
class Board:
    """A page of rounds, and what a new one can be made of."""

    rounds: list[Round]
    following: int | None
    schemes: tuple[RecognitionScheme, ...]
    nodes: list[tuple[int, str]]
    years: list[int]


@router.get("/office/recognition")
async def show_rounds(visit: VisitOf, before: Before = MAX_ID) -> Response:
    """Show the rounds in reach, and the form of a new one."""
    return await _board(visit, before)


@router.post("/office/recognition")
async def open_new(visit: VisitOf) -> Response:
    """Freeze the cut-off of a new round, and compute it at once if it is small."""
    try:
        form = await visit.form(OpeningForm)
    except RequestValidationError:
        return await _board(visit, MAX_ID, problem=problem_of(visit, RefusalError("page.form_invalid")))
    try:
        opened = await _opened(visit, form)
    except RefusalError as refusal:
        if refusal.code not in SAID:
            raise
        opened = problem_of(visit, refusal)
    if isinstance(opened, Problem):
        return await _board(visit, MAX_ID, problem=opened, typed=form)
    return visit.go(f"/office/recognition/{opened}")


async def _opened(visit: Visit, form: OpeningForm) -> int | Problem:
    """Open the round, once for the form however often it is sent, and return its id."""
    service, bank = visit.service, visit.banks_own
    wanted = Wanted(
        form.organisation, form.scheme, date(form.year, 1, 1), date(form.year, 12, 31), form.title
    )
    await visit.read(lambda tx, actor: check_opening(tx, actor, wanted, now=visit.now))
    await seal_for_round(service.database, bank, service.settings.home, now=visit.now)

    async def work(tx: WriteTx, actor: Actor) -> Opened:
        return Opened(id=await open_round(tx, actor, wanted, now=visit.now))

    request = form.model_dump(exclude={"once"})
    door = visit.caller.write_once(form.once, request, work, action="recognitions.open")
    opened = await ask(visit, door, Opened)
    if isinstance(opened, Problem):
        return opened
    if await service.database.read(bank, lambda tx: is_small(tx, opened.id)):
        await compute_round(lambda work: service.database.write(bank, work), opened.id)
    return opened.id


async def _board(
    visit: Visit, before: int, *, problem: Problem | None = None, typed: OpeningForm | None = None
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Board:
        nodes = await reach(tx, actor, READ)
        found = await rounds(tx, before_id=before, limit=PAGE_ROUNDS + 1, organisations=nodes)
        shown = found[:PAGE_ROUNDS]
        version = await version_on(tx, tx.day(visit.now))
        own = [grant.organisation_id for grant in actor.grants if grant.role in PERMISSIONS[WRITE].roles]
        places = [await organisation(tx, id_) for id_ in dict.fromkeys(own)]
        year = tx.day(visit.now).year
        return Board(
            shown,
            shown[-1].id if len(found) > PAGE_ROUNDS else None,
            schemes(version.pack) if version else (),
            [(place.id, place.name) for place in places],
            list(range(year - 1, year - 1 - YEARS, -1)),
        )

    return visit.page(
        "office/recognition.html",
        status=problem.status if problem else 200,
        board=await visit.read(work),
        problem=problem,
        typed=typed,
        once=secrets.token_hex(16),
        label=lambda words: label_of(visit, words),
    )


def label_of(visit: Visit, words: Words) -> str:
    """Return words of a policy in the page's language."""
    return words.zh if visit.language == CHINESE else words.en
