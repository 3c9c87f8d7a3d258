"""Where everybody stands on a day, counted from the books in batches of volunteers, and who rises by it.

A batch is one statement: it reads the postings of its volunteers' wallets and writes the standings and the rises, so
that the program holds only whom it has to tell. Whoever changes stars takes the bank's lock of stars first.

A star rises by what the books said on the day and still say: hours that were taken back since raise nobody when a
missed day is caught up. A run for a day before one that is done raises nobody at all, and a star that was lowered
rises only by a later day. So it does not matter in which order days are run, nor how often.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.notifications.actions import tell_each
from timebank.policy.actions import PolicyVersion
from timebank.policy.rules import MINUTE
from timebank.stars.queries import JOB, newest_standing
from timebank.stars.rules import uncounted_grades

STARS_LOCK = 0x7467 << 48
BATCH = 5_000

_LOCK = "select pg_advisory_xact_lock($1)"
_LAST = """
select max(x.id) from (
  select v.id from volunteers v where v.bank_id = $1 and v.id > $2 order by v.id limit $3) x
"""
_CLEAR = """
delete from recognitions r
where r.bank_id = $1 and r.scheme = any('{star,annual}') and r.as_of = $2
  and r.volunteer_id > $3 and r.volunteer_id <= $4
"""

# Each volunteer's wallets, postings and star are found by index, one volunteer after another: the statistics may still
# say that the tables are empty. Hours of grades that do not count are few, and found apart from the others.
_STAND = """
with counted as materialized (
  select v.id, v.owner, m.minutes - u.minutes as minutes, m.ever - u.ever as ever, m.in_year,
    coalesce(h.star, 0) as held, h.rises_from
  from volunteers v
  left join lateral (
    select c.to_level as star, case when c.to_level < c.from_level then c.as_of + 1 else c.as_of end as rises_from
    from star_changes c where c.bank_id = $1 and c.volunteer_id = v.id order by c.id desc limit 1
  ) h on true,
  lateral (
    select coalesce(sum(x.amount), 0)::bigint as ever,
      coalesce(sum(x.amount) filter (where x.effective_at < $6), 0)::bigint as minutes
    from service_records r, lateral (
      select p.amount, t.effective_at from transactions t
      join postings p on p.bank_id = $1 and p.transaction_id = t.id and p.unit_id = $2 and p.to_seq is not null
      where t.bank_id = $1 and t.id = r.credited_transaction_id
      union all
      select -p.amount, t.effective_at from transactions t
      join postings p on p.bank_id = $1 and p.transaction_id = t.id and p.unit_id = $2 and p.from_seq is not null
      where t.bank_id = $1 and t.reverses_id = r.credited_transaction_id and t.refusal is null
    ) x
    where r.bank_id = $1 and r.grade = any($11::text[]) and r.volunteer_id = v.id
      and r.credited_transaction_id is not null
  ) u,
  lateral (
    select coalesce(sum(x.amount), 0)::bigint as ever,
      coalesce(sum(x.amount) filter (where t.effective_at < $6), 0)::bigint as minutes,
      coalesce(sum(x.amount) filter (where t.effective_at >= $7 and t.effective_at < $8), 0)::bigint as in_year
    from (
      select a.id from accounts a
      where a.bank_id = $1 and a.owner = v.owner and a.unit_id = $2 and a.kind = 'wallet' offset 0) a,
    lateral (
      select p.transaction_id, p.amount from postings p
      where p.bank_id = $1 and p.to_account_id = a.id and p.to_seq is not null
      union all
      select p.transaction_id, -p.amount from postings p
      where p.bank_id = $1 and p.from_account_id = a.id and p.from_seq is not null) x,
    lateral (
      select t.effective_at from transactions t where t.bank_id = $1 and t.id = x.transaction_id offset 0) t
  ) m
  where v.bank_id = $1 and v.id > $3 and v.id <= $4
), stood as materialized (
  select c.*, width_bucket(c.minutes, $9::bigint[]) as star, width_bucket(c.in_year, $10::bigint[]) as step,
    case when $14 or c.rises_from > $5 then c.held
      else greatest(c.held, width_bucket(least(c.minutes, c.ever), $9::bigint[])) end as holds
  from counted c
), risen as (
  insert into star_changes (bank_id, volunteer_id, from_level, to_level, minutes, as_of, policy_version, changed_by,
    changed_at)
  select $1, s.id, s.held, s.holds, least(s.minutes, s.ever), $5, $12, $13, $15
  from stood s where s.holds > s.held order by s.id
  returning 1
), kept as (
  insert into recognitions (bank_id, scheme, as_of, volunteer_id, level, minutes, policy_version, held)
  select $1, x.scheme, $5, s.id, x.level, x.minutes, $12, x.held
  from stood s, lateral (
    select 'star' as scheme, s.star as level, s.minutes, s.holds as held where s.star > 0 or s.holds > 0
    union all
    select 'annual', s.step, s.in_year, null where s.step > 0) x
  where $16
  returning 1
)
select array(select row(s.star, count(*)) from stood s where s.star > 0 group by s.star) as stars,
  array(select row(s.step, count(*)) from stood s where s.step > 0 group by s.step) as steps,
  array(select row(s.owner, s.holds) from stood s where s.holds > s.held) as risen,
  (select count(*) from stood s where s.star < s.holds) as above, (select count(*) from stood) as volunteers
"""
_NEXT_DAY = "select min(r.as_of) from recognitions r where r.bank_id = $1 and r.scheme = $2 and r.as_of > $3"
_KEPT = """
select max(x.id) from (
  select r.volunteer_id as id from recognitions r
  where r.bank_id = $1 and r.scheme = $2 and r.as_of = $3 and r.volunteer_id > $4 order by r.volunteer_id limit $5) x
"""
_DROP = """
delete from recognitions r
where r.bank_id = $1 and r.scheme = $2 and r.as_of = $3 and r.volunteer_id > $4 and r.volunteer_id <= $5
"""
_UNIT = "select id from units where bank_id = $1 and code = $2"


@dataclass(frozen=True, slots=True)
class Day:
    """A day to count for: hours that took effect before it, and those of the last year that is over on it."""

    as_of: date
    year: int
    version: PolicyVersion
    """In force on the day before."""
    is_ahead: bool = False
    """Nobody has served those hours yet, and nobody rises by them."""


@dataclass(frozen=True, slots=True)
class Stood:
    """How many of some volunteers stand at each star and each step of the year, rose, and stand above their hours.

    `last_id` is the last volunteer's, None if there was none left.
    """

    last_id: int | None = None
    volunteers: int = 0
    stars: Mapping[int, int] = field(default_factory=dict)
    steps: Mapping[int, int] = field(default_factory=dict)
    raised: int = 0
    above: int = 0


async def lock_stars(tx: WriteTx) -> None:
    """Let nobody else change stars of the bank before this transaction is over."""
    await tx.connection.execute(_LOCK, STARS_LOCK + tx.bank_id)


async def stand(tx: WriteTx, day: Day, *, after_id: int, now: datetime, limit: int = BATCH) -> Stood:
    """Count the hours of the first `limit` volunteers after an id, keep where they stand, raise and tell who rises.

    Doing it again for the same day replaces what was kept. Of a day before the newest one, or one
    that has not begun, only 1 January is kept.
    """
    await lock_stars(tx)
    last_id = await tx.connection.fetchval(_LAST, tx.bank_id, after_id, limit)
    if last_id is None:
        return Stood()
    newest = await newest_standing(tx)
    is_past = newest is not None and newest > day.as_of
    await tx.connection.execute(_CLEAR, tx.bank_id, day.as_of, after_id, last_id)
    pack = day.version.pack
    row = await tx.connection.fetchrow(
        _STAND,
        tx.bank_id,
        await tx.connection.fetchval(_UNIT, tx.bank_id, MINUTE),
        after_id,
        last_id,
        day.as_of,
        tx.start_of(day.as_of),
        tx.start_of(date(day.year, 1, 1)),
        tx.start_of(date(day.year + 1, 1, 1)),
        _minutes(pack.star_hours),
        _minutes(pack.annual_hours),
        uncounted_grades(pack),
        day.version.version,
        f"job:{JOB}",
        is_past or day.is_ahead,
        now,
        is_lasting(day.as_of) or not (is_past or day.is_ahead),
    )
    assert row is not None  # noqa: S101 -- a SELECT without FROM has one row
    told: list[tuple[UUID, Mapping[str, object]]] = [(owner, {"star": star}) for owner, star in row["risen"]]
    await tell_each(tx, told, "star_raised")
    return Stood(last_id, row["volunteers"], dict(row["stars"]), dict(row["steps"]), len(told), row["above"])


def is_lasting(as_of: date) -> bool:
    """Tell whether the standings of a day are kept for good: those of each 1 January."""
    return (as_of.month, as_of.day) == (1, 1)


def _minutes(step_hours: Sequence[int]) -> list[int]:
    return [hours * 60 for hours in step_hours]


async def outdated(tx: ReadTx, as_of: date) -> list[tuple[str, date]]:
    """Return the schemes and days whose standings are kept no more once those of a day are.

    Until the run for it has ended, the newest day before it is the one that is shown.
    """
    kept = {as_of, await newest_standing(tx)}
    found: list[tuple[str, date]] = []
    for scheme in ("star", "annual"):
        day: date | None = date.min
        while day is not None:
            day = await tx.connection.fetchval(_NEXT_DAY, tx.bank_id, scheme, day)
            if day is not None and day not in kept and not is_lasting(day):
                found.append((scheme, day))
    return found


async def drop(tx: WriteTx, scheme: str, as_of: date, *, after_id: int, limit: int = 4 * BATCH) -> int | None:
    """Drop the first `limit` standings of a day after a volunteer; return the last one's id, None when none is left."""
    last_id: int | None = await tx.connection.fetchval(_KEPT, tx.bank_id, scheme, as_of, after_id, limit)
    if last_id is not None:
        await tx.connection.execute(_DROP, tx.bank_id, scheme, as_of, after_id, last_id)
    return last_id
