"""A district in which everything happened."""

import pytest_asyncio

from tests.api.cast import enter
from tests.timebank.notices.scene import Scene
from tests.timebank.solvency.scene import District, make_district
from timebank.database import Bank, Database
from timebank.policy.rules import default_pack


@pytest_asyncio.fixture
async def district(database: Database, bank: Bank) -> District:
    """Return the district with the default pack: a point is settled with ten cents."""
    cast = await enter(database, bank)
    await Scene(database, cast).adopt(default_pack())
    return await make_district(database, cast)
