"""Reading stars: what somebody has and how it came, the way to the next, and who has more than their hours say."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.session import ReadTx
from timebank.policy.actions import PolicyVersion, load_history
from timebank.policy.rules import MINUTE
from timebank.stars.rules import LoweredFor, Way, uncounted_grades, way_on

JOB = "recognise"

_LAST = """
select x.id, c.to_level, c.as_of, c.minutes, c.policy_version from unnest($2::bigint[]) as x (id), lateral (
  select * from star_changes c where c.bank_id = $1 and c.volunteer_id = x.id order by c.id desc limit 1) c
"""
# All that is in the wallets now, but what came of records whose grade does not count and was not taken back.
_OF_PERSON = """
select v.id, coalesce((
    select c.to_level from star_changes c where c.bank_id = $1 and c.volunteer_id = v.id order by c.id desc limit 1
  ), 0) as star, (
    select coalesce(sum(a.balance), 0)::bigint from accounts a join units u on u.bank_id = $1 and u.id = a.unit_id
    where a.bank_id = $1 and a.owner = v.owner and a.kind = 'wallet' and u.code = $3
  ) - (
    select coalesce(sum(p.amount), 0)::bigint
    from service_records r
    join postings p on p.bank_id = $1 and p.transaction_id = r.credited_transaction_id and p.to_seq is not null
    join units u on u.bank_id = $1 and u.id = p.unit_id and u.code = $3
    where r.bank_id = $1 and r.volunteer_id = v.id and r.grade = any($4::text[])
      and not exists (select from transactions t
        where t.bank_id = $1 and t.reverses_id = r.credited_transaction_id and t.refusal is null)
  ) as minutes
from volunteers v where v.bank_id = $1 and v.owner = $2
"""
_CHANGES = """
select c.id, c.from_level, c.to_level, c.minutes, c.as_of, c.policy_version, c.reason, c.changed_at
from volunteers v join star_changes c on c.bank_id = $1 and c.volunteer_id = v.id
where v.bank_id = $1 and v.owner = $2 and c.id < $3 order by c.id desc limit $4
"""
# A run for a day that had not begun yet says nothing of where anybody stands.
_NEWEST = """
select max(j.period)::date from job_runs j
where j.bank_id = $1 and j.job = $2 and j.state = 'succeeded'
  and (j.finished_at at time zone $3)::date >= j.period::date
"""
_ABOVE = """
select v.id, v.owner, c.to_level as star, r.level, r.minutes, r.as_of, r.policy_version
from recognitions r
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id,
lateral (
  select c.to_level from star_changes c where c.bank_id = $1 and c.volunteer_id = v.id order by c.id desc limit 1
) c
where r.bank_id = $1 and r.scheme = 'star' and r.as_of = $2 and r.level < r.held and r.level < c.to_level
  and r.volunteer_id > $3
  and ($4::bigint[] is null or v.organisation_id = any($4::bigint[]) or v.team_id = any($4::bigint[])
    or exists (select from memberships m where m.bank_id = $1 and m.person_id = v.owner
      and m.until_on is null and m.organisation_id = any($4::bigint[])))
order by r.volunteer_id limit $5
"""


@dataclass(frozen=True, slots=True)
class Star:
    """What a volunteer has, and by which hours up to which day and which version of the policy it came."""

    star: int
    as_of: date
    minutes: int
    policy_version: int


@dataclass(frozen=True, slots=True)
class StarStanding:
    """A person's star, the minutes that count for stars today, and the way to the next one, None from the highest."""

    volunteer_id: int | None
    star: int
    minutes: int
    way: Way | None


@dataclass(frozen=True, slots=True)
class StarChange:
    """A star that came or went: by so many minutes up to a day, under a version that asks so many for it."""

    id: int
    from_star: int
    to_star: int
    minutes: int
    needed_minutes: int
    as_of: date
    policy_version: int
    reason: LoweredFor | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class StarReview:
    """Somebody who has more stars than their hours make on a day."""

    volunteer_id: int
    person_id: UUID
    star: int
    by_hours: int
    minutes: int
    as_of: date
    policy_version: int


async def stars_of(tx: ReadTx, volunteer_ids: Collection[int]) -> dict[int, Star]:
    """Return the star of each of some volunteers by id; who never had one is left out."""
    rows = await tx.connection.fetch(_LAST, tx.bank_id, list(volunteer_ids))
    return {
        row["id"]: Star(row["to_level"], row["as_of"], row["minutes"], row["policy_version"]) for row in rows
    }


async def star_standing(tx: ReadTx, person_id: UUID, version: PolicyVersion) -> StarStanding:
    """Return a person's star and the way on by a version of the policy; who does not volunteer has none."""
    row = await tx.connection.fetchrow(
        _OF_PERSON, tx.bank_id, person_id, MINUTE, uncounted_grades(version.pack)
    )
    volunteer_id, star, minutes = (None, 0, 0) if row is None else row
    return StarStanding(volunteer_id, star, minutes, way_on(star, minutes, version.pack.star_hours))


async def changes_of(tx: ReadTx, person_id: UUID, *, before_id: int, limit: int) -> list[StarChange]:
    """Return how a person's stars came and went, newest first, each by the policy of its time."""
    rows = await tx.connection.fetch(_CHANGES, tx.bank_id, person_id, before_id, limit)
    history = await load_history(tx)
    return [
        StarChange(
            row["id"],
            row["from_level"],
            row["to_level"],
            row["minutes"],
            needed(row["to_level"], history.numbered(row["policy_version"]).star_hours),
            row["as_of"],
            row["policy_version"],
            row["reason"],
            row["changed_at"],
        )
        for row in rows
    ]


def needed(star: int, step_hours: Sequence[int]) -> int:
    """Return the minutes at which a star stands; of one that there is no more, those of the highest."""
    return step_hours[min(star, len(step_hours)) - 1] * 60 if star else 0


async def newest_standing(tx: ReadTx) -> date | None:
    """Return the newest day that everybody's standing is counted for, if there is one."""
    found: date | None = await tx.connection.fetchval(_NEWEST, tx.bank_id, JOB, tx.zone.key)
    return found


async def star_reviews(
    tx: ReadTx, *, reach: Sequence[int] | None, after_id: int, limit: int
) -> list[StarReview]:
    """Return who of `reach` (None: all) has more stars than their hours said on the newest day, by volunteer id.

    Whose star was lowered since is listed no more.
    """
    as_of = await newest_standing(tx)
    if as_of is None:
        return []
    rows = await tx.connection.fetch(_ABOVE, tx.bank_id, as_of, after_id, reach, limit)
    return [StarReview(*row) for row in rows]
