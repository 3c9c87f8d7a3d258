"""A record's states and the entry that every change leaves: who, when and why, in words that name nobody."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from ledger.session import ReadTx, WriteTx

State = Literal[
    "pending", "second_review", "approved", "noticed", "objected", "credited", "rejected", "voided"
]
Kind = Literal[
    "made",
    "approved",
    "approved_second",
    "rejected",
    "noticed",
    "objected",
    "cleared",
    "credited",
    "voided",
    "corrected",
    "evaluated",
    "noted",
]
LIVE: Final = ("pending", "second_review", "approved", "noticed", "objected", "credited")
"""States whose span and minutes count against the volunteer's other records."""

_ENTER = """
insert into record_entries (bank_id, record_id, kind, actor, person_id, detail, entered_at)
select $1, e.record_id, $3, $4, $5, e.detail::jsonb, $7 from unnest($2::bigint[], $6::text[]) as e (record_id, detail)
"""
_MOVE = """
update service_records r set state = $3, version = r.version + 1
where r.bank_id = $1 and r.id = any($2::bigint[]) and r.state = any($4::text[]) returning r.id
"""
_ENTRIES = """
select e.id, e.kind, e.actor, e.person_id, e.detail::text as detail, e.entered_at from record_entries e
where e.bank_id = $1 and e.record_id = $2 and e.id > $3 order by e.id limit $4
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened to a record; `detail` holds words and figures, never personal data."""

    id: int
    kind: str
    actor: str
    person_id: UUID | None
    detail: Mapping[str, object]
    entered_at: datetime


async def enter(
    tx: WriteTx,
    kind: Kind,
    details: Mapping[int, Mapping[str, object]],
    *,
    actor: str,
    person_id: UUID | None,
    now: datetime,
) -> None:
    """Enter what happened to each of some records, by record id."""
    if details:
        texts = [json.dumps(detail, default=str) for detail in details.values()]
        await tx.connection.execute(_ENTER, tx.bank_id, list(details), kind, actor, person_id, texts, now)


async def move(tx: WriteTx, record_ids: Collection[int], *, since: Sequence[State], to: State) -> set[int]:
    """Bring those of some records that are in one of the states `since` into another; return which they were."""
    rows = await tx.connection.fetch(_MOVE, tx.bank_id, sorted(record_ids), to, list(since))
    return {row["id"] for row in rows}


async def entries_of(tx: ReadTx, record_id: int, *, after_id: int, limit: int) -> list[Entry]:
    """Return what happened to a record, in order."""
    rows = await tx.connection.fetch(_ENTRIES, tx.bank_id, record_id, after_id, limit)
    return [
        Entry(
            row["id"],
            row["kind"],
            row["actor"],
            row["person_id"],
            json.loads(row["detail"]),
            row["entered_at"],
        )
        for row in rows
    ]
