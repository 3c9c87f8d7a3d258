"""The roll call of a station's session: who signed up, who is here by now, and ticking who answers."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.responses import Response

from api.cursors import EARLIEST
from api.fields import PathId
from api.routers import bare
from api.v1.roll_calls import MAX_ROWS, ROLL, RollCall, RollCallRow, RowsOut, call_roll
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask
from api.web.forms import FormBody
from api.web.station.loading import NOBODY, Desk, SessionId, desk_of, names_of
from api.web.visit import Visit
from api.web.volunteer.scanning import words_of
from ledger.session import ReadTx
from timebank.access import Actor, check
from timebank.activities.registers import sign_ups_of_session
from timebank.people.queries import some_people
from timebank.scans.queries import attendances_of
from timebank.scans.rules import GOOD

router = bare()

SIGN_UPS = "sign_ups.read"
SIGNED_UP = "signed_up"
LAST_DIGITS = 4
"""Of the volunteer's number, to tell two of one family name apart."""


class RollForm(FormBody):
    """Who answered, and whether they come or leave."""

    person: tuple[UUID, ...] = Field(default=(), max_length=MAX_ROWS)
    kind: Literal["in", "out"]
    once: Once


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody on the roll: a masked name, the end of their number, the times so far, why they were just refused."""

    person_id: UUID
    name: str
    number: str
    check_in_at: datetime | None
    check_out_at: datetime | None
    problem: str


@dataclass(frozen=True, slots=True)
class Called:
    """What came of a roll call: how many were taken, who was refused and why, or that nothing was ticked."""

    taken: int = 0
    kind: str = "in"
    refused: tuple[tuple[UUID, str], ...] = ()
    problem: str = ""
    once: str = ""
    """The mark of the form that this answers."""


@dataclass(frozen=True, slots=True)
class Roll:
    """The first of those who signed up, and whether there are more."""

    lines: list[Line]
    is_cut: bool


@router.get("/stations/{station_id}/roll")
async def show_roll(visit: VisitOf, station_id: PathId, session: SessionId = None) -> Response:
    """Show who signed up."""
    return await _page(visit, station_id, session, Called())


@router.post("/stations/{station_id}/roll")
async def take_roll(visit: VisitOf, station_id: PathId, session: SessionId = None) -> Response:
    """Check in or out who was ticked, once for the form; each has an answer of their own."""
    try:
        form = await visit.form(RollForm)
    except RequestValidationError:
        return await _page(visit, station_id, session, Called(problem=visit.say("page.form_invalid")))
    if not form.person or session is None:
        return await _page(visit, station_id, session, Called(problem=visit.say("page.roll.nobody")))
    rows = [RollCallRow(person_id=person_id, kind=form.kind) for person_id in form.person]
    door = call_roll(RollCall(rows=rows, station_id=station_id), session, visit.caller, form.once)
    answered = await ask(visit, door, RowsOut)
    if isinstance(answered, Problem):
        return await _page(visit, station_id, session, Called(problem=answered.sentence))
    refused = tuple((row.person_id, row.outcome) for row in answered.rows if row.outcome not in GOOD)
    called = Called(len(rows) - len(refused), form.kind, refused, once=form.once)
    return await _page(visit, station_id, session, called)


async def _page(visit: Visit, station_id: int, session_id: int | None, called: Called) -> Response:
    problems = {who: visit.say(words_of(code)) for who, code in called.refused}

    async def work(tx: ReadTx, actor: Actor) -> tuple[Desk, Roll]:
        check(actor, ROLL)
        check(actor, SIGN_UPS)
        desk = await desk_of(visit, tx, actor, station_id, session_id)
        if desk.session is None:
            return desk, Roll([], is_cut=False)
        return desk, await _roll(visit, tx, desk.session.id, problems)

    desk, roll = await visit.read(work)
    if desk.session is None:
        return visit.go(f"/stations/{station_id}/screen")
    return visit.page("station/roll.html", desk=desk, roll=roll, called=called, once=secrets.token_hex(16))


async def _roll(visit: Visit, tx: ReadTx, session_id: int, problems: dict[UUID, str]) -> Roll:
    found = await sign_ups_of_session(tx, session_id, state=SIGNED_UP, after=EARLIEST, limit=MAX_ROWS + 1)
    ids = [each.person_id for each in found[:MAX_ROWS]]
    names = await names_of(visit, tx, ids)
    numbers = {each.id: each.volunteer.code for each in await some_people(tx, ids) if each.volunteer}
    here = {each.owner: each for each in await attendances_of(tx, session_id)}
    lines = [
        Line(
            id_,
            names.get(id_, NOBODY),
            numbers.get(id_, "")[-LAST_DIGITS:],
            here[id_].check_in_at if id_ in here else None,
            here[id_].check_out_at if id_ in here else None,
            problems.get(id_, ""),
        )
        for id_ in ids
    ]
    return Roll(lines, len(found) > MAX_ROWS)
