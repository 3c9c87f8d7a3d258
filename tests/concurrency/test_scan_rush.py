"""A rush of check-ins through `timebank serve`, one of two workers killed in the middle: none lost, none doubled."""

import asyncio
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psutil
import pytest

from ledger.session import WriteTx
from tests.api.cast import enter
from tests.concurrency.test_rush import serving, workers
from tests.conftest import new_bank
from tests.served import free_port
from tests.timebank.scans.scene import Scene, open_scene
from tests.wire import LostError, Wire
from timebank.codes.rules import CodeKeys, station_code
from timebank.database import APP, Bank, Database
from timebank.login.tokens import load_token_keys
from timebank.postgres import EmbeddedServer
from timebank.settings import Settings
from timebank.startup import ensure_database, migrate_address, server_address
from timebank.vault.cipher import load_cipher

MEMBERS, CLIENTS = 900, 60
DONE, AGAIN = 201, {500, 502, 503}


class Rush:
    """Members that check in at once, each insisting on an answer."""

    def __init__(self, port: int, scene: Scene, keys: CodeKeys, tokens: list[str]) -> None:
        self.port, self.scene, self.keys = port, scene, keys
        self.waiting = list(enumerate(tokens))
        self.outcomes: Counter[str] = Counter()
        self.lost = 0

    def code(self) -> str:
        """Return what the station shows now."""
        return station_code(
            self.keys,
            bank_id=self.scene.bank.id,
            station_id=self.scene.stations[0],
            session_id=self.scene.session,
            at=datetime.now(UTC),
        )

    async def kill_one_in_the_middle(self, parent: psutil.Process) -> None:
        """Kill the busier worker when a third is done."""
        while self.outcomes.total() < MEMBERS // 3:
            await asyncio.sleep(0.005)
        victim = max(workers(parent), key=lambda worker: len(worker.net_connections()))
        victim.send_signal(signal.SIGKILL)

    async def client(self) -> None:
        """Check members in, one after another."""
        wire = Wire("127.0.0.1", self.port)
        try:
            while self.waiting:
                number, wire.token = self.waiting.pop()
                await self.insist(wire, f"{number:032x}")
        finally:
            wire.close()

    async def insist(self, wire: Wire, phone: str) -> None:
        """Repeat a scan until it is answered."""
        while True:
            try:
                answer = await wire.request(
                    "POST", "/api/v1/scans", {"kind": "in", "code": self.code()}, {"X-Phone": phone}
                )
            except LostError:
                self.lost += 1
            else:
                if answer.status not in AGAIN:
                    assert answer.status == DONE, answer
                    self.outcomes[str(answer.json["outcome"])] += 1
                    return
            await asyncio.sleep(0.05)


async def log_in(database: Database, bank: Bank, people: list[UUID]) -> list[UUID]:
    """Begin a session of each."""
    now, logins = datetime.now(UTC), [uuid4() for _ in people]

    async def work(tx: WriteTx) -> None:
        await tx.connection.executemany(
            "insert into sessions (bank_id, id, person_id, method, began_at, seen_at, expires_at)"
            " values ($1, $2, $3, 'link', $4, $4, $5)",
            [(tx.bank_id, *pair, now, now + timedelta(hours=1)) for pair in zip(logins, people, strict=True)],
        )

    await database.write(bank, work)
    return logins


@pytest.mark.timeout(240)
async def test_a_killed_worker_loses_and_doubles_no_check_in(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with EmbeddedServer(home), server_address(Settings(home=home)) as address:
        await ensure_database(address)
        await migrate_address(address)
        async with Database.connect(address, APP, max_size=4) as database:
            bank = await new_bank(database)
            scene = await open_scene(database, await enter(database, bank), starts=datetime.now(UTC))
            people = await scene.members(MEMBERS)
            port = free_port()
            async with serving(home, port) as parent:
                tokens, now = load_token_keys(None, home), datetime.now(UTC)
                logins = await log_in(database, bank, people)
                given = [tokens.issue(bank.code, login, now=now)[0] for login in logins]
                rush = Rush(port, scene, CodeKeys(load_cipher(None, home).ring), given)
                await asyncio.gather(
                    rush.kill_one_in_the_middle(parent), *(rush.client() for _ in range(CLIENTS))
                )
            assert rush.lost > 0
            assert rush.outcomes.total() == MEMBERS
            # Who was told "repeat" was checked in by the worker that could not tell them any more.
            assert rush.outcomes["repeat"] <= rush.lost
            assert {attendance.owner for attendance in await scene.attendances()} == set(people)
            kept = Counter(outcome for outcome, _ in await scene.kept())
            assert kept["accepted"] == MEMBERS
