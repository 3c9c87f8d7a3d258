"""A small history to seal: posting, waiting until it is decided, holding a transaction open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from ledger.folding import HORIZON
from ledger.posting import post
from ledger.proof.note import SigningKey
from ledger.proof.sealing import Sealed, seal
from ledger.session import ReadTx, WriteTx
from ledger.values import (
    ISSUANCE,
    TAKINGS,
    WALLET,
    Draft,
    Move,
    Outcome,
    Place,
    Wallet,
)
from tests.conftest import SPRING
from timebank.database import Bank, Database

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]
SEALED_AT = datetime(2025, 3, 5, 12, 0, 0, 123456, tzinfo=UTC)


def award(key: str, *, points: int = 1, metadata: dict[str, object] | None = None) -> Draft:
    """Return an award to somebody new."""
    move = Move(Place(ISSUANCE), Place(WALLET, uuid4()), "point", points)
    return Draft("award", key, SPRING, "test", (move,), metadata=metadata or {})


def spend(key: str) -> Draft:
    """Return a spend by somebody who has nothing."""
    return Draft("spend", key, SPRING, "test", (Move(Wallet(uuid4()), Place(TAKINGS), "point", 1),))


async def post_all(database: Database, bank: Bank, *drafts: Draft) -> list[int]:
    outcomes = await database.write(bank, lambda tx: post(tx, drafts))
    return [outcome.transaction_id for outcome in outcomes]


async def until_decided(database: Database, bank: Bank) -> None:
    """Wait until the horizon has passed everything in the bank: other tests share the server."""
    for _ in range(2_400):  # an import of another test may be one long transaction
        if await database.read(bank, _is_decided):
            return
        await asyncio.sleep(0.05)
    pytest.fail("the horizon does not move")


async def _is_decided(tx: ReadTx) -> bool:
    horizon = await tx.connection.fetchval(HORIZON, tx.base)
    last = await tx.connection.fetchval("select max(xact) from transactions where bank_id = $1", tx.bank_id)
    return bool(horizon > (last or 0))


async def seal_now(database: Database, bank: Bank, key: SigningKey, *, limit: int = 200_000) -> Sealed:
    return await database.write(
        bank, lambda tx: seal(tx, key, origin=f"timebank/{bank.code}", sealed_at=SEALED_AT, limit=limit)
    )


async def leaves(database: Database, bank: Bank) -> list[int]:
    """Return the sealed transactions in the order of the tree."""
    rows = await database.read(
        bank,
        lambda tx: tx.connection.fetch(
            "select transaction_id from leaves where bank_id = $1 order by leaf_index", bank.id
        ),
    )
    return [id_ for (id_,) in rows]


@asynccontextmanager
async def held_open(
    database: Database, bank: Bank, draft: Draft
) -> AsyncIterator[asyncio.Task[list[Outcome]]]:
    """Post a draft in a transaction that stays open until the block ends, and then commits."""
    posted, go_on = asyncio.Event(), asyncio.Event()

    async def work(tx: WriteTx) -> list[Outcome]:
        outcome = await post(tx, [draft])
        posted.set()
        await go_on.wait()
        return outcome

    task = asyncio.create_task(database.write(bank, work))
    await posted.wait()
    try:
        yield task
    finally:
        go_on.set()
        await task
