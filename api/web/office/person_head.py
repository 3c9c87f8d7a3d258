"""What each page of one person begins with: a masked name, and the ways to what the reader may see of them.

Here too is how a form of such a page is answered: done and led back to the page, or shown with what was refused.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from api.v1 import cards, guardianships, memberships
from api.web.forms import FormBody
from api.web.office.people import LIST
from api.web.visit import LOGIN_OVER, Visit
from ledger.session import ReadTx
from timebank.access import Actor, check, check_person
from timebank.errors import RefusalError
from timebank.kinships.actions import OWN as KIN
from timebank.people.queries import Person, masked_names, person

F = TypeVar("F", bound=FormBody)

STANDING, LOOK_UPS = "standing.read", "look_ups.read"
TABS = (LIST, STANDING, LOOK_UPS, cards.READ, memberships.READ, guardianships.READ, KIN)
"""What the ways along the top of the page lead to."""

_ELSEWHERE = LOGIN_OVER | {"forbidden"}


@dataclass(frozen=True, slots=True)
class Head:
    """A person as the register has them: a masked name, and what the reader may ask for."""

    person: Person
    name: str
    may: frozenset[str]


async def head_of(
    visit: Visit, tx: ReadTx, actor: Actor, person_id: UUID, permission: str, *wishes: str
) -> Head:
    """Return what a page of a person begins with; `wishes` are what the page does besides.

    Raises:
        RefusalError: `forbidden` to whose office it is not, `unknown_person`.
    """
    # What is one's own needs no role; these pages do.
    check(actor, permission)
    await check_person(tx, actor, permission, person_id, now=visit.now)
    found = await person(tx, person_id)
    names = await masked_names(tx, visit.service.cipher, [person_id])
    may = set()
    for wish in (*TABS, *wishes):
        try:
            check(actor, wish)
            await check_person(tx, actor, wish, person_id, now=visit.now)
        except RefusalError:
            continue
        may.add(wish)
    return Head(found, names.get(person_id, "*"), frozenset(may))


async def change(
    visit: Visit,
    person_id: UUID,
    permission: str,
    model: type[F],
    door: Callable[[F], Awaitable[object]],
    page: Callable[[Visit, UUID, RefusalError], Awaitable[Response]],
    *,
    leads_to: str,
) -> Response:
    """Do at a door of the API what a form of a person's page asks, or show the page with what was refused.

    `leads_to` is the page to be shown then, below the person's; if the door returns an address, it is that.

    Raises:
        RefusalError: the login is over; `forbidden` to whose office it is not, `unknown_person`.
    """

    async def allow(tx: ReadTx, actor: Actor) -> None:
        check(actor, permission)
        await check_person(tx, actor, permission, person_id, now=visit.now)

    await visit.read(allow)
    try:
        form = await visit.form(model)
    except RequestValidationError:
        return await page(visit, person_id, RefusalError("page.form_invalid"))
    try:
        done = await door(form)
    except RefusalError as refusal:
        if refusal.code in _ELSEWHERE:
            raise
        return await page(visit, person_id, refusal)
    return visit.go(done if isinstance(done, str) else f"/office/people/{person_id}/{leads_to}")
