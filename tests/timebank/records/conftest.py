"""A bank with its cast and the default pack."""

import pytest_asyncio

from tests.api.cast import enter
from tests.timebank.records.scene import Scene
from timebank.database import Bank, Database


@pytest_asyncio.fixture
async def scene(database: Database, bank: Bank) -> Scene:
    """Return the scene with its pack adopted."""
    scene = Scene(database, await enter(database, bank))
    await scene.adopt()
    return scene
