"""What a job's action is handed: the bank, the day it stands for, and writes that prove that the run is still its own.

A run is held by a lease on its row of `job_runs`. Each write locks that row, shared, for as long as it lasts: while it
does, nobody takes the run over, and who has taken it over is found out before anything else is written.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

import asyncpg

from ledger.session import ReadTx, WriteTx
from timebank.database import Bank, Database
from timebank.errors import OutageError, RefusalError
from timebank.vault.cipher import Cipher

T = TypeVar("T")

_HOLDS: Final = """
select true from job_runs where bank_id = $1 and job = $2 and period = $3
  and state = 'running' and holder = $4 and attempts = $5
for share
"""
# An attempt that is made again meets the same thing again: it is noted once.
_FAULT: Final = """
insert into job_faults (bank_id, job, period, item, problem, happened_at)
select $1, $2, $3, $4, $5, $6
where not exists (select from job_faults f
  where f.bank_id = $1 and f.job = $2 and f.period = $3 and f.item = $4 and f.problem = $5)
"""


class RunLostError(Exception):
    """Somebody else has taken the run over: stop, and write nothing more."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Which attempt at which run of a job is whose."""

    job: str
    period: str
    holder: UUID
    attempt: int


@dataclass(slots=True)
class Progress:
    """How far a run is, as it last said."""

    done: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at a run. `now` is when it began; `lease` is None only where nobody else can be at the same work."""

    database: Database
    bank: Bank
    as_of: date
    now: datetime
    home: Path | None = None
    cipher: Cipher | None = None
    lease: Lease | None = None
    heard: Progress = field(default_factory=Progress)
    listener: Callable[[int, int | None], None] | None = None

    @property
    def is_ahead(self) -> bool:
        """Whether the day has not begun yet where the bank is."""
        return self.as_of > self.now.astimezone(self.bank.zone).date()

    @property
    def day_ends_at(self) -> datetime:
        """The instant at which the day is over where the bank is."""
        return datetime.combine(self.as_of + timedelta(days=1), time(), self.bank.zone)

    def progress(self, done: int, total: int | None = None) -> None:
        """Say how far the run is; it is written with the next beat of its heart."""
        self.heard.done, self.heard.total = done, total
        if self.listener is not None:
            self.listener(done, total)

    async def read(self, work: Callable[[ReadTx], Awaitable[T]]) -> T:
        """Run `work` on one repeatable view of the bank.

        Raises:
            OutageError: as `Database.read`.
        """
        return await self.database.read(self.bank, work)

    async def write(self, work: Callable[[WriteTx], Awaitable[T]]) -> T:
        """Run `work` in a transaction that the run holds, and commit it.

        Raises:
            RunLostError: somebody else holds the run; nothing was written.
            OutageError: as `Database.write`.
        """

        async def held(tx: WriteTx) -> T:
            await tx.plan_for_any_bank()
            await check_lease(tx, self.lease)
            return await work(tx)

        return await self.database.write(self.bank, held)

    async def fault(self, item: str, problem: str) -> None:
        """Note a thing that failed and is passed over: `item` names it by ids and codes, `problem` is a code.

        Raises:
            RunLostError: as `write`.
        """
        lease = self.lease
        if lease is None:
            return

        async def work(tx: WriteTx) -> None:
            await tx.connection.execute(_FAULT, tx.bank_id, lease.job, lease.period, item, problem, self.now)

        await self.write(work)


async def check_lease(tx: WriteTx, lease: Lease | None) -> None:
    """Hold a run until the transaction ends.

    Raises:
        RunLostError: it is not ours any more.
    """
    if lease is not None and not await tx.connection.fetchval(
        _HOLDS, tx.bank_id, lease.job, lease.period, lease.holder, lease.attempt
    ):
        raise RunLostError


def problem_of(error: BaseException) -> str:
    """Return what went wrong as a code: a refusal's own, the database's with its constraint, or the kind of error.

    An error's own words are never kept: a driver's quote the row it fell over.
    """
    if isinstance(error, RefusalError | OutageError):
        return error.code
    if isinstance(error, asyncpg.PostgresError):
        return ":".join(filter(None, (error.sqlstate, getattr(error, "constraint_name", None))))
    return type(error).__name__


def is_of_the_item(error: Exception) -> bool:
    """Tell whether an error is that of the thing at hand, which can be passed over, and not one of the whole run."""
    return not isinstance(
        error, RunLostError | OutageError | asyncpg.PostgresConnectionError | asyncpg.InterfaceError | OSError
    )
