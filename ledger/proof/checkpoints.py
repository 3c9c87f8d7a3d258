"""Checkpoints as they are stored: the signed heads of a bank's tree, and the further lines of their notes."""

from dataclasses import dataclass
from datetime import UTC, datetime

from ledger.proof.note import Checkpoint
from ledger.session import ReadTx

SEALED_AT, SEALED_BEFORE, SETTLED_AT = "sealed-at", "sealed-before", "settled-at"

_LATEST = """
select tree_size, root, sealed_before, sealed_at, note from checkpoints
where bank_id = $1 order by tree_size desc limit 1
"""
_OF_SIZE = """
select tree_size, root, sealed_before, sealed_at, note from checkpoints where bank_id = $1 and tree_size = $2
"""
_PAGE = """
select tree_size, root, sealed_before, sealed_at, note from checkpoints
where bank_id = $1 and tree_size > $2 order by tree_size limit $3
"""
_NEWEST = """
select tree_size, root, sealed_before, sealed_at, note from checkpoints
where bank_id = $1 and tree_size < $2 order by tree_size desc limit $3
"""


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A signed head of the tree: everything that database transactions before `sealed_before` wrote."""

    tree_size: int
    root: bytes
    sealed_before: int
    sealed_at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """The further lines of a checkpoint's note.

    Everything recorded before `settled_at` (by the database's clock) is in the tree: the horizon can only be
    dated when no other transaction was under way, so on a busy server it stays behind.
    """

    sealed_at: datetime
    sealed_before: int
    settled_at: datetime | None = None

    def extensions(self) -> tuple[str, ...]:
        """Return the lines as the note carries them."""
        lines = [f"{SEALED_AT} {_instant(self.sealed_at)}", f"{SEALED_BEFORE} {self.sealed_before}"]
        if self.settled_at is not None:
            lines.append(f"{SETTLED_AT} {_instant(self.settled_at)}")
        return tuple(lines)

    @classmethod
    def parse(cls, extensions: tuple[str, ...]) -> "Coverage":
        """Read the lines of a note.

        Raises:
            ValueError: other lines than `extensions` writes.
        """
        values = dict(line.split(" ") for line in extensions)
        settled_at = values.get(SETTLED_AT)
        coverage = cls(
            datetime.fromisoformat(values.get(SEALED_AT, "")),
            int(values.get(SEALED_BEFORE, "")),
            None if settled_at is None else datetime.fromisoformat(settled_at),
        )
        if coverage.extensions() != extensions:
            message = "not the further lines of a checkpoint"
            raise ValueError(message)
        return coverage


async def latest_checkpoint(tx: ReadTx) -> StoredCheckpoint | None:
    """Return the newest checkpoint, if there is one."""
    row = await tx.connection.fetchrow(_LATEST, tx.bank_id)
    return None if row is None else StoredCheckpoint(*row)


async def checkpoint_of_size(tx: ReadTx, tree_size: int) -> StoredCheckpoint | None:
    """Return the checkpoint of that size, if there is one."""
    row = await tx.connection.fetchrow(_OF_SIZE, tx.bank_id, tree_size)
    return None if row is None else StoredCheckpoint(*row)


async def checkpoints(tx: ReadTx, *, after_size: int = 0, limit: int = 1_000) -> list[StoredCheckpoint]:
    """Return checkpoints by size, from after `after_size`."""
    rows = await tx.connection.fetch(_PAGE, tx.bank_id, after_size, limit)
    return [StoredCheckpoint(*row) for row in rows]


async def newest_checkpoints(tx: ReadTx, *, below_size: int, limit: int) -> list[StoredCheckpoint]:
    """Return checkpoints of trees smaller than `below_size`, the largest first."""
    rows = await tx.connection.fetch(_NEWEST, tx.bank_id, below_size, limit)
    return [StoredCheckpoint(*row) for row in rows]


def unverified(note: str) -> Checkpoint:
    """Return what a note says, whoever signed it.

    Raises:
        NoteError: `malformed_checkpoint`.
    """
    text, _, _ = note.rpartition("\n\n")
    return Checkpoint.parse(text + "\n")


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
