"""Booking the invented community: import, expire, recognise, seal, audit, all by the real actions."""

import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from ledger.audit import Violation
from timebank.database import Bank, Database
from timebank.demo.community import write_community
from timebank.demo.market import open_market
from timebank.demo.meeting import hold_meeting
from timebank.demo.people import VOLUNTEER, DemoLogin, make_logins
from timebank.demo.yesterday import hold_yesterday
from timebank.jobs.running import run_now
from timebank.permissions import Role
from timebank.proof.actions import SealedBank, audit_bank, seal_bank
from timebank.totals.queries import Totals, totals
from timebank.vault.cipher import Cipher
from timebank.volunteers.queries import LAST_MOVEMENTS, records_of
from timebank.workbook.importing import Progress, WorkbookFile, import_workbook

AS_OF = date(2026, 1, 1)
MEETING_AT = "S01"


@dataclass(frozen=True, slots=True)
class Demo:
    """What came of it, the busiest volunteer and a record of theirs, where to check in today, a till's enrolment."""

    totals: Totals
    sealed: SealedBank
    violations: list[Violation]
    busiest: str
    record: int
    logins: list[DemoLogin]
    station: int
    session: int
    till: str


async def book_demo(
    database: Database, bank: Bank, home: Path, *, cipher: Cipher, now: datetime, progress: Progress
) -> Demo:
    """Book the demo community into a bank, with people for every role; again changes nothing but gives new logins."""
    with tempfile.TemporaryDirectory() as folder:
        workbook = Path(folder) / "community.xlsx"
        write_community(workbook)
        await import_workbook(
            database,
            bank,
            WorkbookFile(workbook),
            cipher=cipher,
            actor="demo",
            report=None,
            dry_run=False,
            progress=progress,
        )
    for job in ("expire", "recognise"):
        await run_now(database, bank, job, as_of=AS_OF, now=now)
    sealed = await seal_bank(database, bank, home, now=now)
    violations = await audit_bank(database, bank, home)
    top = (await database.read(bank, totals))["top10_minutes"]
    busiest = str(top[0][0]) if isinstance(top, list) and top else ""
    records = await database.read(bank, lambda tx: records_of(tx, busiest, limit=LAST_MOVEMENTS))
    record = next(record.id for record in records if record.outcome == "accepted")
    logins = await database.write(bank, lambda tx: make_logins(tx, cipher, volunteer=busiest, now=now))
    holders = {login.role: login.person_id for login in logins}
    volunteer, office = holders[VOLUNTEER], holders[Role.OFFICE]
    people = {"worker_id": holders[Role.COMMUNITY_WORKER], "volunteer_id": volunteer}
    station, session = await database.write(
        bank, lambda tx: hold_meeting(tx, cipher, **people, at=MEETING_AT, now=now)
    )
    await database.write(
        bank,
        lambda tx: hold_yesterday(
            tx, cipher, **people, office_id=office, at=MEETING_AT, station_id=station, now=now
        ),
    )
    enrolment = await database.write(
        bank, lambda tx: open_market(tx, holders, volunteer_id=volunteer, at=MEETING_AT, now=now)
    )
    return Demo(
        await database.read(bank, totals),
        sealed,
        violations,
        busiest,
        record,
        logins,
        station,
        session,
        enrolment.qr,
    )
