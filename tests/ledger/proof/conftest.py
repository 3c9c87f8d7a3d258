"""What a test of the proofs starts from."""

import pytest

from ledger.proof.note import SigningKey


@pytest.fixture
def key() -> SigningKey:
    """Return a new key."""
    return SigningKey.generate("timebank")
