"""How long a voucher lives, and what becomes of one that a merchant hands in: pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, TypeAlias

from timebank.errors import RefusalError
from timebank.offers.rules import OfferPlan
from timebank.vouchers.offline import EXPIRED, FORGED, OTHER_MERCHANT, Said, Signed, fault_of

State: TypeAlias = Literal["issued", "used", "cancelled", "lapsed"]

HONOURED, REPEAT = "honoured", "repeat"
NOT_ACTIVE, CANCELLED, USED, LATE = (
    "merchant_not_active",
    "voucher_cancelled",
    "voucher_used_before",
    "voucher_late",
)

REPORTED: Final = frozenset({FORGED, OTHER_MERCHANT, CANCELLED, USED})
"""What the office of the merchant is told of: somebody tried to be paid twice, or for nothing."""

OFFLINE_FROM: Final = timedelta(minutes=2)
"""A use that is handed in later than this was one without network."""


@dataclass(frozen=True, slots=True)
class Use:
    """A use as a merchant hands it in: what its text says, if anything, and whether the bank signed that."""

    digest: bytes
    signed: Signed | None
    is_genuine: bool
    used_at: datetime

    def number_for(self, merchant_id: int) -> int | None:
        """Return the number of the voucher, if the bank signed it for this merchant."""
        if self.signed is None or not self.is_genuine or self.signed.said.merchant_id != merchant_id:
            return None
        return self.signed.said.number


@dataclass(frozen=True, slots=True)
class Promise:
    """A voucher as the bank has it, under its lock. `lots_end_on` is the last day of the first lot that it holds."""

    said: Said
    state: State
    issued_at: datetime
    until_at: datetime
    lots_end_on: date | None


def value_of(plan: OfferPlan) -> int:
    """Return what an offer is worth: percent, cents or minutes, as its kind says."""
    return plan.percent or plan.amount_cents or plan.minutes or 0


def last_day(today: date, voucher_days: int, lots_end_on: date | None) -> date:
    """Return the last day of a voucher made today: what it holds lives at least as long."""
    wanted = today + timedelta(days=voucher_days)
    return wanted if lots_end_on is None else min(wanted, lots_end_on)


def check_open(state: State) -> None:
    """Refuse to take back a voucher that is not open.

    Raises:
        RefusalError: `already_used_voucher`, `already_cancelled_voucher`, `already_lapsed_voucher`.
    """
    if state == "used":
        raise RefusalError("already_used_voucher")
    if state == "cancelled":
        raise RefusalError("already_cancelled_voucher")
    if state == "lapsed":
        raise RefusalError("already_lapsed_voucher")


def outcome_of(
    use: Use,
    promise: Promise | None,
    *,
    bank_id: int,
    merchant_id: int,
    is_active: bool,
    used_on: date,
    now: datetime,
) -> str:
    """Return what becomes of a use that was not handed in before: the first that applies.

    The merchant's clock says when it was (`used_on` is the bank's day of that, today at the latest): a voucher is
    refused by it, never saved from anything but its own last day, for what it takes was set aside when it was made.
    """
    fault = fault_of(use.signed, is_genuine=use.is_genuine, bank_id=bank_id, merchant_id=merchant_id)
    if fault is not None:
        return fault
    if promise is None or use.signed is None or promise.said != use.signed.said:
        return FORGED
    return _by_state(promise, used_on, now) if is_active else NOT_ACTIVE


def _by_state(promise: Promise, used_on: date, now: datetime) -> str:
    if promise.state == "cancelled":
        return CANCELLED
    if promise.state == "used":
        return USED
    if used_on > promise.said.expires_on:
        return EXPIRED
    return LATE if promise.state == "lapsed" or now > promise.until_at else HONOURED


def effective_at(use: Use, promise: Promise, *, today: date, now: datetime) -> datetime:
    """Return when the books take a use: now, or, if what is held has ended since, when it was used."""
    if promise.lots_end_on is None or today <= promise.lots_end_on:
        return now
    return max(min(use.used_at, now), promise.issued_at)
