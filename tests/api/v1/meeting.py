"""A session of an activity at a station, for the tests of codes and scans; and a clock that stands."""

from datetime import UTC, datetime, timedelta

from ledger.session import WriteTx
from tests.api.cast import Cast
from tests.api.conftest import As
from timebank.database import Database

STATIONS = "/api/v1/stations"

_ACTIVITY = """
insert into activities (bank_id, code, name, category, is_volunteer_service, organisation_id, place, starts_at, ends_at,
  rest_minutes, difficulty_permille, state, leader_code)
values ($1, 'CLEAN-' || gen_random_uuid(), '清洁日', '环境', true, $2, '广场', $3, $4, 0, 1000, $5, '') returning id
"""
_SESSION = """
insert into activity_sessions (bank_id, activity_id, starts_at, ends_at, place, rest_minutes, state)
values ($1, $2, $3, $4, '广场', 0, $5) returning id
"""
_STATION = "insert into session_stations (bank_id, session_id, station_id) values ($1, $2, $3)"


class StandingClock:
    """The time, which moves only when told to."""

    def __init__(self) -> None:
        # At the turn of a window, and after whatever the cast was given just before.
        soon = datetime.now(UTC) + timedelta(minutes=1)
        self.at = soon.replace(second=soon.second // 30 * 30, microsecond=0)

    def __call__(self) -> datetime:
        """Return the time."""
        return self.at

    def step(self, seconds: float) -> datetime:
        """Go on, or back, and return the time."""
        self.at += timedelta(seconds=seconds)
        return self.at


async def station_at(as_: As, cast: Cast, place: str = "apple", *, by: str = "wen", **wanted: object) -> int:
    """Open a station and return its id."""
    body = {
        "code": f"S-{datetime.now(UTC).timestamp()}",
        "name": "苹果社区邻里服务站",
        "kind": "neighbourhood",
        "place": "东门路 1 号",
        "hours": "08:30-18:00",
        "organisation_id": cast.organisations[place],
        **wanted,
    }
    answer = await as_(by).post(STATIONS, json=body)
    assert answer.status_code == 201, answer.text
    found: int = answer.json()["id"]
    return found


async def session_at(
    database: Database,
    cast: Cast,
    *stations: int,
    starts_at: datetime,
    ends_at: datetime,
    place: str = "apple",
    activity_state: str = "published",
    state: str = "planned",
) -> int:
    """Enter a session of an activity that checks in at some stations, and return its id."""

    async def work(tx: WriteTx) -> int:
        run = tx.connection
        activity = await run.fetchval(
            _ACTIVITY, tx.bank_id, cast.organisations[place], starts_at, ends_at, activity_state
        )
        id_: int = await run.fetchval(_SESSION, tx.bank_id, activity, starts_at, ends_at, state)
        await run.executemany(_STATION, [(tx.bank_id, id_, station) for station in stations])
        return id_

    return await database.write(cast.bank, work)
