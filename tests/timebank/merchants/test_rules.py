"""A merchant's steps: which leads where, and that no other does."""

from itertools import product
from typing import get_args

import pytest

from timebank.errors import RefusalError
from timebank.merchants.rules import STEPS, State, Step, check_lasting, state_after

ALLOWED = {
    ("applied", "vetted"): "vetted",
    ("applied", "rejected"): "rejected",
    ("vetted", "activated"): "active",
    ("vetted", "rejected"): "rejected",
    ("vetted", "closed"): "closed",
    ("active", "suspended"): "suspended",
    ("active", "closed"): "closed",
    ("suspended", "resumed"): "active",
    ("suspended", "closed"): "closed",
}


@pytest.mark.parametrize(("state", "step"), list(product(get_args(State), get_args(Step))))
def test_a_step_leads_where_it_should_or_nowhere(state: State, step: Step) -> None:
    then = ALLOWED.get((state, step))
    if then is not None:
        assert state_after(state, step) == then
        return
    with pytest.raises(RefusalError) as refused:
        state_after(state, step)
    assert refused.value.code == "merchant_state_refused"


def test_every_step_is_known() -> None:
    assert set(STEPS) == set(get_args(Step))


@pytest.mark.parametrize("state", get_args(State))
def test_what_is_over_is_left_alone(state: State) -> None:
    if state not in {"rejected", "closed"}:
        check_lasting(state)
        return
    with pytest.raises(RefusalError) as refused:
        check_lasting(state)
    assert refused.value.code == "merchant_state_refused"
