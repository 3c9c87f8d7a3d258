"""Lines of a workbook as they are kept: each once, known again by its digest, with the outcome it had."""

import hashlib
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from ledger.session import ReadTx, WriteTx

if TYPE_CHECKING:
    import asyncpg

ACCEPTED = "accepted"
RECONSIDERED = frozenset({"unknown_activity", "unknown_volunteer"})
"""Outcomes that a later import settles anew: whoever was missing may have been registered since."""

_STORED_OUTCOMES = "select digest, outcome from {table} where bank_id = $1"


class Numbered(Protocol):
    """A line that knows its row."""

    @property
    def row_number(self) -> int:
        """Return the number of the row, counted from 1 as the spreadsheet shows it."""


Line = TypeVar("Line", bound=Numbered)


def marks(lines: Iterable[Line], content: Callable[[Line], Hashable]) -> dict[int, bytes]:
    """Return a digest per row number: of the line's content, and of how many equal lines stood before it."""
    seen: Counter[Hashable] = Counter()
    found: dict[int, bytes] = {}
    for line in lines:
        parts = content(line)
        found[line.row_number] = hashlib.blake2b(repr((parts, seen[parts])).encode(), digest_size=16).digest()
        seen[parts] += 1
    return found


async def known_outcomes(tx: ReadTx, table: str) -> dict[bytes, str]:
    """Return what came of each line that an earlier import brought."""
    rows = await tx.connection.fetch(_STORED_OUTCOMES.format(table=table), tx.bank_id)
    return {row["digest"]: row["outcome"] for row in rows}


async def write_rows(tx: WriteTx, sql: str, rows: Sequence[tuple[object, ...]]) -> list["asyncpg.Record"]:
    """Run a statement that takes the bank and one array per column."""
    if not rows:
        return []
    return await tx.connection.fetch(sql, tx.bank_id, *map(list, zip(*rows, strict=True)))
