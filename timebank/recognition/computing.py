"""Computing a frozen round: what each subject reached, batch by batch, then the list of them in one step.

Everything comes from what was frozen, so a run that dies is simply run again: what was tallied stays, the list is not
there at all or is there with its digest. Nothing of it is held in memory but a batch. Two that compute the same round
at once do the same twice.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.jobs.run import Run, is_of_the_item, problem_of
from timebank.recognition.counting import TALLY, Asked, tally_arguments
from timebank.recognition.document import document_chunks
from timebank.recognition.queries import Round, round_of

T = TypeVar("T")

BATCH: Final = 2_000
SMALL: Final = 5_000
"""So many subjects are computed while somebody waits for the answer; more are left to the job."""

_LOCK = "select r.state from recognition_rounds r where r.bank_id = $1 and r.id = $2 for update"
_HOLD = "select r.state from recognition_rounds r where r.bank_id = $1 and r.id = $2 for share"
_ASKED = """
select s.subject, s.organisation_id from recognition_subjects s
where s.bank_id = $1 and s.round_id = $2 and s.minutes is null order by s.subject limit $3
"""
# The bounds are there for a plan made on no statistics: it may go through the batch for each row, never the round.
_KEEP = f"""
update recognition_subjects s set minutes = t.minutes, any_minutes = t.any_minutes, points = t.points,
  records = t.records, evidence = t.evidence, bars = t.bars
from ({TALLY}) t where s.bank_id = $1 and s.round_id = $4 and s.subject = t.subject
  and s.subject >= $13 and s.subject <= $14
"""  # noqa: S608 -- ours
_COUNT = """
select count(*) from (select from recognition_subjects s where s.bank_id = $1 and s.round_id = $2 limit $3) counted
"""
_OPEN_ROUNDS = """
select r.id from recognition_rounds r where r.bank_id = $1 and r.state = 'computing' order by r.id
"""

# $3 steps in minutes, $4 least points, $5 subject, $6 whether communities have quotas of their own, $7 most, $8
# percent, $9 whether all who tie for the last place are on the list
_LIST = """
with took_part as (
  select s.*, case when $6 then coalesce(s.community_id, 0) else 0 end as quota_of
  from recognition_subjects s where s.bank_id = $1 and s.round_id = $2 and s.any_minutes > 0
), places as (
  select t.quota_of, count(*) as base, coalesce($7::bigint, (count(*) * $8::bigint + 99) / 100) as places
  from took_part t group by t.quota_of
), reached as (
  select t.*, cardinality(t.bars) > 0 as is_barred,
    (select count(*) from unnest($3::bigint[]) as step (minutes) where t.minutes >= step.minutes) as level
  from took_part t where t.minutes >= ($3::bigint[])[1] and t.points >= $4
), ranked as (
  select r.*, row_number() over (order by r.level desc, r.minutes desc, r.points desc, r.subject) as number,
    rank() over (order by r.level desc, r.minutes desc, r.points desc) as place,
    count(*) over (partition by r.minutes, r.points) as tied,
    rank() over (partition by r.quota_of, r.is_barred order by r.minutes desc, r.points desc) as quota_place,
    count(*) over (partition by r.quota_of, r.is_barred, r.minutes, r.points) as quota_tied
  from reached r
)
insert into recognition_candidates (bank_id, round_id, number, subject, volunteer_id, organisation_id, community_id,
  level, place, tied, minutes, points, records, evidence, finding, state)
select $1, $2, k.number, $5, k.volunteer_id, k.organisation_id, k.community_id, k.level, k.place, k.tied, k.minutes,
  k.points, k.records,
  k.evidence || jsonb_build_object('bars', k.bars, 'quota', case when p.places is not null then jsonb_build_object(
    'base', p.base, 'places', p.places,
    'place', case when not k.is_barred then k.quota_place end,
    'tied', case when not k.is_barred then k.quota_tied end) end),
  f.finding, case when f.finding = 'named' then 'proposed' else 'excluded' end
from ranked k join places p on p.quota_of = k.quota_of
cross join lateral (select case
  when k.is_barred then 'barred:' || k.bars[1]
  when p.places is null or k.quota_place + k.quota_tied - 1 <= p.places then 'named'
  when k.quota_place > p.places then 'over_quota'
  when $9 then 'named' else 'tied_over_quota' end as finding) f
"""
_DONE = """
update recognition_rounds r set state = 'review', candidates = $3, digest = $4, version = r.version + 1
where r.bank_id = $1 and r.id = $2
"""


class Write(Protocol):
    """Runs work in a transaction of its own, and commits it."""

    async def __call__(self, work: Callable[[WriteTx], Awaitable[T]], /) -> T:
        """Return what the work returns."""


async def is_small(tx: ReadTx, round_id: int) -> bool:
    """Tell whether a round is computed in a few seconds."""
    count: int = await tx.connection.fetchval(_COUNT, tx.bank_id, round_id, SMALL + 1)
    return count <= SMALL


async def compute_round(write: Write, round_id: int, *, batch: int = BATCH) -> Round:
    """Compute a frozen round to its end, or go on where it stopped, and return it; one that is computed stays.

    Raises:
        RefusalError: `unknown_round`.
    """

    async def some(tx: WriteTx) -> int:
        return await _tally_batch(tx, round_id, batch)

    async def finish(tx: WriteTx) -> Round:
        return await _finish(tx, round_id)

    while await write(some):
        pass
    return await write(finish)


async def run_compute_rounds(run: Run) -> dict[str, object]:
    """Compute every round that is open and not computed; one that fails is noted and passed over."""

    async def waiting(tx: ReadTx) -> list[int]:
        return [row["id"] for row in await tx.connection.fetch(_OPEN_ROUNDS, tx.bank_id)]

    computed = 0
    ids = await run.read(waiting)
    for done, round_id in enumerate(ids, start=1):
        try:
            await compute_round(run.write, round_id)
        except Exception as error:
            if not is_of_the_item(error):
                raise
            await run.fault(f"round:{round_id}", problem_of(error))
        else:
            computed += 1
        run.progress(done, len(ids))
    return {"computed": computed, "failed": len(ids) - computed}


async def _tally_batch(tx: WriteTx, round_id: int, batch: int) -> int:
    """Tally the next subjects of a round, and return how many they were."""
    if await tx.connection.fetchval(_HOLD, tx.bank_id, round_id) != "computing":
        return 0
    rows = await tx.connection.fetch(_ASKED, tx.bank_id, round_id, batch)
    if rows:
        found = await round_of(tx, round_id)
        asked = [Asked(*row) for row in rows]
        arguments = await tally_arguments(tx, found, asked, tree_size=found.tree_size)
        await tx.connection.execute(_KEEP, *arguments, asked[0].subject, asked[-1].subject)
    return len(rows)


async def _finish(tx: WriteTx, round_id: int) -> Round:
    state = await tx.connection.fetchval(_LOCK, tx.bank_id, round_id)
    if state is None:
        raise RefusalError("unknown_round")
    found = await round_of(tx, round_id)
    if state != "computing":
        return found
    criteria, quota = found.criteria, found.criteria.quota
    await tx.connection.execute(
        _LIST,
        tx.bank_id,
        round_id,
        [hours * 60 for hours in criteria.step_hours],
        criteria.least_points,
        criteria.subject,
        quota is not None and quota.per == "community",
        None if quota is None else quota.most,
        None if quota is None else quota.percent,
        criteria.at_tie == "include",
    )
    digest, lines = hashlib.sha256(), -1  # the head is no candidate
    async for chunk in document_chunks(tx, found):
        digest.update(chunk)
        lines += chunk.count(b"\n")
    await tx.connection.execute(_DONE, tx.bank_id, round_id, lines, digest.digest())
    return await round_of(tx, round_id)
