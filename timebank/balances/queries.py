"""Reading what a person has. These are the reads that a phone makes again and again: a statement each, or a few."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.balances import Holding, Lot, holdings, holdings_effective_at, holdings_recorded_at
from ledger.questions import Question
from ledger.session import ReadTx
from ledger.statements import StatementPage, wallet_page
from ledger.values import HELD, WALLET
from timebank.errors import RefusalError
from timebank.policy.queries import version_on
from timebank.policy.rules import MINUTE, POINT
from timebank.stars.queries import star_standing
from timebank.stars.rules import Way

Basis = Literal["effective", "recorded"]


@dataclass(frozen=True, slots=True)
class UnitBalance:
    """What a person has of one unit: `total` in the wallet, `spendable` of it on the day asked for, `held` apart.

    `spendable` leaves out lots whose last day is over, and is 0 for what cannot be given away at all.
    """

    unit: str
    class_: str
    total: int
    spendable: int
    held: int
    lots: tuple[Lot, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Credited minutes, the star held, and points; without a policy pack in force there are no stars.

    `star_minutes` are those of the minutes that count for stars; `way` is that to the next star, None from the highest.
    """

    minutes: int
    star: int | None
    star_minutes: int | None
    way: Way | None
    points: int
    points_held: int


def balances_of(
    zone: ZoneInfo, *, now: datetime, as_of: datetime | None = None, basis: Basis = "effective"
) -> Question[list[UnitBalance]]:
    """Ask what a person has in every unit they ever had, now or as of a moment on either time line."""
    day = (as_of or now).astimezone(zone).date()
    if as_of is None:
        question = holdings()
    elif basis == "recorded":
        question = holdings_recorded_at(as_of)
    else:
        question = holdings_effective_at(as_of)
    return question.then(lambda found: by_unit(found, day))


async def standing_of(tx: ReadTx, person_id: UUID, *, now: datetime) -> Standing:
    """Return the standing of a person today."""
    today = tx.day(now)
    found = {balance.unit: balance for balance in by_unit(await holdings().ask(tx, person_id), today)}
    minutes = found[MINUTE].total if MINUTE in found else 0
    points = found.get(POINT)
    version = await version_on(tx, today)
    stars = None if version is None else await star_standing(tx, person_id, version)
    return Standing(
        minutes,
        stars.star if stars else None,
        stars.minutes if stars else None,
        stars.way if stars else None,
        points.spendable if points else 0,
        points.held if points else 0,
    )


def statement_of(unit: str, *, cursor: str | None, limit: int) -> Question[StatementPage]:
    """Ask for a page of what moved in a person's wallet of a unit, newest first, with the balance after each line.

    Raises:
        RefusalError: `cursor_invalid`, and `unknown_unit` with the answer.
    """

    def of_known_unit(page: StatementPage | None) -> StatementPage:
        if page is None:
            raise RefusalError("unknown_unit", unit=unit)
        return page

    try:
        return wallet_page(unit, cursor=cursor, limit=limit).then(of_known_unit)
    except ValueError:
        raise RefusalError("cursor_invalid") from None


def by_unit(found: Iterable[Holding], day: date) -> list[UnitBalance]:
    """Put holdings, which come in order of their units, together by unit."""
    balances = []
    for unit, group in groupby(found, key=lambda holding: holding.unit):
        of_unit = list(group)
        lots = tuple(
            Lot(holding.expires_on, holding.balance)
            for holding in of_unit
            if holding.kind == WALLET and holding.balance
        )
        live = (lot.balance for lot in lots if lot.expires_on is None or lot.expires_on >= day)
        balances.append(
            UnitBalance(
                unit=unit,
                class_=of_unit[0].class_,
                total=sum(lot.balance for lot in lots),
                spendable=sum(live) if of_unit[0].spendable else 0,
                held=sum(holding.balance for holding in of_unit if holding.kind == HELD),
                lots=lots,
            )
        )
    return balances
