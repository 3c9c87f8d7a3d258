"""All that was spent, page by page: reservations, vouchers, goods, fufen."""

import re

import pytest
import pytest_asyncio

from api.web.volunteer.spending import LAST
from api.web.volunteer.spent import SHOWN
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.entering import Door
from tests.api.v1.bazaar import Bazaar, open_bazaar
from tests.api.web.browser import Browsers
from tests.timebank.reservations.scene import Counter, open_counter
from timebank.database import Database


@pytest_asyncio.fixture
async def counter(database: Database, cast: Cast) -> Counter:
    """Return the shop, and Alice with points for a bag of rice."""
    counter = await open_counter(database, cast)
    await counter.give(100)
    return counter


async def reserved(counter: Counter, times: int) -> list[int]:
    """Reserve and give back so many times."""
    made = [await counter.cancel(await counter.reserve()) for _ in range(times)]
    return [each.id for each in made]


@pytest.mark.parametrize("which", ["reservations", "vouchers", "redeemed", "accepted"])
async def test_where_there_is_nothing_it_says_so(of: Browsers, which: str) -> None:
    alice = of("alice")
    assert (await alice.get(f"/me/spent/{which}")).status_code == 200
    assert "There is nothing here" in alice.text
    assert (await of("till").get(f"/me/spent/{which}")).status_code == 403


@pytest.mark.parametrize(
    ("path", "status"), [("/me/spent/else", 404), ("/me/spent/reservations?before=0", 422)]
)
async def test_what_is_no_such_page_is_refused(of: Browsers, path: str, status: int) -> None:
    assert (await of("alice").get(path)).status_code == status


async def test_the_last_few_lead_to_all_of_them(of: Browsers, counter: Counter) -> None:
    alice = of("alice")
    await reserved(counter, LAST)
    await alice.get("/me/spending")
    assert alice.text.count("Cancelled") == LAST
    assert "/me/spent/reservations" not in alice.text
    await reserved(counter, 1)
    await alice.get("/me/spending")
    assert alice.text.count("Cancelled") == LAST
    assert 'href="/me/spent/reservations"' in alice.text


async def test_all_of_them_are_read_page_by_page(of: Browsers, counter: Counter) -> None:
    made = await reserved(counter, SHOWN + 1)
    alice = of("alice")
    await alice.get("/me/spent/reservations")
    assert alice.text.count("Cancelled") == SHOWN
    (before,) = re.findall(r"\?before=(\d+)", alice.text)
    assert int(before) == made[1]
    await alice.get(f"/me/spent/reservations?before={before}")
    assert alice.text.count("Cancelled") == 1
    assert "Older ones" not in alice.text
    bob = of("bob")
    await bob.get("/me/spent/reservations")
    assert "There is nothing here" in bob.text


async def test_of_a_merchant_vouchers_and_fufen_are_shown(
    of: Browsers, as_: As, cast: Cast, database: Database, door: Door
) -> None:
    del door
    bazaar: Bazaar = await open_bazaar(as_, cast, database)
    alice = of("alice")
    await alice.get("/offers")
    (form,) = [form for form in alice.forms() if "offer" in form]
    voucher = (await alice.send("/offers", {**form})).headers["location"]
    await alice.get("/me/spent/vouchers")
    assert f'href="{voucher}"' in alice.text
    path = "/Q/" + (await bazaar.shown_by_merchant()).rsplit("/", 1)[1]
    await alice.get(path)
    await alice.send(path, {**alice.forms()[0]})
    await alice.get("/me/spent/accepted")
    assert "20 fufen" in alice.text
