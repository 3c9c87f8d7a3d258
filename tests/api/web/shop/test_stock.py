"""What stands in the shop over HTTP: what is low first, found by its words, and no other shop's."""

import pytest

from tests.api.web.browser import Browsers
from tests.api.web.counter import Counter

FAR = "update shops set organisation_id = $3 where bank_id = $1 and id = $2"


async def test_a_manager_sees_the_goods_of_their_shop_and_what_is_low(of: Browsers, counter: Counter) -> None:
    market = counter.desk.market
    mia = of("mia")
    await mia.get("/shop")
    assert "Running low" not in mia.text
    assert "大米 5kg" in mia.text
    await market.write_off(market.rice, 8)
    await mia.get("/shop")
    assert "Running low" in mia.text
    assert "2 left" in mia.text
    await mia.get(f"/shop?shop={market.far}")
    assert "西门积分超市" in mia.text
    assert "菜籽油" not in mia.text


async def test_goods_are_found_by_a_part_of_their_name(of: Browsers, counter: Counter) -> None:
    mia = of("mia")
    await mia.get(f"/shop?shop={counter.desk.market.near}&text=菜籽")
    assert "菜籽油" in mia.text
    assert "大米 5kg" not in mia.text
    await mia.get("/shop?text=没有的")
    assert "No such item" in mia.text


async def test_what_is_not_offered_is_there_too_and_says_so(of: Browsers, counter: Counter) -> None:
    await counter.desk.do(
        "update goods set is_listed = false where bank_id = $1 and id = $2", counter.desk.market.oil
    )
    mia = of("mia")
    await mia.get("/shop")
    assert "菜籽油" in mia.text
    assert "Not offered" in mia.text


async def test_a_shop_out_of_reach_is_unknown(of: Browsers, counter: Counter) -> None:
    market = counter.desk.market
    await counter.desk.do(FAR, market.far, market.cast.organisations["birch"])
    mia = of("mia")
    assert (await mia.get(f"/shop?shop={market.far}")).status_code == 404
    assert (await mia.get(f"/shop/goods/{market.far_rice}")).status_code == 404
    await mia.get("/shop")
    assert "西门积分超市" not in mia.text
    assert (await mia.get("/shop?cursor=nonsense")).status_code == 422


@pytest.mark.parametrize("name", ["alice", "wen", "carl", "max", "stella"])
async def test_nobody_else_has_the_desk(of: Browsers, counter: Counter, name: str) -> None:
    rice = counter.desk.market.rice
    browser = of(name)
    await browser.get("/me")
    assert 'href="/shop"' not in browser.last.text
    paths = ("/shop", "/shop/refunds", "/shop/refunds?receipt=x", f"/shop/goods/{rice}", "/shop/goods/999999")
    for path in paths:
        assert (await browser.get(path)).status_code == 403, path
