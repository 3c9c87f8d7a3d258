"""The worker: claims the tasks of one bank after another, does them, and says how far they are.

It runs in a process of its own, so that the work holds up nobody's request. Nothing of a task is kept in clear longer
than the attempt takes: its folder is removed at the end, and what a killed worker left is removed with the next start.
"""

import asyncio
import contextlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from timebank.acts.actions import REPLIES_KEPT, forget_replies
from timebank.database import Bank, Database
from timebank.errors import OutageError
from timebank.login.sweeping import sweep_logins
from timebank.tasks.actions import (
    Claimed,
    Ended,
    beat,
    claim_task,
    drop_old_reports,
    finish_task,
    release_task,
)
from timebank.tasks.exports import run_export
from timebank.tasks.imports import run_import
from timebank.tasks.queries import EXPORT, IMPORT
from timebank.tills.quotes import forget_quotes
from timebank.vault.cipher import Cipher

POLL_SECONDS = 1.0
TELL_SECONDS = 1.0
"""How often progress is written, at most."""
KEEP_SECONDS = 10.0
"""How often the lease is renewed, at least; see LEASE."""
SWEEP_EVERY = timedelta(hours=1)
PAUSE = timedelta(seconds=15)
"""Before an attempt that broke is made again."""

log = structlog.get_logger("timebank.tasks")

_RUNS = {IMPORT: run_import, EXPORT: run_export}


@dataclass(slots=True)
class Worker:
    """What doing tasks takes; `folder` is a place of its own for files in clear."""

    database: Database
    cipher: Cipher
    folder: Path
    now: Callable[[], datetime]
    _swept_at: dict[int, datetime] = field(default_factory=dict)
    _own_folder: Path | None = None
    _known: dict[str, Bank] = field(default_factory=dict)

    async def work(self, codes: Sequence[str] | None = None, *, until_empty: bool = False) -> int:
        """Do the tasks of these banks (None: all) for ever, or until none is left; return how many were done.

        Cancelled, it gives back the task it is at.
        """
        done = 0
        while True:
            try:
                worked = [await self.work_one(bank) for bank in await self._banks(codes)]
            except OutageError as error:
                if until_empty:
                    raise
                log.warning("outage", code=error.code)
                worked = []
            done += sum(worked)
            if not any(worked):
                if until_empty:
                    return done
                await asyncio.sleep(POLL_SECONDS)

    def _make_folder(self) -> Path:
        """Return a folder of this process's own, and remove those of processes that are no more."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for place in self.folder.iterdir():
            if not place.name.isdigit() or not _is_alive(int(place.name)) or int(place.name) == os.getpid():
                shutil.rmtree(place, ignore_errors=True)
        own = self.folder / str(os.getpid())
        own.mkdir(mode=0o700, exist_ok=True)
        return own

    async def work_one(self, bank: Bank) -> bool:
        """Do one task of a bank; False if none waits."""
        now = self.now()
        task = await self.database.write(bank, lambda tx: claim_task(tx, now=now))
        if task is None:
            await self._sweep(bank, now)
            return False
        log.info("task_claimed", task=str(task.id), kind=task.kind, attempt=task.attempt)
        try:
            ended = await self._do(bank, task)
        except asyncio.CancelledError:
            await self._give_back(bank, task, again_at=self.now(), is_counted=False)
            raise
        except Exception as error:
            if isinstance(error, OutageError):
                log.warning("task_outage", task=str(task.id), code=error.code)
            else:
                log.exception("task_broken", task=str(task.id))
            with contextlib.suppress(OutageError):
                await self._give_back(bank, task, again_at=self.now() + PAUSE, is_counted=True)
            return True
        if ended is None:
            log.warning("task_lost", task=str(task.id), attempt=task.attempt)
            return True
        now = self.now()
        kept = await self.database.write(bank, lambda tx: finish_task(tx, task, ended, now=now))
        log.info("task_finished", task=str(task.id), problem=ended.problem, is_kept=kept)
        return True

    async def _do(self, bank: Bank, task: Claimed) -> Ended | None:
        """Do the task beside its heart; None if the heart stopped because somebody else took it over."""
        if self._own_folder is None:
            self._own_folder = self._make_folder()
        place = self._own_folder / f"{task.id}.{task.attempt}"
        place.mkdir(mode=0o700)
        heart = _Heart(self, bank, task)
        work = _RUNS[task.kind](
            self.database, bank, task, cipher=self.cipher, folder=place, progress=heart.hear
        )
        working = asyncio.create_task(work)
        beating = asyncio.create_task(heart.beat_until_lost())
        try:
            await asyncio.wait({working, beating}, return_when=asyncio.FIRST_COMPLETED)
            if beating.done() and not beating.cancelled():
                beating.result()
                return None
            return await working
        finally:
            working.cancel()
            beating.cancel()
            await asyncio.gather(working, beating, return_exceptions=True)
            shutil.rmtree(place, ignore_errors=True)

    async def _give_back(self, bank: Bank, task: Claimed, *, again_at: datetime, is_counted: bool) -> None:
        await self.database.write(
            bank, lambda tx: release_task(tx, task, again_at=again_at, is_counted=is_counted)
        )

    async def _banks(self, codes: Sequence[str] | None) -> list[Bank]:
        if codes is None:
            codes = [
                row["code"] for row in await self.database.pool.fetch("select code from banks order by id")
            ]
        for code in codes:
            if code not in self._known:
                self._known[code] = await self.database.bank(code)
        return [self._known[code] for code in codes]

    async def _sweep(self, bank: Bank, now: datetime) -> None:
        swept_at = self._swept_at.get(bank.id)
        if swept_at is None or now - swept_at >= SWEEP_EVERY:
            await self.database.write(bank, lambda tx: drop_old_reports(tx, now=now))
            await self.database.write(bank, lambda tx: sweep_logins(tx, now=now))
            await self.database.write(bank, lambda tx: forget_replies(tx, before=now - REPLIES_KEPT))
            await self.database.write(bank, lambda tx: forget_quotes(tx, now=now))
            self._swept_at[bank.id] = now


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class _Heart:
    """Writes a task's progress and renews its lease while it is being worked at."""

    def __init__(self, worker: Worker, bank: Bank, task: Claimed) -> None:
        self._worker = worker
        self._bank = bank
        self._task = task
        self._heard: tuple[str, int, int | None] = ("begin", 0, None)

    def hear(self, step: str, done: int, total: int) -> None:
        """Take note of progress; it is written with the next beat."""
        self._heard = (step, done, total)

    async def beat_until_lost(self) -> None:
        """Beat until cancelled, or until the task is somebody else's."""
        written, waited = None, 0.0
        while True:
            if self._heard != written or waited >= KEEP_SECONDS:
                heard, waited = self._heard, 0.0
                try:
                    kept = await self._beat(*heard)
                except OutageError:
                    # The work meets it too; while the lease lasts, nothing is lost.
                    kept = True
                else:
                    written = heard
                if not kept:
                    return
            await asyncio.sleep(TELL_SECONDS)
            waited += TELL_SECONDS

    async def _beat(self, step: str, done: int, total: int | None) -> bool:
        now = self._worker.now()
        return await self._worker.database.write(
            self._bank, lambda tx: beat(tx, self._task, step=step, done=done, total=total, now=now)
        )
