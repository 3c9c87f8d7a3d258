"""Ending notices: what was shown long enough and nobody objected to is credited, batch by batch."""

from dataclasses import dataclass
from datetime import date, datetime

from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.notices.crediting import BATCH, By, Credited, credit_records
from timebank.notices.rules import is_over

_NOTICE = "select closes_on from notices where bank_id = $1 and id = $2"
# What a dispute or an objection held back is credited by a later run, so the notice may be closed long since.
_DUE = """
select r.id from service_records r
join notice_lines l on l.bank_id = $1 and l.record_id = r.id and l.state = 'shown'
join notices n on n.bank_id = $1 and n.id = l.notice_id
where r.bank_id = $1 and r.state = 'noticed' and r.id > $2 and n.closes_on < $3
  and ($4::bigint is null or n.id = $4)
  and not exists (select from disputes d where d.bank_id = $1 and d.record_id = r.id and d.decided_at is null)
order by r.id limit $5
"""
_APPROVED = """
select r.id from service_records r
where r.bank_id = $1 and r.state = 'approved' and r.id > $2
  and not exists (select from disputes d where d.bank_id = $1 and d.record_id = r.id and d.decided_at is null)
order by r.id limit $3
"""
_STRIKE = """
update notice_lines l set state = 'struck' from notices n, service_records r
where n.bank_id = $1 and n.closed_at is null and n.closes_on < $2 and ($3::bigint is null or n.id = $3)
  and l.bank_id = $1 and l.notice_id = n.id and l.state in ('shown', 'objected')
  and r.bank_id = $1 and r.id = l.record_id and r.state in ('rejected', 'voided')
"""
_CLOSE = """
update notices n set closed_at = $4
where n.bank_id = $1 and n.closed_at is null and n.closes_on < $2 and ($3::bigint is null or n.id = $3)
returning n.id
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch did; `last_id` is where the next goes on, None if this was the last."""

    credited: Credited
    last_id: int | None


async def credit_due(
    tx: WriteTx,
    *,
    as_of: date,
    after_id: int,
    by: By,
    now: datetime,
    notice_id: int | None = None,
    limit: int = BATCH,
) -> Batch:
    """Credit a batch of lines that nobody objected to, of notices whose last day lies before a day."""
    ids = await due_records(tx, as_of=as_of, after_id=after_id, notice_id=notice_id, limit=limit)
    credited = await credit_records(tx, record_ids=ids, state="noticed", by=by, now=now)
    return Batch(credited, ids[-1] if len(ids) == limit else None)


async def credit_unnoticed(tx: WriteTx, *, after_id: int, by: By, now: datetime, limit: int = BATCH) -> Batch:
    """Credit a batch of approved records where the policy wants no notice."""
    ids = await approved_records(tx, after_id=after_id, limit=limit)
    credited = await credit_records(tx, record_ids=ids, state="approved", by=by, now=now)
    return Batch(credited, ids[-1] if len(ids) == limit else None)


async def due_records(
    tx: ReadTx, *, as_of: date, after_id: int, notice_id: int | None = None, limit: int
) -> list[int]:
    """Return records whose notice's last day lies before a day and that nobody objected to, from after one."""
    rows = await tx.connection.fetch(_DUE, tx.bank_id, after_id, as_of, notice_id, limit)
    return [row["id"] for row in rows]


async def approved_records(tx: ReadTx, *, after_id: int, limit: int) -> list[int]:
    """Return approved records that nobody disputes, from after one."""
    rows = await tx.connection.fetch(_APPROVED, tx.bank_id, after_id, limit)
    return [row["id"] for row in rows]


async def close_over(tx: WriteTx, *, as_of: date, now: datetime, notice_id: int | None = None) -> int:
    """Close the notices whose last day lies before a day and return how many; strike lines whose record fell meanwhile.

    Lines that were objected to, or whose record is disputed, stay as they are until that is decided.
    """
    await tx.connection.execute(_STRIKE, tx.bank_id, as_of, notice_id)
    return len(await tx.connection.fetch(_CLOSE, tx.bank_id, as_of, notice_id, now))


async def credit_notice(tx: WriteTx, *, notice_id: int, by: By, now: datetime) -> Credited:
    """Credit and close one notice by hand; once it is closed, what was held back since.

    Raises:
        RefusalError: `unknown_notice`, `notice_still_open` until its last day is over.
    """
    closes_on = await tx.connection.fetchval(_NOTICE, tx.bank_id, notice_id)
    if closes_on is None:
        raise RefusalError("unknown_notice")
    today = tx.day(now)
    if not is_over(closes_on, today):
        raise RefusalError("notice_still_open", closes_on=closes_on.isoformat())
    done, after_id = Credited(), 0
    while True:
        batch = await credit_due(tx, as_of=today, after_id=after_id, by=by, now=now, notice_id=notice_id)
        done += batch.credited
        if batch.last_id is None:
            await close_over(tx, as_of=today, now=now, notice_id=notice_id)
            return done
        after_id = batch.last_id
