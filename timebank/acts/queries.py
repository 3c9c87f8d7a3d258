"""Reading the register of acts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.session import ReadTx

_PAGE = """
select x.id, x.person_id, x.principal_id, x.device_id, x.session_id, x.request_id, x.action, x.subject, x.acted_at
from acts x
where x.bank_id = $1 and x.id < $2
  and ($3::uuid is null or x.person_id = $3) and ($4::uuid is null or x.principal_id = $4)
  and ($5::uuid is null or x.device_id = $5) and ($6::text is null or x.action = $6)
  and ($7::timestamptz is null or x.acted_at >= $7) and ($8::timestamptz is null or x.acted_at < $8)
order by x.id desc limit $9
"""


@dataclass(frozen=True, slots=True)
class ActLine:
    """Who did what by which request: a person or a device, for a principal if there was one."""

    id: int
    person_id: UUID | None
    principal_id: UUID | None
    device_id: UUID | None
    session_id: UUID | None
    request_id: str
    action: str
    subject: str
    acted_at: datetime


async def acts(  # noqa: PLR0913 -- each is a filter
    tx: ReadTx,
    *,
    before_id: int,
    limit: int,
    person_id: UUID | None = None,
    principal_id: UUID | None = None,
    device_id: UUID | None = None,
    action: str | None = None,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
) -> list[ActLine]:
    """Return acts, the latest first, from before an id; `until_at` is not included."""
    rows = await tx.connection.fetch(
        _PAGE,
        tx.bank_id,
        before_id,
        person_id,
        principal_id,
        device_id,
        action,
        from_at,
        until_at,
        limit,
    )
    return [ActLine(*row) for row in rows]
