"""Nothing reads all of a bank for each row of it, also not before the server has counted the bank (decision 6)."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from ledger.folding import fold
from ledger.posting import post
from ledger.session import WriteTx
from tests.conftest import new_bank
from tests.ledger.drafts import award, post_all
from tests.ledger.proof.history import until_decided
from timebank.database import Bank, Database

if TYPE_CHECKING:
    import asyncpg

POSTINGS = 1_500
_READ = "select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint from pg_stat_xact_user_tables"


@pytest.fixture
async def uncounted(database: Database, superuser: "asyncpg.Connection[asyncpg.Record]") -> Bank:
    """Return a bank with postings that came after the server has counted: to its planner there are none."""
    old, young = await new_bank(database), await new_bank(database)
    await post_all(database, old, *(award(uuid4(), 1) for _ in range(POSTINGS)))
    await superuser.execute("analyze")
    await post_all(database, young, *(award(uuid4(), 1) for _ in range(POSTINGS)))
    return young


async def rows_read(database: Database, bank: Bank, work: Callable[[WriteTx], Awaitable[object]]) -> int:
    """Return how many rows the server looked at for a piece of work."""

    async def counted(tx: WriteTx) -> int:
        before = await tx.connection.fetchval(_READ)
        await work(tx)
        return int(await tx.connection.fetchval(_READ) - before)

    return await database.write(bank, counted)


async def test_each_posting_is_folded_once(database: Database, uncounted: Bank) -> None:
    await until_decided(database, uncounted)
    assert await rows_read(database, uncounted, fold) < 6 * POSTINGS


async def test_each_posting_looks_its_own_rows_up(database: Database, uncounted: Bank) -> None:
    drafts = [award(uuid4(), 1) for _ in range(POSTINGS)]
    assert await rows_read(database, uncounted, lambda tx: post(tx, drafts)) < 12 * POSTINGS
    assert await rows_read(database, uncounted, lambda tx: post(tx, drafts)) < 12 * POSTINGS
