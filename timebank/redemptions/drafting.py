"""A redemption as the ledger takes it, and what its refusal means at a till. Pure."""

from collections.abc import Mapping
from datetime import date, datetime

from ledger.values import (
    CAPTURE,
    HANDED_OUT,
    SHELF,
    TAKINGS,
    Conflict,
    Draft,
    Move,
    Place,
    Refused,
    Settlement,
    Wallet,
)
from timebank.policy.rules import POINT
from timebank.redemptions.loading import Basket, QuoteFacts
from timebank.redemptions.requests import ConfirmAnswer

KIND = "redemption"


def receipt_number(shop: str, day: date, number: int) -> str:
    """Return a receipt's number as people read it out: the shop's code, the day, the number on that day."""
    return f"{shop}-{day:%Y%m%d}-{number:04d}"


def draft_of(quote: QuoteFacts, basket: Basket, *, number: str, now: datetime) -> Draft:
    """Return the one transaction by which points go and goods come; of what was reserved it captures the hold."""
    key, actor, owner = f"redemption:{quote.id}", f"person:{quote.cashier_id}", quote.shop.owner
    metadata = {"receipt": number, "policy": basket.policy_version}
    takings, handed_out = Place(TAKINGS, owner), Place(HANDED_OUT, owner)
    if basket.reservation_id is not None:
        settle = [Settlement(line.unit, handed_out) for line in basket.lines]
        if basket.points:
            settle.insert(0, Settlement(POINT, takings))
        return Draft(
            CAPTURE, key, now, actor, resolves=basket.hold_id, settle=tuple(settle), metadata=metadata
        )
    moves = [Move(Place(SHELF, owner), handed_out, line.unit, line.quantity) for line in basket.lines]
    if basket.points:
        moves.insert(0, Move(Wallet(basket.person_id), takings, POINT, basket.points))
    return Draft(KIND, key, now, actor, tuple(moves), metadata=metadata)


def answer_to(outcome: Refused | Conflict, *, day: date) -> ConfirmAnswer:
    """Return what a till is told when the ledger did not take a redemption."""
    if isinstance(outcome, Refused):
        return shortage(outcome.code, outcome.detail, day=day)
    # The key is in the books with another content: the same quote, confirmed meanwhile.
    return ConfirmAnswer(refusal="quote_expired")


def shortage(code: str, detail: Mapping[str, object], *, day: date) -> ConfirmAnswer:
    """Return the ledger's refusal as a till says it: what is insufficient are goods, or points."""
    if code == "insufficient":
        code = "out_of_stock" if detail["class_"] == "goods" else "insufficient_points"
    return ConfirmAnswer(refusal=code, params={"as_of": day.isoformat(), **detail})
