"""Recognising very many volunteers: a day on which everybody rises, then an ordinary one, against bare inserts.

The first day is measured in tenths, each followed by the INSERT … SELECT of the rows that came of it, so that load on
the machine and the growth of the indexes meet both alike. The ordinary day is the whole job, which drops the standings
of the day before as it ends; its baseline is the INSERT of its own standings.
"""

import time
from datetime import UTC, date, datetime, timedelta

from ledger.session import WriteTx
from tests.benchmarks.arena import Arena, Books, Connection
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.history import History, Shape, load_history
from tests.benchmarks.memory import own_peak_megabytes, reset_own_peak
from tests.benchmarks.scale import Scale
from tests.benchmarks.twins import make_twins
from timebank.jobs.running import run_now
from timebank.policy.actions import PolicyVersion, adopt
from timebank.policy.rules import default_pack
from timebank.stars.standings import BATCH, Day, Stood, stand
from timebank.totals.queries import recognition_year

NAME = "recognise"
PARTS = 10
FIRST = date(2026, 1, 2)
NOW = datetime(2026, 1, 5, tzinfo=UTC)
TABLES = ("recognitions", "star_changes", "notifications")

_PEOPLE = """
insert into people (bank_id, id) select $1::bigint, md5($1::bigint::text || '.' || v)::uuid from {volunteers}
"""
_VOLUNTEERS = """
insert into volunteers (bank_id, code, owner, is_party_member)
select $1::bigint, 'V' || v, md5($1::bigint::text || '.' || v)::uuid, false from {volunteers}
"""
_NUMBERS = "generate_series(1, $2::int) as v order by v"


async def run(arena: Arena, scale: Scale) -> list[Figure]:
    """Recognise all volunteers of a loaded bank on two days, and see that each rose exactly once."""
    async with arena.books("recognise") as books, books.superuser() as connection:
        history = await load_history(books, Shape(scale.lots, steps=1), sample=1)
        version = await _enrol(books, connection, history)
        await make_twins(connection, "twin", foreign_keys=True, tables=TABLES)
        reset_own_peak()
        idle_megabytes = own_peak_megabytes()
        risen, inserted = await _first_day(books, connection, history, version)
        ordinary, baseline = await _ordinary_day(books, connection, history)
        peak_megabytes = own_peak_megabytes()
    each = scale.lots / PARTS
    return [
        Figure(
            NAME,
            f"{scale.lots:,} volunteers rise, in batches of {BATCH:,}, by tenths",
            "s",
            risen,
            "INSERT … SELECT of the same standings, changes and notifications",
            inserted,
            Target("≤", 3),
        ),
        Figure(NAME, "volunteers raised a second", "volunteers/s", [each / seconds for seconds in risen]),
        Figure(
            NAME,
            f"the daily job over {scale.lots:,} volunteers on an ordinary day",
            "s",
            [ordinary],
            "INSERT … SELECT of the same standings",
            [baseline],
            Target("≤", 3),
        ),
        Figure(NAME, "volunteers recognised a second", "volunteers/s", [scale.lots / ordinary]),
        Figure(
            NAME,
            "peak memory of the process meanwhile",
            "MB",
            [peak_megabytes],
            "before it",
            [idle_megabytes],
        ),
    ]


async def _enrol(books: Books, connection: Connection, history: History) -> PolicyVersion:
    """Make volunteers of the owners of the history, all of whom have hours enough for a star and the year's list."""
    pack = default_pack().model_copy(update={"star_hours": (1, 50), "annual_hours": (1, 50)})

    async def work(tx: WriteTx) -> PolicyVersion:
        return await adopt(tx, pack, effective_from=date(2024, 1, 1), actor="benchmark")

    for statement in (_PEOPLE, _VOLUNTEERS):
        await connection.execute(statement.format(volunteers=_NUMBERS), history.bank.id, history.volunteers)
    await connection.execute("vacuum (analyze) people, volunteers")
    await connection.execute("checkpoint")
    return await books.database.write(history.bank, work)


async def _first_day(
    books: Books, connection: Connection, history: History, version: PolicyVersion
) -> tuple[list[float], list[float]]:
    """Return the seconds of each tenth, and those that inserting its rows took."""
    day = Day(FIRST, recognition_year(FIRST), version)
    samples, baselines = [], []
    after_id = raised = 0
    for _ in range(PARTS):
        begun_after, left = after_id, history.volunteers // PARTS
        changes, told = await _last_ids(connection)
        begun = time.perf_counter()
        while left > 0:

            async def work(tx: WriteTx, after_id: int = after_id, limit: int = min(left, BATCH)) -> Stood:
                return await stand(tx, day, after_id=after_id, now=NOW, limit=limit)

            stood = await books.database.write(history.bank, work)
            left -= stood.volunteers
            raised += stood.raised
            after_id = stood.last_id or after_id
        samples.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        async with connection.transaction():
            await _insert_standings(connection, FIRST, begun_after, after_id)
            await connection.execute(
                f"insert into twin.star_changes overriding system value"
                f" select * from timebank.star_changes where id > {changes:d}"
            )
            await connection.execute(
                f"insert into twin.notifications overriding system value"
                f" select * from timebank.notifications where id > {told:d}"
            )
        baselines.append(time.perf_counter() - begun)
    if raised != history.volunteers:
        msg = f"of {history.volunteers} volunteers {raised} were raised"
        raise AssertionError(msg)
    return samples, baselines


async def _ordinary_day(books: Books, connection: Connection, history: History) -> tuple[float, float]:
    """Run the job for the day after; return its seconds and those that inserting its standings took."""
    following = FIRST + timedelta(days=1)
    await run_now(books.database, history.bank, NAME, as_of=following, now=NOW)
    begun = time.perf_counter()
    result = await run_now(books.database, history.bank, NAME, as_of=following + timedelta(days=1), now=NOW)
    seconds = time.perf_counter() - begun
    begun = time.perf_counter()
    await _insert_standings(connection, following, 0, 2**63 - 1)
    baseline = time.perf_counter() - begun
    if result["star"] != {"1": history.volunteers} or result["raised"]:
        msg = f"{history.volunteers} volunteers were recognised as {result}"
        raise AssertionError(msg)
    return seconds, baseline


async def _last_ids(connection: Connection) -> tuple[int, int]:
    row = await connection.fetchrow(
        "select coalesce((select max(id) from star_changes), 0) as changes,"
        " coalesce((select max(id) from notifications), 0) as told"
    )
    assert row is not None
    return row["changes"], row["told"]


async def _insert_standings(connection: Connection, as_of: date, after_id: int, last_id: int) -> None:
    await connection.execute(
        "insert into twin.recognitions select * from timebank.recognitions"
        " where as_of = $1 and volunteer_id > $2 and volunteer_id <= $3",
        as_of,
        after_id,
        last_id,
    )
