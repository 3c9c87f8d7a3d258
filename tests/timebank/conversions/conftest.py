"""The counter in a new bank."""

import pytest_asyncio

from tests.api.cast import enter
from tests.timebank.conversions.scene import Counter, open_counter
from timebank.database import Bank, Database


@pytest_asyncio.fixture
async def counter(database: Database, bank: Bank) -> Counter:
    """Return the bank, and Alice with 300 minutes and 100 points."""
    return await open_counter(database, await enter(database, bank))
