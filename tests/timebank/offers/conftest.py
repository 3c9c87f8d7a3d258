"""An open market in a new bank."""

import pytest_asyncio

from tests.api.cast import enter
from tests.timebank.offers.scene import Market, open_market
from timebank.database import Bank, Database


@pytest_asyncio.fixture
async def market(database: Database, bank: Bank) -> Market:
    """Return a market with an active merchant, a published offer, and Alice with 100 fufen and a phone."""
    return await open_market(database, await enter(database, bank))
