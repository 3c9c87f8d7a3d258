"""What may be awarded by hand. Pure."""

from uuid import UUID

from ledger.session import Unit
from timebank.errors import RefusalError
from timebank.policy.rules import POINT, PolicyPack

MOST_OF_ONE_AWARD = 1_000
"""A hundred hours' worth at the usual ten points an hour: a slip of the finger is then at most that. Whoever is to
get more gets several awards, each with its own reason."""


def check_award(
    *, unit: Unit, pack: PolicyPack, amount: int, awarder_id: UUID | None, person_id: UUID
) -> None:
    """Refuse an award of what is not given by hand, too large a one, and one to oneself.

    Points and the pack's scores are. Hours come only of service (民政部令第67号 Art 19); 福分 and time-coins only by
    the rates and exchanges of the pack, for a named fund or somebody's service stands behind each; goods and money
    come through their own books.

    Raises:
        RefusalError: `award_unit_refused`, `award_too_large`, `award_to_oneself`.
    """
    is_listed = any(listed.code == unit.code for listed in pack.units)
    if not is_listed or not (unit.code == POINT or unit.class_ == "score"):
        raise RefusalError("award_unit_refused", unit=unit.code)
    if amount > MOST_OF_ONE_AWARD:
        raise RefusalError("award_too_large", limit=MOST_OF_ONE_AWARD)
    if awarder_id == person_id:
        raise RefusalError("award_to_oneself")
