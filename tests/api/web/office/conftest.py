"""What the office works on: records of the cast under a policy, a year in which things are decided."""

import pytest_asyncio

from tests.api.cast import Cast
from tests.timebank.notices.scene import Scene, earning_pack
from timebank.database import Database


@pytest_asyncio.fixture
async def records(database: Database, cast: Cast) -> Scene:
    """Return the way to records of the cast."""
    scene = Scene(database, cast)
    await scene.adopt(earning_pack())
    return scene
