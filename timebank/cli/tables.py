"""Tables that more than one command shows."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from timebank.cli.frame import table
from timebank.words import words

if TYPE_CHECKING:
    from rich.table import Table

    from ledger.audit import Violation


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
