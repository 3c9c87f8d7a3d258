"""The scheduler: does what is due in every bank, as one of several processes that may be at it together.

Its triggers only say *when to look*; what is to be done is read from the rows of the runs, so that nothing is lost
when a process was down, and nothing done twice when several look at once. Each job of each bank has a turn of its own:
a bank that fails, or a job that takes hours, keeps no other from its own.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import structlog

from ledger.session import ReadTx, WriteTx
from timebank.database import Bank, Database
from timebank.errors import OutageError, RefusalError
from timebank.jobs.claiming import Nothing, claim, due_since, look
from timebank.jobs.claims import Claimed
from timebank.jobs.periods import Due, due_between
from timebank.jobs.registry import JOBS, Job
from timebank.jobs.run import Run, RunLostError, problem_of
from timebank.jobs.running import carry_out
from timebank.vault.cipher import Cipher

RUNS_AT_ONCE: Final = 4
"""Each has two connections at most: one for its work, one for its heart."""

log = structlog.get_logger("timebank.jobs")

_Place = tuple[int, str]


@dataclass(slots=True)
class Scheduler:
    """What running jobs takes; `now` is the clock that all its decisions go by."""

    database: Database
    home: Path | None
    cipher: Cipher | None
    now: Callable[[], datetime]
    jobs: Mapping[str, Job] = field(default_factory=lambda: JOBS)
    codes: Sequence[str] | None = None
    """The banks it does the jobs of; None: all."""

    _known: dict[str, Bank] = field(default_factory=dict)
    _holder: UUID = field(default_factory=uuid4)
    _turns: "dict[_Place, asyncio.Task[int]]" = field(default_factory=dict)
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(RUNS_AT_ONCE))
    _done_until: dict[_Place, datetime] = field(default_factory=dict)
    """Every period due by then has a row, so that it need not be looked for again."""

    async def tick(self) -> int:
        """Do what is due by now and return how many attempts were made."""
        await self.begin()
        return sum(await asyncio.gather(*self._turns.values()))

    async def begin(self) -> list[Bank]:
        """Begin what is due by now, beside what is under way, and return the banks that were looked at."""
        try:
            codes = await self._codes()
        except OutageError as error:
            log.warning("jobs_outage", code=error.code)
            return []
        banks = []
        for code in codes:
            try:
                bank = self._known.get(code) or await self.database.bank(code)
                self._known[code] = bank
                await self._begin_turns(bank)
            except OutageError as error:
                log.warning("jobs_outage", bank=code, code=error.code)
            except Exception as error:  # whatever is wrong with one bank is not with the others
                log.exception("jobs_broken", bank=code, problem=problem_of(error))
            else:
                banks.append(bank)
        return banks

    async def stop(self) -> None:
        """Give back what is under way."""
        turns = list(self._turns.values())
        for turn in turns:
            turn.cancel()
        await asyncio.gather(*turns, return_exceptions=True)

    async def _codes(self) -> Sequence[str]:
        if self.codes is not None:
            return self.codes
        async with self.database.connections.lent() as connection:
            return [row["code"] for row in await connection.fetch("select code from banks order by id")]

    async def _begin_turns(self, bank: Bank) -> None:
        """Give each job of a bank that may have something to do a turn, unless it has one."""
        now = self.now()
        state = await self.database.read(bank, lambda tx: look(tx, now=now))
        for job in self.jobs.values():
            place = (bank.id, job.name)
            if place in self._turns:
                continue
            is_paused = job.name in state.paused
            dues = [] if is_paused else await self._dues(bank, job, now)
            if dues or job.name in state.left:
                # Of a job that rests it was not looked what is due, and it may be woken meanwhile.
                turn = asyncio.create_task(self._turn(bank, job, dues, None if is_paused else now))
                self._turns[place] = turn
                turn.add_done_callback(partial(self._forget, place))

    def _forget(self, place: _Place, _: "asyncio.Task[int]") -> None:
        self._turns.pop(place, None)

    async def _dues(self, bank: Bank, job: Job, now: datetime) -> list[Due]:
        after = self._done_until.get((bank.id, job.name))
        if after is not None and after <= now:  # later only where a clock was put back
            return due_between(job.schedule, max(after, now - job.schedule.catch_up), now, bank.zone)

        async def work(tx: ReadTx) -> list[Due]:
            return await due_since(tx, job.name, job.schedule, now=now)

        return await self.database.read(bank, work)

    async def _turn(self, bank: Bank, job: Job, dues: list[Due], until: datetime | None) -> int:
        """Make the runs of one job of a bank, one after another; return how many attempts that took.

        `dues` is all that is due by `until`, if that was looked for.
        """
        made = 0
        async with self._room:
            try:
                while True:

                    async def take(tx: WriteTx) -> Claimed | Nothing:
                        return await claim(
                            tx, job.name, job.schedule, dues, holder=self._holder, now=self.now()
                        )

                    claimed = await self.database.write(bank, take)
                    if isinstance(claimed, Nothing):
                        if claimed is Nothing.DONE and until is not None:
                            self._done_until[bank.id, job.name] = until
                        return made
                    made += 1
                    await self._make(bank, job, claimed)
            except OutageError as error:
                log.warning("jobs_outage", bank=bank.code, job=job.name, code=error.code)
            except Exception as error:  # as above
                log.exception("jobs_broken", bank=bank.code, job=job.name, problem=problem_of(error))
        return made

    async def _make(self, bank: Bank, job: Job, claimed: Claimed) -> None:
        """Make one attempt; what became of it says the run's row, and the log.

        Raises:
            OutageError: the database is gone; the row tells who looks later.
        """
        lease = claimed.lease
        told = log.bind(bank=bank.code, job=job.name, period=lease.period, attempt=lease.attempt)
        told.info("run_begun")
        run = Run(self.database, bank, claimed.due.as_of, self.now(), self.home, self.cipher, lease)
        try:
            await carry_out(run, job, lease, self.now)
        except OutageError:
            raise
        except RunLostError:
            told.warning("run_lost")
        except RefusalError as error:
            told.warning("run_refused", problem=error.code)
        except Exception as error:  # noqa: BLE001 -- it is tried again, and told of when that helps nothing
            told.exception("run_broken", problem=problem_of(error))
        else:
            told.info("run_succeeded")
