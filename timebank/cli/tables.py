"""Tables that more than one command shows."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from timebank.cli.frame import table
from timebank.words import words

if TYPE_CHECKING:
    from rich.table import Table

    from ledger.audit import Violation
    from timebank.policy.checking import Problem
    from timebank.policy.diff import Change
    from timebank.policy.simulating import Simulation
    from timebank.policy.tallies import Pair


def totals_table(found: Mapping[str, object]) -> "Table":
    """Return the totals as a table, a line a figure."""
    made = table("totals_title", "column_figure", "column_code", "#column_value")
    for key, value in found.items():
        name = words(f"total_{_stem(key)}")[0]
        if isinstance(value, dict):
            for part, count in value.items():
                made.add_row(name, f"{key}.{part}", f"{count:,}")
        elif isinstance(value, list):
            for code, minutes in value:
                made.add_row(name, code, f"{minutes:,}")
        else:
            made.add_row(name, key, f"{value:,}")
    return made


def _stem(key: str) -> str:
    """Return what a figure is called without its date: `stars_at_2025_12_31` → `stars`."""
    if key.startswith("top"):
        return "top"
    return key.split("_at_", maxsplit=1)[0].rstrip("_0123456789")


def violations_table(violations: "Sequence[Violation]") -> "Table":
    """Return what an audit found, a line a violation."""
    made = table("audit_title", "#column_invariant", "column_code", "column_subject", "column_meaning")
    for each in violations:
        made.add_row(str(each.invariant), each.code, each.subject, f"{each.message_zh}\n{each.message_en}")
    return made


def problems_table(found: "Sequence[Problem]") -> "Table":
    """Return all that is wrong with a policy pack, a line a problem."""
    made = table("policy_problems_title", "column_place", "column_code", "column_meaning")
    for each in found:
        made.add_row(each.path, each.code, f"{each.zh}\n{each.en}")
    return made


def changes_table(found: "Sequence[Change]") -> "Table":
    """Return what differs between two policy packs, a line a place."""
    made = table("policy_changes_title", "column_place", "column_before", "column_after")
    for each in found:
        made.add_row(each.path, _said(each.before), _said(each.after))
    return made


def _said(value: object) -> str:
    """Return a value of a pack as it stands in JSON, a dash for none."""
    return "—" if value is None else value if isinstance(value, str) else json.dumps(value)


def simulation_tables(found: "Simulation") -> "list[Table]":
    """Return a simulation: the figures, by month, by organisation, and what ends when."""
    figures = table("simulation_title", "column_figure", "#column_booked", "#column_before", "#column_after")
    booked, before, after = found.booked, found.total.before, found.total.after
    lines: list[tuple[str, int | None, int | None, int]] = [
        ("records", booked.records, before.records, after.records),
        ("minutes", booked.minutes, before.minutes, after.minutes),
        ("points", booked.points, before.points, after.points),
        *((unit, None, before.earned[unit], after.earned[unit]) for unit in before.earned | after.earned),
        ("waiting_records", None, before.waiting_records, after.waiting_records),
        ("waiting_minutes", None, before.waiting_minutes, after.waiting_minutes),
        ("over_cap_records", None, before.over_cap_records, after.over_cap_records),
        ("second_approver_records", None, before.second_approver_records, after.second_approver_records),
        ("notice_days", None, found.notice_days_before, found.notice_days_after),
    ]
    for name, *values in lines:
        figures.add_row(
            words(f"simulated_{name}")[0] if name in _SIMULATED else name,
            *("—" if value is None else f"{value:,}" for value in values),
        )
    for unit, gains in found.gains.items():
        figures.add_row(
            words("simulated_people", unit=unit)[0],
            "",
            "",
            f"+{gains.more:,} -{gains.less:,} ={gains.same:,}",
        )
    months = table("simulation_months_title", "column_month", *_PAIR)
    for month, pair in found.months.items():
        months.add_row(month, *_pair(pair))
    organisations = table("simulation_organisations_title", "column_organisation", *_PAIR)
    for id_, pair in found.organisations:
        organisations.add_row("—" if id_ is None else str(id_), *_pair(pair))
    ending = table(
        "simulation_ending_title", "column_unit", "column_month", "#column_before", "#column_after"
    )
    for unit, ends in found.ending.items():
        for month, amounts in ends.items():
            ending.add_row(unit, month, f"{amounts.before:,}", f"{amounts.after:,}")
    return [figures, months, organisations, ending]


_SIMULATED = {
    "records",
    "minutes",
    "points",
    "waiting_records",
    "waiting_minutes",
    "over_cap_records",
    "second_approver_records",
    "notice_days",
}
_PAIR = (
    "#column_minutes_before",
    "#column_minutes_after",
    "#column_points_before",
    "#column_points_after",
)


def _pair(pair: "Pair") -> list[str]:
    before, after = pair.before, pair.after
    return [f"{value:,}" for value in (before.minutes, after.minutes, before.points, after.points)]
