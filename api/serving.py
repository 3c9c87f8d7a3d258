"""One serving process: the service opened from the settings, behind uvicorn, on a socket that its parent listens at.

`python -m api.serving` is what `timebank serve` starts several of; by itself it serves nothing.
"""

import contextlib
import os
import socket
from collections.abc import AsyncIterator

import structlog
import uvicorn

from api.app import create_app
from api.protocol import MAX_HEAD_BYTES, BoundedProtocol
from api.service import Service
from api.web.packages import check_packages
from timebank.codes.rules import CodeKeys
from timebank.demo.shown import VARIABLE, read_shown
from timebank.errors import OutageError, RefusalError
from timebank.login.senders import default_sender
from timebank.login.tokens import load_token_keys
from timebank.logs import configure_logs
from timebank.messages.offered import offered_channels
from timebank.settings import Settings
from timebank.startup import open_database, server_address, spare_collector
from timebank.supervisor import LISTEN_FD, end_with_parent
from timebank.vault.blind import BlindIndex
from timebank.vault.cipher import load_cipher

KEEP_ALIVE_SECONDS = 30
GRACE_SECONDS = 35
"""A little more than a request may take."""
MAX_CONNECTIONS = 2_000

log = structlog.get_logger("timebank.serving")


@contextlib.asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    """Open what a serving process has, and close it at the end.

    Raises:
        OutageError: as `open_database`.
        RefusalError: as `open_database`, `load_cipher` and `load_token_keys`.
    """
    vault_key, token_keys = settings.vault_key, settings.token_keys
    with server_address(settings) as address:
        async with open_database(address, max_size=settings.pool_size) as database:
            cipher = load_cipher(vault_key.get_secret_value() if vault_key else None, settings.home)
            service = Service(
                settings,
                database,
                cipher,
                BlindIndex(cipher.ring),
                load_token_keys(token_keys.get_secret_value() if token_keys else None, settings.home),
                CodeKeys(cipher.ring),
                sender=default_sender(settings),
                offered=offered_channels(settings),
                demo=read_shown(said) if (said := os.environ.get(VARIABLE)) else None,
            )
            yield service
            await service.settle()
            await service.outgoing.settle()


@contextlib.asynccontextmanager
async def _serving(settings: Settings) -> AsyncIterator[Service]:
    """Open the service for good; what prevents it is logged by its code."""
    try:
        async with open_service(settings) as service:
            spare_collector()
            yield service
    except (RefusalError, OutageError) as error:
        log.error("start_failed", code=error.code)  # noqa: TRY400 -- it is expected, and says what to do
        raise


def main() -> None:
    """Serve on the socket that was inherited until asked to stop, or until the parent is gone."""
    configure_logs()
    check_packages()
    settings = Settings()
    end_with_parent()
    is_trusting = bool(settings.trusted_proxies)
    config = uvicorn.Config(
        create_app(opening=lambda: _serving(settings)),
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=is_trusting,
        forwarded_allow_ips=settings.trusted_proxies if is_trusting else None,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(os.environ[LISTEN_FD]))])


if __name__ == "__main__":
    main()
