"""Who may be kin, from either side."""

from typing import get_args
from uuid import UUID

import pytest

from timebank.errors import RefusalError
from timebank.kinships.rules import INVERSE, check_two
from timebank.policy.spending import Relation


def test_the_inverse_of_the_inverse_is_what_was_said() -> None:
    assert set(INVERSE) == set(get_args(Relation))
    assert all(INVERSE[inverse] == relation for relation, inverse in INVERSE.items())
    assert (INVERSE["spouse"], INVERSE["parent"], INVERSE["grandchild"]) == ("spouse", "child", "grandparent")


def test_nobody_is_their_own_kin() -> None:
    check_two(UUID(int=1), UUID(int=2))
    with pytest.raises(RefusalError, match="kinship_with_oneself"):
        check_two(UUID(int=1), UUID(int=1))
