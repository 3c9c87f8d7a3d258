"""What a pack makes of past service, record by record; every number can be followed by hand."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.timebank.policy.test_rules import CATEGORY, body
from timebank.policy.past import PastService
from timebank.policy.repricing import NOTHING, Day, Priced, in_order
from timebank.policy.rules import PolicyPack, default_pack, parse_pack
from timebank.policy.tallies import Tallies
from timebank.records.rules import PlannedActivity

EIGHT = datetime(2025, 3, 5, 8, tzinfo=UTC)
ALICE, BOB = UUID(int=1), UUID(int=2)


def served(minutes: int, *, at: int = 8, rest: int = 0, record_id: int = 1, **parts: Any) -> PastService:
    """Return what was credited of an activity that somebody served from its start to its end."""
    start = EIGHT + timedelta(hours=at - 8)
    end = start + timedelta(minutes=minutes)
    plan = PlannedActivity("", True, start, end, rest, 1000)  # noqa: FBT003 -- it is volunteer service
    one = PastService(
        record_id=record_id,
        person_id=ALICE,
        is_party_member=False,
        origin="workbook",
        state="credited",
        outcome="accepted",
        grade=None,
        minutes=minutes,
        points=minutes // 6,
        policy_version=1,
        served=(start, end),
        plan=plan,
        category="助老",
        organisation_id=7,
        day=start.date(),
    )
    return replace(one, **parts)


def pack(**parts: dict[str, object] | list[object]) -> PolicyPack:
    """Return the default pack; what is given as an object changes only what it names."""
    whole = body()
    for part, given in parts.items():
        whole[part] = {**whole[part], **given} if isinstance(given, dict) else given
    return parse_pack(json.dumps(whole))


def price(record: PastService, by: PolicyPack | None = None) -> Priced:
    return Day().price(record, by or default_pack(), has_decided=by is None)


def prices(by: PolicyPack, *records: PastService) -> list[tuple[int, str]]:
    """Return what becomes of each record, by its id, as they fill their days."""
    day = Day()
    return [(one.record_id, day.price(one, by, has_decided=False).fate) for one in in_order(records)]


def test_by_the_same_pack_a_record_comes_to_the_same() -> None:
    found = price(served(130, rest=15))  # 115 minutes, so three half hours
    assert (found.fate, found.minutes, found.points) == ("credited", 90, 15)


@pytest.mark.parametrize(
    ("crediting", "minutes", "points"),
    [
        ({"rounding_minutes": 1}, 115, 19),  # 19.17
        ({"rounding_minutes": 60}, 60, 10),
        ({"points_per_hour": 12}, 90, 18),
        ({"points_per_hour": 0}, 90, 0),
        ({"rounding_minutes": 120}, 0, 0),
    ],
)
def test_rounding_and_rate_price_anew(crediting: dict[str, object], minutes: int, points: int) -> None:
    found = price(served(130, rest=15), pack(crediting=crediting))
    assert (found.minutes, found.points) == (minutes, points)
    assert found.fate == ("credited" if minutes else "nothing")


def test_what_was_too_short_may_be_long_enough_now() -> None:
    short = served(25, state="rejected", outcome="too_short")
    assert price(short) == NOTHING
    assert price(short, pack(crediting={"points_per_hour": 20})) == NOTHING
    assert price(short, pack(crediting={"rounding_minutes": 5})).minutes == 25


def test_a_category_has_its_own_rate_and_may_be_no_service() -> None:
    of_category = served(60, category="elder_care")
    assert price(of_category, pack(categories=[CATEGORY])).points == 12
    assert price(served(60), pack(categories=[CATEGORY])).points == 10
    no_service = {**CATEGORY, "is_volunteer_service": False}
    assert price(of_category, pack(categories=[no_service])) == NOTHING
    plan = replace(of_category.plan, volunteer_service=False)
    assert price(replace(of_category, plan=plan), pack(categories=[CATEGORY])) == NOTHING


def test_an_hour_earns_what_the_pack_says_and_a_party_member_more() -> None:
    earns = pack(
        earned=[
            {"unit": "fufen", "per_hour_permille": 500},
            {"unit": "party_score", "per_hour_permille": 2000, "party_members_only": True},
        ]
    )
    assert price(served(90), earns).earned == {"fufen": 1}  # 0.75
    assert price(served(90, is_party_member=True), earns).earned == {"fufen": 1, "party_score": 3}


@pytest.mark.parametrize("outcome", ["overlap", "impossible_travel", "accepted", "needs_review"])
def test_what_was_refused_otherwise_stays_refused(outcome: str) -> None:
    record = served(60, state="rejected", outcome=outcome)
    assert price(record, pack(crediting={"rounding_minutes": 1})) == NOTHING


def test_the_day_fills_with_what_was_credited_first() -> None:
    early = served(300, at=8, record_id=1, state="pending", outcome="needs_review")
    late = served(300, at=14, record_id=2)
    assert prices(default_pack(), early, late) == [(2, "credited"), (1, "waiting")]
    assert prices(pack(crediting={"daily_cap_minutes": 600}), early, late) == [
        (2, "credited"),
        (1, "credited"),
    ]
    low = pack(crediting={"daily_cap_minutes": 240})
    assert prices(low, early, late) == [(2, "waiting"), (1, "waiting")]


def test_each_has_a_day_of_their_own_and_each_day_begins_anew() -> None:
    first, second = served(300, record_id=1), served(300, at=14, record_id=2, person_id=BOB)
    third = served(300, at=32, record_id=3)
    assert prices(default_pack(), first, second, third) == [(1, "credited"), (2, "credited"), (3, "credited")]
    assert first.day == second.day == third.day - timedelta(days=1) == date(2025, 3, 5)


def test_what_somebody_approved_beyond_the_cap_stays() -> None:
    first = served(300, record_id=1)
    approved = served(300, at=14, record_id=2, outcome="needs_review")
    assert prices(default_pack(), first, approved) == [(1, "credited"), (2, "credited")]


def test_what_waited_still_waits_though_the_day_is_no_longer_full() -> None:
    waiting = served(60, state="pending", outcome="needs_review")
    assert price(waiting).fate == "waiting"
    assert price(waiting, pack(crediting={"daily_cap_minutes": 481})).fate == "credited"


def test_of_scans_nothing_is_credited_that_nobody_approved() -> None:
    open_ = served(60, origin="scans", state="pending", grade="B")
    assert price(open_).fate == "waiting"
    assert price(replace(open_, state="noticed")).fate == "waiting"
    assert price(replace(open_, state="credited")).fate == "credited"
    blocked = pack(attendance={"blocked_minutes_per_day": 480}, crediting={"daily_cap_minutes": 480})
    long = served(510, origin="scans", outcome="needs_review", grade="B")
    assert price(long).fate == "credited"
    assert price(long, blocked) == NOTHING


@pytest.mark.parametrize(
    ("record", "needs"),
    [
        (served(360), False),
        (served(390), True),
        (served(60, grade="E"), True),
        (served(60, grade="D"), False),
        (served(510), True),  # beyond the cap
    ],
)
def test_a_second_approver_is_needed_for_long_weak_and_full(record: PastService, *, needs: bool) -> None:
    assert price(record).needs_second is needs


def test_the_sums_are_of_what_is_credited() -> None:
    candidate = pack(
        crediting={"points_per_hour": 20, "daily_cap_minutes": 200},
        expiry={"point": {"rule": "end_of_month", "months_after": 1}},
    )
    tallies = Tallies(candidate, {1: default_pack()})
    tallies.take([served(120, record_id=1), served(240, at=14, record_id=2, person_id=BOB)])
    tallies.take([served(60, at=32, record_id=3, organisation_id=None)])
    before, after = tallies.total.before, tallies.total.after
    assert (before.records, before.minutes, before.points, before.waiting_records) == (3, 420, 70, 0)
    assert (after.records, after.minutes, after.points) == (2, 180, 60)
    assert (after.waiting_records, after.waiting_minutes, after.over_cap_records) == (1, 240, 1)
    assert (tallies.records, tallies.booked.records, tallies.booked.points) == (3, 3, 70)
    assert list(tallies.months) == ["2025-03"]
    assert {
        unit: {m: (e.before, e.after) for m, e in months.items()} for unit, months in tallies.endings.items()
    } == {"point": {"2026-12": (70, 0), "2025-04": (0, 60)}}
    assert [(id_, pair.before.points, pair.after.points) for id_, pair in tallies.organisations()] == [
        (7, 60, 40),
        (None, 10, 20),
    ]
    gains = tallies.gains()["point"]
    assert (gains.more, gains.less, gains.same) == (1, 1, 0)
    assert [(one.person_id, one.points_change) for one in tallies.largest_changes()] == [
        (BOB, -40),
        (ALICE, 30),
    ]
