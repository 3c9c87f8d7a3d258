"""The clock that the office sees: records are due so many working days after a session (民政部令第67号 Art 11).

A session is late while it is not closed, or while a record of it waits for approval, after that day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from ledger.session import ReadTx
from timebank.policy.actions import PolicyHistory, load_history
from timebank.workdays.queries import overrides_after
from timebank.workdays.rules import add_working_days

if TYPE_CHECKING:
    import asyncpg

# So many working days are that many days at least: what ended later than that is not due whatever the calendar says.
_ENDED = """
select s.id as session_id, s.activity_id, a.code as activity_code, a.name as activity_name,
  a.organisation_id, a.team_id, s.starts_at, s.ends_at, s.state,
  (select count(*) from sign_ups u where u.bank_id = $1 and u.session_id = s.id and u.state = 'signed_up') as signed_up,
  (select count(distinct c.volunteer_id) from scans c
    where c.bank_id = $1 and c.session_id = s.id and c.outcome in ('accepted', 'repeat')) as attended,
  waiting.records as waiting_records
from activity_sessions s join activities a on a.bank_id = $1 and a.id = s.activity_id,
lateral (select count(*) as records from service_records r
  where r.bank_id = $1 and r.session_id = s.id and r.state in ('pending', 'second_review')) waiting
where s.bank_id = $1 and (s.ends_at, s.id) > ($2, $3) and s.ends_at < $4
  and ($5::bigint[] is null or a.organisation_id = any($5::bigint[]) or a.team_id = any($5::bigint[]))
  and (s.state = 'planned' and a.state in ('published', 'running') or waiting.records > 0)
order by s.ends_at, s.id limit $6
"""


@dataclass(frozen=True, slots=True)
class LateSession:
    """A session whose records were due: whether it is closed, who came, and how many records wait."""

    session_id: int
    activity_id: int
    activity_code: str
    activity_name: str
    organisation_id: int | None
    team_id: int | None
    starts_at: datetime
    ends_at: datetime
    state: str
    signed_up: int
    attended: int
    waiting_records: int
    due_on: date
    """The last day on which they were in time."""


async def late_sessions(
    tx: ReadTx, *, today: date, after: tuple[datetime, int], limit: int, reach: Sequence[int] | None = None
) -> list[LateSession]:
    """Return sessions in `reach` (None: all) whose records were due before today, by their end, from after one."""
    history = await load_history(tx)
    if not history.versions:
        return []
    shortest = min(version.pack.attendance.record_working_days for version in history.versions)
    until = tx.start_of(today - timedelta(days=shortest))
    late: list[LateSession] = []
    while len(late) < limit:
        rows = await tx.connection.fetch(_ENDED, tx.bank_id, *after, until, reach, limit)
        late += [found for found in await _dated(tx, rows, history) if found.due_on < today]
        if len(rows) < limit:
            break
        after = (rows[-1]["ends_at"], rows[-1]["session_id"])
    return late[:limit]


async def _dated(tx: ReadTx, rows: Sequence["asyncpg.Record"], history: PolicyHistory) -> list[LateSession]:
    """Return sessions with the last day on which their records are in time, by the calendar and their policy."""
    if not rows:
        return []
    overrides = await overrides_after(tx, tx.day(rows[0]["ends_at"]))
    due: dict[tuple[date, int], date] = {}
    found = []
    for row in rows:
        days = history.on(tx.day(row["starts_at"])).pack.attendance.record_working_days
        ended = (tx.day(row["ends_at"]), days)
        if ended not in due:
            due[ended] = add_working_days(*ended, overrides)
        found.append(LateSession(**row, due_on=due[ended]))
    return found
