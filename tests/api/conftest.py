"""The application on the worker's database, and a client for each of the cast."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeAlias

import httpx2
import pytest
import pytest_asyncio
from fastapi import FastAPI

from api.app import create_app
from api.limits import Buckets
from api.service import Service
from tests.api.books import adopt_pack
from tests.api.cast import Cast
from tests.timebank.workbook import generator
from timebank.codes.rules import CodeKeys
from timebank.database import Database
from timebank.login.senders import LogSender
from timebank.login.tokens import TokenKeys
from timebank.settings import Settings
from timebank.tasks.worker import Worker
from timebank.vault.blind import BlindIndex
from timebank.vault.cipher import Cipher

Client: TypeAlias = httpx2.AsyncClient
As: TypeAlias = Callable[[str], Client]
"""Gives the client of one of the cast by name; `stranger` has no token."""

DISTRICT = generator.Size(volunteers=6, activities=8, attendances=40, awards=4, items=3, slips=12)


@pytest.fixture
def service(database: Database, tmp_path: Path) -> Service:
    """Return a service on the worker's database with keys of its own."""
    cipher = Cipher(b"v" * 32)
    return Service(
        settings=Settings(home=tmp_path),
        database=database,
        cipher=cipher,
        blind=BlindIndex(cipher.ring),
        tokens=TokenKeys([b"t" * 32]),
        codes=CodeKeys(cipher.ring),
        sender=LogSender(),
    )


@pytest.fixture
def app(service: Service) -> FastAPI:
    """Return the application with limits that no test meets by chance."""
    return create_app(service, buckets=Buckets(1_000_000, 1_000_000))


@pytest.fixture
def worker(database: Database, service: Service, tmp_path: Path) -> Worker:
    """Return a worker of the tasks that the service is asked for."""
    return Worker(database, service.cipher, tmp_path / "tasks", service.now)


@pytest.fixture(scope="session")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a small district as a workbook."""
    path = tmp_path_factory.mktemp("books") / "people.xlsx"
    generator.write(path, generator.district(31, DISTRICT))
    return path.read_bytes()


@pytest_asyncio.fixture
async def priced(database: Database, cast: Cast) -> None:
    """Give the bank a policy pack, without which nothing of the workbook can be booked."""
    await adopt_pack(database, cast, effective_from=generator._START.date())


@pytest_asyncio.fixture
async def as_(app: FastAPI, service: Service, cast: Cast) -> AsyncIterator[As]:
    """Return the way to a client of each of the cast."""
    clients: dict[str, Client] = {}

    def client(name: str) -> Client:
        if name not in clients:
            headers = {}
            if name != "stranger":
                token, _ = service.tokens.issue(cast.bank.code, cast.sessions[name], now=service.now())
                headers["Authorization"] = f"Bearer {token}"
            transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
            clients[name] = httpx2.AsyncClient(transport=transport, base_url="http://test", headers=headers)
        return clients[name]

    yield client
    for opened in clients.values():
        await opened.aclose()
