"""Warnings of what ends: whom, of what, when, and each once."""

import asyncio
from datetime import date, timedelta
from uuid import uuid4

import pytest

from ledger.session import WriteTx
from tests.timebank.expiry.packs import extension, pack, yearly
from tests.timebank.expiry.scene import FIRST_DAY, Scene
from timebank.errors import RefusalError

END = date(2026, 12, 31)


def before(days: int) -> date:
    return END - timedelta(days=days)


def expiring(amount: int, days: int, *, end: date = END, unit: str = "point") -> dict[str, object]:
    return {"unit": unit, "amount": amount, "expires_on": end.isoformat(), "days": days}


@pytest.fixture
async def scene(scene: Scene) -> Scene:
    """Return a bank whose points end with the next year, without grace."""
    await scene.adopt((FIRST_DAY, pack()))
    return scene


async def test_each_warning_comes_on_its_day_and_once(scene: Scene) -> None:
    who = await scene.person()
    await scene.give(who, END, 50)
    days = [before(left) for left in range(70, -1, -1)]
    assert [day for day in days if await scene.warn(day)] == [before(60), before(30), before(7)]
    assert await scene.told(who) == [expiring(50, 60), expiring(50, 30), expiring(50, 7)]
    assert await scene.warn(END) == 0


async def test_a_warning_names_what_is_left_then(scene: Scene) -> None:
    who = await scene.person()
    await scene.give(who, END, 50)
    await scene.warn(before(60))
    await scene.give(who, END, 20)
    assert await scene.warn(before(59)) == 0
    await scene.warn(before(30))
    assert await scene.told(who) == [expiring(50, 60), expiring(70, 30)]


@pytest.mark.parametrize("left", [29, 12, 8])
async def test_who_missed_several_gets_the_nearest_alone(scene: Scene, left: int) -> None:
    who = await scene.person()
    await scene.give(who, END, 50)
    assert await scene.warn(before(left)) == 1
    assert await scene.told(who) == [expiring(50, left)]
    assert await scene.warn(before(7)) == 1


async def test_days_that_are_made_up_for_tell_nobody_several_times(scene: Scene) -> None:
    # Nothing ran for two months; then each day's run comes, all on one day.
    who, sooner = await scene.person(), await scene.person()
    await scene.give(who, END, 50)
    await scene.give(sooner, before(20), 9)
    made_up = [await scene.warn(before(left), today=before(5)) for left in range(65, 4, -1)]
    assert (sum(made_up), made_up.index(1)) == (1, 5)
    assert await scene.told(who) == [expiring(50, 5)]
    assert await scene.told(sooner) == []  # what is over is not warned of any more


async def test_only_people_are_warned_and_only_of_what_has_value(scene: Scene) -> None:
    erased, shop, keeps = await scene.person(), uuid4(), await scene.person()
    for owner in (erased, shop):
        await scene.give(owner, END, 50)
    await scene.give(keeps, END, 30, unit="party_score")
    await scene.give(keeps, END, 3, unit="timecoin")
    await scene.give(keeps, date(2027, 12, 31), 70)
    await scene.execute("update people set erased_at = now() where bank_id = $1 and id = $2", erased)
    assert await scene.warn(before(7)) == 1
    assert await scene.told(keeps) == [expiring(3, 7, unit="timecoin")]
    assert await scene.told(erased) == []


async def test_what_was_renewed_is_warned_of_anew(scene: Scene) -> None:
    rule = extension("2026-12-31", "2026-12-31", "2027-06-30")
    await scene.adopt((date(2026, 12, 1), pack(yearly(31), extensions=(rule,))))
    extended, graced = await scene.person(), await scene.person()
    await scene.give(extended, END, 50)
    await scene.give(graced, date(2027, 12, 31), 40)
    # Its extension is known, so its owner hears nothing of the old end.
    assert await scene.warn(before(7)) == 0
    await scene.expire(END + timedelta(1))
    end = date(2027, 6, 30)
    assert await scene.warn(end - timedelta(60)) == 1
    assert await scene.told(extended) == [expiring(50, 60, end=end)]
    # Days of grace are no promise: the regular end is warned of, and then the new one, once it stands.
    last = date(2027, 12, 31)
    await scene.warn(last - timedelta(7))
    await scene.expire(last + timedelta(1))
    assert await scene.warn(last + timedelta(1)) == 1
    assert await scene.told(graced) == [
        expiring(40, 7, end=last),
        expiring(40, 30, end=last + timedelta(31)),
    ]


async def test_two_runs_at_once_warn_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("timebank.jobs.warn_expiry.BATCH", 3)
    people = [await scene.person() for _ in range(10)]
    for who in people:
        await scene.give(who, END, 5)
    await asyncio.gather(*(scene.warn(before(7)) for _ in range(2)), return_exceptions=True)
    await scene.warn(before(7))
    assert [await scene.told(who) for who in people] == [[expiring(5, 7)]] * 10


async def test_a_warning_and_its_row_stand_or_fall_together(scene: Scene) -> None:
    who = await scene.person()
    await scene.give(who, END, 5)
    await scene.warn(before(7))

    async def rows(tx: WriteTx) -> list[tuple[object, ...]]:
        found = await tx.connection.fetch(
            "select owner, unit, expires_on, days, amount from expiry_warnings where bank_id = $1", tx.bank_id
        )
        return [tuple(row) for row in found]

    assert await scene.database.write(scene.bank, rows) == [(who, "point", END, 7, 5)]


async def test_nobody_is_warned_ahead_of_the_day(scene: Scene) -> None:
    with pytest.raises(RefusalError) as refused:
        await scene.warn(before(6), today=before(7))
    assert refused.value.code == "day_in_future"
