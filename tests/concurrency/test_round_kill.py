"""PostgreSQL killed at every step of computing a list: computed on, it is the same list to the byte."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import TypeVar

import psutil
import pytest

from ledger.session import WriteTx
from tests.concurrency.test_kill import durable_server as durable_server  # noqa: PLC0414 -- a fixture is used by name
from tests.concurrency.test_kill import postmaster_of
from tests.conftest import new_bank
from tests.timebank.recognition.year import FROM, NEW_YEAR, UNTIL, Year
from timebank.database import Address, Database
from timebank.errors import OutageError
from timebank.migrations.runner import migrate
from timebank.policy.calendar import RecognitionScheme
from timebank.policy.parts import Words
from timebank.postgres import EmbeddedServer
from timebank.recognition.computing import compute_round
from timebank.recognition.opening import NOBODY, Criteria, Wanted, freeze_round
from timebank.recognition.queries import Round, round_of

T = TypeVar("T")

PEOPLE = 24
BATCH = 10
STEPS = 5
"""Three batches, the one that finds nothing left, and the list itself."""
SCHEME = RecognitionScheme(code="year", label=Words(zh="嘉许", en="Recognition"), step_hours=(2, 4, 10))


async def frozen(year: Year) -> int:
    """Freeze a list of all volunteers and return its number."""
    wanted = Wanted(year.organisations["root"], SCHEME.code, FROM, UNTIL, "名单")

    async def freeze(tx: WriteTx) -> int:
        return await freeze_round(tx, wanted, Criteria(1, SCHEME), by=NOBODY, now=NEW_YEAR)

    return await year.database.write(year.bank, freeze)


async def kill(server: EmbeddedServer) -> None:
    """Kill the server and wait until nothing of it is left."""
    backends = psutil.Process(postmaster_of(server)).children()
    os.kill(postmaster_of(server), signal.SIGKILL)
    # A backend finishes what it is at before it sees that the others are gone.
    await asyncio.to_thread(psutil.wait_procs, backends, timeout=30)


async def computed(year: Year, round_id: int, *, server: EmbeddedServer | None = None, at: int = 0) -> Round:
    """Compute a list; with a server, kill that when a step has done its work and not committed it."""
    step = 0

    async def write(work: Callable[[WriteTx], Awaitable[T]]) -> T:
        async def done(tx: WriteTx) -> T:
            nonlocal step
            result = await work(tx)
            step += 1
            if server is not None and step == at:
                await kill(server)
            return result

        return await year.database.write(year.bank, done)

    return await compute_round(write, round_id, batch=BATCH)


async def test_a_list_is_the_same_after_any_death(durable_server: EmbeddedServer, tmp_path: Path) -> None:
    server = durable_server
    address = Address(
        host=str(server.socket_dir), port=server.port, database="postgres", user=server.superuser
    )
    await migrate(address, logins=True)
    async with Database.connect(address, max_size=4) as database:
        year = Year(database, await new_bank(database), Random(3))
        await year.settle(PEOPLE)
        await year.serve(90)
        await year.seal(tmp_path)
        whole = await computed(year, await frozen(year))
        assert whole.candidates is not None
        assert whole.candidates > BATCH
        for at in range(1, STEPS + 1):
            round_id = await frozen(year)
            with pytest.raises(OutageError):
                await computed(year, round_id, server=server, at=at)
            await asyncio.to_thread(server.ensure_running)
            between = await database.read(year.bank, lambda tx, n=round_id: round_of(tx, n))  # type: ignore[misc]  # a lambda with a default has no type
            assert (between.state, between.digest) == ("computing", None)
            again = await computed(year, round_id)
            assert (again.state, again.digest) == ("review", whole.digest)
