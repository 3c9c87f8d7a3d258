"""What an offer is, when it is good, and what using up a code of somebody's means: pure."""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Literal, TypeAlias
from uuid import UUID

from timebank.codes.rules import MerchantCode
from timebank.errors import RefusalError

Kind: TypeAlias = Literal["percent_off", "amount_off", "housekeeping"]
State: TypeAlias = Literal["draft", "published", "withdrawn"]
Via: TypeAlias = Literal["member_code", "merchant_code", "voucher"]


@dataclass(frozen=True, slots=True)
class OfferPlan:
    """What a merchant offers for how many fufen; just one of percent, cents and minutes, as the kind says."""

    kind: Kind
    title: str
    terms: str
    price_fufen: int
    percent: int | None
    amount_cents: int | None
    minutes: int | None
    starts_on: date
    ends_on: date
    member_limit: int | None
    total_limit: int | None
    voucher_days: int


def check_plan(plan: OfferPlan) -> None:
    """Refuse a plan whose value is not of its kind, or that ends before it starts.

    Raises:
        RefusalError: `offer_value_mismatch`, `offer_ends_early`.
    """
    said = {"percent_off": plan.percent, "amount_off": plan.amount_cents, "housekeeping": plan.minutes}
    if any((value is not None) != (kind == plan.kind) for kind, value in said.items()):
        raise RefusalError("offer_value_mismatch")
    if plan.ends_on < plan.starts_on:
        raise RefusalError("offer_ends_early")


def check_good(*, merchant_state: str, state: str, starts_on: date, ends_on: date, day: date) -> None:
    """Refuse an offer that nobody can take on a day.

    Raises:
        RefusalError: `merchant_not_active`, `offer_not_published`, `offer_not_valid`, in this order.
    """
    if merchant_state != "active":
        raise RefusalError("merchant_not_active")
    if state != "published":
        raise RefusalError("offer_not_published")
    if not starts_on <= day <= ends_on:
        raise RefusalError("offer_not_valid")


def check_limits(
    *, member_limit: int | None, total_limit: int | None, member_uses: int, total_uses: int
) -> None:
    """Refuse one more use of an offer than it allows: a voucher that is open counts, what was refunded does not.

    Raises:
        RefusalError: `offer_used_up`, `offer_member_limit`, in this order.
    """
    if total_limit is not None and total_uses >= total_limit:
        raise RefusalError("offer_used_up", limit=total_limit)
    if member_limit is not None and member_uses >= member_limit:
        raise RefusalError("offer_member_limit", limit=member_limit)


def proof_of_merchant(code: MerchantCode, person_id: UUID) -> bytes:
    """Return what a merchant's code uses up when a member confirms it: the code for that member, not for the next."""
    return sha256(f"acceptance\0merchant\0{code.offer_id}\0{code.window}\0{person_id}".encode()).digest()
