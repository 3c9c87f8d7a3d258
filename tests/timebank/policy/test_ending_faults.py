"""What a pack may not say of warnings, grace and extensions."""

import json

import pytest

from tests.timebank.policy.test_rules import body, changed
from tests.timebank.policy.test_spending_faults import found

REASON = {"zh": "疫情期间", "en": "during the epidemic"}


def extension(ends_from: str, ends_until: str, to: str, unit: str = "point") -> dict[str, object]:
    return {"unit": unit, "ends_from": ends_from, "ends_until": ends_until, "to": to, "reason": REASON}


YEAR = extension("2026-01-01", "2026-12-31", "2027-06-30")


@pytest.mark.parametrize("days", [[60, 30, 7], [1], [], [366, 1]])
def test_warnings_come_nearer_and_nearer(days: list[int]) -> None:
    assert found(changed(warning_days=days)) == []


@pytest.mark.parametrize("days", [[7, 30], [30, 30], [60, 7, 30]])
def test_warnings_in_another_order_are_refused(days: list[int]) -> None:
    assert found(changed(warning_days=days)) == [("warning_days", "days_must_fall")]


@pytest.mark.parametrize(
    ("rule", "found_codes"),
    [
        ({"rule": "end_of_month", "months_after": 12, "grace_days": 27}, []),
        ({"rule": "end_of_month", "months_after": 12, "grace_days": 28}, ["above_most"]),
        ({"rule": "end_of_year", "years_after": 1, "grace_days": 364}, []),
    ],
)
def test_grace_does_not_reach_the_next_regular_end(rule: object, found_codes: list[str]) -> None:
    assert [code for _, code in found(changed(expiry={"point": rule}))] == found_codes


@pytest.mark.parametrize(
    "extensions",
    [
        [],
        [YEAR],
        # What was extended is extended again, by a rule for its new end; another unit has days of its own.
        [YEAR, extension("2027-01-01", "2027-12-31", "2028-06-30"), {**YEAR, "unit": "fufen"}],
        [extension("2026-12-31", "2026-12-31", "2027-01-01")],
    ],
)
def test_extensions_lead_to_a_later_day(extensions: list[object]) -> None:
    units = body()["units"]
    if not any(unit["code"] == "fufen" for unit in units):
        units.append({"code": "fufen", "class": "value", "spendable": True})
    assert found(json.dumps({**body(), "units": units, "extensions": extensions})) == []


@pytest.mark.parametrize(
    ("extensions", "fault"),
    [
        ([{**YEAR, "unit": "gold"}], ("extensions.0", "unit_not_listed")),
        ([{**YEAR, "unit": "minute"}], ("extensions.0", "not_extended")),
        ([extension("2026-12-31", "2026-01-01", "2027-06-30")], ("extensions.0", "days_must_rise")),
        ([extension("2026-01-01", "2026-12-31", "2026-12-31")], ("extensions.0", "days_must_rise")),
        ([extension("2026-12-31", "2027-12-31", "2028-06-30"), YEAR], ("extensions.0", "extensions_overlap")),
        (
            [
                YEAR,
                extension("2026-02-01", "2026-02-28", "2027-01-31"),
                extension("2026-12-01", "2027-01-31", "2027-07-31"),
            ],
            ("extensions.2", "extensions_overlap"),
        ),
    ],
)
def test_other_extensions_are_refused(extensions: list[object], fault: tuple[str, str]) -> None:
    assert fault in found(changed(extensions=extensions))
