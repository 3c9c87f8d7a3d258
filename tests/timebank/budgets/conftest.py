"""A bank with its cast and a pack that earns fufen too."""

import pytest_asyncio

from tests.api.cast import enter
from tests.timebank.notices.scene import Scene, earning_pack
from timebank.database import Bank, Database


@pytest_asyncio.fixture
async def scene(database: Database, bank: Bank) -> Scene:
    """Return the scene with its pack adopted."""
    scene = Scene(database, await enter(database, bank))
    await scene.adopt(earning_pack())
    return scene
