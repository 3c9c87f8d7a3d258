"""What the shop offers over HTTP: an item added and changed once for the form, and refused with what was typed kept."""

import pytest

from tests.api.web.browser import Browser, Browsers
from tests.api.web.counter import Counter

ITEM = {
    "name": "示例牙膏",
    "price_points": "25",
    "category": "日用",
    "barcode": "6900000000099",
    "low_stock_at": "5",
    "member_day_limit": "2",
    "member_month_limit": "",
    "description": "",
    "is_listed": "true",
}


def form_of(browser: Browser, **fields: str) -> dict[str, object]:
    (hidden,) = [each for each in browser.forms() if "once" in each]
    return {**hidden, **ITEM, **fields}


async def test_an_item_is_added_once_for_the_form(of: Browsers, counter: Counter) -> None:
    near = counter.desk.market.near
    mia = of("mia")
    await mia.get("/shop")
    assert f'href="/shop/{near}/new"' in mia.last.text
    await mia.get(f"/shop/{near}/new")
    form = form_of(mia, sku="PASTE")
    places = set()
    for _ in range(2):
        answer = await mia.send(f"/shop/{near}/new", {**form})
        assert answer.status_code == 303, mia.text
        places.add(answer.headers["location"])
    (place,) = places
    await mia.get(place)
    assert f'data-drafted="add-{near}" data-once="{form["once"]}"' in mia.last.text
    alice = of("alice")
    await alice.get(f"/shops/{near}")
    assert "示例牙膏" in alice.text
    await mia.get(f"/shop/{near}/new")
    again = form_of(mia, sku="PASTE", name="另一种", barcode="")
    assert (await mia.send(f"/shop/{near}/new", again)).status_code == 409
    assert "that SKU already" in mia.text
    assert 'value="另一种"' in mia.last.text


async def test_an_item_is_changed_and_taken_off_the_list(of: Browsers, counter: Counter) -> None:
    market = counter.desk.market
    mia, path = of("mia"), f"/shop/goods/{market.rice}/edit"
    await mia.get(path)
    assert 'value="6900000000011"' in mia.last.text
    assert "checked" in mia.last.text
    form = form_of(mia, name="大米 10kg", price_points="55", low_stock_at="")
    del form["is_listed"]
    for _ in range(2):
        answer = await mia.send(path, {**form})
        assert answer.status_code == 303, mia.text
    found = await market.goods(market.rice)
    assert (found.name, found.price_points, found.version) == ("大米 10kg", 55, 2)
    assert found.terms.member_day_limit == 2
    assert found.terms.low_stock_at is None
    assert not found.terms.is_listed
    late = {**form, "once": "0" * 32, "price_points": "1"}
    assert (await mia.send(path, late)).status_code == 412  # changed since that page was read
    assert 'role="alert"' in mia.last.text
    assert (await market.goods(market.rice)).price_points == 55


@pytest.mark.parametrize(
    "wrong",
    [{"sku": "牙膏"}, {"price_points": "0"}, {"member_day_limit": "0"}, {"barcode": "12"}, {"name": " "}],
    ids=lambda wrong: next(iter(wrong)),
)
async def test_what_makes_no_item_is_said_and_stays_typed(
    of: Browsers, counter: Counter, wrong: dict[str, str]
) -> None:
    near = counter.desk.market.near
    mia = of("mia")
    await mia.get(f"/shop/{near}/new")
    form = form_of(mia, **({"sku": "PASTE"} | wrong))
    assert (await mia.send(f"/shop/{near}/new", form)).status_code == 422
    assert "Something does not fit" in mia.text
    assert 'value="日用"' in mia.last.text
    await mia.get("/shop")
    assert "示例牙膏" not in mia.text


async def test_nobody_else_changes_the_list(of: Browsers, counter: Counter) -> None:
    market = counter.desk.market
    for name in ("alice", "carl", "audrey", "wen"):
        browser = of(name)
        for path in (f"/shop/{market.near}/new", f"/shop/goods/{market.rice}/edit", "/shop/999999/new"):
            assert (await browser.get(path)).status_code == 403, name
            await browser.get("/me")
            answer = await browser.post(path, once="0" * 32, sku="X1", version="1", **ITEM)
            assert answer.status_code == 403, name
    mia = of("mia")
    assert (await mia.get("/shop/999999/new")).status_code == 404
    sql = "update shops set organisation_id = $3 where bank_id = $1 and id = $2"
    await counter.desk.do(sql, market.far, market.cast.organisations["birch"])
    assert (await mia.get(f"/shop/{market.far}/new")).status_code == 404
    assert (await mia.get(f"/shop/goods/{market.far_rice}/edit")).status_code == 404
    assert (await market.goods(market.rice)).name == "大米 5kg"
