"""Reading devices."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.session import ReadTx
from timebank.errors import RefusalError

_SAID = """
select d.id, d.kind, d.name, d.organisation_id, d.enrolled_at, d.revoked_at,
  (select max(s.seen_at) from sessions s where s.bank_id = $1 and s.device_id = d.id and s.ended_at is null) as seen_at
from devices d
"""
_ONE = f"{_SAID} where d.bank_id = $1 and d.id = $2"
_DEVICES = f"""{_SAID}
where d.bank_id = $1 and ($2::uuid is null or d.id > $2) and ($3::bigint[] is null or d.organisation_id = any($3))
  and ($4::text is null or d.kind = $4) and ($5 or d.revoked_at is null)
order by d.id limit $6
"""


@dataclass(frozen=True, slots=True)
class Device:
    """A station or a till; `seen_at` is when its session was begun or last refreshed, if it has one."""

    id: UUID
    kind: str
    name: str
    organisation_id: int
    enrolled_at: datetime
    revoked_at: datetime | None
    seen_at: datetime | None


async def devices_page(
    tx: ReadTx,
    *,
    organisations: list[int] | None,
    kind: str | None,
    with_revoked: bool,
    after: UUID | None,
    limit: int,
) -> list[Device]:
    """Return `limit + 1` devices of those organisations (None: all), by id."""
    rows = await tx.connection.fetch(
        _DEVICES, tx.bank_id, after, organisations, kind, with_revoked, limit + 1
    )
    return [Device(**row) for row in rows]


async def device(tx: ReadTx, device_id: UUID) -> Device:
    """Return one device.

    Raises:
        RefusalError: `unknown_device`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, device_id)
    if row is None:
        raise RefusalError("unknown_device")
    return Device(**row)
