"""The scene in the cast's bank."""

import pytest_asyncio

from tests.api.cast import Cast
from tests.timebank.scans.scene import Scene, open_scene
from timebank.database import Database


@pytest_asyncio.fixture
async def scene(database: Database, cast: Cast) -> Scene:
    """Return a session to scan at."""
    return await open_scene(database, cast)
