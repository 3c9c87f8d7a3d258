"""A reservation that is picked up, cancelled and let lapse at once, and the last bag reserved by many: one wins."""

import asyncio
from collections import Counter as Tally
from datetime import timedelta

import pytest

from ledger.session import WriteTx
from tests.api.cast import enter
from tests.concurrency.crowd import check_books
from tests.timebank.reservations.scene import END_OF_2027, STOCK, Counter, open_counter
from tests.timebank.shops.scene import NOW
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.jobs.release_holds import release_batch, run_release_holds
from timebank.jobs.run import Run
from timebank.policy.spending import RedemptionRule
from timebank.reservations.queries import Reservation

SECOND = timedelta(seconds=1)
ROUNDS = 40
WON = {"picked_up": "pick up", "cancelled": "cancel", "lapsed": "lapse"}


async def opened(database: Database, bank: Bank, rule: RedemptionRule | None = None) -> Counter:
    counter = await open_counter(database, await enter(database, bank), rule)
    await counter.give(1_000_000, END_OF_2027)
    return counter


async def resolved(counter: Counter, made: Reservation, first: int) -> list[str]:
    """Pick up, cancel and let lapse at once, in another order each time, and return who won."""
    end = made.until_at

    async def pick_up() -> str | None:
        return "pick up" if await counter.pick_up(made, now=end - SECOND) else None

    async def cancel() -> str | None:
        try:
            await counter.cancel(made, now=end)
        except RefusalError as refused:
            assert refused.code == "reservation_over"  # noqa: PT017 -- it may be refused or not
            return None
        return "cancel"

    async def lapse() -> str | None:
        async def work(tx: WriteTx) -> int:
            return (await release_batch(tx, before=end + SECOND, after_id=0, now=end + SECOND)).holds

        return "lapse" if await counter.market.write(work) else None

    ways = [pick_up, cancel, lapse]
    done = await asyncio.gather(*(way() for way in ways[first:] + ways[:first]))
    return [who for who in done if who is not None]


async def test_of_pick_up_cancelling_and_lapsing_one_wins(database: Database, bank: Bank) -> None:
    counter = await opened(database, bank)
    winners: Tally[str] = Tally()
    for turn in range(ROUNDS):
        made = await counter.reserve()
        (winner,) = await resolved(counter, made, turn % 3)
        assert WON[(await counter.again(made)).state] == winner
        winners[winner] += 1
        if winner == "pick up":
            await counter.market.receive(counter.market.rice, 1)
    taken = winners["pick up"]
    assert await counter.lots() == [(END_OF_2027, 1_000_000 - 30 * taken)]
    assert await counter.market.stock(counter.market.rice) == STOCK
    points = await counter.market.balances("point")
    assert (points.get("held", 0), points.get("takings", 0)) == (0, 30 * taken)
    assert len(await counter.told()) == winners["lapse"]
    await check_books(database, bank)


async def test_two_runs_of_the_job_release_each_hold_once(database: Database, bank: Bank) -> None:
    counter = await opened(database, bank)
    made = [await counter.reserve() for _ in range(STOCK)]
    after = NOW + timedelta(days=3)
    unheld = Run(database, bank, after.date(), after)  # with a lease, one would take the run from the other
    runs = await asyncio.gather(*(run_release_holds(unheld) for _ in range(4)))
    assert sum(int(str(run["reservations"])) for run in runs) == STOCK
    assert len(await counter.told()) == STOCK
    assert {(await counter.again(one)).state for one in made} == {"lapsed"}
    assert await counter.market.stock(counter.market.rice) == STOCK
    await check_books(database, bank)


async def test_the_last_bags_are_reserved_once(database: Database, bank: Bank) -> None:
    counter = await opened(database, bank)
    await counter.give(1_000_000, END_OF_2027, "bob")

    async def one(name: str) -> str:
        try:
            await counter.reserve(name=name)
        except RefusalError as refused:
            return refused.code
        return "reserved"

    answers = Tally(await asyncio.gather(*(one(("alice", "bob")[n % 2]) for n in range(2 * STOCK))))
    assert answers == {"reserved": STOCK, "out_of_stock": STOCK}
    assert await counter.market.stock(counter.market.rice) == 0
    await check_books(database, bank)


@pytest.mark.parametrize("points", [90, 119])
async def test_a_limit_holds_for_many_at_once(database: Database, bank: Bank, points: int) -> None:
    counter = await opened(database, bank, RedemptionRule(member_day_points=points))

    async def one() -> str:
        try:
            await counter.reserve()
        except RefusalError as refused:
            return refused.code
        return "reserved"

    answers = Tally(await asyncio.gather(*(one() for _ in range(9))))
    assert answers == {"reserved": 3, "limit_reached": 6}
    await check_books(database, bank)
