"""What a merchant shows for an offer: the code of now, and for its screen the one that follows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ledger.session import ReadTx
from timebank.codes.rules import (
    MERCHANT_WINDOW_SECONDS,
    CodeKeys,
    merchant_code,
    window_of,
    window_starts_at,
)
from timebank.offers.queries import Offer
from timebank.offers.rules import check_good

FOLLOWING: Final = 1
"""A minute ahead. Not more: whoever reads them off could send them to somebody who is not there."""


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A code and when it is shown; it is taken a window longer."""

    text: str
    valid_from: datetime
    expires_at: datetime


def shown_code(tx: ReadTx, keys: CodeKeys, offer: Offer, *, now: datetime) -> ShownCode:
    """Return the code of now of an offer that members may take now.

    Raises:
        RefusalError: as `check_good`.
    """
    return shown_codes(tx, keys, offer, now=now)[0]


def shown_codes(tx: ReadTx, keys: CodeKeys, offer: Offer, *, now: datetime) -> list[ShownCode]:
    """Return the code of now and the one that follows, none beginning after the offer's last day.

    Raises:
        RefusalError: as `check_good`.
    """
    plan = offer.plan
    check_good(
        merchant_state=offer.merchant_state,
        state=offer.state,
        starts_on=plan.starts_on,
        ends_on=plan.ends_on,
        day=tx.day(now),
    )
    window = window_of(now, MERCHANT_WINDOW_SECONDS)
    starts = [window_starts_at(window + later, MERCHANT_WINDOW_SECONDS) for later in range(FOLLOWING + 1)]
    return [
        ShownCode(
            merchant_code(keys, bank_id=tx.bank_id, offer_id=offer.id, at=at),
            at,
            at + timedelta(seconds=MERCHANT_WINDOW_SECONDS),
        )
        for at in starts
        if tx.day(at) <= plan.ends_on
    ]
