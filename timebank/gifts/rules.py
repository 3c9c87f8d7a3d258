"""To whom time-coins may be given, and why they are granted. Pure."""

from typing import Literal, TypeAlias
from uuid import UUID

from timebank.errors import RefusalError
from timebank.kinships.queries import Kinship
from timebank.policy.spending import TimecoinRule

Ground: TypeAlias = Literal[
    "aged_80", "living_alone", "empty_nest", "lost_child", "disabled", "illness", "low_income", "other"
]
"""Why somebody is a key elder, in a word: what somebody writes freely names people, and a gift is never forgotten."""


def check_gift(kinship: Kinship | None, rule: TimecoinRule) -> None:
    """Refuse a gift to who is no confirmed kin, or is kin that the pack does not name.

    Raises:
        RefusalError: `gift_not_to_kin`, `gift_relation_refused`.
    """
    if kinship is None or not kinship.holds:
        raise RefusalError("gift_not_to_kin")
    if kinship.relation not in rule.gift_relations:
        raise RefusalError("gift_relation_refused")


def check_grant(granter_id: UUID | None, receiver_id: UUID, *, acts_for_receiver: bool) -> None:
    """Refuse a grant to oneself, or to who one acts for.

    Raises:
        RefusalError: `grant_to_oneself`.
    """
    if granter_id == receiver_id or acts_for_receiver:
        raise RefusalError("grant_to_oneself")
