"""Opening a public notice: what was approved is shown, masked, for so many working days before it is credited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import WriteTx
from timebank.access import Actor, check_organisation
from timebank.errors import RefusalError
from timebank.notices.crediting import BATCH, By, Credited, credit_records
from timebank.notices.rules import MAX_LINES, UNNAMED, shown_name
from timebank.people.queries import masked_names
from timebank.policy.queries import version_on
from timebank.records.entries import enter, move
from timebank.workdays.queries import last_working_day

if TYPE_CHECKING:
    import asyncpg

    from timebank.vault.cipher import Cipher

# What belongs to no organisation is shown by the top of the tree. Whether a record is disputed is asked again, under
# lock, before it is credited.
_APPROVED = """
with recursive down (id) as (
  select o.id from organisations o where o.bank_id = $1 and o.id = $2
  union
  select o.id from organisations o join down on o.parent_id = down.id where o.bank_id = $1
)
select r.id, v.owner, coalesce(s.starts_at, a.starts_at) as starts_at
from service_records r
join activities a on a.bank_id = $1 and a.id = r.activity_id
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
left join activity_sessions s on s.bank_id = $1 and s.id = r.session_id
where r.bank_id = $1 and r.state = 'approved' and (r.minutes > 0 or r.points > 0)
  and (a.organisation_id in (select id from down) or a.team_id in (select id from down)
    or (a.organisation_id is null and a.team_id is null and exists (
      select from organisations o where o.bank_id = $1 and o.id = $2 and o.parent_id is null)))
  and not exists (select from disputes d where d.bank_id = $1 and d.record_id = r.id and d.decided_at is null)
order by r.id limit $3 for update of r
"""
# An erasure at the same time comes before, and there is no name any more, or after, and finds the line.
_LIVING = """
select p.id from people p where p.bank_id = $1 and p.id = any($2::uuid[]) and p.erased_at is null
order by p.id for share
"""
_OPEN = """
insert into notices (bank_id, organisation_id, opened_on, closes_on, working_days, opened_by, opened_at)
values ($1, $2, $3, $4, $5, $6, $7) returning id
"""
_LINES = """
insert into notice_lines (bank_id, notice_id, record_id, line, masked_name, state)
select $1, $2, x.record_id, x.line, x.masked_name, 'shown'
from unnest($3::bigint[], $4::text[]) with ordinality as x (record_id, masked_name, line)
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """A notice with its lines and its last day; no notice where the policy wants none, and the credit instead."""

    notice_id: int | None
    closes_on: date | None
    lines: int
    credited: Credited


async def open_notice(
    tx: WriteTx, actor: Actor, cipher: "Cipher", *, organisation_id: int, now: datetime
) -> Opened:
    """Show what is approved below an organisation, 2,000 records at most; the rest is for the next notice.

    The last day is so many working days after today as the policy in force today says. With no days the records are
    credited at once and there is no notice.

    Raises:
        RefusalError: `forbidden`, `unknown_organisation`, `policy_missing`, `nothing_to_notice`, `vault_key_wrong`.
    """
    await check_organisation(tx, actor, "notices.write", organisation_id)
    today = tx.day(now)
    version = await version_on(tx, today)
    if version is None:
        raise RefusalError("policy_missing", day=today.isoformat())
    rows = await tx.connection.fetch(_APPROVED, tx.bank_id, organisation_id, MAX_LINES)
    if not rows:
        raise RefusalError("nothing_to_notice")
    working_days = version.pack.attendance.notice_working_days
    if working_days == 0:
        return Opened(None, None, 0, await _credit_at_once(tx, actor, rows, now))
    closes_on = await last_working_day(tx, today, working_days)
    notice_id: int = await tx.connection.fetchval(
        _OPEN, tx.bank_id, organisation_id, today, closes_on, working_days, actor.text, now
    )
    names = await _shown_names(tx, cipher, [row["owner"] for row in rows])
    lines = sorted(rows, key=lambda row: (row["starts_at"], row["id"]))
    await tx.connection.execute(
        _LINES,
        tx.bank_id,
        notice_id,
        [row["id"] for row in lines],
        [names.get(row["owner"], UNNAMED) for row in lines],
    )
    ids = [row["id"] for row in rows]
    await move(tx, ids, since=["approved"], to="noticed")
    details = {id_: {"notice": notice_id} for id_ in ids}
    await enter(tx, "noticed", details, actor=actor.text, person_id=actor.person_id, now=now)
    return Opened(notice_id, closes_on, len(ids), Credited())


async def _credit_at_once(
    tx: WriteTx, actor: Actor, rows: "Sequence[asyncpg.Record]", now: datetime
) -> Credited:
    done = Credited()
    for start in range(0, len(rows), BATCH):
        ids = [row["id"] for row in rows[start : start + BATCH]]
        by = By(actor.text, actor.person_id)
        done += await credit_records(tx, record_ids=ids, state="approved", by=by, now=now)
    return done


async def _shown_names(tx: WriteTx, cipher: "Cipher", owners: Sequence[UUID]) -> dict[UUID, str]:
    living = await tx.connection.fetch(_LIVING, tx.bank_id, sorted(set(owners)))
    return await masked_names(tx, cipher, [row["id"] for row in living], mask=shown_name)
