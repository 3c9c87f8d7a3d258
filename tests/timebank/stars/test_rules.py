"""The way to the next star, whose hours count, and how far a star may be lowered."""

import pytest

from timebank.errors import RefusalError
from timebank.policy.rules import GradeRule, default_pack
from timebank.stars.rules import Way, check_lowering, uncounted_grades, way_on

STEPS = (1, 3, 10)


@pytest.mark.parametrize(
    ("star", "minutes", "way"),
    [
        (0, 0, Way(1, 60, 60)),
        (0, 59, Way(1, 60, 1)),
        (0, 60, Way(1, 60, 0)),  # the hours are there: the next daily run gives the star
        (1, 60, Way(2, 180, 120)),
        (2, 100, Way(3, 600, 500)),  # a star that the hours do not make any more
        (3, 9_999, None),
        (5, 60, None),  # of a policy that had more of them
    ],
)
def test_the_way_to_the_next(star: int, minutes: int, way: Way | None) -> None:
    assert way_on(star, minutes, STEPS) == way


def test_only_what_the_policy_names_is_left_out() -> None:
    pack = default_pack()
    assert uncounted_grades(pack) == ["E"]
    grades = {**pack.grades, "C": GradeRule(counts_for_stars=False), "E": GradeRule()}
    assert uncounted_grades(pack.model_copy(update={"grades": grades})) == ["C"]


@pytest.mark.parametrize("to_star", [1, 2])
def test_a_star_may_fall_to_what_the_hours_make(to_star: int) -> None:
    check_lowering(star=3, to_star=to_star, by_hours=1)


@pytest.mark.parametrize(
    ("to_star", "code", "star"),
    [(3, "star_not_lower", 3), (4, "star_not_lower", 3), (0, "star_below_hours", 1)],
)
def test_a_star_is_neither_raised_by_hand_nor_lowered_below_its_hours(
    to_star: int, code: str, star: int
) -> None:
    with pytest.raises(RefusalError) as caught:
        check_lowering(star=3, to_star=to_star, by_hours=1)
    assert (caught.value.code, caught.value.params) == (code, {"star": star})
