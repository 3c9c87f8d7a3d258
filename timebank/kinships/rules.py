"""Who may be kin: spouses and lineal kin, seen from either side. Pure."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from timebank.errors import RefusalError
from timebank.policy.spending import Relation

SPOUSE: Final = "spouse"

INVERSE: Final[Mapping[Relation, Relation]] = {
    "spouse": "spouse",
    "parent": "child",
    "child": "parent",
    "grandparent": "grandchild",
    "grandchild": "grandparent",
}
"""What somebody is to whom they call so: my parent's child am I."""


def check_two(person_id: UUID, kin_id: UUID) -> None:
    """Refuse to be one's own kin.

    Raises:
        RefusalError: `kinship_with_oneself`.
    """
    if person_id == kin_id:
        raise RefusalError("kinship_with_oneself")
