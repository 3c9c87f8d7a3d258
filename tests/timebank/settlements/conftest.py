"""The shops of the market, in a bank whose pack settles a point with ten cents."""

import pytest_asyncio

from tests.api.books import adopt_pack
from tests.timebank.shops.scene import Market


@pytest_asyncio.fixture(autouse=True)
async def _pack(market: Market) -> None:
    await adopt_pack(market.database, market.cast)
