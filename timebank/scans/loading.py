"""What is on record about a batch of scans, in one statement for each kind of thing, however many scans there are."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.policy.rules import AttendanceRule
from timebank.scans.rules import Claim, SessionFacts, Site, Taken

if TYPE_CHECKING:
    import asyncpg

# Every table is asked for by its key in a subquery of its own: without statistics, as in a table that was empty when
# the statement was planned, the planner would otherwise go by whatever index begins with the bank. What is asked for
# is given by a subquery, too: seeing that it is few, the planner would plan anew each time, for longer than it saves.
_PERSON = """
left join lateral (
  select p.id, p.erased_at from people p where p.bank_id = $1 and p.id = x.person_id offset 0) p on true
left join lateral (
  select v.id, v.organisation_id, v.team_id from volunteers v
  where v.bank_id = $1 and v.owner = x.person_id offset 0) v on true
"""
# The door of `access.load_actor` for many at once: the sessions that are alive, and whose they are.
_LOGINS = f"""
select x.id, x.person_id, v.id as volunteer_id, v.organisation_id, v.team_id
from unnest((select $2::uuid[])) as n (id), lateral (
  select s.id, s.person_id, s.device_id, s.ended_at, s.expires_at from sessions s
  where s.bank_id = $1 and s.id = n.id offset 0) x
{_PERSON}
left join lateral (
  select d.revoked_at from devices d where d.bank_id = $1 and d.id = x.device_id offset 0) d on true
where x.ended_at is null and x.expires_at > $3 and p.erased_at is null and d.revoked_at is null
"""  # noqa: S608 -- ours
_PEOPLE = f"""
select x.person_id as id, x.person_id, v.id as volunteer_id, v.organisation_id, v.team_id
from unnest((select $2::uuid[])) as x (person_id)
{_PERSON}
where p.id is not null and p.erased_at is null
"""  # noqa: S608 -- ours
_LOCATING = """
select x.id from unnest((select $2::uuid[])) as x (id), lateral (
  select c.is_given from consents c where c.bank_id = $1 and c.person_id = x.id and c.purpose = 'location'
  order by c.id desc limit 1) c
where c.is_given
"""
_PASSES = """
select p.id, p.person_id, p.key_id, p.revoked_at from unnest((select $2::bigint[])) as x (id), lateral (
  select p.* from passes p where p.bank_id = $1 and p.id = x.id offset 0) p
"""
_CARDS = """
select c.digest, c.person_id, c.revoked_at from unnest((select $2::bytea[])) as x (digest), lateral (
  select c.* from cards c where c.bank_id = $1 and c.digest = x.digest offset 0) c
"""
_POSTERS = """
select t.id, t.poster_serial,
  array(select s.id from activity_sessions s
    join session_stations l on l.bank_id = $1 and l.session_id = s.id and l.station_id = t.id
    where s.bank_id = $1 and s.state = 'planned' and s.ends_at > $3::timestamptz - interval '2 days'
      and s.starts_at < $3::timestamptz + interval '2 days') as sessions
from unnest((select $2::bigint[])) as x (id), lateral (
  select t.* from stations t where t.bank_id = $1 and t.id = x.id and (t.closed_on is null or t.closed_on > $4)
  offset 0) t
"""
_SESSIONS = """
select s.id, s.state, s.starts_at, s.ends_at, s.capacity, a.activity_state, a.activity_kind, a.organisation_id,
  a.is_guarded, p.early, p.late,
  array(select row(t.id, t.latitude_e6, t.longitude_e6, t.radius_metres, t.organisation_id)
    from session_stations l join stations t on t.bank_id = $1 and t.id = l.station_id
    where l.bank_id = $1 and l.session_id = s.id) as stations
from unnest((select $2::bigint[])) as x (id), lateral (
  select s.* from activity_sessions s where s.bank_id = $1 and s.id = x.id offset 0) s,
lateral (
  select a.state as activity_state, a.kind as activity_kind, a.organisation_id,
    a.is_dangerous or a.min_age is not null as is_guarded
  from activities a where a.bank_id = $1 and a.id = s.activity_id offset 0) a
left join lateral (
  select (k.body #>> '{attendance,early_minutes}')::bigint as early,
    (k.body #>> '{attendance,late_minutes}')::bigint as late
  from policy_packs k where k.bank_id = $1 and k.effective_from <= (s.starts_at at time zone $3)::date
  order by k.effective_from desc limit 1) p on true
"""
_SCAN = """
s.digest, s.session_id, s.volunteer_id, s.kind, s.outcome, s.happened_at, s.phone, s.proof, s.device_id, s.device_seq
"""
SIGNED_UP = "signed_up"
# What is on record of a batch, in one statement: each round trip is one more wait for everybody in it. Each part goes
# by the unique index that will decide in the end; a phone served by a repeat, too, which has its own. A sign-up is
# asked for as the first of a range, so that only an index with the volunteer in it will do: without statistics the
# queue's looks as good, and reads all who signed up for each who scans.
_TAKEN = f"""
select {_SCAN} from unnest((select $2::bigint[]), (select $3::bigint[])) as x (session_id, volunteer_id), lateral (
  select s.* from scans s where s.bank_id = $1 and s.session_id = x.session_id and s.volunteer_id = x.volunteer_id
    and s.kind in ('in', 'out') and s.outcome = 'accepted' offset 0) s
union all
select {_SCAN} from unnest((select $4::bigint[]), (select $5::bytea[])) as x (session_id, phone), lateral (
  select s.* from scans s where s.bank_id = $1 and s.session_id = x.session_id and s.phone = x.phone
    and s.outcome = 'accepted' offset 0) s
union all
select {_SCAN} from unnest((select $4::bigint[]), (select $5::bytea[])) as x (session_id, phone), lateral (
  select s.* from scans s where s.bank_id = $1 and s.session_id = x.session_id and s.phone = x.phone
    and s.outcome = 'repeat' offset 0) s
union all
select {_SCAN} from unnest((select $6::bytea[])) as x (proof), lateral (
  select s.* from scans s where s.bank_id = $1 and s.proof = x.proof and s.outcome = 'accepted' offset 0) s
union all
select {_SCAN} from unnest((select $7::bytea[])) as x (digest), lateral (
  select s.* from scans s where s.bank_id = $1 and s.digest = x.digest offset 0) s
union all
select {_SCAN} from unnest((select $8::uuid[]), (select $9::bigint[])) as x (device_id, device_seq), lateral (
  select s.* from scans s where s.bank_id = $1 and s.device_id = x.device_id and s.device_seq = x.device_seq
    and s.outcome <> 'sequence_conflict' offset 0) s
union all
select null, u.session_id, u.volunteer_id, null, u.state, null, null, null, null, null
from unnest((select $2::bigint[]), (select $3::bigint[])) as x (session_id, volunteer_id), lateral (
  select u.session_id, u.volunteer_id, u.state from sign_ups u
  where u.bank_id = $1 and u.session_id = x.session_id
    and u.volunteer_id >= x.volunteer_id and u.volunteer_id <= x.volunteer_id
  order by u.volunteer_id limit 1) u
where u.state = '{SIGNED_UP}'
"""  # noqa: S608 -- ours

# Who signs up locks the same row; foreign keys of scans do not wait for it.
_LOCK = """
select s.id, s.capacity from activity_sessions s where s.bank_id = $1 and s.id = any($2::bigint[])
order by s.id for no key update
"""
_PRESENT = """
select x.id, (select count(*) from (
    select u.volunteer_id from sign_ups u
    where u.bank_id = $1 and u.session_id = x.id and u.state = 'signed_up'
    union
    select s.volunteer_id from scans s where s.bank_id = $1 and s.session_id = x.id and s.outcome = 'accepted'
  ) as anybody) as present
from unnest((select $2::bigint[])) as x (id)
"""


@dataclass(frozen=True, slots=True)
class Member:
    """A person as a scan needs them; `volunteer_id` is None for who is no volunteer, `person_id` for a device."""

    person_id: UUID | None
    volunteer_id: int | None
    organisations: frozenset[int]


@dataclass(frozen=True, slots=True)
class Bearing:
    """A pass or a card: whose it is, until when it is good, and of a pass the key that its seed comes from."""

    person_id: UUID
    revoked_at: datetime | None
    key_id: str = ""

    def is_good_at(self, moment: datetime) -> bool:
        """Tell whether it was not revoked by then."""
        return self.revoked_at is None or moment < self.revoked_at


@dataclass(frozen=True, slots=True)
class PosterFacts:
    """The serial that a station's poster has now, and its sessions of these days."""

    serial: int
    session_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """A scan on record."""

    digest: bytes
    session_id: int | None
    volunteer_id: int | None
    kind: str
    outcome: str
    happened_at: datetime


async def load_logins(tx: ReadTx, ids: Collection[UUID], *, now: datetime) -> dict[UUID, Member]:
    """Return whose each living login session is."""
    if not ids:
        return {}
    return {row["id"]: _member(row) for row in await tx.connection.fetch(_LOGINS, tx.bank_id, list(ids), now)}


async def load_people(tx: ReadTx, ids: Collection[UUID]) -> dict[UUID, Member]:
    """Return the people who are there."""
    if not ids:
        return {}
    return {row["id"]: _member(row) for row in await tx.connection.fetch(_PEOPLE, tx.bank_id, list(ids))}


async def load_locating(tx: ReadTx, ids: Collection[UUID]) -> set[UUID]:
    """Return who of the people agreed to say where they are."""
    if not ids:
        return set()
    return {row["id"] for row in await tx.connection.fetch(_LOCATING, tx.bank_id, list(ids))}


async def load_passes(tx: ReadTx, ids: Collection[int]) -> dict[int, Bearing]:
    """Return passes by id."""
    if not ids:
        return {}
    rows = await tx.connection.fetch(_PASSES, tx.bank_id, list(ids))
    return {row["id"]: Bearing(row["person_id"], row["revoked_at"], row["key_id"]) for row in rows}


async def load_cards(tx: ReadTx, digests: Collection[bytes]) -> dict[bytes, Bearing]:
    """Return cards by digest."""
    if not digests:
        return {}
    rows = await tx.connection.fetch(_CARDS, tx.bank_id, list(digests))
    return {bytes(row["digest"]): Bearing(row["person_id"], row["revoked_at"]) for row in rows}


async def load_posters(tx: ReadTx, station_ids: Collection[int], *, now: datetime) -> dict[int, PosterFacts]:
    """Return what the posters of stations that are not closed lead to."""
    if not station_ids:
        return {}
    rows = await tx.connection.fetch(_POSTERS, tx.bank_id, list(station_ids), now, tx.day(now))
    return {row["id"]: PosterFacts(row["poster_serial"], tuple(row["sessions"])) for row in rows}


async def load_sessions(tx: ReadTx, ids: Collection[int]) -> dict[int, SessionFacts]:
    """Return sessions with their stations, and the times by the policy of their day."""
    if not ids:
        return {}
    rows = await tx.connection.fetch(_SESSIONS, tx.bank_id, sorted(ids), tx.zone.key)
    return {row["id"]: _session(row) for row in rows}


async def load_taken(
    tx: ReadTx,
    claims: Iterable[Claim],
    pairs: Iterable[tuple[int, int]],
    phones: Iterable[tuple[int, bytes]],
) -> tuple[Taken, dict[bytes, Stored]]:
    """Return what is taken already of what the claims would take, and which of them are on record by digest.

    `pairs` and `phones` are the members and phones in each session that a claim may be of.
    """
    claims, taken = list(claims), Taken()
    proofs = sorted({c.proof for c in claims if c.proof is not None})
    digests = sorted({c.digest for c in claims})
    places = {c.device for c in claims if c.device is not None}
    places |= {(device, seq - 1) for device, seq in places}
    rows = await tx.connection.fetch(
        _TAKEN,
        tx.bank_id,
        *_columns(sorted(set(pairs)), 2),
        *_columns(sorted(set(phones)), 2),
        proofs,
        digests,
        *_columns(sorted(places, key=str), 2),
    )
    stored: dict[bytes, Stored] = {}
    for row in rows:
        if row["outcome"] == SIGNED_UP:
            taken.signed_up.add((row["session_id"], row["volunteer_id"]))
            continue
        digest = bytes(row["digest"])
        if row["outcome"] == "accepted":
            _enter(taken, row)
        elif row["outcome"] == "repeat" and row["phone"] is not None:
            taken.use_phone(row["session_id"], bytes(row["phone"]), row["volunteer_id"])
        if row["device_seq"] is not None and row["outcome"] != "sequence_conflict":
            taken.sequence[row["device_id"], row["device_seq"]] = digest
        stored[digest] = Stored(
            digest, row["session_id"], row["volunteer_id"], row["kind"], row["outcome"], row["happened_at"]
        )
    return taken, stored


async def lock_places(tx: WriteTx, session_ids: Collection[int]) -> dict[int, int]:
    """Lock sessions of limited capacity in id order and return how many places are left in each."""
    if not session_ids:
        return {}
    ids = sorted(session_ids)
    capacities = {row["id"]: row["capacity"] for row in await tx.connection.fetch(_LOCK, tx.bank_id, ids)}
    rows = await tx.connection.fetch(_PRESENT, tx.bank_id, ids)
    return {row["id"]: capacities[row["id"]] - row["present"] for row in rows}


def _columns(rows: "Sequence[tuple[object, ...]]", width: int) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def _enter(taken: Taken, row: "asyncpg.Record") -> None:
    taken.pairs[row["session_id"], row["volunteer_id"], row["kind"]] = row["happened_at"]
    if row["phone"] is not None:
        taken.use_phone(row["session_id"], bytes(row["phone"]), row["volunteer_id"])
    if row["proof"] is not None:
        taken.proofs[bytes(row["proof"])] = row["volunteer_id"]


def _member(row: "asyncpg.Record") -> Member:
    places = frozenset(place for place in (row["organisation_id"], row["team_id"]) if place is not None)
    return Member(row["person_id"], row["volunteer_id"], places)


_DEFAULT = AttendanceRule()


def _session(row: "asyncpg.Record") -> SessionFacts:
    early = _DEFAULT.early_minutes if row["early"] is None else row["early"]
    late = _DEFAULT.late_minutes if row["late"] is None else row["late"]
    places = {row["organisation_id"], *(station[4] for station in row["stations"])} - {None}
    return SessionFacts(
        id=row["id"],
        state=row["state"],
        activity_state=row["activity_state"],
        is_emergency=row["activity_kind"] == "emergency",
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        early=timedelta(minutes=early),
        late=timedelta(minutes=late),
        capacity=row["capacity"],
        sites={station[0]: Site(*station[:4]) for station in row["stations"]},
        organisations=frozenset(places),
        is_guarded=row["is_guarded"],
    )
