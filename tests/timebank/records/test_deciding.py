"""What an attendance comes to, in the order of precedence."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from timebank.policy.parts import Words
from timebank.policy.rules import CategoryRule, PolicyPack, default_pack
from timebank.records.deciding import Decided, Standing, decide_attendance, is_service, policy_of
from timebank.records.grades import Attended
from timebank.records.rules import PlannedActivity

NINE = datetime(2025, 3, 5, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
PACK = default_pack()
NOBODY = Standing()


def at(hour: float) -> datetime:
    return NINE + timedelta(hours=hour - 9)


def plan(*, hours: float = 2, rest: int = 0, service: bool = True, difficulty: int = 1000) -> PlannedActivity:
    return PlannedActivity("A", service, NINE, at(9 + hours), rest, difficulty)


def decide(
    came: float,
    went: float,
    of: PlannedActivity | None = None,
    others: Standing = NOBODY,
    pack: PolicyPack = PACK,
) -> Decided:
    found = Attended(at(came), at(went), "B", "scans", is_cut=False)
    return decide_attendance(found, of or plan(), pack, "cleaning", others)


def with_category(*, is_service: bool, rate: int | None) -> PolicyPack:
    label = Words(zh="保洁", en="cleaning")
    rule = CategoryRule(code="cleaning", label=label, is_volunteer_service=is_service, points_per_hour=rate)
    return PACK.model_copy(update={"categories": (rule,)})


def test_what_was_served_within_the_plan_is_credited_in_steps() -> None:
    decided = decide(8.5, 10.75)
    assert (decided.outcome, decided.state) == ("accepted", "pending")
    assert (decided.served, decided.minutes, decided.points) == ((at(9), at(10.75)), 90, 15)


def test_rest_and_difficulty_count() -> None:
    assert decide(9, 11, plan(rest=30)).minutes == 90
    assert decide(9, 11, plan(difficulty=1500)).points == 30


@pytest.mark.parametrize("of", [plan(service=False)])
def test_what_is_no_volunteer_service_gives_nothing(of: PlannedActivity) -> None:
    decided = decide(9, 11, of)
    assert decided == Decided("not_volunteer_service", None, 0, 0)
    assert decided.state == "rejected"


def test_a_category_of_the_pack_has_a_say_and_a_rate() -> None:
    assert decide(9, 11, pack=with_category(is_service=False, rate=None)).outcome == "not_volunteer_service"
    assert decide(9, 11, pack=with_category(is_service=True, rate=4)).points == 8
    assert decide(9, 11, pack=with_category(is_service=True, rate=0)).points == 0
    assert decide(9, 11, pack=with_category(is_service=True, rate=None)).points == 20
    assert is_service(PACK, "anything")
    assert policy_of(PACK, "anything").points_per_hour == 10


def test_too_short() -> None:
    assert decide(9, 9.4).outcome == "too_short"
    outside = decide(12, 13)
    assert (outside.outcome, outside.served, outside.state) == ("too_short", None, "rejected")


@pytest.mark.parametrize(
    ("since", "until", "outcome"),
    [
        (8, 9, "accepted"),
        (11, 12, "accepted"),
        (8, 9.01, "overlap"),
        (10.99, 12, "overlap"),
        (9.5, 10, "overlap"),
        (8, 12, "overlap"),
    ],
)
def test_spans_may_touch_but_not_overlap(since: float, until: float, outcome: str) -> None:
    decided = decide(9, 11, others=Standing([(at(since), at(until))]))
    assert (decided.outcome, decided.minutes > 0) == (outcome, outcome == "accepted")


@pytest.mark.parametrize(
    ("before", "outcome", "minutes"),
    [
        (360, "accepted", 120),
        (390, "needs_review", 120),
        (600, "needs_review", 120),
        (630, "day_full", 0),
    ],
)
def test_the_tiers_of_a_day(before: int, outcome: str, minutes: int) -> None:
    decided = decide(9, 11, others=Standing(minutes_of_day=before))
    assert (decided.outcome, decided.minutes) == (outcome, minutes)
    assert decided.state == ("rejected" if outcome == "day_full" else "pending")


def test_impossible_travel_waits_with_what_it_would_credit() -> None:
    decided = decide(9, 11, others=Standing(is_elsewhere=True, minutes_of_day=390))
    assert (decided.outcome, decided.state, decided.minutes) == ("impossible_travel", "pending", 120)
    overlapping = Standing([(at(10), at(12))], is_elsewhere=True)
    assert decide(9, 11, others=overlapping).outcome == "overlap"
