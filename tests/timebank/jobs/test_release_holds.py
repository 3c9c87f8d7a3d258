"""Letting go of what is over: reservations, vouchers and orders, once, also after an interruption."""

from datetime import date, timedelta

import pytest

from ledger.audit import audit
from ledger.holds import hold
from ledger.periods import close_period
from ledger.posting import post
from ledger.session import ReadTx, WriteTx
from ledger.values import Posted
from tests.api.cast import enter
from tests.timebank.reservations.scene import (
    END_OF_2026,
    END_OF_2027,
    HOUR,
    STOCK,
    TODAY,
    Counter,
    open_counter,
)
from tests.timebank.shops.scene import NOW
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.jobs.release_holds import release_batch
from timebank.jobs.running import run_now

TWO_DAYS = timedelta(hours=48)
AFTER = NOW + TWO_DAYS + HOUR
NOTHING = {"holds_released": 0, "reservations": 0, "vouchers": 0, "service_orders": 0}

_VOUCHER = """
with m as (
  insert into merchants (bank_id, organisation_id, name, category, address, licence, state, created_at)
  values ($1, $2, '示例家政', 'home', '东门', $3, 'active', $4) returning id
), o as (
  insert into offers (bank_id, merchant_id, kind, title, terms, price_fufen, minutes, starts_on, ends_on,
    voucher_days, state)
  select $1, m.id, 'housekeeping', '保洁', '', 20, 60, '2026-01-01', '2026-12-31', 30, 'published' from m
  returning id, merchant_id
)
insert into vouchers (bank_id, offer_id, merchant_id, person_id, kind, value, key_id, fufen, hold_id, state,
  policy_version, issued_at, issued_by, expires_on, until_at)
select $1, o.id, o.merchant_id, $5, 'housekeeping', 60, 'k', 20, $6, 'issued', 1, $4, 'test', $7, $8 from o returning id
"""
_ORDER = """
insert into service_orders (bank_id, organisation_id, person_id, served_id, category, wish, wanted_at, minutes, coins,
  hold_id, state, policy_version, ordered_at, ordered_by, until_at)
values ($1, $2, $3, $3, 'care', '买菜', $4, 60, 1, $5, 'assigned', 1, $4, 'test', $6) returning id
"""


@pytest.fixture
async def counter(database: Database, bank: Bank) -> Counter:
    """Return the shop, and Alice with 100 points that end in 2026 and 100 that end in 2027."""
    counter = await open_counter(database, await enter(database, bank))
    await counter.give(100, END_OF_2026)
    await counter.give(100, END_OF_2027)
    return counter


async def held(counter: Counter, key: str, amount: int = 20) -> int:
    """Hold points of Alice's until two days from now, for whatever it is."""
    draft = hold(
        key,
        owner=counter.people["alice"],
        unit="point",
        amount=amount,
        until=NOW + TWO_DAYS,
        effective_at=NOW,
        actor="test",
    )
    (outcome,) = await counter.market.write(lambda tx: post(tx, [draft]))
    assert isinstance(outcome, Posted)
    return outcome.transaction_id


async def issued(counter: Counter, hold_id: int) -> int:
    """Make a voucher of a hold."""
    apple, alice = counter.market.cast.organisations["apple"], counter.people["alice"]

    async def work(tx: WriteTx) -> int:
        until = NOW + TWO_DAYS
        id_: int = await tx.connection.fetchval(
            _VOUCHER, tx.bank_id, apple, f"L{hold_id}", NOW, alice, hold_id, TODAY, until
        )
        return id_

    return await counter.market.write(work)


async def ordered(counter: Counter, hold_id: int) -> int:
    """Make a service order of a hold."""
    apple, alice = counter.market.cast.organisations["apple"], counter.people["alice"]

    async def work(tx: WriteTx) -> int:
        id_: int = await tx.connection.fetchval(
            _ORDER, tx.bank_id, apple, alice, NOW, hold_id, NOW + TWO_DAYS
        )
        return id_

    return await counter.market.write(work)


async def states(counter: Counter, table: str) -> list[str]:
    async def work(tx: ReadTx) -> list[str]:
        rows = await tx.connection.fetch(
            f"select state from {table} where bank_id = $1 order by id",
            tx.bank_id,
        )
        return [row["state"] for row in rows]

    return await counter.market.read(work)


async def test_a_reservation_lapses_when_its_time_is_up(counter: Counter) -> None:
    made, market = await counter.reserve(), counter.market
    assert await counter.lapse(made.until_at) == NOTHING
    assert await counter.lapse(AFTER) == NOTHING | {"holds_released": 1, "reservations": 1}
    lapsed = await counter.again(made)
    assert (lapsed.state, lapsed.resolved_at) == ("lapsed", AFTER)
    assert await counter.lots() == [(END_OF_2026, 100), (END_OF_2027, 100)]
    assert await market.stock(market.rice) == STOCK
    assert await counter.told() == [("reservation_lapsed", made.id)]
    assert await counter.lapse(AFTER + HOUR) == NOTHING
    assert await counter.again(made) == lapsed
    assert await counter.told() == [("reservation_lapsed", made.id)]
    await market.assert_sound()


async def test_vouchers_and_service_orders_lapse_with_their_holds(counter: Counter) -> None:
    voucher = await issued(counter, await held(counter, "voucher:1"))
    order = await ordered(counter, await held(counter, "order:1", 1))
    await held(counter, "nobody's")
    assert await counter.lapse(AFTER) == {
        "holds_released": 3,
        "reservations": 0,
        "vouchers": 1,
        "service_orders": 1,
    }
    assert (await states(counter, "vouchers"), await states(counter, "service_orders")) == (
        ["lapsed"],
        ["lapsed"],
    )
    assert await counter.told() == [("voucher_lapsed", voucher), ("service_order_lapsed", order)]
    assert await counter.lots(kind="held") == []

    async def version(tx: ReadTx) -> tuple[object, ...]:
        row = await tx.connection.fetchrow(
            "select version, resolved_by from service_orders where bank_id = $1", tx.bank_id
        )
        assert row is not None
        return tuple(row)

    assert await counter.market.read(version) == (2, "job:release_holds")


async def test_what_was_resolved_before_is_left_alone(counter: Counter) -> None:
    picked_up, cancelled = await counter.reserve(), await counter.reserve()
    assert await counter.pick_up(picked_up)
    await counter.cancel(cancelled)
    assert await counter.lapse(AFTER) == NOTHING
    assert await states(counter, "reservations") == ["picked_up", "cancelled"]


async def test_by_hand_for_a_day_that_is_past(counter: Counter) -> None:
    await counter.reserve()
    later = AFTER + timedelta(days=10)
    assert (await counter.lapse(later, as_of=TODAY + timedelta(days=1))) == NOTHING
    assert (await counter.lapse(later, as_of=TODAY + timedelta(days=2)))["reservations"] == 1


async def test_nothing_is_taken_back_before_its_time(counter: Counter) -> None:
    made = await counter.reserve()
    with pytest.raises(RefusalError) as refused:
        await counter.lapse(NOW, as_of=TODAY + timedelta(days=2))
    assert (refused.value.code, refused.value.params) == ("day_in_future", {"day": "2026-05-11"})
    assert (await counter.again(made)).state == "reserved"


async def test_a_run_that_died_is_gone_on_with(counter: Counter) -> None:
    made = [await counter.reserve() for _ in range(5)]

    async def batch(tx: WriteTx) -> int | None:
        return (await release_batch(tx, before=AFTER, after_id=0, now=AFTER, limit=2)).last_id

    assert await counter.market.write(batch) == made[1].hold_id
    assert await states(counter, "reservations") == ["lapsed"] * 2 + ["reserved"] * 3
    assert await counter.lapse(AFTER) == NOTHING | {"holds_released": 3, "reservations": 3}
    assert len(await counter.told()) == 5
    assert await counter.market.stock(counter.market.rice) == STOCK


async def test_batches_go_on_where_the_last_ended(counter: Counter) -> None:
    for _ in range(5):
        await counter.reserve()

    async def work(tx: WriteTx, after_id: int) -> tuple[int, int | None]:
        done = await release_batch(tx, before=AFTER, after_id=after_id, now=AFTER, limit=2)
        return done.holds, done.last_id

    found, after_id = [], 0
    while True:
        holds, last_id = await counter.market.write(lambda tx, after_id=after_id: work(tx, after_id))  # type: ignore[misc]  # a lambda with a default has no type
        found.append(holds)
        if last_id is None:
            break
        after_id = last_id
    assert found == [2, 2, 1]


async def test_a_hold_that_ended_in_a_closed_period_is_released_after_it(counter: Counter) -> None:
    made, market = await counter.reserve(), counter.market
    closing = made.until_at + timedelta(days=20)
    await market.write(lambda tx: close_period(tx, before=closing, actor="test"))
    assert (await counter.lapse(closing + HOUR))["reservations"] == 1

    async def effective_at(tx: ReadTx) -> object:
        return await tx.connection.fetchval(
            "select effective_at from transactions where bank_id = $1 and resolves_id = $2",
            tx.bank_id,
            made.hold_id,
        )

    assert await market.read(effective_at) == closing
    await market.assert_sound()


async def test_what_a_reservation_held_expires_with_its_lot(counter: Counter) -> None:
    eve = NOW.replace(month=12, day=31)
    made = await counter.reserve(now=eve)
    new_year = date(2027, 1, 1)
    done = await run_now(
        counter.market.database, counter.market.bank, "expire", as_of=new_year, now=eve + timedelta(days=1)
    )
    assert done == {"holds_released": 1, "lots": 1, "amounts": {"point": 100}}
    assert (await counter.again(made)).state == "lapsed"
    assert await counter.lots() == [(END_OF_2027, 100)]
    assert await counter.market.read(lambda tx: audit(tx, verifier=None, anchors=())) == []


async def test_a_run_leaves_a_note_of_its_figures(counter: Counter) -> None:
    await counter.reserve()
    await counter.lapse(AFTER)

    async def note(tx: ReadTx) -> tuple[object, ...]:
        row = await tx.connection.fetchrow(
            "select period, state, result->>'reservations' as count from job_runs"
            " where bank_id = $1 and job = 'release_holds'",
            tx.bank_id,
        )
        assert row is not None
        return tuple(row)

    assert await counter.market.read(note) == ("2026-05-11T11", "succeeded", "1")
