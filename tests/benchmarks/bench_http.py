"""Reading over HTTP: balance and first statement page, against a route of the same app that does one SELECT."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid4

from ledger.session import WriteTx
from tests.benchmarks.arena import Arena, Books
from tests.benchmarks.community import award, commit_in_batches
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.scale import Scale
from tests.conftest import new_bank
from tests.served import served, token
from tests.wire import Wire
from timebank.database import Bank

NAME = "http"
SEED = 7
READERS = 100
CLIENTS = 16
EMPTY = "/health/ready"
"""Answers after one SELECT, without a login."""


async def run(arena: Arena, scale: Scale) -> list[Figure]:
    """Take turns between the empty route, balances and statements."""
    async with arena.books("http") as books:
        bank = await new_bank(books.database)
        owners = [uuid4() for _ in range(READERS)]
        for round_ in range(5):
            await commit_in_batches(books, bank, (award(owner, f"{round_} {owner}") for owner in owners))
        sessions = await _log_in(books, bank, owners)
        await books.settle()
        async with served(books.address) as port:
            crowd = _Crowd(port, owners, [token(bank, session) for session in sessions], scale.seconds)
            samples: dict[str, list[float]] = {"empty": [], "balances": [], "statement": []}
            await crowd.rate("balances")
            for _ in range(scale.repeats):
                for name, rates in samples.items():
                    rates.append(await crowd.rate(name))
    return [
        Figure(
            NAME,
            measured,
            "req/s",
            samples[name],
            f"{EMPTY} of the same app: one SELECT, no login",
            samples["empty"],
            Target("≥", 0.5),
        )
        for name, measured in (
            ("balances", "all balances of a member, logged in"),
            ("statement", "the first statement page of a member, logged in"),
        )
    ]


class _Crowd:
    """Members that read their own, each waiting for its answer before it asks again."""

    def __init__(self, port: int, owners: Sequence[UUID], tokens: Sequence[str], seconds: float) -> None:
        self._port, self._owners, self._tokens, self._seconds = port, owners, tokens, seconds
        self._random = Random(SEED)

    def _path(self, name: str, owner: UUID) -> str:
        person = f"/api/v1/people/{owner}"
        return {"empty": EMPTY, "balances": f"{person}/balances", "statement": f"{person}/statements/point"}[
            name
        ]

    async def rate(self, name: str) -> float:
        """Return how many requests a second were answered."""
        done = 0
        begun = time.perf_counter()
        deadline = begun + self._seconds

        async def read() -> None:
            nonlocal done
            wire = Wire("127.0.0.1", self._port)
            while not done or time.perf_counter() < deadline:
                number = self._random.randrange(len(self._owners))
                wire.token = None if name == "empty" else self._tokens[number]
                answer = await wire.request("GET", self._path(name, self._owners[number]))
                if answer.status != 200:
                    raise AssertionError(answer)
                done += 1
            wire.close()

        await asyncio.gather(*(read() for _ in range(CLIENTS)))
        return done / (time.perf_counter() - begun)


async def _log_in(books: Books, bank: Bank, owners: Sequence[UUID]) -> list[UUID]:
    """Make the owners people of the bank, each with a session."""
    sessions = [uuid4() for _ in owners]
    now = datetime.now(UTC)

    async def work(tx: WriteTx) -> None:
        await tx.connection.executemany(
            "insert into people (bank_id, id) values ($1, $2)", [(bank.id, owner) for owner in owners]
        )
        await tx.connection.executemany(
            "insert into sessions (bank_id, id, person_id, method, began_at, seen_at, expires_at)"
            " values ($1, $2, $3, 'link', $4, $4, $5)",
            [(bank.id, *pair, now, now + timedelta(days=1)) for pair in zip(sessions, owners, strict=True)],
        )

    await books.database.write(bank, work)
    return sessions
