"""Reading stations, and until when one of them checks people in to a session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from ledger.session import ReadTx
from timebank.activities.session_queries import ActivitySession, sessions_by_id
from timebank.errors import RefusalError
from timebank.policy.queries import version_on
from timebank.policy.rules import AttendanceRule
from timebank.stations.rules import closes_at, opens_at

_COLUMNS = """s.id, s.code, s.name, s.kind, s.place, s.hours, s.organisation_id, s.steward_id, s.latitude_e6,
  s.longitude_e6, s.radius_metres, s.poster_serial, s.closed_on, s.version"""

_ONE = f"select {_COLUMNS} from stations s where s.bank_id = $1 and s.id = $2"  # noqa: S608 -- columns only
_LIST = f"""
select {_COLUMNS} from stations s
where s.bank_id = $1 and s.id > $2 and ($3::bigint[] is null or s.organisation_id = any($3))
  and ($4::text is null or s.kind = $4) and ($5 or s.closed_on is null or s.closed_on > $6)
  and ($8::text is null or strpos(lower(concat_ws(' ', s.code, s.name, s.place)), $8) > 0)
order by s.id limit $7
"""  # noqa: S608 -- columns only
_SESSION = """
select a.starts_at, a.ends_at
from session_stations x
join activity_sessions a on a.bank_id = $1 and a.id = x.session_id
join activities v on v.bank_id = $1 and v.id = a.activity_id
where x.bank_id = $1 and x.station_id = $2 and x.session_id = $3
  and a.state = 'planned' and v.state in ('published', 'running')
"""

# No session is longer than a day, and none takes scans longer than a day before or after it.
_SESSIONS = """
select a.id, a.starts_at, a.ends_at
from session_stations x
join activity_sessions a on a.bank_id = $1 and a.id = x.session_id
join activities v on v.bank_id = $1 and v.id = a.activity_id
where x.bank_id = $1 and x.station_id = $2 and a.state = 'planned' and v.state in ('published', 'running')
  and a.starts_at < $3 and a.ends_at > $4
order by a.starts_at, a.id limit $5
"""
MAX_AT_ONCE = 20
MAX_AROUND = 500
"""Sessions of a station within a day of now, of which some take scans now."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a station is, in micro-degrees, and how far around it counts as there."""

    latitude_e6: int
    longitude_e6: int
    radius_metres: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is said of a station by whoever runs it."""

    code: str
    name: str
    kind: str
    place: str
    hours: str
    organisation_id: int
    steward_id: UUID | None
    position: Position | None


@dataclass(frozen=True, slots=True)
class Station:
    """A station; `closed_on` is the first day on which it is closed, posters of earlier serials are refused."""

    id: int
    plan: Plan
    poster_serial: int
    closed_on: date | None
    version: int

    def is_open(self, day: date) -> bool:
        """Tell whether it is open on a day."""
        return self.closed_on is None or self.closed_on > day


@dataclass(frozen=True, slots=True)
class Filter:
    """Which stations: of some organisations, of a kind, and whether those closed on that day too.

    `text` is a part of the code, the name or the place; large and small letters are the same.
    """

    on: date
    organisations: Sequence[int] | None = None
    kind: str | None = None
    closed_too: bool = False
    text: str | None = None


async def station(tx: ReadTx, station_id: int) -> Station:
    """Return one station as it is.

    Raises:
        RefusalError: `unknown_station`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, station_id)
    if row is None:
        raise RefusalError("unknown_station")
    return _station(*row)


async def stations(tx: ReadTx, wanted: Filter, *, after: int, limit: int) -> list[Station]:
    """Return a page of the stations, in order of id."""
    organisations = None if wanted.organisations is None else list(wanted.organisations)
    rows = await tx.connection.fetch(
        _LIST,
        tx.bank_id,
        after,
        organisations,
        wanted.kind,
        wanted.closed_too,
        wanted.on,
        limit,
        wanted.text and wanted.text.lower(),
    )
    return [_station(*row) for row in rows]


async def open_until(tx: ReadTx, station_id: int, *, session_id: int, now: datetime) -> datetime:
    """Return until when a station checks people in to a session, by the policy of the session's date.

    Raises:
        RefusalError: `unknown_station`, `station_closed`, `session_not_open`.
    """
    found = await station(tx, station_id)
    if not found.is_open(tx.day(now)):
        raise RefusalError("station_closed")
    row = await tx.connection.fetchrow(_SESSION, tx.bank_id, station_id, session_id)
    if row is None:
        raise RefusalError("session_not_open")
    version = await version_on(tx, tx.day(row["starts_at"]))
    rule = AttendanceRule() if version is None else version.pack.attendance
    until = closes_at(row["ends_at"], rule)
    if not opens_at(row["starts_at"], rule) <= now < until:
        raise RefusalError("session_not_open")
    return until


async def sessions_of_station(tx: ReadTx, station_id: int, *, now: datetime) -> list[ActivitySession]:
    """Return the sessions that a station checks people in to at a moment, by their start."""
    rows = await tx.connection.fetch(_SESSIONS, tx.bank_id, station_id, now + DAY, now - DAY, MAX_AROUND)
    rules: dict[date, AttendanceRule] = {}
    open_now: list[int] = []
    for row in rows:
        day = tx.day(row["starts_at"])
        if day not in rules:
            version = await version_on(tx, day)
            rules[day] = AttendanceRule() if version is None else version.pack.attendance
        if opens_at(row["starts_at"], rules[day]) <= now < closes_at(row["ends_at"], rules[day]):
            open_now.append(row["id"])
    # Of too many those that began last: yesterday's may only be waiting to be closed.
    del open_now[:-MAX_AT_ONCE]
    found = await sessions_by_id(tx, open_now)
    return [found[id_] for id_ in open_now]


def _station(  # noqa: PLR0913, PLR0917 -- a row
    id_: int,
    code: str,
    name: str,
    kind: str,
    place: str,
    hours: str,
    organisation_id: int,
    steward_id: UUID | None,
    latitude_e6: int | None,
    longitude_e6: int | None,
    radius_metres: int | None,
    poster_serial: int,
    closed_on: date | None,
    version: int,
) -> Station:
    position = None
    if latitude_e6 is not None and longitude_e6 is not None:
        position = Position(latitude_e6, longitude_e6, radius_metres or DEFAULT_RADIUS_METRES)
    plan = Plan(code, name, kind, place, hours, organisation_id, steward_id, position)
    return Station(id_, plan, poster_serial, closed_on, version)


DEFAULT_RADIUS_METRES = 300
"""What is usual around a station; indoors a phone knows no better."""
