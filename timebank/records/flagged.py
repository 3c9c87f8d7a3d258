"""Sessions that look staged, the newest first: found by their signs, whether their records still wait or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ledger.session import ReadTx
from timebank.policy.actions import load_history
from timebank.records.queue import signs_by_session
from timebank.records.staged import Sign

if TYPE_CHECKING:
    import asyncpg

STEP = 200
"""Sessions of which the signs are asked at once."""

_HELD = """
select s.id as session_id, s.activity_id, a.name as activity_name, o.name as organisation, s.starts_at, s.ends_at,
  s.place, s.closed_at, coalesce(s.capacity, a.capacity) as capacity, made.people, made.minutes, made.low_grades,
  made.waiting
from activity_sessions s
join activities a on a.bank_id = $1 and a.id = s.activity_id
left join organisations o on o.bank_id = $1 and o.id = coalesce(a.organisation_id, a.team_id),
lateral (select count(*) as people, coalesce(sum(r.minutes), 0)::bigint as minutes,
    count(*) filter (where r.grade in ('D', 'E')) as low_grades,
    count(*) filter (where r.state in ('pending', 'second_review')) as waiting
  from service_records r where r.bank_id = $1 and r.session_id = s.id and r.state <> 'voided') made
where s.bank_id = $1 and (s.starts_at, s.id) < ($2, $3) and s.starts_at >= $4 and made.people > 0
  and ($5::bigint[] is null or a.organisation_id = any($5) or a.team_id = any($5))
order by s.starts_at desc, s.id desc limit $6
"""


@dataclass(frozen=True, slots=True)
class Flagged:
    """A session with its figures and what looks staged about it; a sign is no proof of anything."""

    session_id: int
    activity_id: int
    activity_name: str
    organisation: str | None
    starts_at: datetime
    ends_at: datetime
    place: str
    closed_at: datetime | None
    capacity: int | None
    people: int
    minutes: int
    low_grades: int
    waiting: int
    signs: tuple[Sign, ...]


async def flagged_sessions(
    tx: ReadTx,
    *,
    before: tuple[datetime, int],
    since: datetime,
    limit: int,
    reach: Sequence[int] | None = None,
) -> list[Flagged]:
    """Return sessions in `reach` (None: all) with signs, that began from `since` on, from before one."""
    history = await load_history(tx)
    found: list[Flagged] = []
    while len(found) < limit:
        rows = await tx.connection.fetch(_HELD, tx.bank_id, *before, since, reach, STEP)
        signs = await signs_by_session(tx, [(row["activity_id"], row["session_id"]) for row in rows], history)
        shown = [_flagged(row, signs[row["activity_id"], row["session_id"]]) for row in rows]
        found += [one for one in shown if one.signs]
        if len(rows) < STEP:
            break
        before = (rows[-1]["starts_at"], rows[-1]["session_id"])
    return found[:limit]


def _flagged(row: "asyncpg.Record", signs: tuple[Sign, ...]) -> Flagged:
    return Flagged(**row, signs=signs)
