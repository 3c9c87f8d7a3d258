"""What may be awarded by hand."""

from uuid import UUID

import pytest

from ledger.session import Unit
from timebank.awards.rules import MOST_OF_ONE_AWARD, check_award
from timebank.errors import RefusalError

OLGA, ALICE = UUID(int=1), UUID(int=2)


def unit(class_: str) -> Unit:
    return Unit(1, "some", class_, spendable=class_ == "value")


@pytest.mark.parametrize("class_", ["value", "score"])
@pytest.mark.parametrize("amount", [1, MOST_OF_ONE_AWARD])
def test_points_and_scores_are_awarded(class_: str, amount: int) -> None:
    check_award(unit=unit(class_), amount=amount, awarder_id=OLGA, person_id=ALICE)


@pytest.mark.parametrize("class_", ["honour", "goods", "money"])
def test_hours_goods_and_money_are_not(class_: str) -> None:
    with pytest.raises(RefusalError, match="award_unit_refused"):
        check_award(unit=unit(class_), amount=1, awarder_id=OLGA, person_id=ALICE)


def test_one_award_has_a_limit() -> None:
    with pytest.raises(RefusalError, match="award_too_large"):
        check_award(unit=unit("value"), amount=MOST_OF_ONE_AWARD + 1, awarder_id=OLGA, person_id=ALICE)


def test_nobody_awards_themselves() -> None:
    with pytest.raises(RefusalError, match="award_to_oneself"):
        check_award(unit=unit("value"), amount=1, awarder_id=ALICE, person_id=ALICE)
