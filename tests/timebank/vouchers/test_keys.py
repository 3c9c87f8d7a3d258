"""The keys of vouchers, and that a rotation of the vault keeps what open ones were signed with."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.conftest import new_database
from tests.timebank.vouchers.scene import Booth
from timebank.codes.rules import FixedRing
from timebank.database import APP, Database
from timebank.postgres import EmbeddedServer
from timebank.vault.cipher import Cipher
from timebank.vault.keys import load_ring
from timebank.vault.rotation import rotate
from timebank.vouchers.keys import VoucherKeys


@pytest_asyncio.fixture(scope="module")
async def database(server: EmbeddedServer) -> AsyncIterator[Database]:
    """Return a database that is nobody else's: a rotation goes through all of it."""
    async with Database.connect(await new_database(server), APP) as opened:
        yield opened


def keys_of(*texts: bytes, bank_id: int = 7) -> VoucherKeys:
    return VoucherKeys(FixedRing(tuple(text * 32 for text in texts)), bank_id)


def test_the_first_signs_and_all_verify() -> None:
    old, both = keys_of(b"a"), keys_of(b"b", b"a")
    assert both.key_id != old.key_id
    assert both.public_keys[1:] == old.public_keys
    assert both.sign(old.key_id, b"x") == old.sign(old.key_id, b"x")
    assert keys_of(b"b").sign(old.key_id, b"x") is None


def test_each_bank_has_its_own() -> None:
    assert keys_of(b"a").public_keys != keys_of(b"a", bank_id=8).public_keys


async def test_a_rotation_keeps_the_key_of_an_open_voucher(booth: Booth, tmp_path: Path) -> None:
    ring = load_ring(None, tmp_path)
    cipher, booth.ring = Cipher(ring), ring
    made = await booth.issue()
    first, text = booth.keys.key_id, booth.text(made)
    for _ in range(3):
        await rotate(booth.database, cipher, tmp_path)
    assert booth.keys.key_id != first
    assert booth.text(made) == text
    assert await booth.use(text) == "honoured"
    for _ in range(2):
        await rotate(booth.database, cipher, tmp_path)
    assert booth.keys.sign(first, b"x") is None
