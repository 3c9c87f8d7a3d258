"""What may be awarded by hand."""

from uuid import UUID

import pytest

from ledger.session import Unit
from timebank.awards.rules import MOST_OF_ONE_AWARD, check_award
from timebank.errors import RefusalError
from timebank.policy.rules import default_pack

OLGA, ALICE = UUID(int=1), UUID(int=2)


def award(code: str, class_: str, *, amount: int = 1, awarder_id: UUID = OLGA) -> None:
    unit = Unit(1, code, class_, spendable=class_ == "value")
    check_award(unit=unit, pack=default_pack(), amount=amount, awarder_id=awarder_id, person_id=ALICE)


@pytest.mark.parametrize(
    ("code", "class_"), [("point", "value"), ("party_score", "score"), ("unit_score", "score")]
)
@pytest.mark.parametrize("amount", [1, MOST_OF_ONE_AWARD])
def test_points_and_scores_are_awarded(code: str, class_: str, amount: int) -> None:
    award(code, class_, amount=amount)


@pytest.mark.parametrize(
    ("code", "class_"), [("minute", "honour"), ("M01-001", "goods"), ("yuan", "money"), ("fufen", "value")]
)
def test_hours_fufen_goods_and_money_are_not(code: str, class_: str) -> None:
    with pytest.raises(RefusalError, match="award_unit_refused"):
        award(code, class_)


def test_a_score_that_the_pack_does_not_list_is_not() -> None:
    with pytest.raises(RefusalError, match="award_unit_refused"):
        award("old_score", "score")


def test_one_award_has_a_limit() -> None:
    with pytest.raises(RefusalError, match="award_too_large"):
        award("point", "value", amount=MOST_OF_ONE_AWARD + 1)


def test_nobody_awards_themselves() -> None:
    with pytest.raises(RefusalError, match="award_to_oneself"):
        award("point", "value", awarder_id=ALICE)
