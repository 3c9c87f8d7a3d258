"""Refunds of a later day over HTTP: by the receipt's number, once for the form, as long as the policy says."""

from datetime import timedelta

from tests.api.web.browser import Browser, Browsers
from tests.api.web.counter import Counter
from timebank.redemptions.requests import Receipt

DAY = timedelta(days=1)


async def sold(counter: Counter, *, days: int = 1) -> Receipt:
    """Let Alice redeem two bags of rice, and so many days go by."""
    till = await counter.desk.open()
    answer = await counter.desk.redeem(till, (counter.desk.market.rice, 2), cents=250)
    assert answer.receipt is not None
    counter.door.clock.at += days * DAY
    return answer.receipt


async def found(of: Browsers, receipt: Receipt, name: str = "mia") -> tuple[Browser, str]:
    browser = of(name)
    answer = await browser.get(f"/shop/refunds?receipt={receipt.number}")
    path = f"/shop/refunds/{receipt.redemption_id}"
    assert answer.headers["location"] == path
    assert (await browser.get(path)).status_code == 200
    return browser, path


async def test_what_was_redeemed_yesterday_is_taken_back_once(of: Browsers, counter: Counter) -> None:
    receipt = await sold(counter)
    mia, path = await found(of, receipt)
    assert "大米 5kg × 2" in mia.text
    form: dict[str, object] = {"csrf": mia.token, "once": mia.hidden("once"), "reason": "damaged"}
    for _ in range(2):
        answer = await mia.send(path, {**form})
        assert answer.status_code == 303, mia.text
        await mia.get(answer.headers["location"])
        assert "Give back 2.50 yuan" in mia.text
        assert f'data-once="{form["once"]}"' in mia.last.text
        assert await counter.desk.points() == 300
    answer = await mia.send(path, form | {"once": "0" * 32})
    assert answer.status_code == 409
    assert "refunded already" in mia.text
    assert "Give back" not in mia.text  # whoever did it has given it
    await mia.get(path)
    assert f'action="{path}"' not in mia.last.text


async def test_the_last_receipts_are_listed_with_masked_names(of: Browsers, counter: Counter) -> None:
    await counter.door.give_phone("alice", "19900000201", "示例购物者")
    receipt = await sold(counter)
    mia = of("mia")
    await mia.get("/shop/refunds")
    assert f'href="/shop/refunds/{receipt.redemption_id}"' in mia.last.text
    assert "示*" in mia.text
    for hidden in ("示例购物者", str(counter.desk.person("alice"))):
        assert hidden not in mia.text
    await mia.get(f"/shop/refunds?shop={counter.desk.market.far}")
    assert "Nothing redeemed yet" in mia.text


async def test_after_the_policys_days_it_is_too_late(of: Browsers, counter: Counter) -> None:
    receipt = await sold(counter, days=400)
    mia, path = await found(of, receipt)
    assert "Could be refunded until" in mia.text
    answer = await mia.post(path, once="0" * 32, reason="other")
    assert answer.status_code == 422
    assert "refunded no longer" in mia.text
    assert await counter.desk.points() == 240


async def test_a_number_that_is_none_is_said(of: Browsers, counter: Counter) -> None:
    receipt = await sold(counter)
    market = counter.desk.market
    mia, path = await found(of, receipt)
    assert (await mia.get("/shop/refunds?receipt=S1-20200101-0001")).status_code == 404
    assert "no such receipt" in mia.text
    assert 'value="S1-20200101-0001"' in mia.last.text
    await mia.get(path)
    assert (await mia.post(path, once="0" * 32, reason="whim")).status_code == 422
    sql = "update shops set organisation_id = $3 where bank_id = $1 and id = $2"
    await counter.desk.do(sql, market.near, market.cast.organisations["birch"])
    assert (await mia.post(path, once="0" * 32, reason="other")).status_code == 404
    assert (await mia.get(f"/shop/refunds?receipt={receipt.number}")).status_code == 404
    assert (await mia.get(path)).status_code == 404
    assert await counter.desk.points() == 240


async def test_nobody_else_takes_it_back(of: Browsers, counter: Counter) -> None:
    receipt = await sold(counter)
    for name in ("alice", "carl", "audrey", "olga"):
        browser = of(name)
        for path in (f"?receipt={receipt.number}", f"/{receipt.redemption_id}", "/999999"):
            assert (await browser.get(f"/shop/refunds{path}")).status_code == 403
        await browser.get("/me")
        answer = await browser.post(f"/shop/refunds/{receipt.redemption_id}", once="0" * 32, reason="other")
        assert answer.status_code == 403, name
    assert await counter.desk.points() == 240
