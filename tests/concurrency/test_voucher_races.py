"""Vouchers from many sides at once: each is used once or goes back once, and the books are whole."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest_asyncio

from tests.api.cast import enter
from tests.concurrency.crowd import check_books
from tests.timebank.offers.scene import HAIRCUT, NOW
from tests.timebank.vouchers.scene import DAY, Booth, open_booth
from timebank.database import Bank, Database
from timebank.errors import RefusalError

CROWD = 16


@pytest_asyncio.fixture
async def booth(database: Database, bank: Bank) -> Booth:
    """Return a booth, and Alice with 100 fufen."""
    return await open_booth(database, await enter(database, bank))


async def outcome(work: Awaitable[object]) -> str:
    """Return what came of something: the refusal's code, or what it is."""
    try:
        done = await work
    except RefusalError as refused:
        return refused.code
    return done if isinstance(done, str) else type(done).__name__


async def whole(booth: Booth) -> None:
    await booth.check_whole()
    await check_books(booth.database, booth.cast.bank)


async def test_one_voucher_from_many_devices_is_honoured_once(booth: Booth) -> None:
    text = booth.text(await booth.issue())
    uses = [booth.use(text, used_at=NOW + timedelta(seconds=at), at=NOW + DAY) for at in range(CROWD)]
    assert Counter(await asyncio.gather(*uses)) == {"honoured": 1, "voucher_used_before": CROWD - 1}
    await whole(booth)


async def test_one_use_that_is_sent_many_times_at_once_is_one(booth: Booth) -> None:
    text = booth.text(await booth.issue())
    uses = [booth.use(text, used_at=NOW, at=NOW + DAY) for _ in range(CROWD)]
    assert Counter(await asyncio.gather(*uses)) == {"honoured": 1, "repeat": CROWD - 1}
    end = "AA" if text[-2:] != "AA" else "AB"
    forged = [booth.use(text[:-2] + end, used_at=NOW, at=NOW + DAY) for _ in range(CROWD)]
    assert set(await asyncio.gather(*forged)) == {"voucher_forged"}
    assert len(await booth.rows("select id from voucher_uses where bank_id = $1")) == 2
    await whole(booth)


async def test_batches_that_overlap_in_other_orders_wait_and_end(booth: Booth) -> None:
    await booth.give("alice", 1_000)
    texts = [booth.text(await booth.issue()) for _ in range(20)]

    def batch(number: int) -> list[tuple[str, datetime]]:
        shifted = texts[number:] + texts[:number]
        return [
            (text, NOW + timedelta(seconds=number)) for text in (shifted if number % 2 else shifted[::-1])
        ]

    answers = await asyncio.gather(*(booth.hand_in(batch(number), at=NOW + DAY) for number in range(8)))
    tally = Counter(answer.outcome for part in answers for answer in part)
    assert tally == {"honoured": 20, "voucher_used_before": 140}
    await whole(booth)


async def test_used_or_taken_back_but_not_both(booth: Booth) -> None:
    await booth.give("alice", 1_000)
    seen = Counter[tuple[str, str]]()
    for _ in range(20):
        made = await booth.issue()
        used, taken_back = await asyncio.gather(booth.use(booth.text(made)), outcome(booth.cancel(made.id)))
        seen[used, taken_back] += 1
    assert set(seen) <= {("honoured", "already_used_voucher"), ("voucher_cancelled", "Voucher")}
    await whole(booth)


async def test_used_or_lapsed_but_not_both(booth: Booth) -> None:
    await booth.give("alice", 1_000)
    for _ in range(20):
        made = await booth.issue()
        text = booth.text(made)
        after = made.until_at + timedelta(seconds=1)
        used, lapsed = await asyncio.gather(
            booth.use(text, used_at=NOW, at=made.until_at), booth.lapse(after)
        )
        assert (used, lapsed) in {("honoured", 0), ("voucher_late", 1)}
    await whole(booth)


async def test_no_more_is_promised_than_there_is(booth: Booth) -> None:
    made = await asyncio.gather(*(outcome(booth.issue()) for _ in range(CROWD)))
    assert Counter(made) == {"Voucher": 5, "insufficient": CROWD - 5}
    await whole(booth)


async def test_the_limit_of_an_offer_holds_for_many_at_once(booth: Booth) -> None:
    await booth.give("alice", 1_000)
    offer = await booth.publish(replace(HAIRCUT, member_limit=3))
    made = await asyncio.gather(*(outcome(booth.issue(offer=offer)) for _ in range(CROWD)))
    assert Counter(made) == {"Voucher": 3, "offer_member_limit": CROWD - 3}
    await whole(booth)


async def test_a_suspension_comes_before_or_after_a_use(booth: Booth) -> None:
    await booth.give("alice", 1_000)
    for _ in range(10):
        made = await booth.issue()
        used, _ = await asyncio.gather(booth.use(booth.text(made)), booth.step("olga", "suspended"))
        assert used in {"honoured", "merchant_not_active"}
        await booth.step("olga", "resumed")
    await whole(booth)
