"""Activities as pure rules: what follows what, what is missing, when a series is, whose age keeps them away."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.activities.rules import (
    ALL,
    CANCELLED,
    CLOSED,
    DRAFT,
    EMERGENCY,
    FIT,
    FULL,
    HELD_BACK,
    ORDINARY,
    PUBLISHED,
    RUNNING,
    SIGNED_UP,
    STATES,
    WAITING,
    Candidate,
    Plan,
    age_on,
    check_editable,
    check_plan,
    check_publishable,
    check_session,
    check_transition,
    free_places,
    refusal_of_age,
    seat,
    series,
    service_of,
)
from timebank.errors import RefusalError
from timebank.policy.parts import Words
from timebank.policy.rules import CategoryRule, default_pack

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 3, 2)
START = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
PLAN = Plan(
    name="清洁日",
    category="environment",
    is_volunteer_service=True,
    team_id=None,
    place="广场",
    starts_at=START,
    ends_at=START + timedelta(days=30),
    rest_minutes=0,
    difficulty_permille=1000,
    capacity=None,
    kind=ORDINARY,
    content="打扫",
    leader_id=uuid4(),
    skills=(),
    min_age=None,
    is_dangerous=False,
    insurance=None,
)


def test_a_state_is_followed_by_these_only() -> None:
    def follows(state: str, to: str) -> bool:
        try:
            check_transition(state, to)
        except RefusalError:
            return False
        return True

    allowed = {(state, to) for state, to in product(STATES, STATES) if follows(state, to)}
    assert allowed == {
        (DRAFT, PUBLISHED),
        (PUBLISHED, RUNNING),
        (RUNNING, CLOSED),
        (DRAFT, CANCELLED),
        (PUBLISHED, CANCELLED),
        (RUNNING, CANCELLED),
    }


@pytest.mark.parametrize(
    ("change", "has_sessions", "code"),
    [
        ({}, True, None),
        ({"content": ""}, True, "law_fields_missing"),
        ({"leader_id": None}, True, "law_fields_missing"),
        ({}, False, "activity_without_sessions"),
        ({"is_dangerous": True}, True, "insurance_missing"),
        ({"is_dangerous": True, "insurance": "测试保险 1 号"}, True, None),
        ({"kind": EMERGENCY, "content": "", "leader_id": None}, False, None),
        ({"kind": EMERGENCY, "is_dangerous": True}, False, "insurance_missing"),
    ],
)
def test_what_is_published_lacks_nothing(
    change: dict[str, object], has_sessions: bool, code: str | None
) -> None:
    plan = replace(PLAN, **change)  # type: ignore[arg-type]  # fields of a plan, above
    if code is None:
        check_publishable(plan, has_sessions=has_sessions)
        return
    with pytest.raises(RefusalError, match=f"^{code}$"):
        check_publishable(plan, has_sessions=has_sessions)


def test_what_runs_is_not_planned_anew_but_an_emergency_is_completed() -> None:
    for state in (DRAFT, PUBLISHED):
        check_editable(state, ["place"], is_open_emergency=False)
    for state in (RUNNING, CLOSED):
        check_editable(state, ["content", "leader_id"], is_open_emergency=True)
    for state, changed, is_open_emergency in (
        (RUNNING, ["content"], False),
        (CLOSED, ["content", "place"], True),
        (CANCELLED, ["content"], True),
    ):
        with pytest.raises(RefusalError, match=r"^activity_state_refused$"):
            check_editable(state, changed, is_open_emergency=is_open_emergency)


def test_a_plan_has_an_end_within_a_year() -> None:
    check_plan(replace(PLAN, ends_at=START + timedelta(days=366)))
    for ends_at in (START, START - timedelta(hours=1), START + timedelta(days=366, seconds=1)):
        with pytest.raises(RefusalError, match=r"^activity_span_invalid$"):
            check_plan(replace(PLAN, ends_at=ends_at))


def test_the_pack_says_what_is_volunteer_service() -> None:
    words = Words(zh="会议", en="meeting")
    meeting = CategoryRule(code="meeting", label=words, is_volunteer_service=False)
    pack = default_pack().model_copy(update={"categories": (meeting,)})
    assert service_of(pack, "meeting", given=True) is False
    with pytest.raises(RefusalError, match=r"^category_unknown$"):
        service_of(pack, "environment", given=True)
    for anything_goes in (None, default_pack()):
        assert service_of(anything_goes, "environment", given=True) is True
        assert service_of(anything_goes, "environment", given=False) is False


@pytest.mark.parametrize(
    ("begins", "ends", "code"),
    [
        (0, 2, None),
        (0, 24, None),
        (0, 25, "activity_session_span_invalid"),
        (2, 2, "activity_session_span_invalid"),
        (-1, 2, "activity_session_outside"),
        (30 * 24 - 1, 30 * 24 + 1, "activity_session_outside"),
        (-5, -4, "activity_session_over"),
    ],
)
def test_a_session_lies_within_its_activity_and_ahead(begins: int, ends: int, code: str | None) -> None:
    now = START - timedelta(hours=3)
    starts_at, ends_at = START + timedelta(hours=begins), START + timedelta(hours=ends)
    if code is None:
        check_session(PLAN, starts_at, ends_at, now=now)
        return
    with pytest.raises(RefusalError, match=f"^{code}$"):
        check_session(PLAN, starts_at, ends_at, now=now)


def weekly(weekdays: set[int], days: int, begins: time, ends: time) -> list[tuple[datetime, datetime]]:
    last = MONDAY + timedelta(days=days)
    return series(weekdays=weekdays, first=MONDAY, last=last, begins=begins, ends=ends, zone=SHANGHAI)


def test_a_series_is_on_its_weekdays_by_the_clock_of_the_bank() -> None:
    found = weekly({1, 3}, 8, time(8, 30), time(10))
    assert [starts_at.astimezone(UTC).isoformat() for starts_at, _ in found] == [
        "2026-03-02T00:30:00+00:00",
        "2026-03-04T00:30:00+00:00",
        "2026-03-09T00:30:00+00:00",
    ]
    assert {ends_at - starts_at for starts_at, ends_at in found} == {timedelta(minutes=90)}


def test_a_night_ends_on_the_day_after() -> None:
    ((starts_at, ends_at),) = weekly({1}, 0, time(22), time(6))
    assert (starts_at.day, ends_at.day, ends_at - starts_at) == (2, 3, timedelta(hours=8))


def test_a_series_has_from_one_to_a_hundred_sessions() -> None:
    assert len(weekly({1, 2, 3, 4, 5, 6, 7}, 99, time(8), time(9))) == 100
    with pytest.raises(RefusalError, match=r"^series_too_long$"):
        weekly({1, 2, 3, 4, 5, 6, 7}, 100, time(8), time(9))
    with pytest.raises(RefusalError, match=r"^series_empty$"):
        weekly({7}, 5, time(8), time(9))
    with pytest.raises(RefusalError, match=r"^series_empty$"):
        weekly({1}, -1, time(8), time(9))


@pytest.mark.parametrize(
    ("born_on", "day", "age"),
    [
        (date(2008, 3, 2), date(2026, 3, 1), 17),
        (date(2008, 3, 2), date(2026, 3, 2), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 2, 29), date(2028, 2, 28), 19),
        (date(2008, 2, 29), date(2028, 2, 29), 20),
    ],
)
def test_age_is_in_full_years(born_on: date, day: date, age: int) -> None:
    assert age_on(born_on, day) == age


ADULT, CHILD = date(1990, 1, 1), date(2012, 1, 1)


@pytest.mark.parametrize(
    ("born_on", "min_age", "is_dangerous", "guardian_agrees", "refusal"),
    [
        (ADULT, None, False, False, None),
        (ADULT, 18, True, False, None),
        (ADULT, 60, False, False, "age_too_low"),
        (CHILD, None, False, False, "guardian_consent_missing"),
        (CHILD, None, False, True, None),
        (CHILD, 14, False, True, None),
        (CHILD, 15, False, True, "age_too_low"),
        (CHILD, None, True, True, "minor_in_danger"),
        (None, None, False, False, None),
        (None, 0, False, False, None),
        (None, 14, False, True, "age_unknown"),
        (None, None, True, True, "age_unknown"),
    ],
)
def test_age_keeps_away(
    born_on: date | None, min_age: int | None, is_dangerous: bool, guardian_agrees: bool, refusal: str | None
) -> None:
    found = refusal_of_age(
        born_on,
        on=MONDAY,
        min_age=min_age,
        is_dangerous=is_dangerous,
        guardian_agrees=guardian_agrees,
    )
    assert found == refusal


A, B, C = (Candidate(uuid4()) for _ in range(3))
THERE = Candidate(uuid4(), has_place=True)
QUEUED = Candidate(uuid4(), waits=True)
YOUNG = Candidate(uuid4(), "age_too_low")


def test_who_finds_no_place_waits() -> None:
    assert seat([A, B], free=1, mode=None) == [SIGNED_UP, WAITING]
    assert seat([A, THERE, QUEUED, YOUNG], free=None, mode=None) == [
        SIGNED_UP,
        SIGNED_UP,
        WAITING,
        "age_too_low",
    ]


def test_a_team_signs_up_whole_or_as_far_as_it_fits() -> None:
    assert seat([A, THERE, B], free=2, mode=ALL) == [SIGNED_UP] * 3
    assert seat([A, B, C], free=2, mode=ALL) == [HELD_BACK, HELD_BACK, FULL]
    assert seat([A, YOUNG], free=2, mode=ALL) == [HELD_BACK, "age_too_low"]
    assert seat([A, YOUNG, B, C], free=2, mode=FIT) == [SIGNED_UP, "age_too_low", SIGNED_UP, FULL]


@given(
    st.lists(st.sampled_from([A, THERE, QUEUED, YOUNG])),
    st.none() | st.integers(0, 10),
    st.sampled_from([None, ALL, FIT]),
)
def test_no_more_places_are_given_than_there_are(
    candidates: list[Candidate], free: int | None, mode: str | None
) -> None:
    outcomes = seat(candidates, free=free, mode=mode)
    new = [outcome for candidate, outcome in zip(candidates, outcomes, strict=True) if candidate == A]
    assert len(outcomes) == len(candidates)
    assert free is None or new.count(SIGNED_UP) <= free
    if mode != ALL and free is not None:
        assert new.count(SIGNED_UP) == min(free, len(new))
    if mode == ALL and new.count(SIGNED_UP):
        assert set(outcomes) == {SIGNED_UP}


def test_places_end_with_the_capacity() -> None:
    assert [free_places(5, 3), free_places(5, 7), free_places(None, 7)] == [2, 0, None]
