"""The README of the district workbook done naively, for comparison: it shares no code with the programme.

Reads by openpyxl, keeps everything in plain lists and dicts, computes with fractions, and scans instead of
indexing.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import openpyxl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Row = dict[str, Any]

STAR_HOURS = (100, 300, 600, 1000, 1500)
ANNUAL_HOURS = (50, 100, 200, 500, 1000)


def expected(path: Path) -> dict[str, object]:
    """Work out what must come of a workbook, under the keys of `licheng.expected.json`."""
    book = openpyxl.load_workbook(path, read_only=True)
    sheets = {
        title: list(rows_of(book[title]))
        for title in ("组织", "志愿者", "活动", "签到", "奖励", "商品", "兑换")
    }
    book.close()
    organisations = {folded(row["编码"]) for row in sheets["组织"]} - {""}
    volunteers = {folded(row["志愿者编号"]) for row in sheets["志愿者"]} - {""}
    activities: dict[str, Row] = {}
    for row in sheets["活动"]:
        activities.setdefault(folded(row["活动编号"]), row)
    attendance = judge_attendance(sheets["签到"], activities, volunteers)
    spending = run_in_time(sheets, attendance["credits"], volunteers)
    credits = attendance["credits"]
    minutes: Counter[str] = Counter()
    minutes_2025: Counter[str] = Counter()
    for credit in credits:
        minutes[credit["volunteer"]] += credit["minutes"]
        if credit["end"].year == 2025:
            minutes_2025[credit["volunteer"]] += credit["minutes"]
    before_2026: Counter[str] = Counter()
    for credit in credits:
        if credit["end"] < datetime(2026, 1, 1):
            before_2026[credit["volunteer"]] += credit["minutes"]
    return {
        "volunteers": len(volunteers),
        "organisations": len(organisations),
        "activities": len(activities),
        "attendance_rows": len(sheets["签到"]),
        "attendance_refused": dict(sorted(attendance["refused"].items())),
        "attendance_rows_merged": attendance["merged"],
        "needs_review": attendance["review"],
        "records_credited": len(credits),
        "minutes_credited": sum(credit["minutes"] for credit in credits),
        "redemption_rows": len(sheets["兑换"]),
        **spending,
        "stars_at_2025_12_31": steps(before_2026, STAR_HOURS),
        "annual_2025": steps(minutes_2025, ANNUAL_HOURS),
        "top10_minutes": [list(pair) for pair in sorted(minutes.items(), key=lambda p: (-p[1], p[0]))[:10]],
    }


def rows_of(sheet: Any) -> Iterator[Row]:
    header: list[str] | None = None
    for values in sheet.iter_rows(values_only=True):
        if header is None:
            header = [str(value).strip() for value in values]
        elif any(value is not None and str(value).strip() for value in values):
            yield dict(zip(header, [*values, *[None] * len(header)], strict=False))


def folded(value: object) -> str:
    if value is None:
        return ""
    letters = []
    for letter in str(int(value) if isinstance(value, float) and value == int(value) else value):
        point = ord(letter)
        letters.append(
            " " if point == 0x3000 else chr(point - 0xFEE0) if 0xFF01 <= point <= 0xFF5E else letter
        )
    return "".join(letters).strip().upper()


def time_of(value: object) -> datetime | str:
    """Return a naive local time, or 'missing_time' or 'bad_time'."""
    if isinstance(value, datetime):
        seconds = (value - datetime(1900, 1, 1)).total_seconds()
        return datetime(1900, 1, 1) + timedelta(seconds=math.floor(seconds + 0.5))
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    text = folded(value)
    if not text:
        return "missing_time"
    shapes = (
        r"(\d{4})-(\d{1,2})-(\d{1,2})\s+(上午|下午)?(\d{1,2}):(\d\d)",
        r"(\d{4})/(\d{1,2})/(\d{1,2})\s+(上午|下午)?(\d{1,2}):(\d\d)",
        r"(\d{4})\.(\d{1,2})\.(\d{1,2})\s+(上午|下午)?(\d{1,2}):(\d\d)",
        r"(\d{4})年(\d{1,2})月(\d{1,2})日\s+(上午|下午)?(\d{1,2}):(\d\d)",
    )
    for shape in shapes:
        match = re.fullmatch(shape, text)
        if match:
            year, month, day, half, hour, minute = match.groups()
            clock = int(hour)
            if half == "上午" and clock == 12:
                clock = 0
            elif half == "下午" and clock < 12:
                clock += 12
            try:
                return datetime(int(year), int(month), int(day), clock, int(minute))
            except ValueError:
                return "bad_time"
    return "bad_time"


def judge_attendance(rows: list[Row], activities: dict[str, Row], volunteers: set[str]) -> dict[str, Any]:
    refused: Counter[str] = Counter()
    together: dict[tuple[str, str], list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in rows:
        activity, volunteer = folded(row["活动编号"]), folded(row["志愿者编号"])
        start, end = time_of(row["签到时间"]), time_of(row["签退时间"])
        if activity not in activities:
            refused["unknown_activity"] += 1
        elif volunteer not in volunteers:
            refused["unknown_volunteer"] += 1
        elif "missing_time" in {start, end}:
            refused["missing_time"] += 1
        elif isinstance(start, str) or isinstance(end, str):
            refused["bad_time"] += 1
        elif end <= start:
            refused["checkout_not_after_checkin"] += 1
        else:
            together[activity, volunteer].append((start, end))
    merged = sum(len(times) - 1 for times in together.values())
    candidates = []
    for (activity, volunteer), times in together.items():
        row = activities[activity]
        planned_start, planned_end = time_of(row["开始时间"]), time_of(row["结束时间"])
        assert isinstance(planned_start, datetime)
        assert isinstance(planned_end, datetime)
        if folded(row["志愿服务"]) == "否":
            refused["not_volunteer_service"] += 1
            continue
        start = max(min(time[0] for time in times), planned_start)
        end = min(max(time[1] for time in times), planned_end)
        whole = math.floor(Fraction(int((end - start).total_seconds()), 60)) if end > start else 0
        minutes = math.floor(Fraction(whole - int(folded(row["休息分钟"]) or 0), 30)) * 30
        if end <= start or minutes <= 0:
            refused["too_short"] += 1
            continue
        ratio = Fraction(folded(row["难度系数"]) or "1")
        points = math.floor(Fraction(minutes, 60) * 10 * ratio + Fraction(1, 2))
        candidates.append((start, activity, volunteer, end, minutes, points, planned_start, planned_end))
    taken: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    daily: Counter[tuple[str, date]] = Counter()
    review = 0
    credits = []
    for start, activity, volunteer, end, minutes, points, planned_start, planned_end in sorted(candidates):
        if any(start < other_end and other_start < end for other_start, other_end in taken[volunteer]):
            refused["overlap"] += 1
            continue
        taken[volunteer].append((start, end))
        if daily[volunteer, planned_start.date()] + minutes > 480:
            review += 1
            continue
        daily[volunteer, planned_start.date()] += minutes
        credits.append(
            {
                "activity": activity,
                "volunteer": volunteer,
                "minutes": minutes,
                "points": points,
                "end": planned_end,
            }
        )
    return {"refused": refused, "merged": merged, "review": review, "credits": credits}


def run_in_time(
    sheets: dict[str, list[Row]], credits: list[dict[str, Any]], volunteers: set[str]
) -> dict[str, object]:
    """Replay everything; lots are kept as {expiry year: points} per volunteer."""
    happenings: list[tuple[tuple[Any, ...], str, Any]] = []
    refused: Counter[str] = Counter()
    for credit in credits:
        minute = credit["end"].replace(second=0)
        happenings.append(((minute, 0, credit["activity"], credit["volunteer"]), "credit", credit))
    for place, row in enumerate(sheets["奖励"]):
        day = row["日期"] if isinstance(row["日期"], datetime) else datetime.fromisoformat(str(row["日期"]))
        if folded(row["志愿者编号"]) in volunteers:
            happenings.append(((day.replace(hour=0, minute=0, second=0), 1, "", place), "award", row))
    for place, row in enumerate(sheets["兑换"]):
        at = time_of(row["兑换时间"])
        if isinstance(at, datetime):
            minute = at.replace(second=0)
            happenings.append(((minute, 2, folded(row["小票号"]), place), "redemption", row))
        else:
            refused[at] += 1
    lots: dict[str, Counter[int]] = defaultdict(Counter)
    shelves: dict[tuple[str, str], list[int]] = {}
    for row in sheets["商品"]:
        shelves.setdefault(
            (folded(row["门店"]), folded(row["商品编码"])), [int(row["积分价"]), int(row["库存"])]
        )
    issued = spent = handed_out = done = 0
    seen: set[str] = set()
    expired_at_2026 = last_year = 0
    for order, kind, what in sorted(happenings, key=lambda happening: happening[0]):
        at = order[0]
        if last_year < 2026 <= at.year:
            expired_at_2026 = lapse(lots, 2025)
        last_year = at.year
        if kind == "credit":
            lots[what["volunteer"]][at.year + 1] += what["points"]
            issued += what["points"]
        elif kind == "award":
            lots[folded(what["志愿者编号"])][at.year + 1] += int(what["积分"])
            issued += int(what["积分"])
        else:
            shelf = shelves.get((folded(what["门店"]), folded(what["商品编码"])))
            wallet = lots[folded(what["志愿者编号"])]
            receipt, pieces, points = folded(what["小票号"]), int(what["数量"]), int(what["积分"])
            live = sum(left for year, left in wallet.items() if year >= at.year)
            if receipt in seen:
                refused["duplicate_receipt"] += 1
            elif shelf is None:
                refused["unknown_item"] += 1
            elif points != shelf[0] * pieces:
                refused["price_mismatch"] += 1
            elif points > live:
                refused["insufficient_points"] += 1
            elif pieces > shelf[1]:
                refused["out_of_stock"] += 1
            else:
                pay(wallet, points, at.year)
                shelf[1] -= pieces
                spent += points
                handed_out += pieces
                done += 1
            seen.add(receipt)
    if last_year < 2026:
        expired_at_2026 = lapse(lots, 2025)
    outstanding = sum(left for wallet in lots.values() for left in wallet.values())
    return {
        "points_issued": issued,
        "redemptions_done": done,
        "redemptions_refused": dict(sorted(refused.items())),
        "points_spent": spent,
        "goods_handed_out": handed_out,
        "points_expired_at_2026_01_01": expired_at_2026,
        "points_outstanding_after_expiry": outstanding,
    }


def pay(wallet: Counter[int], points: int, year: int) -> None:
    for expiry in sorted(wallet):
        if expiry >= year:
            share = min(points, wallet[expiry])
            wallet[expiry] -= share
            points -= share
    assert points == 0


def lapse(lots: dict[str, Counter[int]], year: int) -> int:
    lapsed = 0
    for wallet in lots.values():
        lapsed += wallet[year]
        wallet[year] = 0
    return lapsed


def steps(minutes: Counter[str], hours: tuple[int, ...]) -> dict[str, int]:
    reached = Counter(sum(total >= step * 60 for step in hours) for total in minutes.values())
    return {str(step): reached[step] for step in range(1, len(hours) + 1)}
