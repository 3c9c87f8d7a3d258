"""What a reservation sets aside, until when, and what the ledger's refusal of it means. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from ledger.balances import Lot
from ledger.session import ReadTx
from ledger.values import HELD, SHELF, Move, Place, Refused, Twin, Wallet
from timebank.errors import RefusalError
from timebank.policy.rules import POINT
from timebank.policy.spending import RedemptionRule
from timebank.redemptions.rules import NOT_A_DAY, Findings, is_redemption_day
from timebank.tills.rules import Item, Line, total_points

RESERVED, PICKED_UP, CANCELLED, LAPSED = "reserved", "picked_up", "cancelled", "lapsed"


def held_until(tx: ReadTx, lots: Sequence[Lot], *, points: int, hours: int, now: datetime) -> datetime:
    """Return when a reservation lapses: after the policy's hours, or when the first lot that pays for it ends.

    What is held of a lot that has ended could be picked up by nobody. `lots` come oldest expiry first.
    """
    until = now + timedelta(hours=hours)
    today = tx.day(now)
    first = next((lot for lot in lots if lot.expires_on is None or lot.expires_on >= today), None)
    if points and first is not None and first.expires_on is not None:
        return min(until, tx.end_of(first.expires_on) - timedelta.resolution)
    return until


def check_findings(rule: RedemptionRule, findings: Findings, *, first: date, last: date) -> None:
    """Refuse what a member may not redeem, and what could be picked up on no redemption day from first to last.

    Raises:
        RefusalError: `not_a_redemption_day`, `limit_reached`.
    """
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    can_pick_up = any(is_redemption_day(rule, day) for day in days)
    for refusal in findings.refusals:
        if refusal.code != NOT_A_DAY or not can_pick_up:
            raise RefusalError(refusal.code, **refusal.params)


def moves_of(
    lines: Sequence[Line], items: Mapping[int, Item], *, person_id: UUID, shop: UUID
) -> tuple[Move, ...]:
    """Return what is held: the points of a wallet, and the goods of a shelf, each with its owner."""
    moves = [
        Move(Place(SHELF, shop), Place(HELD, shop), items[line.goods_id].unit, line.quantity)
        for line in lines
    ]
    if points := total_points(lines):
        moves.insert(0, Move(Wallet(person_id), Twin(HELD, person_id), POINT, points))
    return tuple(moves)


def refusal_of(refused: Refused) -> RefusalError:
    """Return the ledger's refusal of a reservation as the member is told it."""
    if refused.code != "insufficient":
        return RefusalError(refused.code, **refused.detail)
    said = {"available": refused.detail["available"], "requested": refused.detail["requested"]}
    if refused.detail["class_"] == "goods":
        return RefusalError("out_of_stock", **said)
    return RefusalError("insufficient_points", **said)
