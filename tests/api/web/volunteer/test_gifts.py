"""Time-coins on a member's page: given to kin, donated, once for each form; and what is refused."""

import pytest
import pytest_asyncio

from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.timecoins import adopt_timecoins, care_fund, coins_of, earn, make_kin
from tests.api.web.browser import Browser, Browsers
from timebank.database import Database


@pytest_asyncio.fixture
async def kinship(database: Database, cast: Cast, door: Door) -> int:
    """Let Alice have five coins, and Bob be her spouse."""
    await adopt_timecoins(database, cast)
    await earn(database, cast, cast.people["alice"], 5)
    await door.give_phone("bob", "19900000202", "示例配偶")
    return await make_kin(database, cast, "alice", "bob")


async def send(browser: Browser, path: str, **fields: object) -> int:
    """Open the page and send a form twice, as a double click does."""
    await browser.get("/me/gifts")
    form = {
        "csrf": browser.token,
        "once": browser.hidden_of(browser.last.text).get("once", "0" * 32),
        **fields,
    }
    await browser.send(path, dict(form))
    return int((await browser.send(path, dict(form))).status_code)


async def test_without_time_coins_the_page_says_so(of: Browsers) -> None:
    alice = of("alice")
    assert (await alice.get("/me/gifts")).status_code == 200
    assert "no time-coins" in alice.text
    assert (await of("till").get("/me/gifts")).status_code == 403


async def test_given_to_kin_once_and_both_see_it(
    of: Browsers, cast: Cast, database: Database, kinship: int
) -> None:
    alice, bob = of("alice"), of("bob")
    assert await send(alice, "/me/gifts", kinship=kinship, amount=3) == 200
    assert "3 given" in alice.text
    assert "To 示" in alice.text
    assert "示例配偶" not in alice.text
    assert str(cast.people["bob"]) not in alice.last.text
    assert await coins_of(database, cast.bank, cast.people["bob"]) == 3
    await bob.get("/me/gifts")
    assert "From kin" in bob.text


async def test_going_back_to_a_form_that_was_sent_gives_no_more_and_is_said_in_plain_words(
    of: Browsers, cast: Cast, database: Database, kinship: int
) -> None:
    alice = of("alice")
    await alice.get("/me/gifts")
    form = {"csrf": alice.token, "once": alice.hidden_of(alice.last.text)["once"], "kinship": kinship}
    await alice.send("/me/gifts", form | {"amount": 1})
    assert (await alice.send("/me/gifts", form | {"amount": 2})).status_code == 409
    assert "this form was sent before" in alice.text.lower()
    assert "Idempotency-Key" not in alice.text
    assert await coins_of(database, cast.bank, cast.people["bob"]) == 1


@pytest.mark.parametrize(
    ("amount", "said"), [("9", "not enough"), ("0", "whole number"), ("x", "whole number")]
)
async def test_what_cannot_be_given_is_said(of: Browsers, kinship: int, amount: str, said: str) -> None:
    alice = of("alice")
    assert await send(alice, "/me/gifts", kinship=kinship, amount=amount) in {409, 422}
    assert said in alice.text.lower()


async def test_a_kinship_of_others_is_none(of: Browsers, kinship: int) -> None:
    xu = of("xu")
    assert await send(xu, "/me/gifts", kinship=kinship, amount=1) == 404


async def test_donated_once_where_there_is_a_fund(
    of: Browsers, cast: Cast, database: Database, kinship: int
) -> None:
    del kinship
    alice = of("alice")
    await alice.get("/me/gifts")
    assert "no care fund here yet" in alice.text
    _, owner = await care_fund(database, cast, "north")
    assert await send(alice, "/me/gifts/donations", amount=2) == 200
    assert "2 donated" in alice.text
    assert await coins_of(database, cast.bank, owner) == 2
    assert await send(alice, "/me/gifts/donations", amount="") == 422


async def test_a_kinship_ended_takes_no_gift(of: Browsers, kinship: int) -> None:
    alice = of("alice")
    await alice.get("/me/gifts")
    assert "Confirmed" in alice.text
    assert (await alice.post("/me/gifts/kinships", id=kinship)).status_code == 303
    await alice.get("/me/gifts")
    assert "No kin is confirmed" in alice.text
    answer = await alice.post("/me/gifts/kinships", id=kinship)
    assert answer.status_code == 409
    assert await send(alice, "/me/gifts", kinship=kinship, amount=1) == 422
