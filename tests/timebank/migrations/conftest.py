"""Databases that a test may migrate, break and throw away, on the server that all tests share."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest_asyncio

from timebank.database import Address
from timebank.migrations.runner import migrate
from timebank.postgres import EmbeddedServer


@pytest_asyncio.fixture
async def empty(server: EmbeddedServer) -> AsyncIterator[Address]:
    """Return an empty database of this test's own."""
    name = f"scratch_{secrets.token_hex(4)}"
    admin = await asyncpg.connect(server.dsn())
    await admin.execute(f"create database {name}")
    yield Address(host=str(server.socket_dir), port=server.port, database=name, user=server.superuser)
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()


@pytest_asyncio.fixture
async def migrated(empty: Address) -> Address:
    """Return a migrated database of this test's own."""
    await migrate(empty, logins=True)
    return empty


async def connect(address: Address, role: str | None = None) -> "asyncpg.Connection[asyncpg.Record]":
    """Return a connection as the role, by default as the superuser, with the schema in its path."""
    user = replace(address, user=role or address.user)
    return await asyncpg.connect(
        host=user.host,
        port=user.port,
        database=user.database,
        user=user.user,
        server_settings={"search_path": "timebank"},
    )
