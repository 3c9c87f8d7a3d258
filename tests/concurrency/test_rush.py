"""A rush through `timebank serve`: two workers, one of them killed in the middle, and every award booked once."""

import asyncio
import contextlib
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import psutil
import pytest

from ledger.session import WriteTx
from tests.api.books import adopt_pack
from tests.api.cast import Cast, enter
from tests.concurrency.crowd import check_books
from tests.conftest import new_bank
from tests.served import free_port
from tests.wire import LostError, Wire
from timebank.database import APP, Database
from timebank.login.tokens import load_token_keys
from timebank.postgres import EmbeddedServer
from timebank.settings import Settings
from timebank.startup import ensure_database, migrate_address, server_address

CLIENTS = 200
CALLS = 12
POINTS = 3
AWARDED = 201
AGAIN = {500, 502, 503}


@contextlib.asynccontextmanager
async def serving(home: Path, port: int) -> AsyncIterator[psutil.Process]:
    """Run `timebank serve` with two workers until the end."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("timebank")),
        "serve",
        "--port",
        str(port),
        "--workers",
        "2",
        "--no-jobs",  # it would seal with the home's key what is audited here with another
        env={**os.environ, "TIMEBANK_HOME": str(home)},
        stderr=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        wire = Wire("127.0.0.1", port)
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(LostError):
                    if (await wire.request("GET", "/health/ready")).status == 200:
                        break
                await asyncio.sleep(0.1)
        wire.close()
        yield psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 120) == 0


def workers(parent: psutil.Process) -> list[psutil.Process]:
    """Return the processes that answer requests."""
    return [child for child in parent.children() if "api.serving" in child.cmdline()]


async def many_sessions(database: Database, cast: Cast, name: str) -> list[UUID]:
    """Log one of the cast in once for each client: each session is limited by itself."""
    now = datetime.now(UTC)
    sessions = [uuid4() for _ in range(CLIENTS)]

    async def work(tx: WriteTx) -> None:
        await tx.connection.executemany(
            "insert into sessions (bank_id, id, person_id, method, began_at, seen_at, expires_at)"
            " values ($1, $2, $3, 'password_totp', $4, $4, $5)",
            [(tx.bank_id, id_, cast.people[name], now, now + timedelta(hours=1)) for id_ in sessions],
        )

    await database.write(cast.bank, work)
    return sessions


class Rush:
    """Clients that award and read, each insisting on an answer to what it began."""

    def __init__(self, port: int, cast: Cast, tokens: list[str]) -> None:
        self.port, self.cast, self.tokens = port, cast, tokens
        self.answers: Counter[int] = Counter()
        self.lost = 0
        self.booked: dict[str, object] = {}

    async def kill_one_in_the_middle(self, parent: psutil.Process) -> None:
        """Kill the busier worker when a third of the calls are answered."""
        while sum(self.answers.values()) < CLIENTS * CALLS // 3:
            await asyncio.sleep(0.01)
        victim = max(workers(parent), key=lambda worker: len(worker.net_connections()))
        victim.send_signal(signal.SIGKILL)

    async def client(self, number: int) -> None:
        """Make some calls, one after another."""
        random = Random(number)
        wire = Wire("127.0.0.1", self.port, self.tokens[number])
        person = self.cast.people[random.choice(("alice", "bob"))]
        try:
            for call in range(CALLS):
                if random.random() < 0.5:
                    await self.insist(wire, "GET", f"/api/v1/people/{person}/balances")
                    continue
                key = f"{number}-{call}"
                body = {"person_id": str(person), "unit": "point", "amount": POINTS, "reason": "抢险"}
                answer = await self.insist(wire, "POST", "/api/v1/awards", body, {"Idempotency-Key": key})
                self.booked[key] = answer["transaction_id"]
        finally:
            wire.close()

    async def insist(
        self, wire: Wire, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> dict[str, object]:
        """Repeat a request until it is answered."""
        while True:
            try:
                answer = await wire.request(method, path, body, headers)
            except LostError:
                self.lost += 1
            else:
                self.answers[answer.status] += 1
                if answer.status not in AGAIN:
                    assert answer.status in {200, AWARDED}, answer
                    return answer.json
            await asyncio.sleep(0.05)


@pytest.mark.timeout(240)
async def test_a_killed_worker_loses_and_doubles_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with EmbeddedServer(home), server_address(Settings(home=home)) as address:
        await ensure_database(address)
        await migrate_address(address)
        async with Database.connect(address, APP, max_size=4) as database:
            bank = await new_bank(database)
            cast = await enter(database, bank)
            await adopt_pack(database, cast)
            port = free_port()
            async with serving(home, port) as parent:
                keys = load_token_keys(None, home)
                now = datetime.now(UTC)
                sessions = await many_sessions(database, cast, "olga")
                tokens = [keys.issue(bank.code, session, now=now)[0] for session in sessions]
                rush = Rush(port, cast, tokens)
                await asyncio.gather(
                    rush.kill_one_in_the_middle(parent), *(rush.client(number) for number in range(CLIENTS))
                )
            assert rush.lost > 0
            rows = await database.read(
                bank,
                lambda tx: tx.connection.fetch(
                    "select t.id, sum(p.amount)::bigint as amount from transactions t join postings p"
                    " on p.bank_id = t.bank_id and p.transaction_id = t.id where t.bank_id = $1 group by t.id",
                    tx.bank_id,
                ),
            )
            assert sorted(row["id"] for row in rows) == sorted(map(int, map(str, rush.booked.values())))
            assert {row["amount"] for row in rows} == {POINTS}
            await check_books(database, bank)
