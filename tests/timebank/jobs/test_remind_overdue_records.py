"""Reminders of overdue records: on working days, to who may approve, once a day."""

from datetime import UTC, date, datetime, timedelta

import pytest_asyncio

from tests.api.cast import enter
from tests.timebank.jobs.schedule import Clock, Office
from tests.timebank.records.scene import NINE, Scene
from timebank.database import Bank, Database
from timebank.jobs.registry import JOBS
from timebank.jobs.running import run_now

# A session of Thursday 8 May 2025 is due on Thursday the 22nd.
FRIDAY = date(2025, 5, 23)


@pytest_asyncio.fixture
async def scene(database: Database, bank: Bank) -> Scene:
    """Return the scene with two sessions of Apple that nobody closed, and one of Birch."""
    scene = Scene(database, await enter(database, bank))
    await scene.adopt()
    await scene.session()
    await scene.session(starts_at=NINE + timedelta(hours=3))
    await scene.session(at="birch")
    return scene


async def remind(scene: Scene, day: date) -> dict[str, object]:
    now = datetime.now(UTC)  # the cast's roles began a moment ago
    return await run_now(scene.database, scene.cast.bank, "remind_overdue_records", as_of=day, now=now)


async def told(scene: Scene) -> dict[str, list[str]]:
    rows = await scene.read(
        lambda tx: tx.connection.fetch(
            "select person_id, params->>'sessions' as sessions from notifications"
            " where bank_id = $1 and kind = 'records_overdue' order by id",
            tx.bank_id,
        )
    )
    names = {person: name for name, person in scene.cast.people.items()}
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(names[row["person_id"]], []).append(row["sessions"])
    return found


async def test_who_may_approve_is_told_how_many_are_overdue_once_a_day(scene: Scene) -> None:
    assert await remind(scene, FRIDAY - timedelta(days=1)) == {"sessions": 0, "told": 0}
    assert await remind(scene, FRIDAY) == {"sessions": 3, "told": 3}
    assert await told(scene) == {"wen": ["2"], "xu": ["1"], "olga": ["3"]}
    assert await remind(scene, FRIDAY) == {"sessions": 3, "told": 0}
    assert await remind(scene, FRIDAY + timedelta(days=3)) == {"sessions": 3, "told": 3}


async def test_nobody_is_told_on_a_day_of_rest(scene: Scene) -> None:
    saturday = FRIDAY + timedelta(days=1)
    assert await remind(scene, saturday) == {"sessions": 0, "told": 0}
    assert await told(scene) == {}


async def test_days_on_which_nothing_ran_are_not_reminded_of_one_by_one(scene: Scene) -> None:
    job = JOBS["remind_overdue_records"]
    clock = Clock(datetime.now(UTC) + timedelta(days=1))
    office = Office(scene.database, scene.cast.bank, clock)
    await office.scheduler(job).tick()
    before = await told(scene)
    clock.at += timedelta(days=30)
    await office.scheduler(job).tick()
    assert len((await told(scene)).get("olga", [])) <= len(before.get("olga", [])) + 1
