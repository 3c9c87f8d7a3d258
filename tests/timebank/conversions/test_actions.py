"""Converting points and hours, as the books see it."""

import asyncio
from collections import Counter as Tally
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from ledger.exchanges import set_exchanges
from ledger.holds import reversal
from ledger.values import BUDGET, ISSUANCE, WALLET, Draft, Move, Place, Refused
from tests.api.books import book
from tests.timebank.conversions.scene import HOURS, JUNE, NOW, POINTS, Counter, pack_of
from timebank.conversions.actions import Converted
from timebank.conversions.queries import conversions_of
from timebank.errors import RefusalError

END = date(2027, 5, 31)
"""Fufen end with the twelfth month after."""
FIRST_OF_JUNE = datetime(2026, 5, 31, 16, 0, tzinfo=UTC)
"""In the bank's zone."""


async def refused(counter: Counter, unit: str, amount: int, *, at: datetime = NOW) -> tuple[str, object]:
    with pytest.raises(RefusalError) as refusal:
        await counter.convert(unit, amount, at=at)
    return refusal.value.code, refusal.value.params


async def test_points_leave_and_fufen_come(counter: Counter) -> None:
    done = await counter.convert("point", 40)
    assert isinstance(done, Converted)
    assert (done.quote.to_amount, done.quote.expires_on, done.quote.policy_version) == (12, END, 1)
    assert await counter.lots("fufen") == [(END, 12)]
    assert [balance for _, balance in await counter.lots("point")] == [60]
    # What was given up stands behind what came: nothing was issued.
    assert await counter.totals("point") == {"converted": 40, "issuance": -100, "wallet": 60}
    assert await counter.totals("fufen") == {"converted": -12, "wallet": 12}
    kept = await counter.read(
        lambda tx: conversions_of(tx, counter.cast.people["alice"], before_id=2**62, limit=9)
    )
    assert [(one.from_unit, one.from_amount, one.to_unit, one.to_amount) for one in kept] == [
        ("point", 40, "fufen", 12)
    ]


async def test_hours_stay_and_are_converted_once(counter: Counter) -> None:
    assert isinstance(await counter.convert("minute", 240), Converted)
    assert await counter.lots("fufen") == [(END, 8)]
    assert await counter.lots("minute") == [(None, 300)]
    assert await counter.totals("fufen") == {"issuance": -8, "wallet": 8}
    assert await refused(counter, "minute", 120) == (
        "hours_all_converted",
        {"unit": "minute", "available": 60},
    )
    assert isinstance(await counter.convert("minute", 60), Converted)
    assert (await refused(counter, "minute", 60))[0] == "hours_all_converted"
    assert (await counter.possible())["minute"].most == 0


async def test_hours_that_were_taken_back_are_owed(counter: Counter) -> None:
    alice = counter.cast.people["alice"]
    more = Draft("credit", "c2", NOW, "test", (Move(Place(ISSUANCE), Place(WALLET, alice), "minute", 120),))
    (id_,) = await book(counter.database, counter.cast, more)
    await counter.convert("minute", 420)
    await book(
        counter.database, counter.cast, reversal("r", transaction_id=id_, effective_at=NOW, actor="test")
    )
    assert (await counter.possible())["minute"].left == 0
    await book(counter.database, counter.cast, Draft("credit", "c3", NOW, "test", (more.moves[0],)))
    assert (await counter.possible())["minute"].left == 0
    assert (await refused(counter, "minute", 60))[0] == "hours_all_converted"


async def test_two_at_once_convert_no_hour_twice(counter: Counter) -> None:
    done = await asyncio.gather(*(counter.convert("minute", 180) for _ in range(12)), return_exceptions=True)
    codes = Tally(one.code if isinstance(one, RefusalError) else type(one).__name__ for one in done)
    assert codes == {"Converted": 1, "hours_all_converted": 11}
    assert await counter.lots("fufen") == [(END, 6)]


async def test_the_limit_of_a_month_holds_for_many_at_once_and_ends_with_the_month(counter: Counter) -> None:
    done = await asyncio.gather(*(counter.convert("point", 20) for _ in range(6)), return_exceptions=True)
    codes = Tally(one.code if isinstance(one, RefusalError) else type(one).__name__ for one in done)
    assert codes == {"Converted": 2, "conversion_limit_reached": 4}
    assert await refused(counter, "point", 20) == ("conversion_limit_reached", {"unit": "point", "left": 10})
    assert isinstance(await counter.convert("point", 40, at=FIRST_OF_JUNE), Converted)
    assert [balance for _, balance in await counter.lots("point")] == [20]


async def test_the_rate_is_that_of_the_day(counter: Counter) -> None:
    await counter.adopt(pack_of({**POINTS, "from_amount": 20}), JUNE)
    assert isinstance(await counter.convert("point", 10), Converted)
    assert (await refused(counter, "point", 10, at=FIRST_OF_JUNE))[0] == "conversion_step"
    done = await counter.convert("point", 20, at=FIRST_OF_JUNE)
    assert isinstance(done, Converted)
    assert (done.quote.to_amount, done.quote.policy_version) == (3, 2)
    assert (await refused(counter, "minute", 60, at=FIRST_OF_JUNE))[0] == "conversion_not_offered"


async def test_before_the_first_policy_and_of_nobody(counter: Counter) -> None:
    assert (await refused(counter, "point", 10, at=datetime(2020, 1, 1, tzinfo=UTC)))[0] == "policy_missing"
    counter.cast = type(counter.cast)(
        counter.cast.bank, counter.cast.organisations, {"alice": uuid4()}, {}, counter.cast.sessions
    )
    assert (await refused(counter, "point", 10))[0] == "unknown_person"


async def test_what_is_not_there_is_not_given_and_may_be_asked_again(counter: Counter) -> None:
    await counter.adopt(pack_of(POINTS, HOURS), JUNE)
    with pytest.raises(RefusalError) as refusal:
        await counter.convert("point", 110, at=FIRST_OF_JUNE, key="k")
    assert refusal.value.params == {"unit": "point", "available": 100, "requested": 110}
    alice = counter.cast.people["alice"]
    credit = Draft("credit", "c2", NOW, "test", (Move(Place(ISSUANCE), Place(WALLET, alice), "point", 10),))
    await book(counter.database, counter.cast, credit)
    assert isinstance(await counter.convert("point", 110, at=FIRST_OF_JUNE, key="k"), Converted)
    with pytest.raises(RefusalError, match="idempotency_conflict"):
        await counter.convert("point", 110, at=FIRST_OF_JUNE, key="k")
    assert await counter.lots("point") == []


async def test_what_comes_for_hours_is_issued_within_the_budget(counter: Counter) -> None:
    owner = await counter.read(
        lambda tx: tx.connection.fetchval(
            "select owner from organisations where bank_id = $1 and id = $2",
            tx.bank_id,
            counter.cast.organisations["north"],
        )
    )
    ceiling = Draft("ceiling", "b", NOW, "test", (Move(Place(ISSUANCE), Place(BUDGET, owner), "fufen", 7),))
    await book(counter.database, counter.cast, ceiling)
    assert isinstance(await counter.convert("minute", 180), Converted)
    assert await refused(counter, "minute", 60) == ("budget_exhausted", {"unit": "fufen"})
    assert await counter.totals("fufen") == {"budget": 1, "issuance": -7, "wallet": 6}
    # Points are another matter: what they give is not issued.
    assert isinstance(await counter.convert("point", 50), Converted)


async def test_what_no_exchange_of_the_ledger_allows_is_refused_by_it(counter: Counter) -> None:
    hour_ago = NOW - timedelta(hours=1)
    await counter.database.write(
        counter.cast.bank, lambda tx: set_exchanges(tx, [("point", "class:goods")], effective_from=hour_ago)
    )
    done = await counter.convert("point", 10)
    assert isinstance(done, Refused)
    assert done.code == "exchange_not_allowed"
    assert await counter.totals("fufen") == {}
    assert isinstance(await counter.convert("minute", 60), Converted)


@pytest.mark.parametrize(("unit", "amount", "left"), [("point", 50, 100), ("minute", 300, 300)])
async def test_what_was_taken_back_may_be_converted_again(
    counter: Counter, unit: str, amount: int, left: int
) -> None:
    done = await counter.convert(unit, amount)
    assert isinstance(done, Converted)
    assert (await counter.possible())[unit].most == 0
    draft = reversal("back", transaction_id=done.transaction_id, effective_at=NOW, actor="test")
    await book(counter.database, counter.cast, draft)
    possible = (await counter.possible())[unit]
    assert (possible.left, possible.most) == (left, amount)
    assert isinstance(await counter.convert(unit, amount), Converted)
