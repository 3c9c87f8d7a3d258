"""A booth in a new bank."""

import pytest_asyncio

from tests.api.cast import enter
from tests.timebank.vouchers.scene import Booth, open_booth
from timebank.database import Bank, Database


@pytest_asyncio.fixture
async def booth(database: Database, bank: Bank) -> Booth:
    """Return a market with an active merchant and a published offer at 20 fufen, and Alice with 100."""
    return await open_booth(database, await enter(database, bank))
