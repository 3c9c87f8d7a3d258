"""One item over HTTP: received, counted and written off once for each form, and what was typed kept if refused."""

import pytest

from tests.api.web.browser import Browser, Browsers
from tests.api.web.counter import Counter
from tests.timebank.reservations.scene import STOCK

FORMS = ("receive", "count", "write_off")
REFUSED = [
    ("receive", {"quantity": "1.5", "cost": "2"}, "whole number"),
    ("receive", {"quantity": "5", "cost": "about 2"}, "whole number"),
    ("receive", {"quantity": "5", "cost": "99999999"}, "whole number"),
    ("receive", {"quantity": "5", "cost": "2", "fund": "0"}, "whole number"),
    ("receive", {"quantity": "5", "cost": "2", "fund": "999999"}, "fund"),
    ("count", {"counted": "", "reason": "盘点"}, "as a whole number"),
    ("write_off", {"quantity": "3", "reason": ""}, "and why"),
    ("write_off", {"quantity": "11", "reason": "受潮"}, "Out of stock"),
]


async def opened(of: Browsers, counter: Counter, name: str = "mia") -> tuple[Browser, str]:
    browser, path = of(name), f"/shop/goods/{counter.desk.market.rice}"
    assert (await browser.get(path)).status_code == 200
    return browser, path


def marked(browser: Browser, act: str) -> dict[str, object]:
    """Return the hidden fields of one of the page's forms."""
    found = [each for each in browser.forms() if "once" in each]
    return {**found[FORMS.index(act)]}


async def test_goods_are_received_once_for_the_form(of: Browsers, counter: Counter) -> None:
    market = counter.desk.market
    mia, path = await opened(of, counter)
    fields = {"quantity": "20", "cost": "12.5", "fund": str(market.fund), "note": "D-17"}
    form = marked(mia, "receive") | fields
    for _ in range(2):
        answer = await mia.send(f"{path}/receive", form)
        assert answer.status_code == 303, mia.text
        await mia.get(answer.headers["location"])
        assert "The goods are on the shelf" in mia.text
        assert f'data-drafted="receive-{market.rice}" data-once="{form["once"]}"' in mia.last.text
        assert await market.stock(market.rice) == STOCK + 20
    assert mia.text.count("12.50 yuan each") == 1
    assert "D-17" in mia.text
    assert "+20" in mia.text


async def test_a_count_sets_the_shelf_right_with_what_is_set_aside(of: Browsers, counter: Counter) -> None:
    market = counter.desk.market
    await market.set_aside(market.rice, 3)
    mia, path = await opened(of, counter)
    for counted, reason in (("9", "少了一袋"), ("9", "再数一遍")):
        await mia.get(path)
        form = marked(mia, "count") | {"counted": counted, "reason": reason}
        answer = await mia.send(f"{path}/count", form)
        assert answer.status_code == 303, mia.text
        assert await market.stock(market.rice) == 6
    await mia.get(path)
    assert "-1" in mia.text
    assert "±0" in mia.text


async def test_what_is_spoilt_is_written_off_with_why(of: Browsers, counter: Counter) -> None:
    market = counter.desk.market
    mia, path = await opened(of, counter)
    form = marked(mia, "write_off") | {"quantity": "2", "reason": "受潮"}
    answer = await mia.send(f"{path}/write_off", form)
    await mia.get(answer.headers["location"])
    assert "受潮" in mia.text
    assert await market.stock(market.rice) == STOCK - 2
    changed = await mia.send(f"{path}/write_off", form | {"quantity": "3"})
    assert changed.status_code == 409
    assert await market.stock(market.rice) == STOCK - 2


@pytest.mark.parametrize(("act", "fields", "said"), REFUSED)
async def test_what_is_refused_is_said_beside_its_form_and_stays_typed(
    of: Browsers, counter: Counter, act: str, fields: dict[str, str], said: str
) -> None:
    market = counter.desk.market
    mia, path = await opened(of, counter)
    answer = await mia.send(f"{path}/{act}", marked(mia, act) | fields)
    assert answer.status_code in {404, 409, 422}
    before, _, after = mia.text.partition(f'aria-labelledby="{act}"')
    assert 'role="alert"' not in before
    problem, _, rest = after.partition("</div>")
    assert said in problem
    for value in filter(None, (fields.get("quantity"), fields.get("counted"))):
        assert f'value="{value}"' in rest.partition("</form>")[0]
    assert await market.stock(market.rice) == STOCK
    back = await mia.get(f"{path}/{act}?lang=zh")
    assert back.headers["location"] == path


async def test_who_only_reads_the_stock_has_no_forms(of: Browsers, counter: Counter) -> None:
    audrey, path = await opened(of, counter, "audrey")
    assert "data-draft=" not in audrey.last.text
    fields = {"once": "0" * 32, "quantity": "1", "reason": "不行"}
    assert (await audrey.post(f"{path}/write_off", **fields)).status_code == 403
    carl = of("carl")
    await carl.get("/me")
    assert (await carl.post(f"{path}/write_off", **fields)).status_code == 403
    assert await counter.desk.market.stock(counter.desk.market.rice) == STOCK


async def test_a_cashier_who_keeps_the_shop_too_is_told_to_leave_it_to_another(
    of: Browsers, counter: Counter
) -> None:
    await counter.desk.enter_cashier("mia")
    mia, path = await opened(of, counter)
    await mia.send(f"{path}/count", marked(mia, "count") | {"counted": "9", "reason": "盘点"})
    assert "cashier of the shop does not" in mia.text
