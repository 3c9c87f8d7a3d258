"""The candidates document of a round: what was found, in the order of the list, and nothing of what became of it.

A head and one line per candidate, each canonical JSON: keys sorted, no spaces, UTF-8. Its SHA-256 is the round's
digest. It names people by pseudonymous ids only, and is made of rows that never change: it can be read again any time.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from ledger.session import ReadTx
from timebank.recognition.queries import Round

if TYPE_CHECKING:
    import asyncpg

T = TypeVar("T")
Key = TypeVar("Key")

FORMAT: Final = "timebank-recognition/v1"
PAGE: Final = 2_000

_LINES = """
select c.number, c.subject, coalesce(v.owner, o.owner) as id, c.community_id, c.level, c.place, c.tied, c.minutes,
  c.points, c.records, c.evidence::text as evidence, c.finding
from recognition_candidates c
left join volunteers v on v.bank_id = $1 and v.id = c.volunteer_id
left join organisations o on o.bank_id = $1 and o.id = c.organisation_id
where c.bank_id = $1 and c.round_id = $2 and c.number > $3 order by c.number limit $4
"""


class Read(Protocol):
    """Runs work on a view of the bank."""

    async def __call__(self, work: Callable[[ReadTx], Awaitable[T]], /) -> T:
        """Return what the work returns."""


def canonical_line(value: Mapping[str, object]) -> bytes:
    """Return a line of canonical JSON."""
    return (json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n").encode()


def head_of(tx: ReadTx, found: Round) -> dict[str, object]:
    """Return what a round was asked, and of which books."""
    return {
        "format": FORMAT,
        "bank": tx.bank_code,
        "zone": str(tx.zone),
        "scheme": found.criteria_as_stored,
        "policy_version": found.policy_version,
        "organisation": found.organisation_id,
        "from_on": found.from_on.isoformat(),
        "until_on": found.until_on.isoformat(),
        "tree_size": found.tree_size,
        "checkpoint": found.checkpoint,
    }


async def document_page(tx: ReadTx, found: Round, after: int) -> tuple[bytes, int | None]:
    """Return the lines of the document from after a number, and the number after which it goes on; None at its end."""
    rows = await tx.connection.fetch(_LINES, tx.bank_id, found.id, after, PAGE)
    lines = b"".join(_line(row) for row in rows)
    return lines, rows[-1]["number"] if len(rows) == PAGE else None


async def document_chunks(tx: ReadTx, found: Round) -> AsyncIterator[bytes]:
    """Yield the document of a round, page by page, in a transaction at hand."""
    yield canonical_line(head_of(tx, found))
    after: int | None = 0
    while after is not None:
        lines, after = await document_page(tx, found, after)
        yield lines


async def document_stream(read: Read, found: Round) -> AsyncIterator[bytes]:
    """Yield the document of a round, each page in a view of its own: who reads slowly keeps no transaction open."""

    async def head(tx: ReadTx) -> bytes:
        return canonical_line(head_of(tx, found))

    async def some(tx: ReadTx, after: int) -> tuple[bytes, int | None]:
        return await document_page(tx, found, after)

    yield await read(head)
    async for lines in paged(read, some, 0):
        yield lines


async def paged(
    read: Read, some: Callable[[ReadTx, Key], Awaitable[tuple[bytes, Key | None]]], first: Key
) -> AsyncIterator[bytes]:
    """Yield page after page; `some` gives one and the key at which it goes on, None after the last."""
    key: Key | None = first
    while key is not None:

        async def work(tx: ReadTx, key: Key = key) -> tuple[bytes, Key | None]:
            return await some(tx, key)

        lines, key = await read(work)
        yield lines


def _line(row: "asyncpg.Record") -> bytes:
    return canonical_line(
        {
            "number": row["number"],
            "subject": row["subject"],
            "id": str(row["id"]),
            "community": row["community_id"],
            "level": row["level"],
            "place": row["place"],
            "tied": row["tied"],
            "minutes": row["minutes"],
            "points": row["points"],
            "records": row["records"],
            "evidence": json.loads(row["evidence"]),
            "finding": row["finding"],
        }
    )
