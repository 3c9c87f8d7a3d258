"""What may be awarded by hand. Pure."""

from uuid import UUID

from ledger.session import Unit
from timebank.errors import RefusalError

MOST_OF_ONE_AWARD = 1_000
"""A hundred hours' worth at the usual ten points an hour: a slip of the finger is then at most that. Whoever is to
get more gets several awards, each with its own reason."""

AWARDED_CLASSES = frozenset({"value", "score"})


def check_award(*, unit: Unit, amount: int, awarder_id: UUID | None, person_id: UUID) -> None:
    """Refuse an award of what is not given by hand, too large a one, and one to oneself.

    Hours come only of service (民政部令第67号 Art 19); goods and money come through their own books.

    Raises:
        RefusalError: `award_unit_refused`, `award_too_large`, `award_to_oneself`.
    """
    if unit.class_ not in AWARDED_CLASSES:
        raise RefusalError("award_unit_refused", unit=unit.code)
    if amount > MOST_OF_ONE_AWARD:
        raise RefusalError("award_too_large", limit=MOST_OF_ONE_AWARD)
    if awarder_id == person_id:
        raise RefusalError("award_to_oneself")
