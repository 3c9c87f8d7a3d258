"""What a phone opens when it has scanned a station's code: one button, and what came of pressing it.

The code is checked at the first touch, before anybody is asked to log in, and what was found right is kept as a
receipt in a cookie of five minutes: a slow login does not make a scan late. The receipt is good on this phone only.
"""

import contextlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import StringConstraints
from starlette.responses import Response

from api.routers import bare
from api.v1.scans import Touch, touch_code
from api.web import cookies
from api.web.arriving import VisitOf
from api.web.forms import FormBody
from api.web.visit import Visit
from api.web.volunteer.offering import give, show_code
from ledger.session import ReadTx
from timebank.access import Actor, check_person
from timebank.activities.session_queries import ActivitySession, activity_session
from timebank.codes.rules import (
    MemberCode,
    MerchantCode,
    PickUpCode,
    PosterCode,
    StationCode,
    check_poster_code,
    check_station_code,
    read_code,
)
from timebank.database import Bank
from timebank.errors import RefusalError
from timebank.scans.queries import Times, times_of
from timebank.scans.receipts import LIFETIME, make_receipt, phone_digest
from timebank.scans.requests import ScanAnswer, ScanRequest
from timebank.scans.rules import IN, OUT, Kind
from timebank.stations.queries import Station, sessions_of_station, station

router = bare()

TOUCH = "touch"
JUST_NOW = timedelta(minutes=5)
"""Who checked in so recently scans again to see whether it worked, and not to leave."""

TOO_LATE = frozenset({"code_expired", "code_early"})

Shown = StationCode | PosterCode


class ScanForm(FormBody):
    """The button: in or out, and what makes a form sent twice one scan."""

    kind: Literal["in", "out"]
    once: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    receipt: Annotated[str, StringConstraints(max_length=200)] = ""


@dataclass(frozen=True, slots=True)
class Touched:
    """A code that is good, and its receipt if it is one that rotates."""

    code: Shown
    text: str
    receipt: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where the member stands: the station, the session if the code or the moment tells it, and the times so far."""

    station: Station
    session: ActivitySession | None
    times: Times

    def kind(self) -> Kind:
        """Return what the button is for."""
        return IN if self.times.check_in_at is None else OUT

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether the member checked in only just."""
        at = self.times.check_in_at
        return at is not None and self.times.check_out_at is None and now - at < JUST_NOW


@router.get("/Q/{text}")
@router.get("/q/{text}")
async def show_scan(visit: VisitOf, text: str) -> Response:
    """Check the code that was scanned, and show the button; who is not logged in goes to the login and comes back.

    A merchant's code leads to its offer.
    """
    merchants = _merchants_code(text)
    if merchants is not None:
        return await show_code(visit, merchants)
    try:
        touched = await _touch(visit, text)
    except RefusalError as refusal:
        return _refused(visit, refusal.code, refusal.params)
    if touched.receipt:
        visit.kept[TOUCH] = f"{touched.text}.{touched.receipt}", visit.now + LIFETIME
    if visit.claims is None or visit.claims.bank != visit.banks_own.code:
        return visit.to_login()
    place = await visit.read(lambda tx, actor: _place(tx, actor, touched.code, now=visit.now))
    return visit.page(
        "volunteer/scan.html",
        place=place,
        fresh=place.is_fresh(visit.now),
        receipt=touched.receipt,
        once=secrets.token_hex(16),
    )


@router.post("/Q/{text}")
@router.post("/q/{text}")
async def scan(visit: VisitOf, text: str) -> Response:
    """Check in or out, or give fufen if the code is a merchant's; once more is as good as once."""
    if _merchants_code(text) is not None:
        return await give(visit, text)
    form = await visit.form(ScanForm)
    if visit.claims is None:
        return visit.to_login()
    bank, claims = visit.banks_own, visit.claims
    visit.service.slow_scans(claims.session_id)
    code = read_code(text)
    is_poster = isinstance(code, PosterCode)
    said = f"page\0{claims.session_id}\0{form.kind}\0{form.once}"
    answer = await visit.service.scan_queue(bank).submit(
        ScanRequest(
            digest=sha256(said.encode()).digest(),
            kind=form.kind,
            received_at=visit.service.now(),
            login_id=claims.session_id,
            code=text if is_poster or not form.receipt else None,
            receipt=form.receipt if form.receipt and not is_poster else None,
            phone=phone_digest(visit.service.blind, bank.id, visit.phone),
        )
    )
    if answer.outcome == "session_over":
        raise RefusalError("session_over")
    if not answer.is_good:
        return _refused(visit, words_of(answer.outcome), {})
    visit.dropped.append(TOUCH)
    session = await visit.read(lambda tx, actor: _session_of(tx, actor, answer))
    return visit.page("volunteer/scanned.html", answer=answer, session=session)


async def _touch(visit: Visit, text: str) -> Touched:
    """Check a code; one that was good when this phone touched it is good as long as its receipt.

    Raises:
        RefusalError: `code_unreadable`, `code_is_members`, `unknown_bank`, `code_of_other_bank`, `code_forged`,
            `code_expired`, `code_early`.
    """
    code = read_code(text)
    # A merchant's is shown as its offer, before it could come here.
    if isinstance(code, MemberCode | PickUpCode | MerchantCode):
        raise RefusalError("code_is_members")
    bank = await visit.service.bank_of_id(code.bank_id)
    if visit.claims is None:
        visit.come_to(bank)
    elif visit.banks_own.id != bank.id:
        raise RefusalError("code_of_other_bank")
    keys, phone = visit.service.codes, phone_digest(visit.service.blind, bank.id, visit.phone)
    plain = text.upper()
    if isinstance(code, PosterCode):
        check_poster_code(keys, code, bank_id=bank.id)
        return Touched(code, plain, "")
    try:
        check_station_code(keys, code, bank_id=bank.id, now=visit.now)
    except RefusalError as refusal:
        before, _, receipt = (cookies.read(visit.request, TOUCH) or "").partition(".")
        if refusal.code not in TOO_LATE or before != plain:
            await _count(visit, bank, plain)
            raise
        return Touched(code, plain, receipt)
    receipt = make_receipt(keys, bank_id=bank.id, station_code=code, phone=phone, now=visit.now)
    return Touched(code, plain, receipt)


def _merchants_code(text: str) -> MerchantCode | None:
    try:
        code = read_code(text)
    except RefusalError:
        return None
    return code if isinstance(code, MerchantCode) else None


async def _count(visit: Visit, bank: Bank, text: str) -> None:
    """Have a code that was not good counted for the steward, as the API does; too many of them are not."""
    with contextlib.suppress(RefusalError):
        await touch_code(Touch(bank=bank.code, code=text), visit.phone, visit.service, visit.request)


async def _place(tx: ReadTx, actor: Actor, code: Shown, *, now: datetime) -> Place:
    if actor.person_id is None:
        raise RefusalError("forbidden", permission="scans.own")
    await check_person(tx, actor, "scans.own", actor.person_id, now=now)
    found = await station(tx, code.station_id)
    if isinstance(code, StationCode):
        session = await activity_session(tx, code.session_id)
        return Place(found, session, await times_of(tx, session.id, actor.person_id))
    nothing = Place(found, None, Times(None, None))
    for session in await sessions_of_station(tx, found.id, now=now):
        times = await times_of(tx, session.id, actor.person_id)
        if times.check_in_at is not None and times.check_out_at is None:
            return Place(found, session, times)
    return nothing


async def _session_of(tx: ReadTx, actor: Actor, answer: ScanAnswer) -> ActivitySession:
    del actor
    assert answer.session_id is not None  # noqa: S101 -- a good scan is of a session
    return await activity_session(tx, answer.session_id)


def words_of(outcome: str) -> str:
    """Return the code whose words say why a scan was refused: `unknown_session` alone is of a login."""
    return "unknown_activity_session" if outcome == "unknown_session" else outcome


def _refused(visit: Visit, code: str, params: dict[str, object]) -> Response:
    advice = {
        "code_expired": "page.scan.again",
        "code_early": "page.scan.again",
        "code_replayed": "page.scan.again",
        "phone_used": "page.scan.own_phone",
        "code_is_members": "page.scan.to_steward",
    }.get(code, "page.scan.ask")
    return visit.refused(code, params, advice=visit.say(advice))
