"""What was done at the demo's station yesterday: some of it is on the notice board, the rest waits for review."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ledger.session import WriteTx
from timebank.codes.rules import CodeKeys
from timebank.demo.meeting import PLANNED_BEFORE, holder_at, neighbours, plan_meeting, sign_up_if_free
from timebank.demo.scanning import scan_of
from timebank.notices.actions import open_notice
from timebank.permissions import Role
from timebank.records.making import close_session
from timebank.records.review import ReviewRequest, review_records
from timebank.scans.actions import record_scans

if TYPE_CHECKING:
    from timebank.vault.cipher import Cipher

VOLUNTEERS: Final = 7
APPROVED: Final = 2
BEGAN: Final = timedelta(hours=9)
STAYED: Final = timedelta(hours=2, minutes=30)

_CODE = "select exists (select from activities where bank_id = $1 and code = $2)"
_RECORDS = """
select id from service_records where bank_id = $1 and session_id = $2 and state = 'pending' order by id limit $3
"""


async def hold_yesterday(  # noqa: PLR0913 -- who, where and when
    tx: WriteTx,
    cipher: "Cipher",
    *,
    worker_id: UUID,
    office_id: UUID,
    volunteer_id: UUID,
    at: str,
    station_id: int,
    now: datetime,
) -> None:
    """Have a few volunteers check in and out yesterday, but not the one whom the books are shown of; once a day."""
    worker, organisation_id = await holder_at(tx, worker_id, at)
    began = tx.start_of(tx.day(now) - timedelta(days=1)) + BEGAN
    code = f"DEMO-HELD-{tx.day(now):%Y%m%d}"
    if await tx.connection.fetchval(_CODE, tx.bank_id, code):
        return
    planned = began - PLANNED_BEFORE
    session_id = await plan_meeting(
        tx,
        worker,
        code=code,
        name="邻里巡访",
        organisation_id=organisation_id,
        station_id=station_id,
        starts_at=began,
        now=planned,
    )
    people = await neighbours(tx, organisation_id, volunteer_id, limit=VOLUNTEERS)
    scans = []
    for place, person_id in enumerate(people):
        if not await sign_up_if_free(tx, cipher, session_id, person_id, now=planned):
            continue
        came = began + timedelta(minutes=place)
        scans += [
            scan_of(tx, cipher, session_id, station_id, person_id, "in", came),
            scan_of(tx, cipher, session_id, station_id, person_id, "out", came + STAYED),
        ]
    scans.sort(key=lambda each: each.received_at)
    await record_scans(tx, scans, codes=CodeKeys(cipher.ring.keys))
    await close_session(tx, worker, session_id=session_id, now=now)
    rows = await tx.connection.fetch(_RECORDS, tx.bank_id, session_id, APPROVED)
    office, _ = await holder_at(tx, office_id, at, Role.OFFICE)  # who made an activity does not approve it
    await review_records(tx, office, [ReviewRequest(row["id"], "approve") for row in rows], now=now)
    if rows:
        await open_notice(tx, office, cipher, organisation_id=organisation_id, now=now)
