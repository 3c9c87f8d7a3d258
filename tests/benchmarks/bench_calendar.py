"""Selling at the tills while a job of the calendar goes through a very large bank.

Customers come at a steady rate, spread over all tills, before a job and while it runs as a program of its own, as it
does in production. Each has a lot that ends, too. What was expired, recognised and sold is counted afterwards.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import chain, zip_longest
from pathlib import Path
from statistics import median, quantiles
from uuid import UUID

from ledger.session import ReadTx
from tests.benchmarks.arena import Arena, Books
from tests.benchmarks.empty_route import CLIENTS
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.history import History, Shape, load_history
from tests.benchmarks.market import confirm, open_tills, quote_all, settle_market
from tests.benchmarks.memory import Run, run_program
from tests.benchmarks.scale import Scale
from tests.served import served
from tests.wire import Wire

NAME = "calendar"
JOBS = {"expire": "lots", "recognise": "volunteers"}
AS_OF = date(2025, 1, 1)
"""The first of the two lots of each volunteer is over."""

RATE = 50
"""Customers a second, at all tills together: more than a district has at its busiest."""

QUIET = 10
"""So many times the seconds of a scale the tills are watched before each job."""

SLOWEST = 2_500
"""Lots and volunteers a second: customers come for as long as a job that is no slower takes."""

_VOLUNTEERS = """
with entered as (
  insert into people (bank_id, id) select $1::bigint, md5($1::bigint::text || '.' || v)::uuid
  from generate_series(1, $2::int) as v order by v
  on conflict do nothing
)
insert into volunteers (bank_id, code, owner, is_party_member)
select $1::bigint, 'V' || v, md5($1::bigint::text || '.' || v)::uuid, false from generate_series(1, $2::int) as v
order by v
"""
_DONE = """
select (select count(*) from transactions where bank_id = $1 and kind = 'expire') as expired,
  (select count(*) from accounts where bank_id = $1 and expires_on < $2 and balance > 0) as left_over,
  (select count(*) from redemptions where bank_id = $1) as sold,
  (select count(*) from job_runs where bank_id = $1 and state = 'succeeded') as jobs
"""


async def run(arena: Arena, scale: Scale) -> list[Figure]:
    """Expire the lots of a year and recognise everybody, each beside the tills."""
    figures: list[Figure] = []
    sold = 0
    async with arena.books("calendar") as books:
        sample = int(RATE * len(JOBS) * (QUIET * scale.seconds + scale.lots / SLOWEST))
        history = await load_history(books, Shape(scale.lots, steps=1), sample=max(CLIENTS, sample))
        customers = await _open(books, history)
        async with served(books.address, log=arena.folder / "served.log") as port:
            for number, (job, what) in enumerate(JOBS.items()):
                coming = iter(customers[number :: len(JOBS)])
                before = await _sell(port, coming, _after(QUIET * scale.seconds))
                running = asyncio.create_task(_run(arena, history, job))
                during = await _sell(port, coming, running.done)
                done = await running
                sold += len(before) + len(during)
                figures += _figures(f"{job}, {scale.lots:,} {what}", scale.lots, done, before, during)
        found = await books.database.read(history.bank, _found)
    if found != (scale.lots, 0, sold, len(JOBS)):
        msg = f"of {scale.lots} lots and {sold} sales: {found}"
        raise AssertionError(msg)
    return figures


def _figures(
    name: str, count: int, done: Run, before: Sequence[float], during: Sequence[float]
) -> list[Figure]:
    against = f"{len(before):,} before it"
    beside = f"of {len(during):,} confirmations beside {name}"
    return [
        Figure(NAME, f"p99 {beside}", "ms", [_p99(during)], against, [_p99(before)], Target("≤", 3)),
        Figure(NAME, f"p50 {beside}", "ms", [1000 * median(during)], against, [1000 * median(before)]),
        Figure(NAME, f"{name}, meanwhile", "a second", [count / done.seconds]),
        Figure(
            NAME, f"{name}: peak memory of its process", "MB", [done.peak_megabytes], target=Target("≤", 400)
        ),
    ]


def _p99(waits: Sequence[float]) -> float:
    return 1000 * quantiles(waits, n=100)[98]


async def _open(books: Books, history: History) -> list[tuple[str, UUID]]:
    """Make volunteers of everybody and open the tills; return who comes, at one till after another."""
    tills = await open_tills(books, history.bank, history.owners, runs=1)
    async with books.superuser() as connection:
        await connection.execute(_VOLUNTEERS, history.bank.id, history.volunteers)
        await connection.execute("vacuum (analyze) volunteers")
    queues = await quote_all(books, history.bank, history.owners, tills)
    await settle_market(books)
    rows = zip_longest(*([(queue.token, quote) for quote in queue.quotes] for queue in queues))
    return [customer for customer in chain.from_iterable(rows) if customer is not None]


LEAST = 2
"""So many customers have quantiles, however long the machine was held up."""


async def _sell(port: int, customers: Iterator[tuple[str, UUID]], is_over: Callable[[], bool]) -> list[float]:
    """Let customers come until it is over, whether or not those before them are done; return how long each waited."""
    waits: list[float] = []
    tills: dict[str, tuple[Wire, asyncio.Lock]] = {}

    async def sell(token: str, quote: UUID) -> None:
        came_at = time.perf_counter()
        wire, free = tills.setdefault(token, (Wire("127.0.0.1", port, token), asyncio.Lock()))
        async with free:
            await confirm(wire, quote)
        waits.append(time.perf_counter() - came_at)

    begun, came = time.perf_counter(), 0
    async with asyncio.TaskGroup() as group:
        while (came < LEAST or not is_over()) and (customer := next(customers, None)) is not None:
            group.create_task(sell(*customer))
            came += 1
            await asyncio.sleep(max(0.0, begun + came / RATE - time.perf_counter()))
    for wire, _ in tills.values():
        wire.close()
    return waits


def _after(seconds: float) -> Callable[[], bool]:
    end = time.perf_counter() + seconds
    return lambda: time.perf_counter() > end


async def _run(arena: Arena, history: History, job: str) -> Run:
    """Run a job as a program."""
    program = str(Path(sys.executable).with_name("timebank"))
    command = [program, "jobs", "run", job, "--as-of", str(AS_OF), "--bank", history.bank.code, "--json"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TIMEBANK_")}
    environment["TIMEBANK_HOME"] = str(arena.folder / "home of jobs")
    environment["TIMEBANK_DATABASE_URL"] = arena.server.dsn(database=NAME)
    return await asyncio.to_thread(run_program, command, environment, arena.folder / f"{job}.json")


async def _found(tx: ReadTx) -> tuple[int, ...]:
    """Count what was expired, what was not, what was sold, and which jobs came to their end."""
    row = await tx.connection.fetchrow(_DONE, tx.bank_id, AS_OF)
    assert row is not None
    return tuple(row)
