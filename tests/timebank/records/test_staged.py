"""Signs of staging, each at its border; an honest session shows none."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from timebank.records.staged import SessionFigures, is_before_quarter_end, quarter_end, signs_of

ALICE, BOB = UUID(int=1), UUID(int=2)
MADE = datetime(2025, 5, 1, tzinfo=UTC)
HONEST = SessionFigures(
    day=date(2025, 5, 8),
    created_at=MADE,
    closed_at=MADE + timedelta(days=7),
    capacity=10,
    people=8,
    low_grades=2,
    round_hours=1,
    minutes=960,
    is_service=True,
    minutes_of_days=960,
    usual_minutes=800,
    creator_id=ALICE,
    leader_id=BOB,
    approver_ids=(BOB,),
)
JUNE = date(2025, 6, 25)


def test_an_honest_session_shows_nothing() -> None:
    assert signs_of(HONEST) == ()


@pytest.mark.parametrize(
    ("changes", "signs"),
    [
        ({"low_grades": 8}, ("all_low_grade",)),
        ({"low_grades": 2, "people": 2}, ()),
        ({"closed_at": MADE + timedelta(minutes=9)}, ("closed_at_once",)),
        ({"closed_at": MADE + timedelta(minutes=10)}, ()),
        ({"closed_at": None}, ()),
        ({"people": 15}, ()),
        ({"people": 16}, ("over_capacity",)),
        ({"people": 16, "capacity": None}, ()),
        ({"day": JUNE, "minutes_of_days": 2400}, ()),
        ({"day": JUNE, "minutes_of_days": 2401}, ("quarter_end_burst",)),
        ({"day": JUNE, "minutes_of_days": 2401, "usual_minutes": 0}, ()),
        ({"minutes_of_days": 2401}, ()),
        ({"round_hours": 8}, ("round_hours",)),
        ({"round_hours": 2, "people": 2}, ()),
        ({"leader_id": ALICE, "approver_ids": (ALICE,)}, ("one_hand",)),
        ({"leader_id": ALICE}, ()),
        ({"creator_id": None, "leader_id": None, "approver_ids": ()}, ()),
        ({"is_service": False}, ("no_service",)),
        ({"is_service": False, "minutes": 0}, ()),
        ({"low_grades": 8, "round_hours": 8}, ("all_low_grade", "round_hours")),
    ],
)
def test_each_sign_has_a_border(changes: dict[str, object], signs: tuple[str, ...]) -> None:
    assert signs_of(replace(HONEST, **changes)) == signs  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (date(2025, 1, 1), date(2025, 3, 31)),
        (date(2025, 3, 31), date(2025, 3, 31)),
        (date(2025, 4, 1), date(2025, 6, 30)),
        (date(2025, 9, 30), date(2025, 9, 30)),
        (date(2025, 10, 1), date(2025, 12, 31)),
        (date(2025, 12, 31), date(2025, 12, 31)),
    ],
)
def test_a_quarter_ends(day: date, end: date) -> None:
    assert quarter_end(day) == end


def test_the_last_ten_days_of_a_quarter() -> None:
    assert is_before_quarter_end(date(2025, 6, 21))
    assert not is_before_quarter_end(date(2025, 6, 20))
