"""A statement's lines in plain words: pure. What a transaction moved of one unit in several lots is one entry."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final, Protocol

from api.web.rendering import count, hours
from ledger.statements import StatementLine
from ledger.values import CARRY_OVER, CROSSING, EXPIRE, HOLD, REVERSAL
from timebank.balances.matters import Matter, Service
from timebank.messages.rendering import UNITS

CREDIT: Final = "credit"
TAKEN_BACK: Final = frozenset({CREDIT, "award", "redemption", "acceptance", "conversion"})
"""Kinds with words of their own for being taken back."""
PLAIN: Final = TAKEN_BACK | {EXPIRE, CARRY_OVER, CROSSING, "donation", "grant", "debt"}
"""Kinds that are said as they are."""
OTHERS: Final = (
    *(f"{kind}_back" for kind in sorted(TAKEN_BACK)),
    *(
        "gift_in",
        "gift_out",
        "reservation",
        "reservation_back",
        "voucher",
        "voucher_back",
        "order",
        "order_back",
    ),
    *("other", "other_back"),
)
"""What else there are words for."""


class Say(Protocol):
    """Says the sentence of a code in the page's language."""

    def __call__(self, code: str, /, **params: object) -> str:
        """Return the sentence."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a transaction moved in a wallet, the balance after it, until when that is good, and what it is of."""

    transaction_id: int
    kind: str
    amount: int
    balance: int
    at: datetime
    expires_on: date | None
    matter: Matter


@dataclass(frozen=True, slots=True)
class Told:
    """An entry and its words; whether they say its day already."""

    entry: Entry
    title: str
    text: str
    says_day: bool = False


def entries_of(lines: Sequence[StatementLine], matters: Mapping[int, Matter]) -> list[Entry]:
    """Return the entries of a page of lines, in their order."""
    found = []
    for transaction_id, group in groupby(lines, key=lambda line: line.transaction_id):
        of_one = list(group)
        days = {line.expires_on for line in of_one if line.amount > 0}
        newest = of_one[0]
        found.append(
            Entry(
                transaction_id,
                newest.kind,
                sum(line.amount for line in of_one),
                newest.balance or 0,
                newest.effective_at,
                days.pop() if len(days) == 1 else None,
                matters[transaction_id],
            )
        )
    return found


def told(entry: Entry, say: Say, day: Callable[[date], str]) -> Told:
    """Return an entry with its title and its sentence; `day` says a day or a moment's day."""
    matter, key = entry.matter, key_of(entry)
    served = matter.service
    if served is not None and key == CREDIT:
        return Told(entry, served.activity, _served(served, say, day), says_day=True)
    return Told(entry, say(f"page.entry.{key}"), _about(matter, say, day))


def key_of(entry: Entry) -> str:
    """Return what happened, as the words have it."""
    kind, of = entry.kind, entry.matter.kind
    if kind == REVERSAL:
        # What was set aside before it was fetched is a capture in the books, and goods all the same.
        undone = "redemption" if entry.matter.goods else of
        return f"{undone}_back" if undone in TAKEN_BACK else "other_back"
    if of == HOLD:
        held = "reservation" if entry.matter.goods else "voucher" if entry.matter.offer else "order"
        return held if kind == HOLD else f"{held}_back"
    if kind == "gift":
        return "gift_in" if entry.amount > 0 else "gift_out"
    return kind if kind in PLAIN else "other"


def _served(served: Service, say: Say, day: Callable[[date], str]) -> str:
    params = {
        "day": day(served.starts_at),
        "place": say("page.entry.at_place", place=served.place) if served.place else "",
        "hours": hours(served.minutes),
        "minutes": count(served.minutes),
        "points": count(served.points),
    }
    if not served.minutes:
        return say("page.entry.attended", day=params["day"], place=params["place"], points=params["points"])
    if not served.points:
        del params["points"]
        return say("page.entry.served_hours", **params)
    return say("page.entry.served", **params)


def _about(matter: Matter, say: Say, day: Callable[[date], str]) -> str:
    """Return of what it is, in a line; nothing where the title says all."""
    if matter.service is not None:
        return say(
            "page.entry.of_service", day=day(matter.service.starts_at), activity=matter.service.activity
        )
    if matter.goods:
        names = say("page.entry.comma").join(f"{item.name} × {count(item.count)}" for item in matter.goods)
        return say("page.entry.goods", shop=matter.shop, goods=names)
    if matter.offer is not None:
        return say("page.entry.offer", offer=matter.offer, merchant=matter.merchant)
    if matter.to_unit:
        return say(
            "page.entry.exchanged",
            given=count(matter.from_amount),
            from_unit=_unit(matter.from_unit, say),
            got=count(matter.to_amount),
            to_unit=_unit(matter.to_unit, say),
        )
    return matter.award or ""


def _unit(unit: str, say: Say) -> str:
    return say(f"told.unit.{unit}") if unit in UNITS else unit
