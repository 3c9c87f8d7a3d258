"""A station of the demo bank and today's activity there: a volunteer signed up for it, some others are in already."""

from datetime import datetime, timedelta
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, Grant
from timebank.activities.actions import create_activity
from timebank.activities.rules import ORDINARY, Plan
from timebank.activities.sessions import Terms, add_session
from timebank.activities.sign_ups import sign_up
from timebank.activities.steps import publish_activity
from timebank.codes.rules import CodeKeys
from timebank.demo.scanning import scan_of
from timebank.errors import RefusalError
from timebank.permissions import Role
from timebank.scans.actions import record_scans
from timebank.stations.actions import open_station
from timebank.stations.queries import Plan as StationPlan
from timebank.vault.cipher import Cipher

STATION = "DEMO-S1"
HOURS = timedelta(hours=3)
IN_ALREADY = 3
AGO = timedelta(minutes=10)
"""So long ago it began: who looks round the demo comes late, and may leave again at once."""
PLANNED_BEFORE = timedelta(hours=1)

_STATION = "select id from stations where bank_id = $1 and code = $2"
_SESSION = """
select s.id from activities a join activity_sessions s on s.bank_id = $1 and s.activity_id = a.id
where a.bank_id = $1 and (a.code = $2 or a.code = $3 and s.ends_at > $4) order by s.id limit 1
"""
_NEIGHBOURS = """
select v.owner from volunteers v join people p on p.bank_id = $1 and p.id = v.owner and p.erased_at is null
where v.bank_id = $1 and v.organisation_id = $2 and v.owner <> $3 order by v.code limit $4
"""
_ORGANISATION = "select id from organisations where bank_id = $1 and code = $2 order by id limit 1"


async def holder_at(
    tx: ReadTx, person_id: UUID, at: str, role: Role = Role.COMMUNITY_WORKER
) -> tuple[Actor, int]:
    """Return who has a role as an actor, and the organisation they have it at."""
    organisation_id: int = await tx.connection.fetchval(_ORGANISATION, tx.bank_id, at)
    return Actor(None, person_id, grants=(Grant(role, organisation_id, at_root=False),)), organisation_id


async def hold_meeting(
    tx: WriteTx, cipher: Cipher, *, worker_id: UUID, volunteer_id: UUID, at: str, now: datetime
) -> tuple[int, int]:
    """Plan three hours that have just begun at an organisation, once a day, with a volunteer signed up for them.

    Those that began before midnight go on. Return the station's and the session's id.
    """
    actor, organisation_id = await holder_at(tx, worker_id, at)
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
    code, before = (f"DEMO-{day:%Y%m%d}" for day in (tx.day(now), tx.day(now) - timedelta(days=1)))
    session_id: int | None = await tx.connection.fetchval(_SESSION, tx.bank_id, code, before, now)
    if session_id is None:
        planned = now - PLANNED_BEFORE
        session_id = await plan_meeting(
            tx,
            actor,
            code=code,
            name="今日清洁家园",
            organisation_id=organisation_id,
            station_id=station_id,
            starts_at=now - AGO,
            now=planned,
        )
        await sign_up_if_free(tx, cipher, session_id, volunteer_id, now=planned)
        scans = []
        for place, person_id in enumerate(
            await neighbours(tx, organisation_id, volunteer_id, limit=IN_ALREADY)
        ):
            came = now - AGO + timedelta(minutes=2 + 2 * place)
            if await sign_up_if_free(tx, cipher, session_id, person_id, now=planned):
                scans.append(scan_of(tx, cipher, session_id, station_id, person_id, "in", came))
        await record_scans(tx, scans, codes=CodeKeys(cipher.ring.keys))
    return station_id, session_id


async def sign_up_if_free(
    tx: WriteTx, cipher: Cipher, session_id: int, person_id: UUID, *, now: datetime
) -> bool:
    """Sign somebody up and return True, unless they promised that time already when the demo ran before."""
    try:
        await sign_up(tx, Actor(None, person_id), cipher, session_id=session_id, person_id=person_id, now=now)
    except RefusalError as refusal:
        if refusal.code != "sign_up_overlap":
            raise
        return False
    return True


async def neighbours(tx: ReadTx, organisation_id: int, but: UUID, *, limit: int) -> list[UUID]:
    """Return volunteers of an organisation, without one of them."""
    rows = await tx.connection.fetch(_NEIGHBOURS, tx.bank_id, organisation_id, but, limit)
    return [row["owner"] for row in rows]


async def plan_meeting(  # noqa: PLR0913 -- what, where and when
    tx: WriteTx,
    actor: Actor,
    *,
    code: str,
    name: str,
    organisation_id: int,
    station_id: int,
    starts_at: datetime,
    now: datetime,
) -> int:
    """Publish three hours at a station and return the session's id."""
    plan = Plan(
        name=name,
        category="环保",
        is_volunteer_service=True,
        team_id=None,
        place="春风社区东门",
        starts_at=starts_at,
        ends_at=starts_at + HOURS,
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
