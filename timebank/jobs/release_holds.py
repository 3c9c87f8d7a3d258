"""Let go of what was held and is over: reservations, vouchers and service orders lapse with their holds.

Each batch is a transaction of its own: it locks the rows that holds belong to, by table and id, releases, and marks.
Whoever picks up, uses, cancels or finishes holds the row first, too, so that a hold is resolved once and its row tells
the same.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger.holds import LapsedHold, lapsed_holds, release_lapsed
from ledger.posting import post
from ledger.session import ReadTx, WriteTx
from ledger.values import Posted
from timebank.errors import RefusalError
from timebank.jobs.batches import Batch, Walk, in_batches, numbered
from timebank.jobs.run import Run
from timebank.notifications.actions import tell_each

ACTOR: Final = "job:release_holds"
BATCH: Final = 500

_CLOSED_BEFORE = "select max(c.closed_before) from closures c where c.bank_id = $1"


@dataclass(frozen=True, slots=True)
class _Held:
    """What holds are for: how its rows are locked by their holds and marked, and what their people are told."""

    name: str
    told: str
    lock: str
    mark: str


_HELD: Final = (
    _Held(
        "reservations",
        "reservation_lapsed",
        """
select r.id, r.hold_id, r.person_id, r.state = 'reserved' as is_open from reservations r
where r.bank_id = $1 and r.hold_id = any($2::bigint[]) order by r.id for no key update
""",
        """
update reservations set state = 'lapsed', resolved_at = $3 where bank_id = $1 and id = any($2::bigint[])
""",
    ),
    _Held(
        "vouchers",
        "voucher_lapsed",
        """
select v.id, v.hold_id, v.person_id, v.state = 'issued' as is_open from vouchers v
where v.bank_id = $1 and v.hold_id = any($2::bigint[]) order by v.id for no key update
""",
        """
update vouchers set state = 'lapsed', resolved_at = $3 where bank_id = $1 and id = any($2::bigint[])
""",
    ),
    _Held(
        "service_orders",
        "service_order_lapsed",
        """
select o.id, o.hold_id, o.person_id, o.state in ('ordered', 'assigned') as is_open from service_orders o
where o.bank_id = $1 and o.hold_id = any($2::bigint[]) order by o.id for no key update
""",
        """
update service_orders set state = 'lapsed', resolved_at = $3, resolved_by = 'job:release_holds', version = version + 1
where bank_id = $1 and id = any($2::bigint[])
""",
    ),
)


@dataclass(frozen=True, slots=True)
class Released:
    """A batch: how many holds were released, how many of each thing lapsed with them, and the id to go on after."""

    holds: int
    lapsed: Counter[str]
    last_id: int | None


async def run_release_holds(run: Run) -> dict[str, object]:
    """Release what is over by the end of a day, batch by batch, and return the figures.

    A run that died is run again: what it had released is released, the rest follows; the figures are those of this run.

    Raises:
        RefusalError: `day_in_future`: nothing is taken back before its time.
    """
    if run.is_ahead:
        raise RefusalError("day_in_future", day=run.as_of.isoformat())
    holds, lapsed = await release_over(run, before=min(run.now, run.day_ends_at))
    return {"holds_released": holds, **{held.name: lapsed[held.name] for held in _HELD}}


async def release_over(run: Run, *, before: datetime) -> tuple[int, Counter[str]]:
    """Release every hold that ended before a moment, and return how many, and how many of each thing lapsed."""

    async def work(tx: WriteTx, after_id: int, limit: int) -> Batch[int, Released]:
        batch = await release_batch(tx, before=before, after_id=after_id, now=run.now, limit=limit)
        return Batch(batch, batch.last_id)

    async def next_id(tx: ReadTx, after_id: int) -> int | None:
        return next((hold.id for hold in await lapsed_holds(tx, before, after_id=after_id, limit=1)), None)

    holds, lapsed = 0, Counter[str]()
    async for batch in in_batches(run, 0, Walk(work, numbered("hold", next_id), BATCH)):
        holds += batch.holds
        lapsed += batch.lapsed
        run.progress(holds)
    return holds, lapsed


async def release_batch(
    tx: WriteTx, *, before: datetime, after_id: int, now: datetime, limit: int = BATCH
) -> Released:
    """Release holds that ended before a moment, by id, and mark and tell of what lapsed with them."""
    found = await lapsed_holds(tx, before, after_id=after_id, limit=limit)
    rows = [await tx.connection.fetch(held.lock, tx.bank_id, [hold.id for hold in found]) for held in _HELD]
    # Found before the locks were had: what was resolved meanwhile, its row tells.
    resolved = {row["hold_id"] for part in rows for row in part if not row["is_open"]}
    released = await _release(tx, [hold for hold in found if hold.id not in resolved])
    lapsed = Counter[str]()
    for held, part in zip(_HELD, rows, strict=True):
        over = [row for row in part if row["hold_id"] in released]
        if over:
            await tx.connection.execute(held.mark, tx.bank_id, [row["id"] for row in over], now)
            await tell_each(tx, [(row["person_id"], {"id": row["id"]}) for row in over], held.told)
            lapsed[held.name] += len(over)
    return Released(len(released), lapsed, found[-1].id if len(found) == limit else None)


async def _release(tx: WriteTx, holds: Sequence[LapsedHold]) -> set[int]:
    """Post the releases and return the ids of the holds that are released.

    Each takes effect when its hold ended, or, if that day is in a closed period by now, right after the period.
    """
    closed_before: datetime | None = await tx.connection.fetchval(_CLOSED_BEFORE, tx.bank_id)
    drafts = [
        release_lapsed(hold, effective_at=max(filter(None, (hold.hold_until, closed_before))), actor=ACTOR)
        for hold in holds
    ]
    outcomes = await post(tx, drafts)
    return {hold.id for hold, outcome in zip(holds, outcomes, strict=True) if isinstance(outcome, Posted)}
