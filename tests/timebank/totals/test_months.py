"""Service by month and by place: only what was credited, in the month in which it was done, in reach."""

from datetime import date, datetime

import pytest_asyncio

from tests.api.cast import Cast, enter
from tests.timebank.notices.scene import ZONE, Scene, earning_pack
from timebank.database import Bank, Database
from timebank.totals.months import Service, service_by_month

YEAR = date(2025, 1, 1)


@pytest_asyncio.fixture
async def scene(database: Database, bank: Bank) -> Scene:
    """Return a bank with three credited records and one that waits."""
    cast: Cast = await enter(database, bank)
    made = Scene(database, cast)
    await made.adopt(earning_pack())
    late = datetime(2025, 5, 31, 22, tzinfo=ZONE)
    await made.record("alice", minutes=60, points=10, starts_at=late)
    await made.record("alice", minutes=30, points=5, starts_at=datetime(2025, 6, 1, 8, tzinfo=ZONE))
    await made.record("bob", minutes=90, points=15, at="birch", starts_at=late)
    await made.write(
        lambda tx: tx.connection.execute(
            "update service_records set state = 'credited' where bank_id = $1", tx.bank_id
        )
    )
    await made.record("alice", minutes=600, starts_at=late, state="pending")
    return made


async def served(scene: Scene, *, reach: list[int] | None = None, places: int = 8) -> Service:
    return await scene.read(
        lambda tx: service_by_month(tx, first=YEAR, months=12, reach=reach, places=places)
    )


async def test_each_month_counts_by_the_bank_s_clock(scene: Scene) -> None:
    found = await served(scene)
    assert [month.month_on for month in found.months] == [date(2025, n, 1) for n in range(1, 13)]
    counted = {m.month_on.month: (m.minutes, m.points, m.people) for m in found.months if m.minutes}
    assert counted == {5: (150, 25, 2), 6: (30, 5, 1)}
    assert found.people == 2


async def test_places_stand_by_their_hours(scene: Scene) -> None:
    found = await served(scene)
    assert [(p.name, p.minutes, p.people) for p in found.places] == [
        ("测试apple", 90, 1),
        ("测试birch", 90, 1),
    ]
    assert len((await served(scene, places=1)).places) == 1


async def test_only_what_is_in_reach_counts(scene: Scene) -> None:
    found = await served(scene, reach=[scene.cast.organisations["birch"]])
    assert (found.people, sum(month.minutes for month in found.months)) == (1, 90)
    assert (await served(scene, reach=[])).people == 0
