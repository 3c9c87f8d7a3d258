"""What a budget may be of, and what is missing where it does not cover something. Pure functions."""

from ledger.session import Unit
from timebank.errors import RefusalError

CEILING = "ceiling"
"""The kind of the ledger's transactions by which a ceiling is raised and lowered."""

VALUE = "value"

MAX_CHANGE = 10**12
"""The most by which a ceiling is changed at once: no number of changes that anybody makes overflows its account."""


def check_change(unit: Unit, change: int) -> None:
    """Refuse what is no change of a ceiling: only what is spent has one, hours and scores have none.

    Raises:
        RefusalError: `budget_unit_refused`, `ceiling_change_refused` (nothing, or too much).
    """
    if unit.class_ != VALUE:
        raise RefusalError("budget_unit_refused", unit=unit.code)
    if not 0 < abs(change) <= MAX_CHANGE:
        raise RefusalError("ceiling_change_refused", limit=MAX_CHANGE)


def missing_of(amount: int, left: int) -> int:
    """Return how much more a budget must have for an amount."""
    return max(0, amount - left)
