"""The replay: credits, awards and redemptions as one sequence in order of time.

Refusals that need no balance are decided here; whether points and stock suffice is asked of the ledger,
event by event in this order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING, TypeAlias

from timebank.records.rules import ServiceRecord
from timebank.workbook.sheets import AwardRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from zoneinfo import ZoneInfo

    from timebank.workbook.sheets import GoodsRow, RedemptionRow


@dataclass(frozen=True, slots=True)
class Credit:
    """A credited record takes effect; `at` is to the minute."""

    at: datetime
    record: ServiceRecord


@dataclass(frozen=True, slots=True)
class Award:
    """An award takes effect, or is refused (`unknown_volunteer`)."""

    at: datetime
    row: AwardRow
    refusal: str | None


@dataclass(frozen=True, slots=True)
class Redemption:
    """Points and goods go out, or are refused: see `Slips.refusal`."""

    at: datetime
    row: RedemptionRow
    refusal: str | None


Event: TypeAlias = Credit | Award | Redemption
_Order: TypeAlias = tuple[datetime, int, str, str, int]
"""Minute; credits, awards, redemptions; activity code or receipt number; volunteer code; row number."""


class Slips:
    """The checks of redemption slips, asked in the order of the replay, that need no balance."""

    def __init__(
        self,
        goods: Mapping[tuple[str, str], GoodsRow],
        volunteers: Collection[str],
        seen_receipts: Iterable[str] = (),
    ) -> None:
        """Take the items by (shop, code), the volunteers' codes, and the receipts of earlier imports."""
        self._goods = goods
        self._volunteers = volunteers
        self._seen = set(seen_receipts)

    def refusal(self, slip: RedemptionRow) -> str | None:
        """Return the first refusal that applies, None if only points and stock are left to ask for.

        In this order: `duplicate_receipt`, `unknown_item`, `bad_number` (quantity or points unread),
        `price_mismatch`, `bad_number` (quantity below 1), `insufficient_points` (whoever is unknown has
        none). The receipt number counts as seen whatever comes of it.
        """
        if slip.receipt in self._seen:
            return "duplicate_receipt"
        self._seen.add(slip.receipt)
        item = self._goods.get((slip.shop, slip.sku))
        if item is None:
            return "unknown_item"
        if slip.quantity is None or slip.points is None:
            return "bad_number"
        if slip.points != item.price * slip.quantity:
            return "price_mismatch"
        if slip.quantity < 1:
            return "bad_number"
        return None if slip.volunteer in self._volunteers else "insufficient_points"


def replay(
    *,
    records: Iterable[ServiceRecord],
    awards: Iterable[AwardRow],
    redemptions: Iterable[RedemptionRow],
    slips: Slips,
    volunteers: Collection[str],
    zone: ZoneInfo,
) -> Iterator[Event]:
    """Yield everything that moves value in order of time, refused awards and slips in their places.

    Records that are not credited are left out. At the same minute: credits by activity and volunteer code,
    awards in row order, redemptions by receipt number and then in row order. `slips` is consumed: pass a
    fresh one.
    """
    entries: list[tuple[_Order, ServiceRecord | AwardRow | RedemptionRow]] = []
    entries.extend(
        ((_minute(record.effective_at), 0, record.activity, record.volunteer, record.row_number), record)
        for record in records
        if record.outcome == "credited"
    )
    entries.extend(
        ((datetime.combine(award.on, time.min, zone), 1, "", "", award.row_number), award) for award in awards
    )
    entries.extend(((_minute(slip.at), 2, slip.receipt, "", slip.row_number), slip) for slip in redemptions)
    entries.sort(key=lambda entry: entry[0])
    for (at, *_), entry in entries:
        if isinstance(entry, ServiceRecord):
            yield Credit(at, entry)
        elif isinstance(entry, AwardRow):
            yield Award(at, entry, None if entry.volunteer in volunteers else "unknown_volunteer")
        else:
            yield Redemption(at, entry, slips.refusal(entry))


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
