"""Reading past service for a simulation: what is known of each record, a few days at a time."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.session import ReadTx
from timebank.records.rules import PlannedActivity, Span, served_span

if TYPE_CHECKING:
    import asyncpg

    from timebank.policy.parts import Grade

# A record belongs to the day on which its session begins; what was imported has none and takes its activity's times.
# The laterals keep the lookups on their indexes whatever the statistics say.
_PAST = """
select r.id, v.owner, v.is_party_member, r.origin, r.state, r.outcome, r.grade, r.minutes, r.points, r.policy_version,
  r.check_in_at, r.check_out_at, r.served_from, r.served_until, f.starts_at, f.ends_at, f.rest_minutes,
  a.is_volunteer_service, a.category, a.organisation_id, a.difficulty_permille
from (
  select x.id as activity_id, null::bigint as session_id, x.starts_at, x.ends_at, x.rest_minutes
  from activities x where x.bank_id = $1 and x.starts_at >= $2 and x.starts_at < $3
  union all
  select s.activity_id, s.id, s.starts_at, s.ends_at, s.rest_minutes
  from activity_sessions s where s.bank_id = $1 and s.starts_at >= $2 and s.starts_at < $3
) f,
lateral (select x.* from activities x where x.bank_id = $1 and x.id = f.activity_id offset 0) a,
lateral (
  select x.* from service_records x where f.session_id is null
    and x.bank_id = $1 and x.activity_id = f.activity_id and x.session_id is null and x.state <> 'voided'
  union all
  select x.* from service_records x
  where x.bank_id = $1 and x.session_id = f.session_id and x.state <> 'voided'
  offset 0
) r,
lateral (select x.* from volunteers x where x.bank_id = $1 and x.id = r.volunteer_id offset 0) v
"""


@dataclass(frozen=True, slots=True)
class PastService:
    """A record as it stands: who served when, what was decided, and what it would take to price it anew."""

    record_id: int
    person_id: UUID
    is_party_member: bool
    origin: str
    state: str
    outcome: str
    grade: "Grade | None"
    minutes: int
    points: int
    policy_version: int
    served: Span | None
    plan: PlannedActivity
    category: str
    organisation_id: int | None
    day: date
    """The bank's calendar day on which the session begins."""


@dataclass(frozen=True, slots=True)
class PastDays:
    """What was read of some days; taking it apart takes longer than reading it and needs no transaction."""

    rows: "list[asyncpg.Record]"
    zone: ZoneInfo

    def services(self) -> list[PastService]:
        """Return the records."""
        return [_past(row, self.zone) for row in self.rows]


async def past_days(tx: ReadTx, from_on: date, until_on: date) -> PastDays:
    """Read the records, but for voided ones, of sessions that begin on these days, both included."""
    rows = await tx.connection.fetch(_PAST, tx.bank_id, tx.start_of(from_on), tx.end_of(until_on))
    return PastDays(rows, tx.zone)


def _past(row: "asyncpg.Record", zone: ZoneInfo) -> PastService:
    plan = PlannedActivity(
        code="",
        volunteer_service=row["is_volunteer_service"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"].astimezone(zone),
        rest_minutes=row["rest_minutes"],
        difficulty_thousandths=row["difficulty_permille"],
    )
    if row["served_from"] is None or row["served_until"] is None:
        served = served_span(row["check_in_at"], row["check_out_at"], plan)
    else:
        served = (row["served_from"], row["served_until"])
    return PastService(
        record_id=row["id"],
        person_id=row["owner"],
        is_party_member=row["is_party_member"],
        origin=row["origin"],
        state=row["state"],
        outcome=row["outcome"],
        grade=row["grade"],
        minutes=row["minutes"],
        points=row["points"],
        policy_version=row["policy_version"],
        served=served,
        plan=plan,
        category=row["category"],
        organisation_id=row["organisation_id"],
        day=row["starts_at"].astimezone(zone).date(),
    )
