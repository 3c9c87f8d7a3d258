"""The books as one table (CSV): a row per posting, with what its transaction says beside it.

Text that a spreadsheet would run as a formula gets an apostrophe in front. Open the file with `newline=""`,
and as `utf-8-sig` when a spreadsheet is to show Chinese.
"""

import csv
from datetime import datetime
from typing import TextIO

from ledger.export.journal import JournalEntry, entries
from ledger.session import ReadTx

COLUMNS = (
    "transaction_id",
    "line",
    "kind",
    "effective_on",
    "effective_at",
    "recorded_at",
    "unit",
    "amount",
    "from_kind",
    "from_owner",
    "from_expires_on",
    "to_kind",
    "to_owner",
    "to_expires_on",
    "reverses",
    "resolves",
    "key",
    "actor",
    "memo",
    "metadata",
)

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


async def write_table(tx: ReadTx, out: TextIO) -> int:
    """Write the header and a row per posting; return the number of transactions. Times are the bank's, RFC 3339."""
    table = csv.writer(out)
    table.writerow(COLUMNS)
    count = 0
    async for entry in entries(tx):
        table.writerows(_rows(tx, entry))
        count += 1
    return count


def cell(text: str) -> str:
    """Return free text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text


def _rows(tx: ReadTx, entry: JournalEntry) -> list[tuple[object, ...]]:
    def local(moment: datetime) -> str:
        return moment.astimezone(tx.zone).isoformat()

    return [
        (
            entry.id,
            number,
            entry.kind,
            entry.effective_on,
            local(entry.effective_at),
            local(entry.recorded_at),
            line.source.unit,
            line.amount,
            line.source.kind,
            line.source.owner,
            line.source.expires_on,
            line.target.kind,
            line.target.owner,
            line.target.expires_on,
            entry.reverses_id,
            entry.resolves_id,
            cell(entry.key),
            cell(entry.actor),
            cell(entry.memo),
            entry.metadata,
        )
        for number, line in enumerate(entry.lines, 1)
    ]
