"""The stage on which lists are made."""

from pathlib import Path

import pytest_asyncio

from tests.timebank.recognition.stage import Stage, set_stage
from timebank.database import Bank, Database


@pytest_asyncio.fixture
async def stage(database: Database, bank: Bank, tmp_path: Path) -> Stage:
    """Return the stage with its pack and its year."""
    return await set_stage(database, bank, tmp_path)
