"""Which sessions a station checks people in to."""

from datetime import timedelta

import pytest_asyncio

from tests.api.cast import enter
from tests.timebank.scans.scene import STARTS, Scene, open_scene
from timebank.database import Bank, Database
from timebank.stations.queries import MAX_AT_ONCE, sessions_of_station

HOUR = timedelta(hours=1)


@pytest_asyncio.fixture
async def scene(database: Database, bank: Bank) -> Scene:
    """Return a session to scan at."""
    return await open_scene(database, await enter(database, bank))


async def test_yesterday_s_sessions_that_nobody_closed_hide_none_of_today(scene: Scene) -> None:
    for n in range(MAX_AT_ONCE + 5):
        await scene.another_session(STARTS - timedelta(hours=20, minutes=n))
    found = await scene.database.read(
        scene.bank, lambda tx: sessions_of_station(tx, scene.stations[0], now=STARTS)
    )
    assert [session.id for session in found] == [scene.session]


async def test_of_too_many_at_once_those_that_began_last_are_shown(scene: Scene) -> None:
    later = [await scene.another_session(STARTS + timedelta(minutes=n)) for n in range(1, MAX_AT_ONCE + 1)]
    found = await scene.database.read(
        scene.bank, lambda tx: sessions_of_station(tx, scene.stations[0], now=STARTS + HOUR)
    )
    assert [session.id for session in found] == later
