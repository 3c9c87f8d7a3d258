"""Consents: what they are for, and whose word counts."""

from collections.abc import Set as AbstractSet
from enum import StrEnum
from uuid import UUID

from timebank.errors import RefusalError


class Purpose(StrEnum):
    """What a person may agree to, each by itself (PIPL Art 14, 23, 25, 29). Nothing else depends on any of them.

    Without `location` a check-in counts all the same: it is then only known that it took place.
    """

    LOCATION = "location"
    PUBLICATION = "publication"
    MERCHANT = "merchant"
    EMPLOYER = "employer"
    GUARDIAN = "guardian"


def check_declarer(
    purpose: Purpose,
    *,
    is_given: bool,
    person_id: UUID,
    declared_by: UUID,
    guardians: AbstractSet[UUID],
    agents: AbstractSet[UUID],
) -> None:
    """Refuse a declaration by somebody whose word does not count.

    Withdrawing is always possible: for the person, for each guardian, for who acts for them. For a minor only a
    guardian gives consent (PIPL Art 31), and consent as a guardian is theirs alone.

    Raises:
        RefusalError: `declarer_not_entitled`, `guardian_needed`.
    """
    if declared_by != person_id and declared_by not in guardians and declared_by not in agents:
        raise RefusalError("declarer_not_entitled")
    if is_given and declared_by not in guardians and (guardians or purpose is Purpose.GUARDIAN):
        raise RefusalError("guardian_needed")
