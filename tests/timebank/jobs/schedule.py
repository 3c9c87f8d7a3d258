"""Jobs of the tests' own and a scheduler whose clock the test sets."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from ledger.session import ReadTx
from timebank.database import Bank, Database
from timebank.jobs.periods import Daily, Schedule
from timebank.jobs.registry import Job
from timebank.jobs.run import Run
from timebank.jobs.scheduler import Scheduler

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
"""Noon in Shanghai, on a Sunday."""

AT_ONE = Daily(time(1))

Action = Callable[[Run], Awaitable[dict[str, object]]]


async def count_one(run: Run) -> dict[str, object]:
    """Do nothing, and say so."""
    return {"as_of": run.as_of.isoformat()}


def job(
    action: Action = count_one, schedule: Schedule = AT_ONE, seconds: float = 60, name: str = "sweep"
) -> Job:
    """Return a job."""
    return Job(name, schedule, action, timedelta(seconds=seconds))


@dataclass(slots=True)
class Clock:
    """A clock that stands still until the test moves it."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        """Return the time."""
        return self.at


@dataclass(slots=True)
class Office:
    """A bank, its scheduler and a clock."""

    database: Database
    bank: Bank
    clock: Clock = field(default_factory=Clock)

    def scheduler(self, *jobs: Job) -> Scheduler:
        """Return a scheduler process of this bank alone."""
        return Scheduler(
            self.database,
            None,
            None,
            self.clock,
            jobs={each.name: each for each in jobs},
            codes=(self.bank.code,),
        )

    async def runs(self) -> list[tuple[str, str, int]]:
        """Return period, state and attempts of each run."""
        return await self._rows(
            "select period, state, attempts from job_runs where bank_id = $1 order by job, period"
        )

    async def attempts(self) -> list[tuple[str, int, str | None, str | None]]:
        """Return period, number, outcome and problem of each attempt."""
        return await self._rows(
            "select period, attempt, outcome, problem from job_attempts where bank_id = $1 order by id"
        )

    async def results(self) -> list[int]:
        """Return which attempt left its figures with each run, of a job that says so."""
        rows = await self._rows("select (result->>'attempt')::bigint from job_runs where bank_id = $1")
        return [row[0] for row in rows]

    async def faults(self) -> list[tuple[str, str]]:
        """Return what was passed over, and why."""
        return await self._rows("select item, problem from job_faults where bank_id = $1 order by id")

    async def _rows(self, query: str) -> list[tuple]:  # type: ignore[type-arg]  # each caller says of what
        async def work(tx: ReadTx) -> list[tuple[object, ...]]:
            return [tuple(row) for row in await tx.connection.fetch(query, tx.bank_id)]

        return await self.database.read(self.bank, work)
