"""Receipts of the shift over HTTP: found, taken back once, and refused with what to do."""

from datetime import timedelta

from tests.api.web.browser import Browsers
from tests.api.web.counter import Counter
from tests.api.web.till.test_selling import RICE, begun, redeemed


async def test_a_refund_of_today_by_the_receipts_number_is_one_however_often_it_is_sent(
    of: Browsers, counter: Counter
) -> None:
    carl = await begun(of, counter)
    await counter.enter(carl, RICE)
    number = await redeemed(carl, cash="2")
    assert await counter.desk.points() == 270
    await carl.get("/till")
    answer = await carl.post("/till/entry", entry=number, quote="", version="0")
    await carl.get(answer.headers["location"])
    assert "大米 5kg × 1" in carl.text
    for _ in range(2):
        answer = await carl.post("/till/refund", receipt=number, reason="not_wanted")
        assert answer.status_code == 303, carl.text
        await carl.get(answer.headers["location"])
        assert "data-done" in carl.last.text
        assert "Give back 2.00 yuan" in carl.text
        assert "/till/refund" not in carl.last.text
        await carl.get("/till/today")
        assert await counter.desk.points() == 300


async def test_the_shift_lists_what_was_redeemed_with_masked_names(of: Browsers, counter: Counter) -> None:
    await counter.door.give_phone("alice", "19900000201", "示例购物者")
    carl = await counter.open(of)
    await carl.get("/till/today")
    assert "Nothing redeemed in this shift yet" in carl.text
    await carl.get("/till")
    await counter.enter(carl, await counter.code())
    await counter.enter(carl, RICE)
    number = await redeemed(carl)
    await carl.get("/till/today")
    assert number in carl.text
    assert "示*" in carl.text
    for hidden in ("示例购物者", str(counter.desk.person("alice"))):
        assert hidden not in carl.text
    await carl.get("/till")
    assert "Just redeemed" in carl.text


async def test_what_is_not_found_is_told_with_what_to_do(of: Browsers, counter: Counter) -> None:
    carl = await begun(of, counter)
    await counter.enter(carl, RICE)
    number = await redeemed(carl)
    for wrong in ("S1-20200101-0001", "nonsense"):
        await carl.get(f"/till/today?receipt={wrong}")
        assert "Check the number on the paper" in carl.text
        await carl.post("/till/refund", receipt=wrong, reason="other")
        assert "data-problem" in carl.last.text
    answer = await carl.post("/till/refund", receipt=number, reason="")
    assert answer.headers["location"].endswith(f"receipt={number}")
    await carl.get("/till/today")
    await carl.post("/till/refund", receipt=number, reason="nonsense")
    assert "data-problem" in carl.last.text
    counter.door.clock.at += timedelta(days=1)
    await carl.get(f"/till/today?receipt={number}")
    assert "Ask the shop manager" in carl.text
    assert "/till/refund" not in carl.last.text
    assert await counter.desk.points() == 270


async def test_without_an_open_till_there_is_nothing_to_take_back(of: Browsers, counter: Counter) -> None:
    carl = counter.browser(of)
    assert (await carl.get("/till/today")).status_code == 303
    for name in ("alice", "mia", "olga"):
        assert (await of(name).get("/till/today")).status_code == 403
