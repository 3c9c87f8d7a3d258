"""The demo bank's start page: what a time bank is, five things to do, and one click to be each kind of user.

It is there only where the demo's own command serves, and only for the bank that it booked: anywhere else the address
is none. Whoever is entered here gets a session like that of a printed link, and nothing more.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import Request
from pydantic import StringConstraints
from starlette.responses import Response

from api.enrolling import enrolled_by
from api.entrances import Entrance
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.forms import TOKEN, FormBody, FormKeys, check_origin, checked, fields_of
from api.web.public.login import end_own_session
from api.web.till.counters import KIND, device_of
from api.web.visit import Visit
from ledger.session import WriteTx
from timebank.access import Actor
from timebank.codes.rules import station_code
from timebank.demo.shown import Shown
from timebank.devices.actions import Enrolment, make_enrolment
from timebank.errors import RefusalError
from timebank.login.sessions import Begun
from timebank.permissions import Role

router = bare()

METHOD: Final = "link"
"""How such a session was begun: as by one of the links that the demo prints."""

Word = Annotated[str, StringConstraints(pattern=r"^[a-z_0-9]{1,40}$")]


class EnterForm(FormBody):
    """Who to be, and where to go first."""

    who: Word
    to: Word


@dataclass(frozen=True, slots=True)
class Person:
    """A kind of user, their icon, and what they see first; the words are `page.demo.who.…` and `page.demo.does.…`."""

    who: str
    icon: str
    to: str


PEOPLE: Final = (
    Person("volunteer", "hand-heart", "me"),
    Person("steward", "map-pin", "stations"),
    Person("cashier", "shopping-basket", "till"),
    Person("shop_manager", "package", "shop"),
    Person("merchant", "store", "merchant"),
    Person("community_worker", "calendar-days", "activities"),
    Person("office", "briefcase-business", "office"),
    Person("office_2", "stamp", "rounds"),
    Person("auditor", "shield-check", "solvency"),
    Person("administrator", "sliders-horizontal", "office"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A click of something to try: who does it and where; nobody in particular if the page is anybody's."""

    who: str
    to: str
    icon: str


TRIES: Final = {
    "check_in": (Step("volunteer", "scan", "scan-line"), Step("steward", "screen", "qr-code")),
    "redeem": (Step("cashier", "till", "shopping-basket"), Step("volunteer", "statement", "receipt-text")),
    "approve": (Step("office", "reviews", "clipboard-check"), Step("", "notices", "megaphone")),
    "recognise": (Step("office", "rounds", "award"), Step("office_2", "approval", "stamp")),
    "verify": (Step("", "certificate", "badge-check"), Step("", "checkpoint", "shield-check")),
}
"""What a newcomer can do from here, each in one or two clicks; the words are `page.demo.try.…`."""

_PLACES: Final = {
    "me": "/me",
    "statement": "/me/statement",
    "stations": "/stations",
    "till": "/till",
    "shop": "/shop",
    "merchant": "/merchant",
    "reviews": "/office/reviews",
    "activities": "/office/activities",
    "office": "/office",
    "rounds": "/office/recognition",
    "solvency": "/office/solvency",
    "notices": "/notices",
    "checkpoint": "/checkpoint",
}


def demo_of(visit: Visit) -> Shown | None:
    """Return what the demo shows, if this is the bank that the demo's command booked and serves."""
    found = visit.service.demo
    return found if found is not None and visit.bank is not None and visit.bank.code == found.bank else None


def token_of(visit: Visit) -> str:
    """Return the token of the start page's forms: the browser's, whoever it is meanwhile, for the page stays open."""
    return FormKeys(visit.service.cipher.ring.keys).token(visit.phone, None)


def address_of(shown: Shown, to: str) -> str:
    """Return where a click leads; the code of a scan is another one each time and has no address of its own.

    Raises:
        RefusalError: `not_found`.
    """
    if to == "screen":
        return f"/stations/{shown.station}/screen?session={shown.session}"
    if to == "approval":
        return f"/office/recognition/{shown.to_approve}"
    if to == "certificate":
        return f"/V/{shown.certificate}"
    if to not in _PLACES:
        raise RefusalError("not_found")
    return _PLACES[to]


@router.get("/demo")
async def show_demo(visit: VisitOf) -> Response:
    """Lead to the start page, where there is a demo."""
    _demo(visit)
    return visit.go("/")


@router.post("/demo")
async def enter_demo(visit: VisitOf, request: Request) -> Response:
    """Log in as one of the demo's people and go where there is something to do."""
    shown = _demo(visit)
    form = await _form(visit)
    person_id = shown.people.get(form.who)
    if person_id is None:
        raise RefusalError("not_found")
    place = _scan_address(visit, shown) if form.to == "scan" else address_of(shown, form.to)
    entrance = Entrance(visit.service, visit.banks_own, request)

    async def work(tx: WriteTx) -> Begun:
        return await entrance.begin(tx, person_id, METHOD)

    begun = await visit.service.database.write(entrance.bank, work)
    await end_own_session(visit)
    visit.enter(begun.session_id, begun.expires_at)
    if form.who == Role.CASHIER:
        await _enrol_till(visit, shown, request)
    return visit.go(place)


def _demo(visit: Visit) -> Shown:
    found = demo_of(visit)
    if found is None:
        raise RefusalError("not_found")
    return found


async def _form(visit: Visit) -> EnterForm:
    fields = await fields_of(visit.request)
    given = fields.pop(TOKEN, "")
    check_origin(visit.request)
    keys = FormKeys(visit.service.cipher.ring.keys)
    if not isinstance(given, str) or not keys.verifies(given, visit.phone, None):
        raise RefusalError("form_stale")
    return checked(EnterForm, fields)


def _scan_address(visit: Visit, shown: Shown) -> str:
    """Return what a phone opens that scans the station's screen now."""
    service = visit.service
    code = station_code(
        service.codes,
        bank_id=visit.banks_own.id,
        station_id=shown.station,
        session_id=shown.session,
        at=service.now(),
    )
    return f"/Q/{code}"


async def _enrol_till(visit: Visit, shown: Shown, request: Request) -> None:
    """Make this browser a till, unless it is one: what the shop's manager does once with each new counter."""
    service, bank = visit.service, visit.banks_own
    if await service.database.read(bank, lambda tx: device_of(visit, tx)) is not None:
        return

    async def work(tx: WriteTx) -> Enrolment:
        manager = Actor(None, shown.people[Role.SHOP_MANAGER])
        return await make_enrolment(
            tx,
            kind=KIND,
            name=visit.say("page.demo.till"),
            organisation_id=shown.organisation,
            actor=manager.text,
            now=service.now(),
        )

    made = await service.database.write(bank, work)
    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    _, begun = await enrolled_by(service, bank, request, token=made.token, public_key=key, kind=KIND)
    visit.keep_device(begun.session_id, begun.expires_at)
