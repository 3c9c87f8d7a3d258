"""What an office does with a workbook, for the tests: a bank of its own, importing, the jobs, and the books."""

import secrets
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeAlias

from ledger.audit import audit
from ledger.balances import trial_balance
from ledger.session import ReadTx
from timebank.banks.actions import ensure_bank
from timebank.database import Bank, Database
from timebank.jobs.running import run_now
from timebank.totals.queries import Totals, totals
from timebank.vault.cipher import Cipher
from timebank.workbook.importing import Imported, Progress, WorkbookFile, import_workbook

NEW_YEAR = date(2026, 1, 1)
NOW = datetime(2026, 1, 2, tzinfo=UTC)
Books: TypeAlias = dict[str, Any]
CIPHER = Cipher(bytes(range(32)))

_LOTS = """
select coalesce(v.code, s.code, 'bank') as holder, a.kind, u.code as unit, a.expires_on::text, a.balance
from accounts a join units u on u.bank_id = $1 and u.id = a.unit_id
left join volunteers v on v.bank_id = $1 and v.owner = a.owner
left join shops s on s.bank_id = $1 and s.owner = a.owner
where a.bank_id = $1 and a.guarded and a.balance <> 0
order by 1, 2, 3, 4
"""
_RECORDS = """
select a.code as activity, v.code as volunteer, r.outcome, r.minutes, r.points, r.policy_version
from service_records r
join activities a on a.bank_id = $1 and a.id = r.activity_id
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
where r.bank_id = $1 order by 1, 2
"""
_ROWS = """
select 'attendance' as sheet, digest, outcome from attendances where bank_id = $1
union all select 'award', digest, outcome from awards where bank_id = $1
union all select 'slip', digest, outcome from redemption_slips where bank_id = $1
order by 1, 2
"""
_TRANSACTIONS = """
select kind, effective_at, refusal, count(*) from transactions where bank_id = $1
group by 1, 2, 3 order by 1, 2, 3
"""
_REGISTERS = """
select (select count(*) from organisations where bank_id = $1) as organisations,
  (select count(*) from volunteers where bank_id = $1) as volunteers,
  (select count(*) from vault where bank_id = $1) as vault,
  (select count(*) from activities where bank_id = $1) as activities,
  (select count(*) from goods where bank_id = $1) as goods
"""


async def new_office(database: Database) -> Bank:
    """Make a bank with the default policy pack."""
    code = f"w{secrets.token_hex(6)}"
    return await ensure_bank(database, code, name="测试区", zone="Asia/Shanghai", actor="test")


def silent(_step: str, _done: int, _total: int) -> None:
    """Hear of progress and do nothing."""


async def take_in(
    database: Database,
    bank: Bank,
    path: Path,
    *,
    report: Path | None = None,
    dry_run: bool = False,
    actor: str = "test",
    progress: Progress = silent,
) -> Imported:
    """Import a workbook as the command does."""
    source = WorkbookFile(path)
    return await import_workbook(
        database, bank, source, cipher=CIPHER, actor=actor, report=report, dry_run=dry_run, progress=progress
    )


async def close_year(database: Database, bank: Bank) -> Totals:
    """Expire and recognise as of 2026-01-01 and return the totals."""
    await run_now(database, bank, "expire", as_of=NEW_YEAR, now=NOW)
    await run_now(database, bank, "recognise", as_of=NEW_YEAR, now=NOW)
    return await database.read(bank, totals)


async def books(database: Database, bank: Bank) -> Books:
    """Return everything the books say that does not depend on chance: equal books are equal here."""

    async def work(tx: ReadTx) -> Books:
        found: Books = {"totals": await totals(tx), "trial balance": await trial_balance(tx)}
        for name, sql in (
            ("lots", _LOTS),
            ("records", _RECORDS),
            ("rows", _ROWS),
            ("transactions", _TRANSACTIONS),
            ("registers", _REGISTERS),
        ):
            found[name] = [tuple(row) for row in await tx.connection.fetch(sql, tx.bank_id)]
        return found

    return await database.read(bank, work)


async def assert_sound(database: Database, bank: Bank) -> None:
    """Assert that an audit of the bank finds nothing."""
    assert await database.read(bank, lambda tx: audit(tx, verifier=None, anchors=())) == []
