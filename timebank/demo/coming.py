"""What is planned at the demo bank for the next days: something to sign up for, and something that is full."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ledger.session import WriteTx
from timebank.access import Actor
from timebank.activities.actions import create_activity
from timebank.activities.rules import ORDINARY, Plan
from timebank.activities.sessions import Terms, add_session
from timebank.activities.steps import publish_activity
from timebank.demo.meeting import holder_at, sign_up_if_free

if TYPE_CHECKING:
    from timebank.vault.cipher import Cipher


@dataclass(frozen=True, slots=True)
class Coming:
    """What is planned: in so many days, by the bank's clock; None is no end of places."""

    code: str
    name: str
    category: str
    content: str
    place: str
    in_days: tuple[int, ...]
    begins: time
    lasts: timedelta
    capacity: int | None
    skills: tuple[str, ...] = ()


PLANNED: Final = (
    Coming("LUNCH", "长者食堂帮厨", "助老", "择菜、打饭、收拾餐桌，给行动不便的老人送餐上门。", "春风长者食堂",
           (1, 3, 5), time(9, 30), timedelta(hours=3), 8),
    Coming("CLINIC", "社区义诊引导", "义诊", "引导居民排队、登记，帮老人量血压前的准备。", "春风社区卫生站",
           (2,), time(14), timedelta(hours=2), 2, ("会说本地话",)),
    Coming("READ", "四点半课堂：陪孩子读书", "助老", "陪放学后的孩子写作业、读绘本，家长来接为止。", "春风社区活动室",
           (2, 4), time(16, 30), timedelta(hours=1, minutes=30), 6),
    Coming("GREEN", "护河巡查", "环保", "沿河捡拾垃圾，发现排污拍照上报。", "清溪河步道东口",
           (6,), time(8), timedelta(hours=2, minutes=30), None),
)  # fmt: skip
FULL: Final = "CLINIC"

_KNOWN = "select exists (select from activities where bank_id = $1 and code = $2)"
_VOLUNTEERS = """
select v.owner from volunteers v join people p on p.bank_id = $1 and p.id = v.owner and p.erased_at is null
where v.bank_id = $1 and v.owner <> $2 order by v.id limit $3
"""


async def plan_coming(
    tx: WriteTx,
    cipher: "Cipher",
    *,
    worker_id: UUID,
    volunteer_id: UUID,
    at: str,
    station_id: int,
    now: datetime,
) -> None:
    """Publish what is planned, once a day; one of it is full already, and somebody waits."""
    actor, organisation_id = await holder_at(tx, worker_id, at)
    for coming in PLANNED:
        code = f"DEMO-{coming.code}-{tx.day(now):%m%d}"
        if await tx.connection.fetchval(_KNOWN, tx.bank_id, code):
            continue
        sessions = await _plan(
            tx, actor, coming, code=code, organisation_id=organisation_id, station_id=station_id, now=now
        )
        if coming.code == FULL and coming.capacity is not None:
            found = await tx.connection.fetch(_VOLUNTEERS, tx.bank_id, volunteer_id, coming.capacity + 1)
            for row in found:
                await sign_up_if_free(tx, cipher, sessions[0], row["owner"], now=now)


async def _plan(
    tx: WriteTx,
    actor: Actor,
    coming: Coming,
    *,
    code: str,
    organisation_id: int,
    station_id: int,
    now: datetime,
) -> list[int]:
    times = [
        datetime.combine(tx.day(now) + timedelta(days=days), coming.begins, tx.zone)
        for days in coming.in_days
    ]
    plan = Plan(
        name=coming.name,
        category=coming.category,
        is_volunteer_service=True,
        team_id=None,
        place=coming.place,
        starts_at=times[0],
        ends_at=times[-1] + coming.lasts,
        rest_minutes=0,
        difficulty_permille=1000,
        capacity=coming.capacity,
        kind=ORDINARY,
        content=coming.content,
        leader_id=actor.person_id,
        skills=coming.skills,
        min_age=None,
        is_dangerous=False,
        insurance=None,
    )
    found = await create_activity(tx, actor, code=code, organisation_id=organisation_id, plan=plan, now=now)
    sessions = [
        await add_session(
            tx,
            actor,
            found.id,
            starts_at=starts_at,
            ends_at=starts_at + coming.lasts,
            terms=Terms(station_ids=(station_id,)),
            now=now,
        )
        for starts_at in times
    ]
    await publish_activity(tx, actor, found.id, now=now)
    return [each.id for each in sessions]
