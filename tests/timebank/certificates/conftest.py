"""Alice, who served three times, in books that are sealed."""

from pathlib import Path

import pytest_asyncio

from tests.api.cast import Cast
from tests.timebank.certificates.scene import Scene, enter_scene
from timebank.database import Database


@pytest_asyncio.fixture
async def scene(database: Database, cast: Cast, tmp_path: Path) -> Scene:
    """Return the bank, its key, and Alice."""
    return await enter_scene(database, cast, tmp_path)
