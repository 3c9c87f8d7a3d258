"""The shops of the cast's bank, and the counter of one of them."""

import pytest_asyncio

from tests.api.cast import Cast
from tests.timebank.shops.scene import Market, open_market
from tests.timebank.tills.scene import Desk, open_desk
from timebank.database import Database


@pytest_asyncio.fixture
async def market(database: Database, cast: Cast) -> Market:
    """Return two shops with empty shelves."""
    return await open_market(database, cast)


@pytest_asyncio.fixture
async def desk(database: Database, cast: Cast) -> Desk:
    """Return a shop with goods and a member with points; no till is open yet."""
    return await open_desk(database, cast)
