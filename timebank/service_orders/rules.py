"""What a service order costs, how long it stands, and who decides on it. Pure."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias
from uuid import UUID

from ledger.balances import Lot
from timebank.errors import RefusalError
from timebank.policy.rules import PolicyPack
from timebank.policy.spending import TimecoinRule

State: TypeAlias = Literal["ordered", "assigned", "done", "cancelled", "lapsed"]
OPEN: Collection[State] = ("ordered", "assigned")

LONGEST_AHEAD = timedelta(days=366)


def check_wish(pack: PolicyPack, *, category: str, wanted_at: datetime, now: datetime) -> None:
    """Refuse what the bank does not do, and a moment that is past or far off.

    Raises:
        RefusalError: `category_unknown`, `order_moment_refused`.
    """
    if pack.categories and category not in {known.code for known in pack.categories}:
        raise RefusalError("category_unknown", category=category)
    if not now < wanted_at <= now + LONGEST_AHEAD:
        raise RefusalError("order_moment_refused", days=LONGEST_AHEAD.days)


def last_day_of(lots: Sequence[Lot], coins: int) -> date | None:
    """Return the first day on which some of the coins end that a hold would take, oldest expiry first; None: never.

    `lots` are those that can be spent, in the order in which they are.
    """
    return lots[0].expires_on if lots and coins else None


def stands_until(rule: TimecoinRule, *, wanted_at: datetime, coins_end_at: datetime | None) -> datetime:
    """Return until when an order stands: so long after the moment wished for, but no longer than its coins.

    Raises:
        RefusalError: `coins_end_before` if they end before that moment.
    """
    until_at = wanted_at + timedelta(days=rule.order_days)
    if coins_end_at is None or coins_end_at >= until_at:
        return until_at
    if coins_end_at < wanted_at:
        raise RefusalError("coins_end_before")
    return coins_end_at


def check_not_party(
    actor_id: UUID | None, parties: Collection[UUID | None], represented: Collection[UUID]
) -> None:
    """Refuse who decides on an order in which they, or somebody they act for, have a part.

    Raises:
        RefusalError: `order_of_own`.
    """
    if actor_id in parties or represented:
        raise RefusalError("order_of_own")


def check_server(server_id: UUID, *, person_id: UUID, served_id: UUID) -> None:
    """Refuse that somebody serves themselves, or for their own coins.

    Raises:
        RefusalError: `server_is_party`.
    """
    if server_id in {person_id, served_id}:
        raise RefusalError("server_is_party")
