"""Reading activities. A draft is seen only by who may write it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx
from timebank.access import Actor
from timebank.activities.rules import Plan
from timebank.activities.seen import DOWN, IS_SEEN, drafts_seen
from timebank.errors import RefusalError
from timebank.policy.parts import Words
from timebank.policy.queries import version_on

if TYPE_CHECKING:
    import asyncpg

_ACTIVITY = """a.id, a.code, a.name, a.category, a.is_volunteer_service, a.organisation_id, a.team_id, a.place,
  a.starts_at, a.ends_at, a.rest_minutes, a.difficulty_permille, a.capacity, a.state, a.kind, a.content, a.leader_id,
  a.skills, a.min_age, a.is_dangerous, a.insurance, a.created_by, a.approved_by, a.version"""

_ACTIVITIES = f"""
{DOWN}
select {_ACTIVITY} from activities a
where a.bank_id = $1 and a.id > $2
  and ($3::bigint is null or a.organisation_id in (select id from down) or a.team_id in (select id from down))
  and ($4::timestamptz is null or a.starts_at >= $4) and ($5::timestamptz is null or a.starts_at < $5)
  and {IS_SEEN.format(n=7)}
  and ($8::text is null or a.state = $8) and ($9::text is null or a.kind = $9)
  and ($10::text is null or a.category = $10)
  and ($11::timestamptz is null or a.state in ('published', 'running') and exists (
    select from activity_sessions s
    where s.bank_id = $1 and s.activity_id = a.id and s.state = 'planned' and s.ends_at > $11))
order by a.id limit $6
"""  # noqa: S608 -- ours
_LATEST = f"""
{DOWN}
select {_ACTIVITY} from activities a
where a.bank_id = $1 and a.id < $2
  and ($3::bigint is null or a.organisation_id in (select id from down) or a.team_id in (select id from down))
  and {IS_SEEN.format(n=5)} and ($6::text is null or a.state = $6)
order by a.id desc limit $4
"""  # noqa: S608 -- ours
_ONE_ACTIVITY = f"select {_ACTIVITY} from activities a where a.bank_id = $1 and a.id = $2"  # noqa: S608 -- ours
_SEEN_ACTIVITY = f"{_ONE_ACTIVITY} and {IS_SEEN.format(n=3)}"


@dataclass(frozen=True, slots=True)
class Activity:
    """What is done, where and when; the difficulty is in thousandths."""

    id: int
    code: str
    name: str
    category: str
    is_volunteer_service: bool
    organisation_id: int | None
    team_id: int | None
    place: str
    starts_at: datetime
    ends_at: datetime
    rest_minutes: int
    difficulty_permille: int
    capacity: int | None
    state: str
    kind: str
    content: str
    leader_id: UUID | None
    skills: tuple[str, ...]
    min_age: int | None
    is_dangerous: bool
    insurance: str | None
    created_by: UUID | None
    approved_by: UUID | None
    version: int

    @property
    def plan(self) -> Plan:
        """What of it can be planned otherwise."""
        return Plan(**{field: getattr(self, field) for field in Plan.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Filter:
    """Which activities are asked for; None asks for any. `open_at`: those that take sign-ups at that moment."""

    organisation_id: int | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    state: str | None = None
    kind: str | None = None
    category: str | None = None
    open_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Labels:
    """What the bank's policy pack calls categories and states."""

    categories: Mapping[str, Words]
    states: Mapping[str, Words]


async def activities(
    tx: ReadTx, wanted: Filter, *, drafts: Sequence[int] | None, after_id: int, limit: int
) -> list[Activity]:
    """Return activities by id: drafts of some organisations only (None: of all)."""
    rows = await tx.connection.fetch(
        _ACTIVITIES,
        tx.bank_id,
        after_id,
        wanted.organisation_id,
        wanted.from_at,
        wanted.until_at,
        limit,
        drafts,
        wanted.state,
        wanted.kind,
        wanted.category,
        wanted.open_at,
    )
    return [_activity(row) for row in rows]


async def latest_activities(
    tx: ReadTx,
    *,
    organisation_id: int | None,
    state: str | None,
    drafts: Sequence[int] | None,
    before_id: int,
    limit: int,
) -> list[Activity]:
    """Return activities, the one entered last first: drafts of some organisations only (None: of all)."""
    rows = await tx.connection.fetch(_LATEST, tx.bank_id, before_id, organisation_id, limit, drafts, state)
    return [_activity(row) for row in rows]


async def activity(tx: ReadTx, activity_id: int) -> Activity:
    """Return one activity, a draft too.

    Raises:
        RefusalError: `unknown_activity`.
    """
    row = await tx.connection.fetchrow(_ONE_ACTIVITY, tx.bank_id, activity_id)
    if row is None:
        raise RefusalError("unknown_activity")
    return _activity(row)


async def seen_activity(tx: ReadTx, actor: Actor, activity_id: int) -> Activity:
    """Return one activity that the actor may see.

    Raises:
        RefusalError: `unknown_activity`.
    """
    row = await tx.connection.fetchrow(_SEEN_ACTIVITY, tx.bank_id, activity_id, await drafts_seen(tx, actor))
    if row is None:
        raise RefusalError("unknown_activity")
    return _activity(row)


async def labels(tx: ReadTx, day: date) -> Labels:
    """Return the words of the policy pack in force on a day; without one there are none."""
    version = await version_on(tx, day)
    if version is None:
        return Labels({}, {})
    pack = version.pack
    return Labels({category.code: category.label for category in pack.categories}, pack.labels)


def _activity(row: "asyncpg.Record") -> Activity:
    return Activity(**{**row, "skills": tuple(row["skills"])})
