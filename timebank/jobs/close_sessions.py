"""Close the sessions whose check-out is over by a day, and make records of what arrived after a session was closed."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.jobs.batches import or_fault
from timebank.jobs.run import Run
from timebank.policy.actions import load_history
from timebank.policy.rules import AttendanceRule
from timebank.records.making import Closed, close_due, reconsider_due

ACTOR: Final = "job:close_sessions"
BATCH: Final = 200
LATE_SCANS: Final = timedelta(days=60)
"""A station that was offline for longer is looked at by hand."""

STORING: Final = timedelta(minutes=10)
"""Longer than any scan takes from its receipt to the end of its transaction."""

_OVER = """
select s.id, s.starts_at, s.ends_at from activity_sessions s
join activities a on a.bank_id = $1 and a.id = s.activity_id and a.state in ('published', 'running', 'closed')
where s.bank_id = $1 and s.state = 'planned' and s.ends_at <= $2 and s.id > $3 order by s.id limit $4
"""
# A scan that was received just before the closing may have been stored just after it: such a one counts unless a
# record says as much already.
_TOLD_LATER = """
select s.id from activity_sessions s
where s.bank_id = $1 and s.state = 'closed' and s.ends_at > $2 and s.id > $3
  and exists (select from scans c where c.bank_id = $1 and c.session_id = s.id
    and c.received_at > s.closed_at - $5::interval and c.outcome in ('accepted', 'repeat')
    and (c.received_at > s.closed_at or not exists (select from service_records r
      where r.bank_id = $1 and r.session_id = s.id and r.volunteer_id = c.volunteer_id
        and (r.check_in_at <= c.happened_at and c.kind = 'in' or r.check_out_at >= c.happened_at and c.kind = 'out'))))
order by s.id limit $4
"""


async def run_close_sessions(run: Run) -> dict[str, object]:
    """Close what is over by the end of a day, each session in a transaction of its own, and return the figures.

    A session is over when its check-out is: the policy's minutes after its planned end. Running it again closes
    nothing twice. One that cannot be closed (it was put off meanwhile, or no policy was in force on its day) is counted
    as refused and keeps no other from it.
    """
    figures: Counter[str] = Counter(closed=0, records=0, missing_time=0, reconsidered=0, refused=0)
    await _close(run, figures)
    await _reconsider(run, figures)
    return dict(figures)


async def _close(run: Run, figures: Counter[str]) -> None:
    """Close what is over, batch by batch."""
    after_id: int | None = 0
    while after_id is not None:

        async def find(tx: ReadTx, after_id: int = after_id) -> tuple[list[int], int | None]:
            return await _over(tx, min(run.now, run.day_ends_at), after_id)

        over, after_id = await run.read(find)
        for session_id in over:

            async def close(tx: WriteTx, session_id: int = session_id) -> Closed | None:
                return await close_due(tx, session_id=session_id, actor=ACTOR, now=run.now)

            try:
                closed = await or_fault(run, f"session {session_id}", close)
            except RefusalError:
                figures.update(refused=1)
                continue
            if closed is not None:
                figures.update(closed=1, records=len(closed.records), missing_time=len(closed.missing_time))


async def _over(tx: ReadTx, moment: datetime, after_id: int) -> tuple[list[int], int | None]:
    """Return sessions whose check-out is over, of a batch, and the id to go on after; None at the end."""
    history = await load_history(tx)
    rows = await tx.connection.fetch(_OVER, tx.bank_id, moment, after_id, BATCH)
    over = []
    for row in rows:
        try:
            rule = history.on(tx.day(row["starts_at"])).pack.attendance
        except RefusalError:  # before the first pack; closing it is refused, and counted
            rule = AttendanceRule()
        if row["ends_at"] + timedelta(minutes=rule.late_minutes) <= moment:
            over.append(row["id"])
    return over, rows[-1]["id"] if len(rows) == BATCH else None


async def _reconsider(run: Run, figures: Counter[str]) -> None:
    """Make records of scans that arrived after the closing."""
    after_id = 0
    while True:

        async def find(tx: ReadTx, after_id: int = after_id) -> list[int]:
            rows = await tx.connection.fetch(
                _TOLD_LATER, tx.bank_id, run.now - LATE_SCANS, after_id, BATCH, STORING
            )
            return [row["id"] for row in rows]

        found = await run.read(find)
        for session_id in found:

            async def again(tx: WriteTx, session_id: int = session_id) -> Closed | None:
                return await reconsider_due(tx, session_id=session_id, actor=ACTOR, now=run.now)

            done = await or_fault(run, f"session {session_id}", again)
            if done is not None and (done.records or done.noted):
                figures.update(reconsidered=1, records=len(done.records))
        if len(found) < BATCH:
            return
        after_id = found[-1]
