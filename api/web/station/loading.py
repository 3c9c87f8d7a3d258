"""What a station's pages show: the station, what it checks in to now, and of one session the code and who is in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query

from api.fields import MAX_ID
from api.v1.stations import station_in_reach
from api.web.visit import Visit
from api.web.volunteer.scanning import words_of
from ledger.session import ReadTx
from timebank.access import Actor, check
from timebank.activities.session_queries import ActivitySession
from timebank.people.queries import masked_names
from timebank.scans.queries import SessionAttendance, attendances_of, refusals_of
from timebank.stations.codes import ShownCode, shown_codes
from timebank.stations.queries import Station, sessions_of_station

SHOW, TAKE, READ = "stations.show", "scans.take", "scans.read"
LAST_IN = 24
NOBODY = "*"
"""Who has no name in the vault."""

SessionId = Annotated[int | None, Query(alias="session", ge=1, le=MAX_ID)]


@dataclass(frozen=True, slots=True)
class Here:
    """A member as the screen shows one: a masked name, and the times."""

    name: str
    check_in_at: datetime | None
    check_out_at: datetime | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many members checked in and out, and how many scans were refused."""

    checked_in: int
    checked_out: int
    refused: int


@dataclass(frozen=True, slots=True)
class Desk:
    """A station and what it checks in to now; the session that was chosen, or the only one."""

    station: Station
    sessions: list[ActivitySession]
    session: ActivitySession | None


@dataclass(frozen=True, slots=True)
class Screen:
    """What the screen shows of a session."""

    codes: list[ShownCode]
    here: list[Here]
    counts: Counts
    refusals: Mapping[str, int]


NOTHING = Screen([], [], Counts(0, 0, 0), {})


async def desk_of(visit: Visit, tx: ReadTx, actor: Actor, station_id: int, session_id: int | None) -> Desk:
    """Return a station in reach, and which of its sessions it is about.

    Raises:
        RefusalError: `forbidden`, `unknown_station`.
    """
    found = await station_in_reach(tx, actor, SHOW, station_id)
    check(actor, READ)
    sessions = await sessions_of_station(tx, station_id, now=visit.now)
    chosen = next((each for each in sessions if each.id == session_id), None)
    if session_id is None and len(sessions) == 1:
        chosen = sessions[0]
    return Desk(found, sessions, chosen)


async def screen_of(visit: Visit, tx: ReadTx, desk: Desk) -> Screen:
    """Return what a station's screen shows."""
    if desk.session is None:
        return NOTHING
    codes = await shown_codes(
        tx, visit.service.codes, station_id=desk.station.id, session_id=desk.session.id, now=visit.now
    )
    attendances = await attendances_of(tx, desk.session.id)
    last = sorted(attendances, key=_last_seen, reverse=True)[:LAST_IN]
    names = await names_of(visit, tx, [each.owner for each in last])
    refusals = {words_of(code): times for code, times in (await refusals_of(tx, desk.session.id)).items()}
    here = [Here(names.get(each.owner, NOBODY), each.check_in_at, each.check_out_at) for each in last]
    return Screen(codes, here, counts_of(attendances, refusals), refusals)


def counts_of(attendances: Sequence[SessionAttendance], refusals: Mapping[str, int]) -> Counts:
    """Return the figures of a session."""
    return Counts(
        sum(each.check_in_at is not None for each in attendances),
        sum(each.check_out_at is not None for each in attendances),
        sum(refusals.values()),
    )


async def names_of(visit: Visit, tx: ReadTx, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the masked names of people; who has none is missing."""
    return await masked_names(tx, visit.service.cipher, ids)


def _last_seen(attendance: SessionAttendance) -> datetime:
    found = attendance.check_out_at or attendance.check_in_at
    assert found is not None  # noqa: S101 -- it comes of a scan at least
    return found
