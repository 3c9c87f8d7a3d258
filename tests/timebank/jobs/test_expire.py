"""Expiring by the calendar: again, out of turn, in a closed period, and with holds that lapsed."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from ledger.balances import trial_balance, wallet
from ledger.holds import hold
from ledger.periods import close_period
from ledger.posting import post
from ledger.session import ReadTx
from ledger.values import ISSUANCE, WALLET, Draft, Move, Place, Posted
from tests.timebank.offices import NEW_YEAR, NOW, assert_sound, books, new_office
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.jobs.running import run_now

SPRING = datetime(2025, 3, 5, 6, 30, tzinfo=UTC)
SUMMER = datetime(2026, 6, 2, tzinfo=UTC)
END_OF_2025, END_OF_2026 = date(2025, 12, 31), date(2026, 12, 31)


async def booked(database: Database, bank: Bank, drafts: list[Draft]) -> None:
    outcomes = await database.write(bank, lambda tx: post(tx, drafts))
    assert all(isinstance(outcome, Posted) for outcome in outcomes)


def gift(key: str, owner: UUID, expires_on: date, points: int) -> Draft:
    lot = Place(WALLET, owner, expires_on)
    return Draft("award", key, SPRING, "test", (Move(Place(ISSUANCE), lot, "point", points),))


async def test_what_ended_expires_once(database: Database) -> None:
    bank, owner = await new_office(database), uuid4()
    await booked(database, bank, [gift("a", owner, END_OF_2025, 50), gift("b", owner, END_OF_2026, 30)])
    assert await run_now(database, bank, "expire", as_of=END_OF_2025, now=NOW) == {
        "holds_released": 0,
        "lots": 0,
        "amounts": {},
    }
    first = await run_now(database, bank, "expire", as_of=NEW_YEAR, now=NOW)
    assert first == {"holds_released": 0, "lots": 1, "amounts": {"point": 50}}
    before = await books(database, bank)
    again = await run_now(database, bank, "expire", as_of=NEW_YEAR, now=NOW)
    assert again == {"holds_released": 0, "lots": 0, "amounts": {}}
    assert await books(database, bank) == before
    lots = await database.read(bank, lambda tx: wallet(tx, owner, "point"))
    assert [(lot.expires_on, lot.balance) for lot in lots] == [(END_OF_2026, 30)]
    await assert_sound(database, bank)


async def test_many_lots_expire_in_several_batches(database: Database) -> None:
    bank = await new_office(database)
    await booked(database, bank, [gift(str(n), uuid4(), END_OF_2025, 1 + n % 7) for n in range(5_001)])
    found = await run_now(database, bank, "expire", as_of=NEW_YEAR, now=NOW)
    assert found == {
        "holds_released": 0,
        "lots": 5_001,
        "amounts": {"point": sum(1 + n % 7 for n in range(5_001))},
    }
    points = (await database.read(bank, trial_balance))["point"]
    assert {kind: amount for kind, amount in points.items() if amount} == {
        "issuance": -found["amounts"]["point"],  # type: ignore[index]  # JSON
        "expired": found["amounts"]["point"],  # type: ignore[index]  # JSON
    }


async def test_a_closed_period_takes_no_expiry(database: Database) -> None:
    bank, owner = await new_office(database), uuid4()
    await booked(database, bank, [gift("a", owner, END_OF_2025, 50)])
    end = datetime(2026, 1, 1, tzinfo=bank.zone)
    await database.write(bank, lambda tx: close_period(tx, before=end, actor="test"))
    assert (await run_now(database, bank, "expire", as_of=NEW_YEAR, now=NOW))["lots"] == 1
    await booked(
        database,
        bank,
        [
            Draft(
                "award",
                "c",
                NOW,
                "test",
                (Move(Place(ISSUANCE), Place(WALLET, owner, date(2026, 1, 2)), "point", 5),),
            )
        ],
    )
    later = datetime(2026, 2, 1, tzinfo=bank.zone)
    await database.write(bank, lambda tx: close_period(tx, before=later, actor="test"))
    with pytest.raises(RefusalError) as refused:
        await run_now(database, bank, "expire", as_of=date(2026, 1, 3), now=SUMMER)
    assert (refused.value.code, refused.value.params) == ("period_closed", {"as_of": "2026-01-03"})
    assert (await run_now(database, bank, "expire", as_of=date(2026, 2, 1), now=SUMMER))["lots"] == 1


async def test_what_a_lapsed_hold_held_expires_with_the_rest(database: Database) -> None:
    bank, owner = await new_office(database), uuid4()
    await booked(database, bank, [gift("a", owner, END_OF_2025, 50)])
    common = {"owner": owner, "unit": "point", "effective_at": SPRING, "actor": "test"}
    lapsed, live = datetime(2025, 6, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    holds = [hold("h1", amount=20, until=lapsed, **common), hold("h2", amount=10, until=live, **common)]  # type: ignore[arg-type]  # arguments of many types
    await booked(database, bank, holds)
    found = await run_now(database, bank, "expire", as_of=NEW_YEAR, now=NOW)
    assert found == {"holds_released": 1, "lots": 1, "amounts": {"point": 40}}
    points = (await database.read(bank, trial_balance))["point"]
    assert (points["held"], points["expired"]) == (10, 40)
    later = await run_now(database, bank, "expire", as_of=date(2026, 6, 2), now=SUMMER)
    assert later == {"holds_released": 1, "lots": 1, "amounts": {"point": 10}}
    await assert_sound(database, bank)


async def test_a_run_leaves_a_note_of_its_figures(database: Database) -> None:
    bank, owner = await new_office(database), uuid4()
    await booked(database, bank, [gift("a", owner, END_OF_2025, 50)])
    await run_now(database, bank, "expire", as_of=NEW_YEAR, now=NOW)

    async def notes(tx: ReadTx) -> list[tuple[object, ...]]:
        rows = await tx.connection.fetch(
            "select job, period, state, result->'amounts'->>'point' as points from job_runs where bank_id = $1",
            tx.bank_id,
        )
        return [tuple(row) for row in rows]

    assert await database.read(bank, notes) == [("expire", "2026-01-01", "succeeded", "50")]


async def test_nothing_ends_before_its_time(database: Database) -> None:
    bank, owner = await new_office(database), uuid4()
    last_day = NOW.astimezone(bank.zone).date()
    await booked(database, bank, [gift("a", owner, last_day, 50)])
    with pytest.raises(RefusalError, match="day_in_future"):
        await run_now(database, bank, "expire", as_of=last_day + timedelta(days=1), now=NOW)
    lots = await database.read(bank, lambda tx: wallet(tx, owner, "point"))
    assert [lot.balance for lot in lots] == [50]
