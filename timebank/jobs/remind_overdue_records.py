"""Remind who approves records of the sessions whose records are overdue (民政部令第67号 Art 11), on working days."""

from collections import Counter
from datetime import UTC, datetime
from typing import Final

from ledger.session import ReadTx, WriteTx
from timebank.jobs.run import Run
from timebank.notifications.actions import tell_each
from timebank.records.overdue import late_sessions
from timebank.workdays.queries import overrides_between
from timebank.workdays.rules import is_working_day

KIND: Final = "records_overdue"
PAGE: Final = 500
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)

# Who may approve at the organisation or above it; who was told of that day already is not told again.
_APPROVERS: Final = """
with recursive up (node, sessions, id, parent_id) as (
  select late.node, late.sessions, o.id, o.parent_id
  from unnest($2::bigint[], $3::bigint[]) as late (node, sessions)
  join organisations o on o.bank_id = $1 and o.id = late.node
  union all
  select up.node, up.sessions, o.id, o.parent_id
  from up join organisations o on o.bank_id = $1 and o.id = up.parent_id
)
select reached.person_id, sum(reached.sessions)::bigint as sessions
from (
  select distinct g.person_id, up.node, up.sessions from up
  join role_grants g on g.bank_id = $1 and g.organisation_id = up.id
  where g.role in ('community_worker', 'office') and g.revoked_at is null
    and g.from_at <= $4 and (g.until_at is null or g.until_at > $4)
) reached
where not exists (select from notifications n where n.bank_id = $1 and n.person_id = reached.person_id
  and n.kind = 'records_overdue' and n.params->>'day' = $5)
group by reached.person_id order by reached.person_id
"""


async def run_remind_overdue_records(run: Run) -> dict[str, object]:
    """Tell each approver how many sessions in their reach are overdue, once a working day, and return the figures."""

    async def look(tx: ReadTx) -> Counter[int] | None:
        if not is_working_day(run.as_of, await overrides_between(tx, run.as_of, run.as_of)):
            return None
        return await _late_by_node(tx, run)

    late = await run.read(look)
    if late is None:
        return {"sessions": 0, "told": 0}

    async def work(tx: WriteTx) -> int:
        day = run.as_of.isoformat()
        nodes, counts = list(late), list(late.values())
        rows = await tx.connection.fetch(_APPROVERS, tx.bank_id, nodes, counts, run.now, day)
        told = [(row["person_id"], {"day": day, "sessions": row["sessions"]}) for row in rows]
        await tell_each(tx, told, KIND)
        return len(told)

    return {"sessions": late.total(), "told": await run.write(work)}


async def _late_by_node(tx: ReadTx, run: Run) -> Counter[int]:
    """Return how many sessions are late by the organisation, or else the team, that holds them."""
    late = Counter[int]()
    after = (_BEGINNING, 0)
    while True:
        found = await late_sessions(tx, today=run.as_of, after=after, limit=PAGE)
        late.update(node for line in found if (node := line.organisation_id or line.team_id) is not None)
        if len(found) < PAGE:
            return late
        after = (found[-1].ends_at, found[-1].session_id)
