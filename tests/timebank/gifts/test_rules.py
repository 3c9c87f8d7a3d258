"""To whom time-coins may be given."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from timebank.errors import RefusalError
from timebank.gifts.rules import check_gift, check_grant
from timebank.kinships.queries import Kinship
from timebank.policy.spending import Relation, TimecoinRule

ALICE, BOB, OLGA = UUID(int=1), UUID(int=2), UUID(int=3)
DAY = datetime(2026, 1, 5, tzinfo=UTC)
RULE = TimecoinRule(storage_cap=10, gift_relations=("spouse", "child"))


def kinship(
    relation: Relation, *, confirmed: datetime | None = DAY, ended: datetime | None = None
) -> Kinship:
    return Kinship(1, ALICE, BOB, relation, DAY, confirmed, ended)


@pytest.mark.parametrize("relation", ["spouse", "child"])
def test_confirmed_kin_that_the_pack_names_is_given_to(relation: Relation) -> None:
    check_gift(kinship(relation), RULE)


@pytest.mark.parametrize("found", [None, kinship("spouse", confirmed=None), kinship("spouse", ended=DAY)])
def test_who_is_no_kin_now_is_not(found: Kinship | None) -> None:
    with pytest.raises(RefusalError, match="gift_not_to_kin"):
        check_gift(found, RULE)


def test_other_kin_is_not() -> None:
    with pytest.raises(RefusalError, match="gift_relation_refused"):
        check_gift(kinship("parent"), RULE)


def test_who_grants_is_not_who_receives_or_speaks_for_them() -> None:
    check_grant(OLGA, ALICE, acts_for_receiver=False)
    for granter, speaks in ((ALICE, False), (OLGA, True)):
        with pytest.raises(RefusalError, match="grant_to_oneself"):
            check_grant(granter, ALICE, acts_for_receiver=speaks)
