"""Reading what a person was told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx

if TYPE_CHECKING:
    import asyncpg

_PAGE = """
select n.id, n.kind, n.params::text as params, n.made_at, n.read_at from notifications n
where n.bank_id = $1 and n.person_id = $2 and n.id < $3 and (not $4 or n.read_at is null)
order by n.id desc limit $5
"""

_UNREAD = """
select count(*) from (
  select from notifications n where n.bank_id = $1 and n.person_id = $2 and n.read_at is null limit $3
) unread
"""


@dataclass(frozen=True, slots=True)
class Notification:
    """What a person was told: a kind, which has its words on the pages, and what they speak of."""

    id: int
    kind: str
    params: Mapping[str, object]
    made_at: datetime
    read_at: datetime | None


async def notifications_of(
    tx: ReadTx, person_id: UUID, *, before_id: int, limit: int, unread_only: bool = False
) -> list[Notification]:
    """Return a person's notifications, newest first, from before an id."""
    rows = await tx.connection.fetch(_PAGE, tx.bank_id, person_id, before_id, unread_only, limit)
    return [from_row(row) for row in rows]


async def unread_of(tx: ReadTx, person_id: UUID, *, most: int) -> int:
    """Return how much a person has not read yet, of so much at most as is worth counting."""
    found: int = await tx.connection.fetchval(_UNREAD, tx.bank_id, person_id, most)
    return found


def from_row(row: "asyncpg.Record") -> Notification:
    """Return the notification of a row."""
    return Notification(row["id"], row["kind"], json.loads(row["params"]), row["made_at"], row["read_at"])
