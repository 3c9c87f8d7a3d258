"""How many statements something takes: of ours, not of what asyncpg asks for itself on a new connection."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from ledger.session import ReadTx


@asynccontextmanager
async def statements_in(tx: ReadTx) -> AsyncIterator[Sequence[str]]:
    """Give what is asked in a transaction meanwhile: all of it is there when that is over."""
    asked: list[str] = []

    def hear(said: Any) -> None:
        if not _is_asyncpgs(said.query):
            asked.append(said.query)

    with tx.connection.query_logger(hear):
        yield asked
        await asyncio.sleep(0)  # asyncpg tells of the last one a moment later


def _is_asyncpgs(query: str) -> bool:
    # A connection that meets a type first reads about it, with jit off meanwhile.
    return "typeinfo_tree" in query or "'jit'" in query
