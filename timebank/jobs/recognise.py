"""Recognise as of a day: stars by the hours before it that count, annual steps by those of the last full year."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from ledger.session import ReadTx, WriteTx
from timebank.jobs.batches import Batch, Walk, in_batches, numbered
from timebank.jobs.run import Run
from timebank.policy.queries import version_on
from timebank.stars.standings import BATCH, Day, Stood, drop, outdated, stand
from timebank.totals.queries import recognition_year


async def run_recognise(run: Run) -> dict[str, object]:
    """Put everyone at the highest steps reached, raise stars, and return how many stand at each step.

    It goes through the volunteers batch by batch; a run that died begins again with the first, and comes to the same:
    standings are replaced by what the books say now, and who has risen does not rise again. A volunteer of whom nothing
    can be counted is noted and passed over. Before there is a policy nobody stands anywhere.
    """
    day = await run.read(lambda tx: _day(tx, run))
    stars: Counter[int] = Counter()
    steps: Counter[int] = Counter()
    raised = above = 0
    if day is not None:
        total = await run.read(lambda tx: tx.connection.fetchval(_VOLUNTEERS, tx.bank_id))
        seen = 0
        async for stood in in_batches(run, 0, _volunteers(day, run.now)):
            stars.update(stood.stars)
            steps.update(stood.steps)
            raised, above, seen = raised + stood.raised, above + stood.above, seen + stood.volunteers
            run.progress(seen, max(seen, total))
        await _drop_outdated(run)
    return {"star": _by_level(stars), "annual": _by_level(steps), "raised": raised, "above": above}


_VOLUNTEERS = "select count(*) from volunteers where bank_id = $1"
_NEXT = "select v.id from volunteers v where v.bank_id = $1 and v.id > $2 order by v.id limit 1"


def _volunteers(day: Day, now: datetime) -> Walk[int, Stood]:
    async def work(tx: WriteTx, after_id: int, limit: int) -> Batch[int, Stood]:
        stood = await stand(tx, day, after_id=after_id, now=now, limit=limit)
        return Batch(stood, stood.last_id)

    async def next_id(tx: ReadTx, after_id: int) -> int | None:
        found: int | None = await tx.connection.fetchval(_NEXT, tx.bank_id, after_id)
        return found

    return Walk(work, numbered("volunteer", next_id), BATCH)


async def _day(tx: ReadTx, run: Run) -> Day | None:
    version = await version_on(tx, run.as_of - timedelta(days=1))
    return None if version is None else Day(run.as_of, recognition_year(run.as_of), version, run.is_ahead)


async def _drop_outdated(run: Run) -> None:
    for scheme, as_of in await run.read(lambda tx: outdated(tx, run.as_of)):
        last_id: int | None = 0
        while last_id is not None:

            async def work(
                tx: WriteTx, scheme: str = scheme, as_of: date = as_of, after_id: int = last_id
            ) -> int | None:
                return await drop(tx, scheme, as_of, after_id=after_id)

            last_id = await run.write(work)


def _by_level(counts: Mapping[int, int]) -> dict[str, int]:
    return {str(level): count for level, count in sorted(counts.items())}
