"""Guardians of a minor at the desk: found by a code or number, appointed, ended."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.entering import Door
from tests.api.v1.residents import registered
from tests.api.web.browser import Browsers
from timebank.words import words

BORN = str(date(datetime.now(UTC).year - 10, 1, 15))
PHONE = "19900000311"


def page_of(who: UUID) -> str:
    return f"/office/people/{who}/guardians"


@pytest.mark.parametrize("name", ["alice", "olga", "audrey", "carl"])
async def test_is_not_for_others(of: Browsers, cast: Cast, name: str) -> None:
    page = page_of(cast.people["alice"])
    assert (await of(name).get(page)).status_code == 403
    browser = of(name)
    await browser.get("/me/privacy")
    fields = {"person": str(cast.people["bob"]), "relation": "parent"}
    for way, sent in (("", fields), ("/find", {"who": "ALICE"}), ("/end", {"id": "1"})):
        await browser.post(f"{page}{way}", **sent)
        assert browser.last.status_code == 403, way
    assert (await of("wen").get(page_of(cast.people["bob"]))).status_code == 404


async def test_a_guardian_is_found_appointed_and_ended(of: Browsers, cast: Cast, as_: As, door: Door) -> None:
    minor = await registered(as_, cast, name="示例小", born_on=BORN)
    guardian = await registered(as_, cast, name="甲例大", born_on="1985-05-05", phone=PHONE)
    wen, page = of("wen"), page_of(minor)
    assert words("page.guardians.none")[1] in (await wen.get(page)).text
    await wen.post(f"{page}/find", who=PHONE)
    address = wen.last.headers["location"]
    assert PHONE not in address
    for _ in range(2):  # loading it again looks nobody up
        await wen.get(address)
        assert (f'value="{guardian}"' in wen.text, "甲*" in wen.text) == (True, True)
    looks = await door.write(
        lambda tx: tx.connection.fetch(
            "select purpose, fields from look_ups where bank_id = $1 and subject_id = $2",
            *(tx.bank_id, guardian),
        )
    )
    assert [(row["purpose"], row["fields"]) for row in looks] == [("registration", ["phone"])]
    await wen.post(page, person=str(guardian), relation="parent")
    await wen.get(wen.last.headers["location"])
    assert ("The guardian is added" in wen.text, "甲*" in wen.text) == (True, True)
    held = next(form["id"] for form in wen.forms() if "id" in form)
    await wen.post(page, person=str(guardian), relation="grandparent")
    assert (wen.last.status_code, words("already_guardian")[1][1:] in wen.text) == (409, True)
    assert 'value="grandparent" selected' in wen.text  # who was chosen, and what, is still there
    assert f'value="{guardian}"' in wen.text
    await wen.get(page_of(guardian))
    assert words("page.guardians.wards")[1] in wen.text
    await wen.get(page)
    await wen.post(f"{page}/end", id=held)
    await wen.get(wen.last.headers["location"])
    assert ("It has ended" in wen.text, f'name="id" value="{held}"' in wen.text) == (True, False)
    await wen.post(f"{page}/end", id=held)
    assert wen.last.status_code == 409


async def test_nobody_of_age_gets_a_guardian(of: Browsers, cast: Cast, as_: As) -> None:
    grown = await registered(as_, cast, name="示例乙", born_on="1990-05-05")
    wen = of("wen")
    await wen.get(page_of(grown))
    await wen.post(page_of(grown), person=str(cast.people["alice"]), relation="parent")
    assert words("not_a_minor")[1][1:] in wen.text
    await wen.post(page_of(grown), person=str(cast.people["bob"]), relation="parent")
    assert wen.last.status_code == 404
    for wrong in ({"person": "x" * 50, "relation": "parent"}, {"relation": "parent"}, {}):
        await wen.post(page_of(grown), **wrong)
        assert (wen.last.status_code, 'role="alert"' in wen.last.text) == (422, True)


@pytest.mark.parametrize("who", ["nobody", "BOB", "19900000319", "110101199001010000", "12"])
async def test_who_is_not_found_is_said(of: Browsers, cast: Cast, who: str) -> None:
    wen, page = of("wen"), page_of(cast.people["alice"])
    await wen.get(page)
    await wen.post(f"{page}/find", who=who)
    assert (wen.last.status_code, words("page.finding.nobody")[1] in wen.text) == (422, True)
    assert f'value="{who}"' not in wen.last.text
