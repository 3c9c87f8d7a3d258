"""What the ledger refused, as a refusal that is on record with the answer."""

from datetime import date

from api.edge import Refusal
from ledger.values import Refused


def refusal_of(refused: Refused, *, day: date) -> Refusal:
    """Return the ledger's refusal of something that was to take effect on a day; its code is the problem's."""
    return Refusal(refused.code, {"as_of": day.isoformat(), **refused.detail})
