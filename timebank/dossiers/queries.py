"""Reading dossiers, a page of volunteers at a time: their services, evaluations and commendations. Names are sealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx

if TYPE_CHECKING:
    import asyncpg

_PLACED = """($2::bigint[] is null or v.organisation_id = any($2) or v.team_id = any($2)
    or exists (select from memberships m where m.bank_id = $1 and m.person_id = v.owner and m.until_on is null
      and m.organisation_id = any($2)))"""
_STARTS = "coalesce(s.starts_at, a.starts_at)"

# Only hours that are credited, of volunteer service: anything else must not be recorded as such (Art 19).
_SERVED = f"""
from service_records r
join activities a on a.bank_id = $1 and a.id = r.activity_id and a.is_volunteer_service
left join activity_sessions s on s.bank_id = $1 and s.id = r.session_id
where r.bank_id = $1 and r.volunteer_id = {{volunteer}} and r.state = 'credited' and r.minutes > 0
  and ($3::timestamptz is null or {_STARTS} >= $3) and ($4::timestamptz is null or {_STARTS} < $4)
"""
_VOLUNTEERS = f"""
select v.id, v.code, v.owner, p.erased_at is not null as is_erased
from volunteers v join people p on p.bank_id = $1 and p.id = v.owner
where v.bank_id = $1 and v.id > $5 and {_PLACED} and exists (select {_SERVED.format(volunteer="v.id")})
order by v.id limit $6
"""  # noqa: S608 -- the module's own words
_SERVICES = f"""
select f.* from unnest($2::bigint[]) with ordinality as x (id, place), lateral (
  select r.id, r.volunteer_id, a.name, a.category, {_STARTS} as starts_at, coalesce(s.place, a.place) as place,
    a.content, r.minutes, (select o.name from organisations o where o.bank_id = $1
      and o.id = coalesce(a.organisation_id, a.team_id)) as organiser,
    coalesce(a.leader_id, (select l.owner from volunteers l where l.bank_id = $1 and l.code = a.leader_code))
      as leader_id,
    r.evaluation, case when r.evaluation is not null then (select max(e.entered_at) from record_entries e
      where e.bank_id = $1 and e.record_id = r.id and e.kind = 'evaluated') end as evaluated_at
  {_SERVED.format(volunteer="x.id")} offset 0) f
order by x.place, f.starts_at, f.id
"""  # noqa: S608 -- the module's own words
_STARS = """
select c.volunteer_id, c.to_level, c.as_of from unnest($2::bigint[]) with ordinality as x (id, place), lateral (
  select k.id, k.volunteer_id, k.to_level, k.as_of from star_changes k where k.bank_id = $1 and k.volunteer_id = x.id
    and ($3::date is null or k.as_of >= $3) and ($4::date is null or k.as_of <= $4) offset 0) c
order by x.place, c.id
"""
_RECOGNISED = """
select c.volunteer_id, c.title, c.published_at, c.name from unnest($2::bigint[]) with ordinality as x (id, place),
lateral (
  select k.volunteer_id, r.title, r.published_at, o.name from recognition_candidates k
  join recognition_rounds r on r.bank_id = $1 and r.id = k.round_id and r.state = 'published'
  join organisations o on o.bank_id = $1 and o.id = r.organisation_id
  where k.bank_id = $1 and k.volunteer_id = x.id and k.state = 'proposed'
    and ($3::timestamptz is null or r.published_at >= $3) and ($4::timestamptz is null or r.published_at < $4)
  offset 0) c
order by x.place, c.published_at
"""
# By their digests, for they are few and nothing finds them by volunteer. One that was taken back is none.
_AWARDS = f"""
select w.digest, v.code, w.title, w.awarded_on
from awards w join volunteers v on v.bank_id = $1 and v.id = w.volunteer_id
where w.bank_id = $1 and w.digest > $5 and w.outcome = 'accepted' and {_PLACED}
  and ($3::date is null or w.awarded_on >= $3) and ($4::date is null or w.awarded_on <= $4)
  and not exists (select from transactions t join transactions b on b.bank_id = $1 and b.reverses_id = t.id
    and b.refusal is null
    where t.bank_id = $1 and t.idempotency_key = 'award:' || encode(w.digest, 'hex'))
order by w.digest limit $6
"""  # noqa: S608 -- the module's own words
_FIELDS = """
select x.subject, x.field, x.sealed from unnest($2::uuid[]) as p (id), lateral (
  select f.subject, f.field, f.sealed from vault f where f.bank_id = $1 and f.subject = p.id
    and f.field = any($3::text[]) offset 0) x
"""
_NEAR = f"""
select x.id from unnest($3::uuid[]) as x (id) where $2::bigint[] is null
  or exists (select from volunteers v where v.bank_id = $1 and v.owner = x.id and {_PLACED})
  or exists (select from memberships m where m.bank_id = $1 and m.person_id = x.id and m.until_on is null
    and m.organisation_id = any($2))
"""  # noqa: S608 -- the module's own words


@dataclass(frozen=True, slots=True)
class Span:
    """Which days are asked for, the last one included; None leaves that side open."""

    from_on: date | None = None
    until_on: date | None = None

    def moments(self, tx: ReadTx) -> tuple[datetime | None, datetime | None]:
        """Return the instants between which these days lie."""
        return (
            None if self.from_on is None else tx.start_of(self.from_on),
            None if self.until_on is None else tx.end_of(self.until_on),
        )


@dataclass(frozen=True, slots=True)
class Volunteer:
    """Somebody who served; whoever was erased is known by the code alone."""

    id: int
    code: str
    person_id: UUID
    is_erased: bool


@dataclass(frozen=True, slots=True)
class Service:
    """A service with the fields of Art 7, and how good it was (Art 10)."""

    record_id: int
    volunteer_id: int
    name: str
    category: str
    starts_at: datetime
    place: str
    content: str
    minutes: int
    organiser: str | None
    leader_id: UUID | None
    evaluation: str | None
    evaluated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Commendation:
    """What somebody was commended by (Art 9); without a grantor it was the bank."""

    code: str
    title: str
    granted_on: date | None
    grantor: str | None


@dataclass(frozen=True, slots=True)
class Star:
    """That somebody had so many stars from a day on."""

    code: str
    level: int
    as_of: date


@dataclass(frozen=True, slots=True)
class Page:
    """The dossiers of some volunteers; `fields` are sealed, of them and of who led the activities, by (who, field).

    `near` are those of the leaders whom the reader may know by name.
    """

    volunteers: list[Volunteer]
    services: list[Service]
    stars: list[Star]
    recognised: list[Commendation]
    fields: dict[tuple[UUID, str], bytes]
    near: set[UUID]


async def dossiers(
    tx: ReadTx, reach: Sequence[int] | None, span: Span, *, after_id: int, limit: int, fields: Sequence[str]
) -> Page:
    """Return the next volunteers in reach (None: all) who served in a span of days, in order of id."""
    run, bank_id, moments = tx.connection, tx.bank_id, span.moments(tx)
    rows = await run.fetch(_VOLUNTEERS, bank_id, reach, *moments, after_id, limit)
    volunteers = [Volunteer(*row) for row in rows]
    ids = [each.id for each in volunteers]
    codes = {each.id: each.code for each in volunteers}
    services = [Service(*row) for row in await run.fetch(_SERVICES, bank_id, ids, *moments)]
    days = (span.from_on, span.until_on)
    stars = [Star(codes[row[0]], row[1], row[2]) for row in await run.fetch(_STARS, bank_id, ids, *days)]
    recognised = [
        Commendation(codes[row[0]], row[1], tx.day(row[2]), row[3])
        for row in await run.fetch(_RECOGNISED, bank_id, ids, *moments)
    ]
    leaders = sorted({each.leader_id for each in services if each.leader_id is not None})
    near = {row[0] for row in await run.fetch(_NEAR, bank_id, reach, leaders)}
    living = [each.person_id for each in volunteers if not each.is_erased]
    sealed = await _sealed(tx, living, fields) | await _sealed(tx, leaders, fields[:1])
    return Page(volunteers, services, stars, recognised, sealed, near)


async def award_page(
    tx: ReadTx, reach: Sequence[int] | None, span: Span, *, after: bytes, limit: int
) -> tuple[list[Commendation], bytes | None]:
    """Return the next awards by hand in an order of their own, and where the next page begins, if there is one."""
    rows = await tx.connection.fetch(_AWARDS, tx.bank_id, reach, span.from_on, span.until_on, after, limit)
    found = [Commendation(row["code"], row["title"], row["awarded_on"], None) for row in rows]
    return found, bytes(rows[-1]["digest"]) if len(rows) == limit else None


async def _sealed(tx: ReadTx, people: Sequence[UUID], fields: Sequence[str]) -> dict[tuple[UUID, str], bytes]:
    rows: list[asyncpg.Record] = await tx.connection.fetch(_FIELDS, tx.bank_id, people, list(fields))
    return {(row["subject"], row["field"]): bytes(row["sealed"]) for row in rows}
