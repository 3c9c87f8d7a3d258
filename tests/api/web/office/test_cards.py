"""A person's printed card at the desk: issued and printed once, replaced, revoked, given a PIN."""

import re

import pytest

from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browser, Browsers
from timebank.people.cards import ALPHABET, holder_of
from timebank.people.pins import begin_try
from timebank.words import words

CODE = re.compile(rf"data-code>(TBC-[{ALPHABET}]+)<")


def page_of(cast: Cast, name: str = "alice") -> str:
    return f"/office/people/{cast.people[name]}/cards"


async def issue(browser: Browser, page: str, **fields: object) -> str:
    """Issue a card from its page and return what it says."""
    await browser.get(page)
    if "card" not in fields:
        fields |= {"card": browser.forms()[-1].get("card", "")}
    await browser.post(page, **fields)
    found = CODE.search(browser.last.text)
    assert found, browser.text
    return found[1]


@pytest.mark.parametrize("name", ["alice", "olga", "audrey", "carl", "stella"])
async def test_is_not_for_others(of: Browsers, cast: Cast, name: str) -> None:
    assert (await of(name).get(page_of(cast))).status_code == 403
    token = await of("wen").get(page_of(cast))
    assert token.status_code == 200
    browser = of(name)
    await browser.get("/me/privacy")
    for way, fields in (
        ("", {"card": ""}),
        ("/revoke", {"card": "1", "reason": "lost"}),
        ("/pin", {"pin": "4071", "again": "4071"}),
        ("/print", {"code": "TBC-0"}),
    ):
        await browser.post(f"{page_of(cast)}{way}", **fields)
        assert browser.last.status_code == 403, (name, way)


async def test_who_is_out_of_reach_is_not_there(of: Browsers, cast: Cast) -> None:
    wen = of("wen")
    assert (await wen.get(page_of(cast, "bob"))).status_code == 404
    await wen.get(page_of(cast))
    for way, fields in (("", {"card": ""}), ("/pin", {"pin": "4071", "again": "4071"}), ("/pin", {})):
        await wen.post(f"{page_of(cast, 'bob')}{way}", **fields)
        assert wen.last.status_code == 404


async def test_a_card_is_issued_shown_once_and_printed(of: Browsers, cast: Cast, door: Door) -> None:
    await door.give_phone("alice", "19900000301", "测小明")
    wen, page = of("wen"), page_of(cast)
    assert "No card in use" in (await wen.get(page)).text
    code = await issue(wen, page)
    assert await door.write(lambda tx: holder_of(tx, code)) == cast.people["alice"]
    assert ("<svg" in wen.last.text.split('class="qr"')[1], "测*" in wen.text) == (True, True)
    assert "测小明" not in wen.text
    await wen.post(f"{page}/print", code=code.lower())
    assert (wen.last.headers["content-type"], wen.last.content[:5]) == ("application/pdf", b"%PDF-")
    looks = await door.write(
        lambda tx: tx.connection.fetch(
            "select purpose from look_ups where bank_id = $1 and subject_id = $2",
            *(tx.bank_id, cast.people["alice"]),
        )
    )
    assert [row["purpose"] for row in looks] == ["card"]
    await wen.get(page)
    assert code not in wen.text
    await wen.post(page, card="")  # the form of the page before, sent again
    assert (wen.last.status_code, words("already_has_card")[1][1:] in wen.text) == (409, True)
    for wrong in ("TBC-0000000000000000", ""):
        await wen.post(f"{page}/print", code=wrong)
        assert (wen.last.status_code, 'role="alert"' in wen.last.text) == (422 if not wrong else 404, True)


async def test_a_lost_card_is_replaced_once_and_revoked(of: Browsers, cast: Cast, door: Door) -> None:
    wen, page = of("wen"), page_of(cast)
    lost = await issue(wen, page)
    await wen.get(page)
    held = wen.hidden("card")
    good = await issue(wen, page, reason="lost", card=held)
    assert await door.write(lambda tx: holder_of(tx, good)) == cast.people["alice"]
    await wen.get(page)
    assert words("page.cards.reason.lost")[1] in wen.text.split(words("page.cards.past")[1])[1]
    await wen.post(page, card=held, reason="lost")
    assert wen.last.status_code == 409  # sent twice, it does not revoke what it issued
    assert await door.write(lambda tx: holder_of(tx, good)) == cast.people["alice"]
    await wen.get(page)
    await wen.post(f"{page}/revoke", card=wen.hidden("card"), reason="curiosity")
    assert wen.last.status_code == 422
    await wen.post(f"{page}/revoke", card=wen.hidden("card"), reason="stolen")
    await wen.get(wen.last.headers["location"])
    assert ("The card is void" in wen.text, "No card in use" in wen.text) == (True, True)
    assert lost != good


async def test_a_pin_is_set_at_the_desk(of: Browsers, cast: Cast, door: Door) -> None:
    wen, page = of("wen"), page_of(cast)
    await wen.get(page)
    await wen.post(f"{page}/pin", pin="4071", again="4071")
    assert words("no_card")[1][1:] in wen.text
    code = await issue(wen, page)
    for pin, again, said in (
        ("4071", "4072", words("page.cards.pin_differs")[1]),
        ("1234", "1234", words("pin_common")[1][1:]),
        ("40", "40", "4 to 8 digits"),
    ):
        await wen.get(page)
        await wen.post(f"{page}/pin", pin=pin, again=again)
        assert (wen.last.status_code, said in wen.text.split('role="alert"')[1]) == (422, True)
        # The number of the card may be any, one that looks like a PIN too.
        shown = wen.text.replace(f'name="card" value="{wen.hidden("card")}"', "")
        assert f'value="{pin}"' not in shown
    await wen.post(f"{page}/pin", pin="4071", again="4071")
    await wen.get(wen.last.headers["location"])
    assert "The PIN is set" in wen.text
    tried = await door.write(lambda tx: begin_try(tx, code))
    assert await door.service.passwords.verify("4071", tried.pin_hash)
