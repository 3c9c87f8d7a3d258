"""What was done at the demo's station yesterday: some of it is on the notice board, the rest waits for review."""

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ledger.session import WriteTx
from timebank.access import Actor
from timebank.activities.sign_ups import sign_up
from timebank.codes.rules import CodeKeys, station_code
from timebank.demo.meeting import PLANNED_BEFORE, holder_at, plan_meeting
from timebank.notices.actions import open_notice
from timebank.permissions import Role
from timebank.records.making import close_session
from timebank.records.review import ReviewRequest, review_records
from timebank.scans.actions import record_scans
from timebank.scans.requests import ScanRequest

if TYPE_CHECKING:
    from timebank.vault.cipher import Cipher

VOLUNTEERS: Final = 5
APPROVED: Final = 2
BEGAN: Final = timedelta(hours=9)
STAYED: Final = timedelta(hours=2, minutes=30)

_CODE = "select exists (select from activities where bank_id = $1 and code = $2)"
_VOLUNTEERS = """
select v.owner from volunteers v join people p on p.bank_id = $1 and p.id = v.owner and p.erased_at is null
where v.bank_id = $1 and v.organisation_id = $2 and v.owner <> $3 order by v.code limit $4
"""
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
    people = await tx.connection.fetch(_VOLUNTEERS, tx.bank_id, organisation_id, volunteer_id, VOLUNTEERS)
    scans = []
    for place, row in enumerate(people):
        person_id: UUID = row["owner"]
        volunteer = Actor(None, person_id)
        await sign_up(tx, volunteer, cipher, session_id=session_id, person_id=person_id, now=planned)
        came = began + timedelta(minutes=place)
        scans += [
            _scan(tx, cipher, session_id, station_id, person_id, "in", came),
            _scan(tx, cipher, session_id, station_id, person_id, "out", came + STAYED),
        ]
    scans.sort(key=lambda each: each.received_at)
    await record_scans(tx, scans, codes=CodeKeys(cipher.ring.keys))
    await close_session(tx, worker, session_id=session_id, now=now)
    rows = await tx.connection.fetch(_RECORDS, tx.bank_id, session_id, APPROVED)
    office, _ = await holder_at(tx, office_id, at, Role.OFFICE)  # who made an activity does not approve it
    await review_records(tx, office, [ReviewRequest(row["id"], "approve") for row in rows], now=now)
    if rows:
        await open_notice(tx, office, cipher, organisation_id=organisation_id, now=now)


def _scan(  # noqa: PLR0917 -- who, where, which way and when
    tx: WriteTx, cipher: "Cipher", session_id: int, station_id: int, person_id: UUID, kind: str, at: datetime
) -> ScanRequest:
    keys = CodeKeys(cipher.ring.keys)
    said = f"demo {session_id} {person_id} {kind}"
    return ScanRequest(
        digest=hashlib.sha256(said.encode()).digest(),
        kind="in" if kind == "in" else "out",
        received_at=at,
        actor=f"person:{person_id}",
        person_id=person_id,
        code=station_code(keys, bank_id=tx.bank_id, station_id=station_id, session_id=session_id, at=at),
        phone=hashlib.sha256(f"demo {person_id}".encode()).digest(),
    )
