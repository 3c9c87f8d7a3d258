"""Reading the outbox: what is on its way to whom of the channels, and what became of it. No personal data."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.session import ReadTx

_PAGE = """
select m.id, m.reference, m.channel, m.endpoint_id, m.kind, m.state, m.attempts, m.made_at,
  case when m.attempts > 0 and m.ended_at is null then m.again_at end as again_at, m.ended_at, m.problem
from messages m
where m.bank_id = $1 and m.id < $2 and ($3::text is null or m.state = $3) and ($4::text is null or m.channel = $4)
  and ($5::bigint is null or m.endpoint_id = $5)
order by m.id desc limit $6
"""


@dataclass(frozen=True, slots=True)
class Message:
    """One message by one channel; `again_at` is when it is tried again, `problem` what was wrong last."""

    id: int
    reference: UUID
    channel: str
    endpoint_id: int | None
    kind: str
    state: str
    attempts: int
    made_at: datetime
    again_at: datetime | None
    ended_at: datetime | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages: of one state, one channel, one endpoint; None is any."""

    state: str | None = None
    channel: str | None = None
    endpoint_id: int | None = None


async def messages(tx: ReadTx, wanted: MessageFilter, *, before_id: int, limit: int) -> list[Message]:
    """Return a page of messages, the newest first."""
    rows = await tx.connection.fetch(
        _PAGE, tx.bank_id, before_id, wanted.state, wanted.channel, wanted.endpoint_id, limit
    )
    return [Message(*row) for row in rows]
