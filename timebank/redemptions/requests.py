"""A redemption as it is confirmed, and what is answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ConfirmRequest:
    """A cashier's word, in their login session, that a quote is to be redeemed; `cash_cents` was paid besides."""

    quote_id: UUID
    login_id: UUID
    cash_cents: int
    received_at: datetime
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """So many of an item, and what they cost together."""

    goods_id: int
    sku: str
    name: str
    quantity: int
    points: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A redemption as its receipt tells it, to the member and to the cashier."""

    redemption_id: int
    number: str
    shop_id: int
    shop: str
    till_id: int
    points: int
    cash_cents: int
    made_at: datetime
    refunded_at: datetime | None
    lines: Sequence[ReceiptLine]


@dataclass(frozen=True, slots=True)
class ConfirmAnswer:
    """What became of it: a receipt and the points left, or a refusal's code with parameters for the words."""

    receipt: Receipt | None = None
    balance_points: int = 0
    refusal: str = ""
    params: Mapping[str, object] = field(default_factory=dict)
