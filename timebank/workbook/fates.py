"""What became of each row of a workbook: one fate per row, kept by sheet and row number."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from timebank.records.rules import Decision


@dataclass(frozen=True, slots=True)
class Fate:
    """An outcome or refusal code, the numbers its words speak of, and notes on cells that were left out."""

    code: str
    numbers: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


SheetFates: TypeAlias = dict[int, Fate]
"""Fates by row number, counted from 1 as the spreadsheet shows it."""

Fates: TypeAlias = dict[str, SheetFates]
"""Fates by the sheet's title."""


@lru_cache(maxsize=1 << 12)
def fate(code: str, *numbers: int) -> Fate:
    """Return a fate; equal ones are the same object, for there are many rows and few fates."""
    return Fate(code, numbers)


KEPT = "kept_as_registered"
"""Noted on a row of a register whose code stood there before with other content."""


def noted(known: Fate, note: str) -> Fate:
    """Return a fate with one note more."""
    return replace(known, notes=(*known.notes, note))


def attendance_fates(decision: Decision) -> SheetFates:
    """Give every attendance row its fate.

    The numbers: `credited` minutes and points, `needs_review` minutes, `merged` the row it went into.
    """
    fates = {row_number: fate(code) for row_number, code in decision.refused.items()}
    fates.update({row_number: Fate("merged", (into,)) for row_number, into in decision.merged.items()})
    for record in decision.records:
        if record.outcome == "credited":
            fates[record.row_number] = fate("credited", record.minutes, record.points)
        elif record.outcome == "needs_review":
            fates[record.row_number] = fate("needs_review", record.minutes)
        else:
            fates[record.row_number] = fate(record.outcome)
    return fates


def counts(fates: Mapping[int, Fate]) -> Counter[str]:
    """Count the rows of a sheet by code."""
    return Counter(each.code for each in fates.values())
