"""What the policy pack says of time-coins: whether there are any, how many one may keep, what service costs. Pure."""

from dataclasses import dataclass
from typing import Final

from timebank.errors import RefusalError
from timebank.policy.rules import PolicyPack
from timebank.policy.spending import TimecoinRule

TIMECOIN: Final = "timecoin"
"""The unit; the ledger knows of no exchange of it for anything (`timebank.policy.faults`)."""

MINUTES_OF_AN_HOUR: Final = 60


@dataclass(frozen=True, slots=True)
class Share:
    """What of something earned its owner keeps, and what goes beyond the cap."""

    kept: int
    beyond: int


def timecoin_rule(pack: PolicyPack) -> TimecoinRule:
    """Return what the pack says of time-coins.

    Raises:
        RefusalError: `timecoins_not_offered`.
    """
    if pack.timecoins is None:
        raise RefusalError("timecoins_not_offered")
    return pack.timecoins


def share(amount: int, *, stored: int, cap: int) -> Share:
    """Return how much of an amount still fits under the cap, above what is stored already."""
    kept = min(amount, max(0, cap - stored))
    return Share(kept, amount - kept)


def check_room(amount: int, *, stored: int, cap: int) -> None:
    """Refuse what would not fit; how much would is not said: the giver has no business knowing what another has.

    Raises:
        RefusalError: `storage_cap_reached`.
    """
    if share(amount, stored=stored, cap=cap).beyond:
        raise RefusalError("storage_cap_reached", cap=cap)


def cost_of(minutes: int, *, coins_per_hour: int) -> int:
    """Return what minutes of service cost, begun hours in full."""
    return -(-minutes // MINUTES_OF_AN_HOUR) * coins_per_hour
