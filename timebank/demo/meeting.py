"""A station of the demo bank and today's activity there, so that there is something to scan."""

from datetime import datetime, timedelta
from uuid import UUID

from ledger.session import WriteTx
from timebank.access import Actor, Grant, Role
from timebank.activities.actions import create_activity
from timebank.activities.rules import ORDINARY, Plan
from timebank.activities.sessions import Terms, add_session
from timebank.activities.steps import publish_activity
from timebank.stations.actions import open_station
from timebank.stations.queries import Plan as StationPlan

STATION = "DEMO-S1"
HOURS = timedelta(hours=3)

_STATION = "select id from stations where bank_id = $1 and code = $2"
_SESSION = """
select s.id from activities a join activity_sessions s on s.bank_id = $1 and s.activity_id = a.id
where a.bank_id = $1 and a.code = $2 order by s.id limit 1
"""
_ORGANISATION = "select id from organisations where bank_id = $1 and code = $2 order by id limit 1"


async def hold_meeting(tx: WriteTx, *, worker_id: UUID, at: str, now: datetime) -> tuple[int, int]:
    """Plan three hours from now at an organisation, once a day, and return the station's and the session's id."""
    organisation_id: int = await tx.connection.fetchval(_ORGANISATION, tx.bank_id, at)
    actor = Actor(None, worker_id, grants=(Grant(Role.COMMUNITY_WORKER, organisation_id, at_root=False),))
    station_id: int | None = await tx.connection.fetchval(_STATION, tx.bank_id, STATION)
    if station_id is None:
        station = StationPlan(
            code=STATION,
            name="春风邻里服务站",
            kind="neighbourhood",
            place="春风社区东门",
            hours="08:30-18:00",
            organisation_id=organisation_id,
            steward_id=None,
            position=None,
        )
        station_id = (await open_station(tx, station, now=now)).id
    code = f"DEMO-{tx.day(now):%Y%m%d}"
    session_id: int | None = await tx.connection.fetchval(_SESSION, tx.bank_id, code)
    if session_id is None:
        session_id = await _plan(tx, actor, code, organisation_id, station_id, now)
    return station_id, session_id


async def _plan(
    tx: WriteTx, actor: Actor, code: str, organisation_id: int, station_id: int, now: datetime
) -> int:
    plan = Plan(
        name="今日清洁家园",
        category="环保",
        is_volunteer_service=True,
        team_id=None,
        place="春风社区东门",
        starts_at=now,
        ends_at=now + HOURS,
        rest_minutes=0,
        difficulty_permille=1000,
        capacity=None,
        kind=ORDINARY,
        content="清扫楼道与公共绿地",
        leader_id=actor.person_id,
        skills=(),
        min_age=None,
        is_dangerous=False,
        insurance=None,
    )
    found = await create_activity(tx, actor, code=code, organisation_id=organisation_id, plan=plan, now=now)
    session = await add_session(
        tx,
        actor,
        found.id,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        terms=Terms(station_ids=(station_id,)),
        now=now,
    )
    await publish_activity(tx, actor, found.id, now=now)
    return session.id
