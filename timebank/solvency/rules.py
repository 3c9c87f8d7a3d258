"""The sums of the solvency board: flows, cover, pace and forecast. Pure functions over whole numbers.

The forecast is deliberately simple. What is out now is spent at the pace of the last three whole months, the oldest
lots first; what is left of a lot in the month of its last day expires then. Nothing new is issued, so it is what
becomes of today's liability, not of the programme. The month under way counts by the days that are left of it.
"""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from ledger.values import BUDGET, CONVERTED, EXPIRED, ISSUANCE, TAKINGS

PACE_MONTHS = 3
PERMILLE = 1000

Lots: TypeAlias = Mapping[date | None, int]
"""What is out, by the first day of the month in which it ends (None: never)."""


@dataclass(frozen=True, slots=True)
class Flows:
    """What came to some people's wallets and went from them: issued - spent - expired + converted + moved is out.

    Each is net of what was taken back. `converted` is what came out of other units less what went into them, `moved`
    what came from others less what went to them.
    """

    issued: int = 0
    spent: int = 0
    expired: int = 0
    converted: int = 0
    moved: int = 0

    @property
    def outstanding(self) -> int:
        """What is in the wallets, with what is held of it."""
        return self.issued - self.spent - self.expired + self.converted + self.moved

    def __add__(self, other: "Flows") -> "Flows":
        """Return both together."""
        return Flows(
            self.issued + other.issued,
            self.spent + other.spent,
            self.expired + other.expired,
            self.converted + other.converted,
            self.moved + other.moved,
        )


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a forecast: what is spent and what expires in it, and what is out at its end."""

    month_on: date
    spent: int
    expired: int
    left: int


def flows_of(came: Mapping[str, int]) -> Flows:
    """Sort what came to wallets, net, by the kind of account it came from."""
    rest = dict(came)
    issued = rest.pop(ISSUANCE, 0) + rest.pop(BUDGET, 0)
    spent, expired = -rest.pop(TAKINGS, 0), -rest.pop(EXPIRED, 0)
    converted = rest.pop(CONVERTED, 0)
    return Flows(issued, spent, expired, converted, sum(rest.values()))


def flows_of_bank(balances: Mapping[str, int], *, settled: int = 0) -> Flows:
    """Return the flows of all wallets of a bank, from a unit's line of the trial balance.

    What the other accounts hold is what did not stay in wallets: of a budget, that it was not issued. What was settled
    with the payees is spent still, though it went on from what they took to what was converted.
    """
    came = {kind: -amount for kind, amount in balances.items() if kind not in {"wallet", "held"}}
    came[TAKINGS] = came.get(TAKINGS, 0) - settled
    came[CONVERTED] = came.get(CONVERTED, 0) + settled
    return flows_of(came)


def cover_permille(assets_cents: int, owed_cents: int) -> int | None:
    """Return how many thousandths of what is owed are covered, rounded down; None if nothing is owed."""
    return assets_cents * PERMILLE // owed_cents if owed_cents > 0 else None


def first_of_month(day: date, months: int = 0) -> date:
    """Return the first day of a day's month, or of one so many months later."""
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def pace_of(spent: int) -> int:
    """Return what is spent in a month, of what was spent in the months that the pace is taken of; rounded half up."""
    return max(0, (2 * spent + PACE_MONTHS) // (2 * PACE_MONTHS))


def forecast(lots: Lots, *, pace: int, today: date, months: int) -> list[Month]:
    """Return what becomes of what is out now, month by month, beginning with the one under way."""
    this = first_of_month(today)
    queue = sorted(lots.items(), key=lambda lot: lot[0] or date.max)
    days = calendar.monthrange(today.year, today.month)[1]
    found: list[Month] = []
    for number in range(months):
        month = first_of_month(this, number)
        share = pace * (days - today.day + 1) // days if number == 0 else pace
        lapsed = sum(amount for ends, amount in queue if ends is not None and ends < month)
        queue = [(ends, amount) for ends, amount in queue if ends is None or ends >= month]
        spent, queue = _spend(queue, share)
        expired = lapsed + sum(amount for ends, amount in queue if ends == month)
        queue = [(ends, amount) for ends, amount in queue if ends != month]
        found.append(Month(month, spent, expired, sum(amount for _, amount in queue)))
    return found


def _spend(
    queue: Sequence[tuple[date | None, int]], amount: int
) -> tuple[int, list[tuple[date | None, int]]]:
    """Take an amount from the front; return what was taken and what is left."""
    missing = amount
    left: list[tuple[date | None, int]] = []
    for ends, there in queue:
        take = min(there, missing)
        missing -= take
        if there > take:
            left.append((ends, there - take))
    return amount - missing, left
