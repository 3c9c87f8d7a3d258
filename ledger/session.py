"""What a ledger function is handed: an open database transaction of one bank, for reading or for writing.

Whoever opens one commits it; nothing in the ledger begins, commits or rolls back.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

WRITERS_LOCK = 0x7462 << 48
"""Advisory lock of a bank: writers share it, closing a period takes it alone."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is counted: a code such as `minute`, its class, and whether an owner may give it away."""

    id: int
    code: str
    class_: str
    spendable: bool


@dataclass(slots=True)
class Catalogue:
    """What never changes once committed and is asked for at every posting: units and open accounts.

    The edge keeps one per bank and process, hands each transaction a `copy`, and keeps that copy only if the
    transaction committed: what was rolled back is never remembered.
    """

    units: dict[str, Unit] = field(default_factory=dict)
    open_accounts: dict[tuple[UUID, int, str], int] = field(default_factory=dict)

    def copy(self) -> "Catalogue":
        """Return a catalogue that can grow without changing this one."""
        return Catalogue(dict(self.units), dict(self.open_accounts))


@dataclass(frozen=True, slots=True)
class ReadTx:
    """A read-only, repeatable view of one bank. `base` is added to the server's transaction ids."""

    connection: "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
    bank_id: int
    bank_code: str
    zone: ZoneInfo
    base: int
    catalogue: Catalogue

    def day(self, moment: datetime) -> date:
        """Return the bank's calendar day of an instant."""
        return moment.astimezone(self.zone).date()

    def start_of(self, day: date) -> datetime:
        """Return the instant at which a calendar day of the bank begins."""
        return datetime.combine(day, time(), self.zone)

    def end_of(self, day: date) -> datetime:
        """Return the instant at which a calendar day of the bank is over."""
        return self.start_of(day + timedelta(days=1))

    async def plan_for_any_bank(self) -> None:
        """Have what follows in this transaction planned for a bank of the usual size, not for this one.

        For statements about all of a bank: planned for one that the server has not counted yet, they would be planned
        as if it were empty, and read all of it once for each of its rows (decision 6).
        """
        await self.connection.execute("set local plan_cache_mode = force_generic_plan")


@dataclass(frozen=True, slots=True)
class WriteTx(ReadTx):
    """A transaction of one bank that may write; the holder shares the bank's writers' lock."""


def begin_write_sql(bank_id: int) -> str:
    """Return the one simple query that opens a write: READ COMMITTED, the bank set, the writers' lock shared."""
    return (
        f"begin isolation level read committed; set local timebank.bank_id = '{bank_id:d}'; "
        f"select pg_advisory_xact_lock_shared({WRITERS_LOCK + bank_id:d})"
    )


def begin_read_sql(bank_id: int) -> str:
    """Return the one simple query that opens a repeatable, read-only view of the bank."""
    return (
        "begin isolation level repeatable read read only; set local enable_seqscan = on; "
        f"set local timebank.bank_id = '{bank_id:d}'"
    )
