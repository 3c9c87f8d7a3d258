"""A worker of the service on a given database: `python -m tests.serving ADDRESS SOCKET [CLOCK]`."""

import contextlib
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn

from api.app import create_app
from api.limits import Buckets
from api.service import Service, utc_now
from tests.sealing import wait_for_others
from tests.shared_clock import SharedClock
from timebank.codes.rules import CodeKeys
from timebank.database import APP, Address, Database
from timebank.demo.shown import VARIABLE, read_shown
from timebank.login.senders import LogSender
from timebank.login.tokens import TokenKeys
from timebank.settings import Settings
from timebank.startup import spare_collector
from timebank.vault.blind import BlindIndex
from timebank.vault.cipher import Cipher

TOKEN_KEY = b"b" * 32
HOME = "TIMEBANK_TESTS_HOME"
"""The variable that names a home with keys; without it there is a new one."""
VAULT_KEY = b"v" * 32
KEEP_ALIVE_SECONDS = 600
"""A client of a test may be held up for long between two requests."""


def main() -> None:
    """Serve until told to stop, on the socket that was inherited."""
    address, listens, *clock = Address(**json.loads(sys.argv[1])), int(sys.argv[2]), *map(Path, sys.argv[3:])

    @contextlib.asynccontextmanager
    async def opening() -> AsyncIterator[Service]:
        async with contextlib.AsyncExitStack() as stack:
            database = await stack.enter_async_context(
                Database.connect(address, APP, min_size=4, max_size=10)
            )
            home = Path(os.environ.get(HOME) or stack.enter_context(TemporaryDirectory(prefix="timebank-")))
            spare_collector()
            cipher = Cipher(VAULT_KEY)
            yield Service(
                settings=Settings(home=home),
                database=database,
                cipher=cipher,
                blind=BlindIndex(cipher.ring),
                tokens=TokenKeys([TOKEN_KEY]),
                codes=CodeKeys(cipher.ring),
                sender=LogSender(),
                now=SharedClock(clock[0]) if clock else utc_now,
                demo=read_shown(said) if (said := os.environ.get(VARIABLE)) else None,
            )

    wait_for_others()
    app = create_app(opening=opening, buckets=Buckets(1e9, 1e9))
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="error",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=listens)])


if __name__ == "__main__":
    main()
