"""What a policy pack says of spending: redemption, conversion, vouchers, settlement, time-coins."""

from typing import Annotated, Literal

from pydantic import Field

from timebank.policy.parts import Strict, UnitCode

Amount = Annotated[int, Field(gt=0, le=1_000_000_000)]
Relation = Literal["spouse", "parent", "child", "grandparent", "grandchild"]
"""Spouse and lineal kin: time-coins go to nobody else (DESIGN section 6)."""

_KIN: tuple[Relation, ...] = ("spouse", "parent", "child", "grandparent", "grandchild")


class RedemptionRule(Strict):
    """When points may be redeemed and how many; days are the bank's."""

    days_of_month: Annotated[tuple[Annotated[int, Field(ge=1, le=31)], ...], Field(strict=False)] = ()
    """Redemption days (兑换日); empty: every day."""
    weekdays: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(strict=False)] = ()
    """1 is Monday; empty: every day."""
    member_day_points: Amount | None = None
    member_month_points: Amount | None = None
    member_quarter_count: Amount | None = None
    """How many redemptions, those refunded not counted."""
    item_day_quantity: Amount | None = None
    """How many of one item a member has a day; an item's own limit binds too, whichever is less."""
    item_month_quantity: Amount | None = None
    warn_percent: Annotated[int, Field(ge=1, le=100)] = 80
    """A quote warns from this share of a limit on."""
    quote_minutes: Annotated[int, Field(ge=1, le=60)] = 5
    reservation_hours: Annotated[int, Field(ge=1, le=24 * 90)] = 48
    refund_grace_days: Annotated[int, Field(ge=0, le=366)] = 30
    """What a refund gives back to a lapsed lot lives so long; 0: it lapses again at once."""
    manager_refund_days: Annotated[int, Field(ge=0, le=366)] = 30
    """How long after the day of a redemption a manager may still refund it."""


class ConversionRule(Strict):
    """Each whole `from_amount` gives `to_amount`. Hours stay with their owner and are converted only once."""

    from_unit: UnitCode
    to_unit: UnitCode
    from_amount: Amount
    to_amount: Amount
    member_month_amount: Amount | None = None
    """The most of `from_unit` that a member converts in a month."""


class VoucherRule(Strict):
    """How long after its last day a voucher that was used without network may still be handed in."""

    upload_days: Annotated[int, Field(ge=0, le=90)] = 7


class SettlementRule(Strict):
    """What one of a unit that a shop or a merchant took is settled with, in cents; what is not named, with nothing."""

    unit_cents: dict[UnitCode, Annotated[int, Field(ge=0, le=1_000_000)]] = Field(default_factory=dict)


class TimecoinRule(Strict):
    """Service for service: kept up to a cap, given to kin, donated, used on service orders; never for goods."""

    storage_cap: Amount
    """What is earned beyond it goes to the bank's care fund; gifts and grants beyond it are refused."""
    gift_relations: Annotated[tuple[Relation, ...], Field(strict=False)] = _KIN
    coins_per_hour: Amount = 1
    """What an hour of service costs who asks for it, begun hours in full."""
    order_days: Annotated[int, Field(ge=1, le=366)] = 30
    """How long after the wished moment an order stays open."""
