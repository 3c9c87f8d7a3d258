"""Shifts over HTTP: a cashier's own, and those of a shop for its manager, who may also close one that was left open."""

import re

import pytest

from tests.api.web.browser import Browsers
from tests.api.web.counter import Counter


async def test_a_cashier_sees_their_own_shifts(of: Browsers, counter: Counter) -> None:
    carl = counter.browser(of)
    await carl.get("/till/shifts")
    assert "No shifts yet" in carl.text
    till = await counter.desk.open(cents=100, now=counter.door.clock.at)
    await carl.get("/till/shifts")
    assert f"/till/{till.id}" in carl.last.text
    assert ">Open<" in carl.last.text
    await counter.desk.close(till, cents=150, now=counter.door.clock.at)
    await carl.get("/till/shifts")
    assert ">0.50<" in carl.last.text
    await carl.get(f"/till/{till.id}")
    assert "0.50 over" in carl.text
    assert "/close" not in carl.last.text


@pytest.mark.parametrize(("name", "may_close"), [("mia", True), ("audrey", False), ("adam", False)])
async def test_who_keeps_or_audits_a_shop_sees_its_shifts(
    of: Browsers, counter: Counter, name: str, may_close: bool
) -> None:
    till = await counter.desk.open(cents=100, now=counter.door.clock.at)
    await counter.door.give_phone("carl", "19900000301", "示例收银员")
    browser = of(name)
    await browser.get(f"/till/shifts?shop={counter.desk.market.near}")
    assert f"/till/{till.id}" in browser.last.text
    assert "示*" in browser.text
    assert "示例收银员" not in browser.text
    await browser.get(f"/till/{till.id}")
    assert (f"/till/{till.id}/close" in browser.last.text) == may_close
    answer = await browser.get(f"/till/{till.id}/close")
    assert answer.status_code == (200 if may_close else 403)


async def test_a_manager_closes_a_till_that_was_left_open(of: Browsers, counter: Counter) -> None:
    till = await counter.desk.open(cents=100, now=counter.door.clock.at)
    mia = of("mia")
    await mia.get(f"/till/{till.id}/close")
    answer = await mia.post(f"/till/{till.id}/close", cash="1.00", note="示例")
    assert answer.headers["location"] == f"/till/{till.id}"
    await mia.get(answer.headers["location"])
    assert re.search(r"Agrees", mia.text)
    assert (await mia.get(f"/till/{till.id}/close")).status_code == 303


@pytest.mark.parametrize("name", ["alice", "wen", "olga", "max", "stella"])
async def test_nobody_else_does(of: Browsers, counter: Counter, name: str) -> None:
    till = await counter.desk.open(now=counter.door.clock.at)
    browser = of(name)
    for path in ("/till/shifts", f"/till/shifts?shop={counter.desk.market.near}", f"/till/{till.id}"):
        assert (await browser.get(path)).status_code == 403


async def test_a_shop_out_of_reach_is_unknown(of: Browsers, counter: Counter) -> None:
    sql = "update shops set organisation_id = $3 where bank_id = $1 and id = $2"
    market = counter.desk.market
    await counter.desk.do(sql, market.far, market.cast.organisations["birch"])
    mia = of("mia")
    assert (await mia.get(f"/till/shifts?shop={market.far}")).status_code == 404
    await mia.get("/till/shifts")
    assert "西门积分超市" not in mia.text
    assert (await mia.get("/till/shifts?cursor=nonsense")).status_code == 422
