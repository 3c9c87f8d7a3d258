"""A member's spending over HTTP: the catalogue, reserving, offers, vouchers, conversions, and a merchant's code."""

import re

import pytest
import pytest_asyncio

from api.web.volunteer.spending import LAST
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.entering import Door
from tests.api.v1.bazaar import Bazaar, open_bazaar
from tests.api.v1.test_goods_pictures import PNG, drawn
from tests.api.web.browser import Browsers
from tests.timebank.reservations.scene import END_OF_2027, Counter, open_counter
from timebank.database import Database

ONCE = "0" * 32


@pytest_asyncio.fixture
async def counter(database: Database, cast: Cast, door: Door) -> Counter:
    """Return the shop, and Alice with 200 points for as long as a test may run."""
    del door
    counter = await open_counter(database, cast)
    await counter.give(200, END_OF_2027.replace(year=2099))
    return counter


@pytest_asyncio.fixture
async def bazaar(as_: As, cast: Cast, database: Database, door: Door) -> Bazaar:
    """Return a merchant with an offer of 20 fufen, and Alice with 100."""
    del door
    return await open_bazaar(as_, cast, database)


@pytest.mark.parametrize("path", ["/me/spending", "/shops", "/offers", "/merchant"])
async def test_a_stranger_is_led_to_the_login(of: Browsers, path: str) -> None:
    stranger = of("alice")
    stranger.client.cookies.clear()
    answer = await stranger.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={path}")


async def test_without_anything_the_pages_say_so(of: Browsers) -> None:
    alice = of("alice")
    for path, words in (
        ("/me/spending", "Nothing redeemed yet"),
        ("/shops", "No points supermarket"),
        ("/offers", "There are no offers now"),
    ):
        assert (await alice.get(path)).status_code == 200
        assert words in alice.text
    assert (await alice.get("/merchant")).status_code == 403
    assert (await of("till").get("/me/spending")).status_code == 403


@pytest.mark.parametrize(
    ("path", "above"),
    [("/me/spending/conversions", "/me/spending"), ("/me/vouchers/7/cancel", "/me/vouchers/7")],
)
async def test_the_address_of_a_form_leads_to_its_page_in_the_view_that_was_chosen(
    of: Browsers, path: str, above: str
) -> None:
    answer = await of("alice").get(f"{path}?elder=1")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{above}?elder=1")
    assert (await of("alice").get("/logout")).status_code == 405


class TestTheCatalogue:
    """Shops, what they offer, and setting it aside."""

    async def test_searched_by_letters_and_by_category(self, of: Browsers, counter: Counter) -> None:
        alice, shop = of("alice"), counter.market.near
        await alice.get("/shops")
        assert f'href="/shops/{shop}"' in alice.last.text
        await alice.get(f"/shops/{shop}")
        assert "大米 5kg" in alice.text
        assert "菜籽油" in alice.text
        assert "Points to spend <strong>200</strong>" in alice.text
        await alice.get(f"/shops/{shop}?text=大米")
        assert "菜籽油" not in alice.text
        await alice.get(f"/shops/{shop}?category=日用")
        assert "Nothing found" in alice.text
        await alice.get(f"/shops/{shop}?after={counter.market.rice}")
        assert "大米 5kg" not in alice.text
        assert (await alice.get(f"/shops/{shop + 999}")).status_code == 404

    async def test_a_picture_is_fetched_again_only_if_it_changed(
        self, of: Browsers, as_: As, counter: Counter
    ) -> None:
        rice, alice = counter.market.rice, of("alice")
        path = f"/goods/{rice}/picture"
        assert (await alice.get(path)).status_code == 404
        await as_("mia").put(f"/api/v1/goods/{rice}/picture", content=drawn("red"), headers=PNG)
        await alice.get(f"/shops/{counter.market.near}")
        assert f'src="{path}?v=' in alice.last.text
        seen = await alice.get(path)
        assert (seen.status_code, seen.headers["content-type"]) == (200, "image/png")
        tag = seen.headers["etag"]
        assert (await alice.get(path, **{"If-None-Match": tag})).status_code == 304
        alice.client.cookies.clear()
        assert (await alice.get(path)).status_code in {303, 401}

    async def test_reserved_once_shown_with_its_code_and_given_back(
        self, of: Browsers, counter: Counter
    ) -> None:
        market, alice = counter.market, of("alice")
        path = f"/shops/{market.near}"
        await alice.get(path)
        fields = {
            "csrf": alice.token,
            "once": alice.hidden("once"),
            "goods[]": [str(market.rice), str(market.oil)],
            "count[]": ["2", ""],
        }
        first = await alice.send(path, dict(fields))
        again = await alice.send(path, dict(fields))
        assert first.status_code == 303, alice.text
        assert first.headers["location"] == again.headers["location"]
        assert await counter.lots() == [(END_OF_2027.replace(year=2099), 140)]
        where = first.headers["location"]
        await alice.get(where)
        assert "data-symbol" in alice.last.text
        assert re.search(r"大米 5kg</span><span class=\"amount\">× 2<", alice.text)
        assert (await of("bob").get(where)).status_code == 404
        for _ in range(2):
            assert (await alice.post(f"{where}/cancel", once=ONCE)).status_code == 303
            await alice.get(where)
            assert "Cancelled" in alice.text
            assert "data-symbol" not in alice.last.text
            await alice.get("/me/spending")
        assert await counter.lots() == [(END_OF_2027.replace(year=2099), 200)]

    @pytest.mark.parametrize(
        ("count", "said"),
        [("", "Say how many"), ("x", "does not fit"), ("9", "Not enough"), ("11", "Not enough")],
    )
    async def test_what_cannot_be_reserved_is_said_and_what_was_typed_stays(
        self, of: Browsers, counter: Counter, count: str, said: str
    ) -> None:
        alice = of("alice")
        path = f"/shops/{counter.market.near}"
        await alice.get(path)
        form = {"once": ONCE, "goods[]": str(counter.market.rice), "count[]": count}
        answer = await alice.post(path, **form)
        assert answer.status_code == 422
        assert said in alice.text
        if count.isdigit():
            assert f'value="{count}"' in alice.last.text

    async def test_a_form_of_another_site_reserves_nothing(self, of: Browsers, counter: Counter) -> None:
        alice = of("alice")
        path = f"/shops/{counter.market.near}"
        fields: dict[str, object] = {"csrf": "0" * 64, "once": ONCE, "goods[]": str(counter.market.rice)}
        await alice.send(path, {**fields, "count[]": "1"})
        assert await counter.of("alice") == []


class TestOffers:
    """Vouchers, and fufen given where a merchant's code was scanned."""

    async def test_a_voucher_is_made_once_shown_and_given_back(self, of: Browsers, bazaar: Bazaar) -> None:
        alice = of("alice")
        await alice.get("/offers")
        assert "理发八折" in alice.text
        assert "Fufen to spend <strong>100</strong>" in alice.text
        (form,) = [form for form in alice.forms() if "offer" in form]
        where = {(await alice.send("/offers", {**form})).headers["location"] for _ in range(2)}
        assert len(where) == 1
        path = where.pop()
        await alice.get(path)
        assert "data-symbol" in alice.last.text
        await alice.get("/me/spending")
        assert f'href="{path}"' in alice.last.text
        assert "20 more set aside" in alice.text
        assert (await of("bob").get(path)).status_code == 404
        await alice.post(f"{path}/cancel", once=ONCE)
        await alice.get(path)
        assert "Given back" in alice.text
        assert (await alice.post(f"{path}/cancel", once="1" * 32)).status_code == 409
        assert await bazaar.fufen() == 100

    async def test_an_open_voucher_stays_in_sight_however_many_came_after_it(
        self, of: Browsers, bazaar: Bazaar
    ) -> None:
        del bazaar
        alice = of("alice")
        await alice.get("/offers")
        (form,) = [form for form in alice.forms() if "offer" in form]
        first = (await alice.send("/offers", {**form})).headers["location"]
        for number in range(LAST):
            later = (await alice.send("/offers", {**form, "once": f"{number:032x}"})).headers["location"]
            await alice.send(f"{later}/cancel", {"csrf": form["csrf"], "once": f"{LAST + number:032x}"})
        await alice.get("/me/spending")
        assert f'href="{first}"' in alice.last.text
        assert alice.text.count("Given back") == LAST

    async def test_the_merchants_code_shows_the_offer_and_takes_once(
        self, of: Browsers, bazaar: Bazaar
    ) -> None:
        alice = of("alice")
        path = "/Q/" + (await bazaar.shown_by_merchant()).rsplit("/", 1)[1]
        await alice.get(path)
        assert "理发八折" in alice.text
        assert await bazaar.fufen() == 100
        (form, _) = alice.forms()
        where = {(await alice.send(path, {**form})).headers["location"] for _ in range(2)}
        assert len(where) == 1
        assert await bazaar.fufen() == 80
        done = where.pop()
        await alice.get(done)
        assert "✓ 20 fufen" in alice.text
        assert (await of("bob").get(done)).status_code == 404
        await alice.get(path)
        (form, _) = alice.forms()
        answer = await alice.send(path, {**form})  # another form, the same code
        assert answer.status_code == 422
        assert "code_used" in alice.text
        assert "Nothing was taken" in alice.text

    async def test_codes_that_are_late_or_of_nobody(self, of: Browsers, bazaar: Bazaar, door: Door) -> None:
        alice = of("alice")
        path = "/Q/" + (await bazaar.shown_by_merchant()).rsplit("/", 1)[1]
        assert (await of("till").get(path)).status_code == 403
        max_ = of("max")
        await max_.get(path)
        (form, *_) = max_.forms()
        if "once" in form:  # Max has no fufen, and is of the staff
            assert (await max_.send(path, {**form})).status_code == 422
        stranger = of("alice")
        stranger.client.cookies.clear()
        answer = await stranger.get(path)
        assert answer.headers["location"].startswith("/login?next=/Q/")
        door.clock.pass_(minutes=3)
        assert (await alice.get(path)).status_code == 422
        assert "code_expired" in alice.text
        assert (await stranger.get(path)).status_code == 422

    async def test_who_has_not_enough_sees_no_button(self, of: Browsers, bazaar: Bazaar) -> None:
        bob = of("bob")
        path = "/Q/" + (await bazaar.shown_by_merchant()).rsplit("/", 1)[1]
        await bob.get(path)
        assert "Not enough" in bob.text
        assert 'class="giant"' not in bob.last.text
        await bob.post(path, once=ONCE)
        assert "Not enough" in bob.text
        await bob.get("/offers")
        (form,) = [form for form in bob.forms() if "offer" in form]
        assert (await bob.send("/offers", {**form})).status_code == 422
        assert "Not enough" in bob.text
