"""Settlements as pages: drafted, approved by another, paid by a third, once."""

from datetime import date

import pytest

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.test_settlements import NOW, fund_with, merchant_that_took
from tests.api.web.browser import Browser, Browsers
from timebank.database import Database
from timebank.jobs.running import run_now

PATH = "/office/settlements"


@pytest.mark.parametrize("name", ["alice", "wen", "carl", "mia", "max", "till"])
async def test_is_not_for_others(of: Browsers, name: str) -> None:
    for path in (PATH, f"{PATH}/1", f"{PATH}/1/file"):
        assert (await of(name).get(path)).status_code in {403, 404}


def first_of(browser: Browser) -> str:
    """Return the first statement of a list."""
    number: str = browser.last.text.split(f'href="{PATH}/')[1].split('"')[0]
    return f"{PATH}/{number}"


async def test_a_month_is_drafted_and_not_approved_by_who_drafted_it(
    of: Browsers, database: Database, cast: Cast
) -> None:
    await merchant_that_took(database, cast, 40)
    olga = of("olga")
    await olga.get(PATH)
    month = olga.last.text.split("<option>")[1].split("</option>")[0]
    await olga.post(PATH, month=month)
    assert "1 drafted" in olga.text
    place = first_of(olga)
    await olga.post(PATH, month=month)
    assert "nothing to draft" in olga.text
    await olga.get(place)
    assert ("¥4.00" in olga.text, "The step before was yours" in olga.text) == (True, True)
    await olga.post(f"{place}/approve")
    assert (olga.last.status_code, 'role="alert"' in olga.last.text) == (422, True)


async def test_is_approved_by_one_and_paid_once_by_another(
    of: Browsers, database: Database, cast: Cast, as_: As
) -> None:
    await merchant_that_took(database, cast, 40)
    await run_now(database, cast.bank, "settle", as_of=date(2026, 4, 1), now=NOW)
    olga = of("olga")
    await olga.get(PATH)
    place = first_of(olga)
    await olga.get(place)
    await olga.post(f"{place}/approve")
    assert olga.last.headers["location"] == place
    adam = of("adam")
    await adam.get(place)
    assert "There is no fund to pay from" in adam.text
    fund = await fund_with(as_, cast, 400)
    await adam.get(place)
    once = adam.hidden("once")
    for _ in range(2):  # a double click
        await adam.post(f"{place}/pay", fund=fund, once=once)
        assert adam.last.headers["location"] == place
        await adam.get(place)
    assert "测试金" in adam.text
    await adam.post(f"{place}/pay", fund=fund, once="0" * 32)
    assert (adam.last.status_code, 'role="alert"' in adam.last.text) == (409, True)
    assert (await adam.get(f"{place}/file")).headers["content-type"].endswith("sheet")
    await olga.get(f"{PATH}?state=paid")
    assert place in olga.last.text


async def test_a_month_that_is_not_over_or_none_is_refused(of: Browsers) -> None:
    olga = of("olga")
    await olga.get(PATH)
    assert "There is no settlement here" in olga.text
    for month in ("2099-01", "soon"):
        await olga.post(PATH, month=month)
        assert (olga.last.status_code, 'role="alert"' in olga.last.text) == (422, True)
    audrey = of("audrey")
    await audrey.get(PATH)
    await audrey.post(PATH, month="2026-01")
    assert audrey.last.status_code == 403
    assert (await audrey.get(f"{PATH}/99")).status_code == 404
