"""Kin of a person at the desk: declared, confirmed by papers, ended; each look is on record."""

import pytest
import pytest_asyncio

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.entering import Door
from tests.api.web.browser import Browsers
from timebank.kinships.actions import OWN
from timebank.words import words


def page_of(cast: Cast, name: str = "alice") -> str:
    return f"/office/people/{cast.people[name]}/kin"


@pytest_asyncio.fixture
async def bob_near(as_: As, cast: Cast) -> None:
    """Let Bob move to apple, where Wen works."""
    body = {"organisation_id": cast.organisations["apple"], "kind": "residence"}
    joined = await as_("adam").post(f"/api/v1/people/{cast.people['bob']}/memberships", json=body)
    assert joined.status_code == 201


@pytest.mark.parametrize("name", ["alice", "olga", "audrey", "adam", "carl"])
async def test_is_not_for_others(of: Browsers, cast: Cast, door: Door, name: str) -> None:
    page = page_of(cast)
    assert (await of(name).get(page)).status_code == 403
    browser = of(name)
    await browser.get("/me/privacy")
    fields = {"person": str(cast.people["bob"]), "relation": "child"}
    ways: tuple[tuple[str, dict[str, str]], ...] = (
        ("", fields),
        ("/find", {"who": "BOB"}),
        ("/find", {}),
        ("/confirm", {"id": "1"}),
        ("/end", {"id": "1"}),
    )
    for way, sent in ways:
        await browser.post(f"{page}{way}", **sent)
        assert browser.last.status_code == 403, way  # to whose it is, too: these are the desk's
    assert (await of("wen").get(page_of(cast, "bob"))).status_code == 404
    assert await _looks(door, cast) == []


@pytest.mark.usefixtures("bob_near")
async def test_kin_is_declared_confirmed_and_ended(of: Browsers, cast: Cast, door: Door) -> None:
    await door.give_phone("bob", "19900000312", "测乙")
    wen, page = of("wen"), page_of(cast)
    assert words("page.kin.none")[1] in (await wen.get(page)).text
    await wen.post(f"{page}/find", who="BOB")
    await wen.get(wen.last.headers["location"])
    await wen.post(page, person=str(cast.people["bob"]), relation="child")
    await wen.get(wen.last.headers["location"])
    assert ("Added, to be confirmed" in wen.text, "测*" in wen.text) == (True, True)
    assert f'href="/office/people/{cast.people["bob"]}"' in wen.text
    kinship = next(form["id"] for form in wen.forms() if "id" in form)
    await wen.post(page, person=str(cast.people["bob"]), relation="spouse")
    assert (wen.last.status_code, words("already_kin")[1][1:] in wen.text) == (409, True)
    await wen.post(f"{page}/confirm", id=kinship)
    await wen.get(wen.last.headers["location"])
    assert (words("page.gifts.kin.confirmed")[1] in wen.text, "/confirm" in wen.text) == (True, False)
    await wen.post(f"{page}/confirm", id=kinship)
    assert wen.last.status_code == 409
    await wen.get(page_of(cast, "bob"))
    assert f">{words('page.relation.parent')[1].capitalize()}<" in wen.text
    await wen.post(f"{page}/end", id=kinship)
    await wen.get(wen.last.headers["location"])
    assert ('name="id"' in wen.text, "测*" in wen.text.split('id="past"')[1]) == (False, True)
    assert set(await _looks(door, cast)) == {(OWN, "kinships")}


async def test_who_is_out_of_reach_is_no_kin_here(of: Browsers, cast: Cast) -> None:
    wen, page = of("wen"), page_of(cast)
    await wen.get(page)
    await wen.post(page, person=str(cast.people["bob"]), relation="child")
    assert wen.last.status_code == 404
    await wen.get(f"{page}?found={cast.people['bob']}.{cast.people['alice']}")
    assert 'name="person"' not in wen.text  # neither who is elsewhere nor the person themselves
    for fields in ({"person": str(cast.people["bob"]), "relation": "friend"}, {}):
        await wen.post(page, **fields)
        assert (wen.last.status_code, 'role="alert"' in wen.last.text) == (422, True)


async def _looks(door: Door, cast: Cast) -> list[tuple[str, str]]:
    rows = await door.write(
        lambda tx: tx.connection.fetch(
            "select purpose, unnest(fields) as field from look_ups where bank_id = $1 and subject_id = $2",
            *(tx.bank_id, cast.people["alice"]),
        )
    )
    return [(row["purpose"], row["field"]) for row in rows]
