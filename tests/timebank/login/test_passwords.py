"""Hashing: in threads, so many at once, and as slow for nobody as for somebody."""

import asyncio

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from timebank.errors import RefusalError
from timebank.login import passwords
from timebank.login.passwords import NOBODYS, Passwords

RIGHT = "gleaming-river-42"


async def test_a_hash_is_of_its_password_only() -> None:
    hasher = Passwords()
    hashed = await hasher.hash(RIGHT)
    assert hashed.startswith("$argon2id$")
    assert await hasher.verify(RIGHT, hashed)
    assert not await hasher.verify(RIGHT + " ", hashed)


async def test_without_a_hash_everything_is_wrong() -> None:
    assert not await Passwords().verify(RIGHT, None)


def test_nobodys_hash_takes_as_long_as_anybodys() -> None:
    assert not Argon2Hasher().check_needs_rehash(NOBODYS)


async def test_poor_ones_are_not_hashed() -> None:
    with pytest.raises(RefusalError):
        await Passwords().hash("password123")


async def test_the_loop_goes_on_meanwhile_and_too_many_are_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "MAX_WAITING", 3)
    hasher = Passwords()
    tasks = [asyncio.create_task(hasher.verify(RIGHT, None)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(RefusalError) as refused:
        await hasher.verify(RIGHT, None)
    assert refused.value.code == "throttled"
    ticks = 0
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0.005)
        ticks += 1
    assert ticks > 1
    assert not await hasher.verify(RIGHT, None)
