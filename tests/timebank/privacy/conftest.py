"""The cast of the API's tests, and a way to do something as one of them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

import pytest

from ledger.session import WriteTx
from tests.api.cast import Cast
from timebank.access import Actor, load_actor
from timebank.database import Database

T = TypeVar("T")


class As(Protocol):
    """Does something as one of the cast, as of now or some days later."""

    async def __call__(
        self, name: str, work: Callable[[WriteTx, Actor, datetime], Awaitable[T]], *, days: int = 0
    ) -> T: ...


@pytest.fixture
def as_(database: Database, cast: Cast) -> As:
    """Return the way to do something as one of the cast."""

    async def do(name: str, work: Callable[[WriteTx, Actor, datetime], Awaitable[T]], *, days: int = 0) -> T:
        async def inner(tx: WriteTx) -> T:
            now = datetime.now(UTC)
            actor = await load_actor(tx, cast.sessions[name], now=now)
            return await work(tx, actor, now + timedelta(days=days))

        return await database.write(cast.bank, inner)

    return do
