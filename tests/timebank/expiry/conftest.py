"""A scene for each test."""

import pytest

from tests.timebank.expiry.scene import Scene
from timebank.database import Bank, Database


@pytest.fixture
def scene(database: Database, bank: Bank) -> Scene:
    """Return a bank without a policy."""
    return Scene(database, bank)
