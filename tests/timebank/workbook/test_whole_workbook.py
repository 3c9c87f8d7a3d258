"""Whole workbooks against the oracle: reading, rules and replay, with points and stock kept in memory."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from tests.timebank.workbook import generator, oracle
from timebank.records.rules import CreditingPolicy, decide
from timebank.workbook.district import read_district
from timebank.workbook.fates import attendance_fates, counts, fate
from timebank.workbook.reader import open_workbook
from timebank.workbook.replay import Award, Credit, Slips, replay
from timebank.workbook.report import write_report
from timebank.workbook.words import FATES

if TYPE_CHECKING:
    from timebank.workbook.district import District
    from timebank.workbook.fates import Fates
    from timebank.workbook.replay import Event

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=SHANGHAI)
DATA = Path(__file__).parents[2] / "data"
POLICY = CreditingPolicy(rounding_minutes=30, daily_cap_minutes=480, points_per_hour=10)


class Purse:
    """Points by the last year in which they live, and the pieces on the shelves."""

    def __init__(self, district: District) -> None:
        self.lots: dict[str, Counter[int]] = defaultdict(Counter)
        self.shelves = {(item.shop, item.sku): item.stock for item in district.goods}
        self.figures: Counter[str] = Counter()
        self.lapsed = False

    def take(self, event: Event) -> str:
        """Enter an event and return what became of it."""
        if event.at >= NEW_YEAR:
            self.lapse()
        if isinstance(event, Credit):
            return self._issue(event.record.volunteer, event.at.year, event.record.points, "credited")
        if isinstance(event, Award):
            if event.refusal:
                return event.refusal
            return self._issue(event.row.volunteer, event.at.year, event.row.points, "awarded")
        return event.refusal or self._spend(event.row.volunteer, event) or "redeemed"

    def _issue(self, volunteer: str, year: int, points: int, outcome: str) -> str:
        self.lots[volunteer][year + 1] += points
        self.figures["points_issued"] += points
        return outcome

    def _spend(self, volunteer: str, event: Event) -> str | None:
        assert not isinstance(event, (Credit, Award))
        slip = event.row
        assert slip.points is not None
        assert slip.quantity is not None
        lots = self.lots[volunteer]
        if sum(left for year, left in lots.items() if year >= event.at.year) < slip.points:
            return "insufficient_points"
        if self.shelves[slip.shop, slip.sku] < slip.quantity:
            return "out_of_stock"
        self.shelves[slip.shop, slip.sku] -= slip.quantity
        due = slip.points
        for year in sorted(year for year in lots if year >= event.at.year):
            share = min(due, lots[year])
            lots[year] -= share
            due -= share
        self.figures.update(redemptions_done=1, points_spent=slip.points, goods_handed_out=slip.quantity)
        return None

    def lapse(self) -> None:
        """Let the lots of 2025 go, once."""
        if not self.lapsed:
            self.figures["points_expired_at_2026_01_01"] = sum(
                lots.pop(2025, 0) for lots in self.lots.values()
            )
            self.lapsed = True


def outcome(path: Path) -> tuple[dict[str, object], Fates]:
    """Take a workbook the whole way and return the figures of the oracle, as far as they are settled here."""
    district = read_district(open_workbook(path), SHANGHAI)
    volunteers = {row.code for row in district.volunteers}
    decision = decide(
        district.attendance, activities=district.plans, volunteers=volunteers, policy_of=lambda _: POLICY
    )
    fates = district.fates
    fates["签到"] = attendance_fates(decision)
    purse = Purse(district)
    slips = Slips({(item.shop, item.sku): item for item in district.goods}, volunteers)
    for event in replay(
        records=decision.records,
        awards=district.awards,
        redemptions=district.redemptions,
        slips=slips,
        volunteers=volunteers,
        zone=SHANGHAI,
    ):
        result = purse.take(event)
        if not isinstance(event, Credit):
            numbers = (event.row.points or 0,) if result in {"awarded", "redeemed"} else ()
            fates["奖励" if isinstance(event, Award) else "兑换"][event.row.row_number] = fate(
                result, *numbers
            )
    purse.lapse()
    rows = counts(fates["签到"])
    credited = [record for record in decision.records if record.outcome == "credited"]
    told = counts(fates["兑换"])
    answered = {"credited", "merged", "needs_review"}
    figures: dict[str, object] = {
        "volunteers": len(district.volunteers),
        "organisations": len(district.organisations),
        "activities": len(district.activities),
        "attendance_rows": len(district.attendance),
        "attendance_refused": {code: rows[code] for code in sorted(rows) if code not in answered},
        "attendance_rows_merged": rows["merged"],
        "needs_review": rows["needs_review"],
        "records_credited": len(credited),
        "minutes_credited": sum(record.minutes for record in credited),
        "redemption_rows": len(fates["兑换"]),
        "redemptions_refused": {code: told[code] for code in sorted(told) if code != "redeemed"},
        "points_outstanding_after_expiry": sum(sum(lots.values()) for lots in purse.lots.values()),
        **purse.figures,
    }
    return figures, fates


def assert_same(path: Path, expected: dict[str, object]) -> Fates:
    figures, fates = outcome(path)
    by_the_database = {"stars_at_2025_12_31", "annual_2025", "top10_minutes"}
    assert figures == {key: value for key, value in expected.items() if key not in by_the_database}
    return fates


def test_the_district_comes_out_as_expected(tmp_path: Path) -> None:
    expected = json.loads((DATA / "licheng.expected.json").read_text(encoding="utf-8"))
    fates = assert_same(DATA / "licheng.xlsx", expected)
    write_report(open_workbook(DATA / "licheng.xlsx"), tmp_path / "answer.xlsx", fates)


def test_the_oracle_agrees_with_the_district() -> None:
    expected = json.loads((DATA / "licheng.expected.json").read_text(encoding="utf-8"))
    assert oracle.expected(DATA / "licheng.xlsx") == expected


@pytest.mark.parametrize("seed", range(20))
def test_an_invented_district_comes_out_as_the_oracle_says(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "invented.xlsx"
    generator.write(path, generator.district(seed), chance=random.Random(seed) if seed % 2 else None)
    expected = oracle.expected(path)
    fates = assert_same(path, expected)
    write_report(open_workbook(path), tmp_path / "answer.xlsx", fates)


def test_the_invented_districts_meet_every_outcome(tmp_path: Path) -> None:
    met: Counter[str] = Counter()
    for seed in range(4):
        generator.write(tmp_path / "invented.xlsx", generator.district(seed))
        _, fates = outcome(tmp_path / "invented.xlsx")
        for sheet_fates in fates.values():
            met += counts(sheet_fates)
    rare = {
        "kept_as_registered",
        "period_closed",
        "lot_expired",
        "not_spendable",
        "exchange_not_allowed",
        "unknown_unit",
        "bad_number",
        "already_recorded",
        "bad_yes_no",
        "unknown_parent",
        "duplicate_code",
        "missing_code",
    }
    notes = {
        code
        for code in FATES
        if code.startswith(("unknown_org", "unknown_team", "unknown_leader", "id_", "bad_b", "bad_r", "end_"))
    }
    assert set(met) == set(FATES) - rare - notes
