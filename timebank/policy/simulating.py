"""What a pack would have issued: past service priced once more, by the packs that priced it and by a candidate.

Nothing is written. A few days are read in a transaction of their own and reckoned in a thread, so a simulation of years
holds neither a view of the books nor the event loop for long.

It does not simulate what people would have decided or done otherwise: overlaps, rejections and approvals stay as they
were decided, forgotten check-outs as they were closed, and who was a party member is who is one today. Awards,
spending and what has ended since are left out: what ends when is what was issued, not what is left of it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Protocol, TypeVar

from ledger.session import ReadTx
from timebank.errors import RefusalError
from timebank.policy.actions import load_history
from timebank.policy.past import PastDays, past_days
from timebank.policy.rules import PolicyPack
from timebank.policy.tallies import Booked, Ending, Gains, Pair, PersonChange, Tallies

T = TypeVar("T")

DAYS_AT_A_TIME = 10
LONGEST_YEARS = 3


class Read(Protocol):
    """Runs reading work in a transaction of its own."""

    async def __call__(self, work: Callable[[ReadTx], Awaitable[T]], /) -> T:
        """Return what the work returns."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """What the packs in force and the candidate make of the same service.

    `booked` is what the books credited of it: `agrees` if the packs in force come to just that once more.
    `ending` says by unit and month how much would end; `people` whose points change most.
    """

    from_on: date
    until_on: date
    records: int
    booked: Booked
    total: Pair
    months: dict[str, Pair]
    organisations: list[tuple[int | None, Pair]]
    ending: dict[str, dict[str, Ending]]
    gains: dict[str, Gains]
    people: list[PersonChange]
    notice_days_before: int | None
    notice_days_after: int

    @property
    def agrees(self) -> bool:
        """Tell whether pricing anew by the packs in force comes to what the books credited."""
        before = self.total.before
        return (before.records, before.minutes, before.points) == (
            self.booked.records,
            self.booked.minutes,
            self.booked.points,
        )


async def simulate(read: Read, pack: PolicyPack, *, from_on: date, until_on: date) -> Simulation:
    """Price the service of these days, both included, by the packs that priced it and by a candidate.

    Raises:
        RefusalError: `span_backwards`, `span_too_long`.
    """
    check_span(from_on, until_on)
    history = await read(load_history)
    tallies = Tallies(pack, {version.version: version.pack for version in history.versions})
    first = from_on
    while first <= until_on:
        last = min(first + timedelta(days=DAYS_AT_A_TIME - 1), until_on)
        found = await read(partial(past_days, from_on=first, until_on=last))
        if found.rows:
            await asyncio.to_thread(_take, tallies, found)
        first = last + timedelta(days=1)
    in_force = [version for version in history.versions if version.effective_from <= until_on]
    return await asyncio.to_thread(
        lambda: Simulation(
            from_on=from_on,
            until_on=until_on,
            records=tallies.records,
            booked=tallies.booked,
            total=tallies.total,
            months=dict(sorted(tallies.months.items())),
            organisations=tallies.organisations(),
            ending={unit: dict(sorted(months.items())) for unit, months in sorted(tallies.endings.items())},
            gains=tallies.gains(),
            people=tallies.largest_changes(),
            notice_days_before=in_force[-1].pack.attendance.notice_working_days if in_force else None,
            notice_days_after=pack.attendance.notice_working_days,
        )
    )


def _take(tallies: Tallies, found: PastDays) -> None:
    tallies.take(found.services())


def check_span(from_on: date, until_on: date) -> None:
    """Refuse days that run backwards, and more than three years of them.

    Raises:
        RefusalError: `span_backwards`, `span_too_long`.
    """
    if until_on < from_on:
        raise RefusalError("span_backwards")
    if until_on - from_on > timedelta(days=366 * LONGEST_YEARS):
        raise RefusalError("span_too_long", years=LONGEST_YEARS)
