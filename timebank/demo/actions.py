"""Booking the invented community: import, expire, recognise, seal, audit, all by the real actions."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from ledger.audit import Violation
from ledger.session import ReadTx, WriteTx
from timebank.database import Bank, Database
from timebank.demo.coming import plan_coming
from timebank.demo.community import DISTRICT, SHOWN, write_community, write_since
from timebank.demo.desk import PIN, TOWEL, lay_out, print_card
from timebank.demo.kin import bring_kin
from timebank.demo.market import open_market
from timebank.demo.meeting import hold_meeting, holder_at
from timebank.demo.months import founded_at, hold_months
from timebank.demo.people import VOLUNTEER, DemoLogin, make_logins
from timebank.demo.recognising import recognise_year
from timebank.demo.shifts import hold_shifts
from timebank.demo.shown import Shown
from timebank.demo.yesterday import hold_yesterday
from timebank.devices.actions import Enrolment
from timebank.errors import RefusalError
from timebank.jobs.running import run_now
from timebank.login.passwords import Passwords
from timebank.permissions import Role
from timebank.proof.actions import SealedBank, audit_bank, seal_bank
from timebank.totals.queries import Totals, totals
from timebank.vault.cipher import Cipher
from timebank.volunteers.queries import LAST_MOVEMENTS, records_of
from timebank.workbook.importing import Progress, WorkbookFile, import_workbook

AS_OF = date(2026, 1, 1)
MEETING_AT = "S01"
NOT_YET = timedelta(days=14)
"""What was done since then is not in the workbook: it is under way still."""

_OTHERS = "select exists (select from organisations where bank_id = $1 and parent_id is null and name <> $2)"


@dataclass(frozen=True, slots=True)
class Demo:
    """What came of it, a volunteer and a record of theirs, where to check in today, a till's enrolment."""

    totals: Totals
    sealed: SealedBank
    violations: list[Violation]
    busiest: str
    record: int
    logins: list[DemoLogin]
    station: int
    session: int
    till: str
    shown: Shown = field(repr=False)


async def book_demo(
    database: Database,
    bank: Bank,
    home: Path,
    *,
    cipher: Cipher,
    now: datetime,
    progress: Progress,
    site: str | None = None,
) -> Demo:
    """Book the demo community into a bank, with people for every role; again changes nothing but gives new logins.

    `site` is where it will be served: the symbols of its certificates lead there.

    Raises:
        RefusalError: `bank_not_demo`: there is something else in the bank.
    """
    await database.read(bank, _check_empty)
    await _import(database, bank, cipher, now, progress)
    since = founded_at(now, bank.zone)
    logins = await database.write(
        bank, lambda tx: make_logins(tx, cipher, volunteer=SHOWN, since=since, now=now)
    )
    holders = {login.role: login.person_id for login in logins}
    volunteer, office = holders[VOLUNTEER], holders[Role.OFFICE]
    people = {"worker_id": holders[Role.COMMUNITY_WORKER], "volunteer_id": volunteer}
    enrolment = await database.write(
        bank, lambda tx: _trade(tx, cipher, holders, volunteer, since=since, now=now)
    )
    recognised = await recognise_year(database, bank, home, cipher, holders, site=site, now=now)
    station, session = await database.write(
        bank, lambda tx: hold_meeting(tx, cipher, **people, at=MEETING_AT, now=now)
    )
    await database.write(
        bank, lambda tx: plan_coming(tx, cipher, **people, at=MEETING_AT, station_id=station, now=now)
    )
    await database.write(
        bank,
        lambda tx: hold_yesterday(
            tx, cipher, **people, office_id=office, at=MEETING_AT, station_id=station, now=now
        ),
    )
    await database.write(
        bank, lambda tx: bring_kin(tx, holders, volunteer_id=volunteer, at=MEETING_AT, now=now)
    )
    await database.write(
        bank, lambda tx: lay_out(tx, cipher, holders, volunteer_id=volunteer, at=MEETING_AT, now=now)
    )
    pin_hash = await Passwords().hash_pin(PIN)
    card = await database.write(bank, lambda tx: print_card(tx, volunteer, pin_hash=pin_hash, now=now))
    _, organisation = await database.read(bank, lambda tx: holder_at(tx, holders[Role.CASHIER], MEETING_AT))
    sealed = await seal_bank(database, bank, home, now=now)
    records = await database.read(bank, lambda tx: records_of(tx, SHOWN, limit=LAST_MOVEMENTS))
    shown = Shown(
        bank=bank.code,
        people=holders,
        organisation=organisation,
        station=station,
        session=session,
        card=card,
        pin=PIN,
        barcode=TOWEL.barcode,
        certificate=recognised.certificate,
        to_approve=recognised.to_approve,
    )
    return Demo(
        await database.read(bank, totals),
        sealed,
        await audit_bank(database, bank, home),
        SHOWN,
        next(record.id for record in records if record.outcome == "accepted"),
        logins,
        station,
        session,
        enrolment.qr,
        shown,
    )


async def _trade(
    tx: WriteTx,
    cipher: Cipher,
    people: Mapping[str, UUID],
    volunteer: UUID,
    *,
    since: datetime,
    now: datetime,
) -> Enrolment:
    """Open the market, with what was taken there in the months before and yesterday; return a new till's enrolment."""
    enrolment = await open_market(tx, people, at=MEETING_AT, since=since, now=now)
    await hold_months(tx, cipher, people, volunteer_id=volunteer, at=MEETING_AT, now=now)
    await hold_shifts(tx, cipher, people, volunteer_id=volunteer, at=MEETING_AT, since=since, now=now)
    return enrolment


async def _check_empty(tx: ReadTx) -> None:
    if await tx.connection.fetchval(_OTHERS, tx.bank_id, DISTRICT):
        raise RefusalError("bank_not_demo", bank=tx.bank_code)


async def _import(database: Database, bank: Bank, cipher: Cipher, now: datetime, progress: Progress) -> None:
    """Book the workbook of two years with what the calendar did at its end, then the one of the time since."""
    until = now.astimezone(bank.zone).date() - NOT_YET
    with tempfile.TemporaryDirectory() as folder:

        async def booked(name: str, write: Callable[[Path], None]) -> None:
            workbook = Path(folder) / name
            write(workbook)
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

        await booked("community.xlsx", write_community)
        for job in ("expire", "recognise"):
            await run_now(database, bank, job, as_of=AS_OF, now=now)
        await booked("since.xlsx", lambda path: write_since(path, until))
