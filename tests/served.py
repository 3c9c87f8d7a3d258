"""The service in a process of its own, on a given database: for crowds, for Schemathesis, for benchmarks."""

import asyncio
import contextlib
import json
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from tests.serving import HOME, TOKEN_KEY
from tests.wire import LostError, Wire
from timebank.database import Address, Bank
from timebank.demo.shown import VARIABLE, Shown
from timebank.login.tokens import TokenKeys

START_SECONDS = 60


@contextlib.asynccontextmanager
async def served(
    address: Address,
    *,
    log: Path | None = None,
    clock: Path | None = None,
    home: Path | None = None,
    demo: Shown | None = None,
) -> AsyncIterator[int]:
    """Run one worker on the database and give its port; what it says goes to a file if one is named.

    It goes by the `SharedClock` of a file if one is named, else by the real one. Its keys are in a home of its own
    unless one is named; `demo` is what it is told of a demo that was booked.

    Raises:
        AssertionError: it does not answer in time.
    """
    with contextlib.ExitStack() as stack:
        # Held until the process has it, so that nobody else gets the port.
        listens = stack.enter_context(socket.socket())
        listens.bind(("127.0.0.1", 0))
        port, number = int(listens.getsockname()[1]), listens.fileno()
        said = None if log is None else stack.enter_context(log.open("wb"))
        command = [sys.executable, "-m", "tests.serving", json.dumps(asdict(address)), str(number)]
        more = {VARIABLE: demo.text() if demo else "", HOME: str(home or "")}
        process = await asyncio.create_subprocess_exec(
            *command, *([clock] if clock else []), stdout=said, env=os.environ | more, pass_fds=(number,)
        )
    try:
        async with asyncio.timeout(START_SECONDS):
            await _answers(port)
        yield port
    finally:
        process.terminate()
        await process.wait()


def free_port() -> int:
    """Return a port below those that connections get, for who takes it a while later."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


async def _answers(port: int) -> None:
    wire = Wire("127.0.0.1", port)
    while True:
        with contextlib.suppress(LostError):
            await wire.request("GET", "/health/ready")
            wire.close()
            return
        await asyncio.sleep(0.05)


def token(bank: Bank, session: UUID, *, now: datetime | None = None) -> str:
    """Return an access token that such a process takes, now or at another time."""
    return TokenKeys([TOKEN_KEY]).issue(bank.code, session, now=now or datetime.now(UTC))[0]
