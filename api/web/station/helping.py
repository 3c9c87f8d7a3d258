"""Helping an elder at a station: their card or code is scanned, a large page asks whether it is them, one touch is all.

Nobody has to hit a rotating code, type anything or hurry.
"""

import secrets
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi.exceptions import RequestValidationError
from pydantic import StringConstraints
from starlette.responses import Response

from api.fields import PathId, Printable
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.asking import Once
from api.web.forms import FormBody
from api.web.station.loading import NOBODY, TAKE, Desk, SessionId, desk_of, names_of
from api.web.station.taking import Shown, is_card, take
from api.web.visit import LOGIN_OVER, Visit
from api.web.volunteer.scanning import words_of
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check
from timebank.codes.rules import MemberCode, read_code
from timebank.errors import RefusalError
from timebank.passes.queries import resolve_member_code
from timebank.people.cards import holder_of
from timebank.people.rules import NAME
from timebank.privacy.actions import record_look_up
from timebank.scans.queries import Times, times_of
from timebank.scans.requests import ScanAnswer

router = bare()


class HelpForm(FormBody):
    """What was scanned; with it the button that was pressed, once the name was shown."""

    shown: Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True), Printable]
    kind: Literal["", "in", "out"] = ""
    once: Once


@dataclass(frozen=True, slots=True)
class Member:
    """Who stands there: the masked name, and the times so far in the session."""

    name: str
    times: Times


@dataclass(frozen=True, slots=True)
class Helped:
    """What the page shows: whom it asks about, what came of it, or what is wrong."""

    shown: str = ""
    member: Member | None = None
    answer: ScanAnswer | None = None
    problem: str = ""


@router.get("/stations/{station_id}/help")
async def show_helping(visit: VisitOf, station_id: PathId, session: SessionId = None) -> Response:
    """Ask for the card or the code."""
    return await _page(visit, station_id, session, Helped())


@router.post("/stations/{station_id}/help")
async def help_member(visit: VisitOf, station_id: PathId, session: SessionId = None) -> Response:
    """Show whose card or code it is, or check them in or out."""
    try:
        form = await visit.form(HelpForm)
    except RequestValidationError:
        return await _page(visit, station_id, session, Helped(problem="code_unreadable"))
    if session is None:
        return await _page(visit, station_id, session, Helped())
    if not form.kind:
        return await _page(visit, station_id, session, await _asked(visit, station_id, session, form.shown))
    answer = await take(visit, station_id, session, Shown(form.shown, form.kind, form.once))
    if not answer.is_good or answer.person_id is None:
        return await _page(visit, station_id, session, Helped(problem=words_of(answer.outcome)))
    who = answer.person_id
    name = (await visit.read(lambda tx, _: names_of(visit, tx, [who]))).get(who, NOBODY)
    member = Member(name, Times(answer.check_in_at, answer.check_out_at))
    return await _page(visit, station_id, session, Helped(member=member, answer=answer))


async def _asked(visit: Visit, station_id: int, session_id: int, shown: str) -> Helped:
    async def work(tx: WriteTx, actor: Actor) -> Member:
        await desk_of(visit, tx, actor, station_id, session_id)
        check(actor, TAKE)
        who = await _whose(visit, tx, shown)
        await record_look_up(tx, actor, who, purpose="scan", fields=[NAME])
        names = await names_of(visit, tx, [who])
        return Member(names.get(who, NOBODY), await times_of(tx, session_id, who))

    try:
        member = await visit.write(work, action="scans.look", subject=str(session_id))
    except RefusalError as refusal:
        if refusal.code in LOGIN_OVER | {"forbidden", "unknown_station"}:
            raise
        return Helped(problem=words_of("card_unknown" if refusal.code == "unknown_card" else refusal.code))
    return Helped(shown=shown, member=member)


async def _whose(visit: Visit, tx: ReadTx, shown: str) -> UUID:
    """Return whose card or code it is.

    Raises:
        RefusalError: `unknown_card`, `code_unreadable`, and as `resolve_member_code`.
    """
    if is_card(shown):
        return await holder_of(tx, shown)
    code = read_code(shown)
    if not isinstance(code, MemberCode):
        raise RefusalError("code_unreadable")
    return await resolve_member_code(tx, visit.service.codes, code, now=visit.now)


async def _page(visit: Visit, station_id: int, session_id: int | None, helped: Helped) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Desk:
        check(actor, TAKE)
        return await desk_of(visit, tx, actor, station_id, session_id)

    desk = await visit.read(work)
    if desk.session is None:
        return visit.go(f"/stations/{station_id}/screen")
    return visit.page(
        "station/help.html", has_camera=True, desk=desk, helped=helped, once=secrets.token_hex(16)
    )
