"""What a cashier and a merchant see of who stands before them: every route is asked, and what it tells is read."""

import re
from collections.abc import Iterable

import pytest
import pytest_asyncio
from fastapi import FastAPI

from api.service import Service
from ledger.session import WriteTx
from ledger.values import ISSUANCE, WALLET, Draft, Move, Place
from tests.api.books import SPRING, book
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.permissions import ROUTES, Route, request, target
from tests.api.v1.bazaar import Bazaar, open_bazaar
from timebank.database import Database
from timebank.people.cards import issue_card
from timebank.vault.actions import put_fields
from timebank.vault.blind import ID_NUMBER, PHONE, put_index

NAME, PHONE_NUMBER, ID_CARD = "示例受访者", "19900000777", "990000195001010017"
MINUTES = 87_654_321
"""Hours of Alice's that stand nowhere else in an answer by chance."""

ENDS_SOMETHING = {"POST /api/v1/logout", "POST /api/v1/sessions/end-others"}


@pytest_asyncio.fixture
async def bazaar(as_: As, cast: Cast, database: Database, service: Service) -> Bazaar:
    """Return a merchant that has just taken Alice's fufen; Alice has a name, a phone, a card and hours."""
    alice = cast.people["alice"]

    async def known(tx: WriteTx) -> None:
        fields = [(alice, "name", NAME), (alice, "phone", PHONE_NUMBER), (alice, "id_number", ID_CARD)]
        await put_fields(tx, service.cipher, fields)
        await put_index(tx, service.blind, alice, PHONE, PHONE_NUMBER)
        await put_index(tx, service.blind, alice, ID_NUMBER, ID_CARD)
        await issue_card(tx, alice, now=service.now(), actor="test")

    await database.write(cast.bank, known)
    hours = Move(Place(ISSUANCE), Place(WALLET, alice), "minute", MINUTES)
    await book(database, cast, Draft("credit", "hours", SPRING, "test", (hours,)))
    opened = await open_bazaar(as_, cast, database)
    taken = await opened.take(opened.shown_by_alice(service.now()))
    assert taken.status_code == 201, taken.text
    return opened


def addresses(route: Route, cast: Cast, bazaar: Bazaar) -> Iterable[tuple[str, dict[str, object]]]:
    """Return requests of a route about Alice, her organisation, and rows that are there."""
    path, arguments = request(route, target(cast, "alice", "apple"))
    yield path, arguments
    real = {"merchant_id": bazaar.merchant, "offer_id": bazaar.offer}
    for id_ in (1, *real.values()):
        filled = re.sub("999999999", str(id_), path)
        if filled != path:
            yield filled, arguments


@pytest.mark.parametrize("name", ["carl", "max", "till"])
async def test_no_route_tells_who_a_member_is(
    as_: As, cast: Cast, bazaar: Bazaar, app: FastAPI, name: str
) -> None:
    told: list[str] = []
    asked = 0
    secrets = (NAME, PHONE_NUMBER, ID_CARD, str(MINUTES), str(cast.people["alice"]), "ALICE")
    assert len(app.routes) > len(ROUTES)
    for route in ROUTES:
        if str(route) in ENDS_SOMETHING:
            continue
        for path, arguments in addresses(route, cast, bazaar):
            answer = await as_(name).request(route.method, path, **arguments)  # type: ignore[arg-type]  # arguments of many types
            asked += 1
            assert answer.status_code < 500, (str(route), answer.text)
            said = answer.text
            # What was sent in may be said back: an id that one had to know is no news.
            sent = f"{path} {arguments.get('json')}"
            told += [f"{route}: {secret}" for secret in secrets if secret in said and secret not in sent]
    assert told == []
    assert asked > len(ROUTES)


async def test_whoever_may_know_is_told(as_: As, cast: Cast, bazaar: Bazaar) -> None:
    assert bazaar.merchant
    page = await as_("wen").get(f"/api/v1/people/{cast.people['alice']}", params={"purpose": "service"})
    assert NAME in page.text
    assert PHONE_NUMBER in page.text
    own = await as_("alice").get(f"/api/v1/people/{cast.people['alice']}/balances")
    assert str(MINUTES) in own.text


@pytest.mark.parametrize("name", ["carl", "max", "till"])
@pytest.mark.parametrize(
    ("field", "value"), [("phone", PHONE_NUMBER), ("id_number", ID_CARD), ("name", NAME)]
)
async def test_nobody_is_found_without_a_code(
    as_: As, bazaar: Bazaar, name: str, field: str, value: str
) -> None:
    assert bazaar.merchant
    body = {"field": field, "value": value, "purpose": "service"}
    answer = await as_(name).post("/api/v1/people/search", json=body)
    assert answer.status_code in {403, 422}
    assert (await as_(name).get("/api/v1/people", params={"name": value})).status_code == 403


async def test_what_a_merchant_took_says_no_name_without_consent(as_: As, bazaar: Bazaar) -> None:
    listed = (await as_("max").get(f"/api/v1/merchants/{bazaar.merchant}/acceptances")).json()["items"]
    (one,) = listed
    assert "person_id" not in one
    assert NAME not in str(one)
