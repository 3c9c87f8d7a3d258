"""What a test of the tasks starts from."""

import pytest_asyncio

from tests.timebank.offices import new_office
from timebank.database import Bank, Database


@pytest_asyncio.fixture
async def office(database: Database) -> Bank:
    """Return a bank with the default policy pack."""
    return await new_office(database)
