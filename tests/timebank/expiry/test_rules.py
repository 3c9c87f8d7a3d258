"""What becomes of a lot at its end, and which warning is due."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.values import Renewal
from tests.timebank.expiry.packs import extension, history, monthly, pack, yearly
from timebank.expiry.actions import warnings_on
from timebank.expiry.rules import renewal_of, warning_due
from timebank.policy.rules import PolicyPack

BEGIN = date(2021, 1, 1)
END = date(2026, 12, 31)


def ends(last: date, *versions: tuple[date, PolicyPack], unit: str = "point") -> date | None:
    """Return until when a lot is renewed; None if it expires."""
    renewal = renewal_of(history(*versions), unit, last)
    return None if renewal is None else renewal.until


def test_without_grace_and_extension_lots_expire() -> None:
    assert ends(END, (BEGIN, pack())) is None
    assert ends(END, (END + timedelta(1), pack(yearly(30)))) is None  # before the first version
    assert ends(END) is None


def test_grace_is_given_once_and_says_by_which_version() -> None:
    versions = history((BEGIN, pack(yearly(31))))
    found = renewal_of(versions, "point", END)
    assert found == Renewal(date(2027, 1, 31), {"policy": 1, "rule": "grace"})
    assert renewal_of(versions, "point", date(2027, 1, 31)) is None
    assert renewal_of(versions, "fufen", END) is None


@pytest.mark.parametrize("day", [date(2026, 12, 30), date(2027, 1, 1), date(2026, 6, 30)])
def test_what_ends_on_another_day_has_no_grace(day: date) -> None:
    # A lot of a refund's grace, or one that was extended, does not end when the rule says.
    assert ends(day, (BEGIN, pack(yearly(31)))) is None


@pytest.mark.parametrize("day", [date(2026, 2, 28), date(2028, 2, 29), date(2026, 4, 30), END])
def test_months_end_on_their_last_day(day: date) -> None:
    assert ends(day, (BEGIN, pack(monthly(27)))) == day + timedelta(27)
    assert ends(day - timedelta(1), (BEGIN, pack(monthly(27)))) is None


def test_the_version_of_the_last_day_decides() -> None:
    without, with_grace = pack(), pack(yearly(10))
    late = END + timedelta(1)
    assert ends(END, (BEGIN, without), (late, with_grace)) is None
    assert ends(END, (BEGIN, with_grace), (late, without)) == END + timedelta(10)
    found = renewal_of(history((BEGIN, without), (END, with_grace)), "point", END)
    assert found == Renewal(END + timedelta(10), {"policy": 2, "rule": "grace"})


def test_no_lot_has_grace_twice_though_the_rule_changes() -> None:
    # Grace of a year's end ends with January, which is a regular end of the rule that follows.
    versions = (BEGIN, pack(yearly(31))), (date(2027, 1, 2), pack(monthly(20)))
    assert ends(END, *versions) == date(2027, 1, 31)
    assert ends(date(2027, 1, 31), *versions) is None
    assert ends(date(2027, 2, 28), *versions) == date(2027, 3, 20)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 27), st.integers(1, 400)), min_size=1, max_size=4),
    st.integers(0, 1500),
)
def test_no_lot_has_grace_twice_ever(rules: list[tuple[bool, int, int]], after: int) -> None:
    since, versions = BEGIN, []
    for is_yearly, days, length in rules:
        versions.append((since, pack(yearly(days * 13) if is_yearly else monthly(days))))
        since += timedelta(days=length)
    day = BEGIN + timedelta(days=after)
    first = ends(day, *versions)
    assert first is None or ends(first, *versions) is None


def test_an_extension_goes_before_grace_and_is_followed_by_it() -> None:
    rule = extension("2026-12-01", "2026-12-31", "2027-12-31")
    versions = (BEGIN, pack(yearly(10), extensions=(rule,)))
    found = renewal_of(history(versions), "point", END)
    assert found == Renewal(date(2027, 12, 31), {"policy": 1, "rule": "extension"})
    assert ends(date(2027, 12, 31), versions) == date(2028, 1, 10)


@pytest.mark.parametrize(
    ("day", "is_extended"),
    [
        (date(2026, 11, 30), False),
        (date(2026, 12, 1), True),
        (date(2026, 12, 31), True),
        (date(2027, 1, 1), False),
    ],
)
def test_an_extension_covers_both_its_days(day: date, is_extended: bool) -> None:
    versions = (BEGIN, pack(extensions=(extension("2026-12-01", "2026-12-31", "2027-06-30"),)))
    assert ends(day, versions) == (date(2027, 6, 30) if is_extended else None)
    assert ends(day, versions, unit="fufen") is None


@pytest.mark.parametrize(
    ("left", "due"), [(61, None), (60, 60), (59, 60), (31, 60), (30, 30), (8, 30), (7, 7), (1, 7), (0, 7)]
)
def test_the_nearest_warning_that_was_reached_is_due(left: int, due: int | None) -> None:
    assert warning_due((60, 30, 7), left) == due


def test_without_warning_days_nothing_is_due() -> None:
    assert warning_due((), 0) is None
    assert not warnings_on(history((BEGIN, pack(warning_days=()))), as_of=END, today=END).due


def test_warnings_look_as_far_as_the_day_they_stand_for() -> None:
    today, as_of = date(2026, 6, 20), date(2026, 6, 1)
    found = warnings_on(history((BEGIN, pack(warning_days=(30, 7)))), as_of=as_of, today=today)
    # What ends from 2 July on fell due after 1 June; as things stand today, the rest is close.
    assert (min(found.due), max(found.due)) == (today, date(2026, 7, 1))
    assert {day for day, days in found.due.items() if days == 7} == {today + timedelta(n) for n in range(8)}


def test_what_will_be_extended_is_not_warned_of() -> None:
    rule = extension("2026-12-01", "2026-12-31", "2027-12-31")
    today = date(2026, 12, 20)
    # The extension is adopted already, and in force by the time the lots end.
    versions = history((BEGIN, pack()), (date(2026, 12, 25), pack(extensions=(rule,))))
    found = warnings_on(versions, as_of=today, today=today)
    assert set(found.extended) == {("point", date(2026, 12, day)) for day in range(25, 32)}
