"""The till's page over HTTP: members, items, the basket, confirming once, refunds and receipts."""

import re

from tests.api.conftest import As
from tests.api.web.browser import Browser, Browsers
from tests.api.web.counter import Counter

RICE, OIL = "6900000000011", "6900000000028"


def total(browser: Browser) -> int:
    found = re.search(r'data-total="(\d+)"', browser.last.text)
    assert found, browser.text
    return int(found[1])


def confirm_form(browser: Browser) -> dict[str, object]:
    (form,) = re.findall(
        r'<form method="post" action="/till/confirm".*?</form>', browser.last.text, re.DOTALL
    )
    return {**browser.hidden_of(form)}


async def begun(of: Browsers, counter: Counter) -> Browser:
    carl = await counter.open(of)
    assert await counter.enter(carl, await counter.code()) == 303
    return carl


async def confirmed(carl: Browser, form: dict[str, object]) -> None:
    answer = await carl.send("/till/confirm", form)
    assert answer.status_code == 303, carl.text
    await carl.get(answer.headers["location"])


async def redeemed(carl: Browser, **fields: object) -> str:
    await confirmed(carl, {**confirm_form(carl), **fields})
    found = re.search(r"S1-\d{8}-\d{4}", carl.text)
    assert found, carl.text
    return found[0]


async def test_an_item_before_a_member_is_told(of: Browsers, counter: Counter) -> None:
    carl = await counter.open(of)
    assert await counter.enter(carl, RICE) == 200
    assert 'role="alert"' in carl.last.text
    assert await counter.enter(carl, "NONSENSE") == 200


async def test_the_basket_is_scanned_multiplied_and_changed(of: Browsers, counter: Counter) -> None:
    carl = await begun(of, counter)
    assert ">300</strong>" in carl.last.text
    await counter.enter(carl, RICE)
    await counter.enter(carl, f"2*{OIL}")
    assert total(carl) == 130
    line = next(form for form in carl.forms() if "goods" in form)
    answer = await carl.send("/till/line", {**line, "quantity": "3"})
    await carl.get(answer.headers["location"])
    assert total(carl) == 190
    # the same form once more: nothing twice
    answer = await carl.send("/till/line", {**line, "quantity": "3"})
    await carl.get(answer.headers["location"])
    assert total(carl) == 190
    line = next(form for form in carl.forms() if "goods" in form)
    answer = await carl.send("/till/line", {**line, "quantity": "0"})
    await carl.get(answer.headers["location"])
    assert total(carl) == 100
    assert await counter.desk.points() == 300


async def test_the_same_scan_sent_twice_is_one_item(of: Browsers, counter: Counter) -> None:
    carl = await begun(of, counter)
    before = carl.last
    await counter.enter(carl, RICE)
    carl.last = before
    await counter.enter(carl, RICE)
    assert total(carl) == 30


async def test_confirmed_twice_is_one_redemption_with_cash_and_a_receipt(
    of: Browsers, counter: Counter
) -> None:
    carl = await begun(of, counter)
    await counter.enter(carl, f"2*{RICE}")
    form = confirm_form(carl)
    texts = []
    for _ in range(2):
        await confirmed(carl, {**form, "cash": "1.50"})
        texts.append(re.findall(r"S1-\d{8}-\d{4}", carl.text))
    assert texts[0] == texts[1] != []
    assert await counter.desk.points() == 240
    assert await counter.desk.booked() == 60
    where = re.search(r"/till/receipts/\d+", carl.last.text)
    assert where
    for paper in ("58", "80"):
        await carl.get(f"{where[0]}?paper={paper}")
        assert f'class="roll{paper}"' in carl.last.text
        assert "大米 5kg × 2" in carl.text
        assert "1.50" in carl.text
    assert (await carl.get(f"{where[0]}?paper=90")).status_code == 422
    assert (await of("xu").get(where[0])).status_code in {403, 404}


async def test_a_code_is_good_for_one_basket_and_leads_back_to_it(of: Browsers, counter: Counter) -> None:
    carl = await counter.open(of)
    code = await counter.code()
    before = carl.last
    assert await counter.enter(carl, code) == 303
    await counter.enter(carl, RICE)
    # the answer to the scan was lost, or the basket was left: the same code finds it, with what is in it
    carl.last = before
    assert await counter.enter(carl, code) == 303
    assert total(carl) == 30
    await redeemed(carl)
    carl.last = before
    assert await counter.enter(carl, code) == 200
    assert 'role="alert"' in carl.last.text
    assert "Ask the volunteer to open their code" in carl.text


async def test_what_is_not_there_and_what_is_too_much(of: Browsers, counter: Counter) -> None:
    carl = await begun(of, counter)
    await counter.enter(carl, f"11*{RICE}")
    assert 'role="alert"' in carl.last.text
    assert re.search(r"data-key=\"F9\" disabled", carl.last.text)
    assert "大米 5kg: " in carl.text
    await carl.send("/till/confirm", confirm_form(carl))
    assert "data-done" not in carl.last.text
    assert "This basket is over; nothing was booked" in carl.text
    assert await counter.desk.points() == 300


async def test_a_reservation_is_picked_up_and_its_basket_stays(
    of: Browsers, as_: As, counter: Counter
) -> None:
    market = counter.desk.market
    own = f"/api/v1/people/{market.cast.people['alice']}/reservations"
    body = {"shop_id": market.near, "lines": [{"goods_id": market.rice, "quantity": 2}]}
    made = await as_("alice").post(own, json=body, headers={"Idempotency-Key": "r1"})
    assert made.status_code == 201, made.text
    code = (await as_("alice").get(f"{own}/{made.json()['id']}/code")).json()["code"]
    carl = await counter.open(of)
    assert await counter.enter(carl, code) == 303
    assert total(carl) == 60
    assert "/till/line" not in carl.last.text
    await redeemed(carl)
    assert await counter.desk.points() == 240
    await carl.get("/till")
    assert await counter.enter(carl, code) == 200
    assert 'role="alert"' in carl.last.text


async def test_a_card_wants_its_pin(of: Browsers, as_: As, counter: Counter) -> None:
    alice = counter.desk.person("alice")
    issued = await as_("wen").post(f"/api/v1/people/{alice}/cards")
    assert issued.status_code == 201, issued.text
    card = issued.json()["token"]
    pin = await as_("alice").put(f"/api/v1/people/{alice}/cards/pin", json={"pin": "4071"})
    assert pin.status_code == 204, pin.text
    carl = await counter.open(of)
    assert await counter.enter(carl, card) == 200
    assert 'name="pin"' in carl.last.text
    assert await counter.enter(carl, card, pin="4072") == 200
    assert 'role="alert"' in carl.last.text
    assert 'name="pin"' in carl.last.text
    assert await counter.enter(carl, card, pin="40") == 200
    assert 'name="pin"' in carl.last.text
    assert await counter.enter(carl, card, pin="4071") == 303
    await counter.enter(carl, RICE)
    await redeemed(carl)
    assert await counter.desk.points() == 270


async def test_no_page_of_the_till_tells_who_somebody_is(of: Browsers, counter: Counter) -> None:
    await counter.door.give_phone("alice", "19900000201", "示例购物者")
    carl = await begun(of, counter)
    await counter.enter(carl, RICE)
    for hidden in ("示例购物者", "19900000201", str(counter.desk.person("alice"))):
        assert hidden not in carl.text
    await redeemed(carl)
    assert str(counter.desk.person("alice")) not in carl.text
