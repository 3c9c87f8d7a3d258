"""The invented community's workbook: three neighbourhoods, two dozen people, two years, one shop.

All people are plainly invented: ID numbers of the unassigned region 990000, phones from 1990000.
"""

import random
from datetime import date, datetime, timedelta
from pathlib import Path

import xlsxwriter

from timebank.workbook.sheets import FORMS

SEED = 20240305
COMMUNITIES = (("S01", "春风社区"), ("S02", "榕树社区"), ("S03", "江滨社区"))
SURNAMES = "示样例虚拟演试"
GIVEN = ("一鸣", "小满", "谷雨", "立夏", "知秋", "白露", "冬至", "惊蛰")
CATEGORIES = (("助老", 1.2), ("环保", 1.0), ("文明劝导", 1.0), ("义诊", 1.5))
GOODS = (("大米5kg", 50, 40), ("洗衣液2kg", 20, 60), ("食用油1.8L", 120, 12), ("雨伞", 30, 3))
VOLUNTEERS, ACTIVITIES, SLIPS = 24, 120, 90
FIRST_DAY = date(2024, 1, 6)
EVERY = timedelta(days=6)
SHOWN = "V000021"
"""Whose books the demo shows: keen, and of the neighbourhood where its station stands."""
DISTRICT = "演示区"

Rows = list[list[object]]


def write_community(path: Path) -> None:
    """Write the workbook of the two years; the same one every time."""
    chance = random.Random(SEED)  # noqa: S311 -- a demo, not a secret
    _write(path, _sheets(chance))


def write_since(path: Path, until: date) -> None:
    """Write what came after those two years, up to a day; each activity is the same every time."""
    volunteers = [f"V{number:06d}" for number in range(1, VOLUNTEERS + 1)]
    activities: Rows = []
    attendances: Rows = []
    slips: Rows = []
    for number in range(ACTIVITIES + 1, (until - FIRST_DAY) // EVERY + 2):
        chance = random.Random(SEED + number)  # noqa: S311 -- a demo, not a secret
        activity = _activity(number, chance)
        activities.append(activity)
        attendances += _attendances(activity, volunteers, chance)
        slips.append(_slip(SLIPS + number, volunteers, chance, on=FIRST_DAY + EVERY * (number - 1)))
    _write(path, _registers(volunteers) | {"活动": activities, "签到": attendances, "兑换": slips})


def _write(path: Path, sheets: dict[str, Rows]) -> None:
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for title, form in FORMS.items():
            sheet = book.add_worksheet(title)
            sheet.write_row(0, 0, [column.title for column in form.columns])
            for row_number, row in enumerate(sheets.get(title, []), 1):
                for place, value in enumerate(row):
                    if isinstance(value, datetime):
                        sheet.write_datetime(row_number, place, value, moment)
                    elif isinstance(value, date):
                        sheet.write_datetime(
                            row_number, place, datetime.combine(value, datetime.min.time()), day
                        )
                    else:
                        sheet.write(row_number, place, value)


def _sheets(chance: random.Random) -> dict[str, Rows]:
    volunteers = [f"V{number:06d}" for number in range(1, VOLUNTEERS + 1)]
    activities = [_activity(number, chance) for number in range(1, ACTIVITIES + 1)]
    return _registers(volunteers) | {
        "活动": activities,
        "签到": [row for activity in activities for row in _attendances(activity, volunteers, chance)],
        "奖励": [[code, "文明家庭", 80, date(2024, 12, 20)] for code in chance.sample(volunteers, 4)],
        "兑换": [_slip(number, volunteers, chance) for number in range(1, SLIPS + 1)],
    }


def _registers(volunteers: list[str]) -> dict[str, Rows]:
    return {
        "组织": [["Q01", DISTRICT, "区", ""], ["J01", "演示街道", "街道", "Q01"], *_nodes()],
        "服务队": [["T01", "邻里互助队", "S01"], ["T02", "银龄义诊队", "S02"]],
        "志愿者": [_volunteer(code, number) for number, code in enumerate(volunteers, 1)],
        "商品": [["M01", f"M01-{n:03d}", *item] for n, item in enumerate(GOODS, 1)],
    }


def _nodes() -> Rows:
    return [[code, name, "社区", "J01"] for code, name in COMMUNITIES]


def _volunteer(code: str, number: int) -> list[object]:
    born = date(1950 + number, 1 + number % 12, 1 + number % 28)
    return [
        code,
        SURNAMES[number % len(SURNAMES)] + GIVEN[number % len(GIVEN)],
        "男" if number % 2 else "女",
        born,
        f"990000{born:%Y%m%d}{number:03d}X",
        f"1990000{number:04d}",
        COMMUNITIES[number % len(COMMUNITIES)][0],
        "是" if number % 3 == 0 else "否",
        "",
        "T01" if number % 2 else "T02",
        date(2023, 6, 1) + timedelta(days=number),
    ]


def _activity(number: int, chance: random.Random) -> list[object]:
    category, difficulty = chance.choice(CATEGORIES)
    day = FIRST_DAY + EVERY * (number - 1)
    start = datetime.combine(day, datetime.min.time()) + timedelta(hours=chance.choice((8, 9, 14)))
    end = start + timedelta(hours=chance.choice((2, 3, 4)))
    community = chance.choice(COMMUNITIES)
    return [
        f"A{number:05d}",
        f"{community[1]}{category}",
        category,
        "否" if number % 40 == 0 else "是",
        community[0],
        "T01",
        "V000001",
        "邻里服务站",
        start,
        end,
        30 if (end - start) >= timedelta(hours=4) else "",
        difficulty,
        20,
    ]


def _attendances(activity: list[object], volunteers: list[str], chance: random.Random) -> Rows:
    start, end = activity[8], activity[9]
    assert isinstance(start, datetime)  # noqa: S101 -- built above
    assert isinstance(end, datetime)  # noqa: S101 -- the same
    rows: Rows = []
    for code in volunteers:
        if chance.random() > _KEENNESS[volunteers.index(code) % len(_KEENNESS)]:
            continue
        check_in = start + timedelta(minutes=chance.randint(-10, 15))
        check_out: object = end + timedelta(minutes=chance.randint(-15, 20))
        if chance.random() < _FORGETS:
            check_out = ""
        rows.append([activity[0], code, check_in, check_out, chance.choice(("扫码", "扫码", "站点代扫")), ""])
    return rows


_KEENNESS = (0.95, 0.2, 0.5, 0.1, 0.35)
_FORGETS = 0.02


def _slip(number: int, volunteers: list[str], chance: random.Random, on: date | None = None) -> list[object]:
    place = chance.randrange(len(GOODS))
    quantity = chance.choice((1, 1, 2))
    day = date(2024, 3, 1) + timedelta(days=chance.randrange(660)) if on is None else on
    at = datetime.combine(day, datetime.min.time()) + timedelta(hours=9, minutes=chance.randrange(480))
    points = GOODS[place][1] * quantity
    return [
        f"R{number:05d}",
        chance.choice(volunteers),
        "M01",
        f"M01-{place + 1:03d}",
        quantity,
        points,
        at,
        "M01-收银1",
    ]
