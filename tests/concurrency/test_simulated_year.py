"""A year with three scheduler processes that are killed at random: every period of every job succeeds once.

The processes go by one clock, which jumps by hours and days; whoever was killed is missed until its lease is over.
"""

import asyncio
import json
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from ledger.audit import audit
from ledger.session import ReadTx
from tests.concurrency.calendar_process import jobs_of
from tests.shared_clock import SharedClock
from tests.timebank.expiry.packs import pack, yearly
from tests.timebank.expiry.scene import FIRST_DAY, Scene
from timebank.database import Address, Bank, Database
from timebank.jobs.claims import LEASE
from timebank.jobs.periods import due_between, last_due

REPOSITORY = Path(__file__).parents[2]
BEGINS_AT = datetime(2026, 1, 4, 4, 0, tzinfo=UTC)
"""Noon in Shanghai."""

DAILY = ("expire", "warn_expiry", "fold", "credit", "settle", "fold_yearly")
HOURLY = ("release_holds", "seal")
WARNED = (60, 30, 7)
CHANNELS = ["email", "sms"]
BUSY_SECONDS = 0.15
"""After a jump of the clock, so long at least are the processes at work."""

LOST = 4
"""So many attempts at least are to be killed in the middle."""

PATIENCE_SECONDS = 0.4
"""A period that nobody made for so long was a killed process's."""


@dataclass(slots=True)
class Crew:
    """Three scheduler processes, who they work for, and a clock that they go by."""

    address: Address
    database: Database
    bank: Bank
    clock: SharedClock
    folder: Path
    jobs: tuple[str, ...]
    chance: random.Random
    members: "list[asyncio.subprocess.Process]" = field(default_factory=list)
    kills: int = 0
    begins_at: datetime = BEGINS_AT

    async def begin(self) -> None:
        """Start the processes, and wait until they have looked about."""
        self.begins_at = self.clock()
        self.members = [await self._start() for _ in range(3)]
        for member in self.members:
            assert member.stdout is not None
            assert await member.stdout.readline() == b"up\n"

    async def end(self) -> None:
        """End the processes."""
        for member in self.members:
            member.kill()
            await member.wait()

    async def kill_one(self) -> None:
        """Kill a process, wherever it is, and start another in its place."""
        await asyncio.sleep(self.chance.uniform(0, BUSY_SECONDS))
        place = self.chance.randrange(len(self.members))
        member = self.members[place]
        member.kill()
        assert await member.wait() == -signal.SIGKILL
        self.members[place] = await self._start()
        self.kills += 1

    def expected(self) -> set[tuple[str, str]]:
        """Return each job and period that is to have run by now."""
        now, zone = self.clock(), self.bank.zone
        found = set()
        for job in jobs_of(list(self.jobs)).values():
            first = last_due(job.schedule, self.begins_at, zone)
            dues = [due for due in due_between(job.schedule, self.begins_at, now, zone) if due != first]
            if first.due_at > self.begins_at - job.schedule.catch_up:
                dues.append(first)
            found |= {(job.name, due.period) for due in dues}
        return found

    async def settle(self) -> None:
        """Wait until everything due has been made; where a dead process is waited for, let its lease run out."""
        expected, made, patience = self.expected(), -1, PATIENCE_SECONDS
        patient_until = time.monotonic() + patience
        while (found := await self._succeeded()) < len(expected):
            if found > made:  # somebody is at work
                made, patient_until = found, time.monotonic() + patience
            elif time.monotonic() > patient_until:
                self.clock.pass_(seconds=LEASE.total_seconds() + 1)
                expected = self.expected()  # the clock may have come to what is due next
                patience *= (
                    2  # where the living are so slow that they lose their leases too, they are given longer
                )
                patient_until = time.monotonic() + patience
            await asyncio.sleep(0.01)

    async def attempts(self) -> dict[tuple[str, str], Counter[str]]:
        """Return how often each outcome was had by job and period."""
        rows = await self.fetch(
            "select job, period, coalesce(outcome, 'open') as outcome from job_attempts"
            " where bank_id = $1 and job = any($2::text[])",
            list(self.jobs),
        )
        found: dict[tuple[str, str], Counter[str]] = {}
        for job, period, outcome in rows:
            found.setdefault((job, period), Counter())[outcome] += 1
        return found

    async def lost(self) -> int:
        """Return how many attempts came to nothing."""
        return sum(outcomes["lost"] for outcomes in (await self.attempts()).values())

    async def _succeeded(self) -> int:
        rows = await self.fetch(
            "select count(*) from job_runs where bank_id = $1 and state = 'succeeded' and job = any($2::text[])",
            list(self.jobs),
        )
        return int(str(rows[0][0]))

    async def fetch(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query whose `$1` is the bank."""

        async def work(tx: ReadTx) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in await tx.connection.fetch(query, tx.bank_id, *arguments)]

        return await self.database.read(self.bank, work)

    async def _start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.concurrency.calendar_process",
            json.dumps(asdict(self.address)),
            self.bank.code,
            str(self.folder / "clock"),
            str(self.folder),
            *self.jobs,
            cwd=REPOSITORY,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )


async def test_a_year_of_killed_processes_makes_every_run_once(
    address: Address, database: Database, bank: Bank, tmp_path: Path
) -> None:
    chance = random.Random(20260104)
    clock = SharedClock(tmp_path / "clock")
    clock.set(BEGINS_AT)
    scene = Scene(database, bank)
    await scene.adopt((FIRST_DAY, pack(yearly())))
    lots = await give_lots(scene, chance)
    common = (address, database, bank, clock, tmp_path)

    hourly = Crew(*common, HOURLY, chance)
    await run_until(hourly, BEGINS_AT + timedelta(days=2), hours=7, kill_chance=0.4)
    lost = await check_runs(hourly)
    crew = Crew(*common, DAILY, chance)
    year = BEGINS_AT + timedelta(days=365)
    await run_until(crew, year, hours=5 * 24, kill_chance=0.12, lots=lots, lost=LOST - lost)
    lost += await check_runs(crew)
    assert lost >= LOST
    assert hourly.kills + crew.kills > 10
    await check_warnings(crew, lots)
    assert await database.read(bank, lambda tx: audit(tx, verifier=None, anchors=())) == []


async def run_until(
    crew: Crew,
    ends_at: datetime,
    *,
    hours: int,
    kill_chance: float,
    lots: dict[UUID, dict[date, int]] | None = None,
    lost: int = 0,
) -> None:
    """Let the clock jump, and kill meanwhile; nothing has expired early or late whenever all is quiet.

    Where the machine is so quick that most kills find nobody at work, go on and kill each time, until so many attempts
    were lost.
    """
    await crew.begin()
    try:
        while crew.clock() < ends_at or await crew.lost() < lost:
            is_fatal = crew.clock() >= ends_at or crew.chance.random() < kill_chance
            killing = crew.kill_one() if is_fatal else asyncio.sleep(0)
            await asyncio.gather(crew.settle(), killing)
            for owner, held in sorted((lots or {}).items())[: 2 if lots else 0]:
                await check_lots(crew, owner, held)
            crew.clock.pass_(hours=crew.chance.randint(1, hours), minutes=crew.chance.randint(0, 59))
        await crew.settle()
    finally:
        await crew.end()


async def give_lots(scene: Scene, chance: random.Random) -> dict[UUID, dict[date, int]]:
    """Enter people with lots that end all over the year and after."""
    lots: dict[UUID, dict[date, int]] = {}
    for _ in range(12):
        owner = await scene.person()
        await scene.execute(
            "insert into channel_choices (bank_id, person_id, channel, chosen_at)"
            " select $1, $2, c, $3 from unnest($4::text[]) as c",
            owner,
            BEGINS_AT,
            CHANNELS,
        )
        ends = [date(2026, 1, 10) + timedelta(days=chance.randint(0, 500)) for _ in range(4)]
        lots[owner] = {end: chance.randint(1, 99) for end in ends}
        for end, amount in lots[owner].items():
            await scene.give(owner, end, amount)
    return lots


async def check_lots(crew: Crew, owner: UUID, held: dict[date, int]) -> None:
    """Check that somebody has what has not ended by the last run that was due."""
    due = last_due(jobs_of(["expire"])["expire"].schedule, crew.clock(), crew.bank.zone)
    found = await Scene(crew.database, crew.bank).lots(owner)
    left = {end: amount for end, amount in found.items() if amount}
    assert left == {end: amount for end, amount in held.items() if end >= due.as_of}


async def check_runs(crew: Crew) -> int:
    """Check that each period of each job succeeded once and other attempts were lost; return how many were."""
    attempts = await crew.attempts()
    assert set(attempts) == crew.expected()
    assert {outcomes["succeeded"] for outcomes in attempts.values()} == {1}
    assert {outcome for outcomes in attempts.values() for outcome in outcomes} <= {"succeeded", "lost"}
    return sum(outcomes["lost"] for outcomes in attempts.values())


async def check_warnings(crew: Crew, lots: dict[UUID, dict[date, int]]) -> None:
    """Check that each end was warned of as often as a warning fell due in the year, each once, and once per channel."""
    zone = crew.bank.zone
    since = crew.begins_at.astimezone(zone).date()
    until = last_due(jobs_of(["warn_expiry"])["warn_expiry"].schedule, crew.clock(), zone).as_of
    wanted = {
        (str(owner), end.isoformat(), days)
        for owner, held in lots.items()
        for end in held
        for days in WARNED
        if since < end - timedelta(days=days) <= until
    }
    warned = await crew.fetch(
        "select owner::text, expires_on::text, days, amount from expiry_warnings where bank_id = $1"
    )
    assert {tuple(row[:3]) for row in warned} >= wanted
    # What was nearer to its end than that when the year began was warned of at once; and a run of the days before that
    # is made up for early in the morning warns of what falls due today.
    today = crew.clock().astimezone(zone).date()
    others = {tuple(row[:3]) for row in warned} - wanted
    assert all(
        (fell_due := date.fromisoformat(end) - timedelta(days=days)) <= since or fell_due == today
        for _, end, days in others
    )
    told = Counter((owner, end, amount) for owner, end, _, amount in warned)
    for table in ("notifications", "messages"):
        rows = await crew.fetch(
            "select person_id::text, params->>'expires_on' as expires_on, (params->>'amount')::bigint as amount"
            f" from {table} where bank_id = $1 and kind = 'expiring'"
        )
        ways = len(CHANNELS) if table == "messages" else 1
        assert Counter(rows) == Counter({warning: ways * count for warning, count in told.items()})
    channels = await crew.fetch("select distinct channel from messages where bank_id = $1 order by 1")
    assert [channel for (channel,) in channels] == CHANNELS
