"""Random workbooks of the district's form, with its mess and the cases in which rules are easily got wrong.

Everything follows from the seed. Times lie in 2024 and 2025 apart from the last night of the year.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import xlsxwriter

if TYPE_CHECKING:
    from pathlib import Path

TITLES: Final[dict[str, list[str]]] = {
    "组织": ["编码", "名称", "级别", "上级编码"],
    "服务队": ["编码", "名称", "所属社区"],
    "志愿者": [
        "志愿者编号",
        "姓名",
        "性别",
        "出生日期",
        "证件号码",
        "手机号",
        "所属社区",
        "党员",
        "工作单位",
        "服务队",
        "注册日期",
    ],
    "活动": [
        "活动编号",
        "活动名称",
        "类别",
        "志愿服务",
        "组织单位",
        "服务队",
        "负责人",
        "地点",
        "开始时间",
        "结束时间",
        "休息分钟",
        "难度系数",
        "招募人数",
    ],
    "签到": ["活动编号", "志愿者编号", "签到时间", "签退时间", "方式", "备注"],
    "奖励": ["志愿者编号", "奖项", "积分", "日期"],
    "商品": ["门店", "商品编码", "名称", "积分价", "库存"],
    "兑换": ["小票号", "志愿者编号", "门店", "商品编码", "数量", "积分", "兑换时间", "收银员"],
}
_WIDE: Final = str.maketrans({chr(point): chr(point + 0xFEE0) for point in range(0x21, 0x7F)})
_START: Final = datetime(2024, 1, 1)
_NEW_YEARS_EVE: Final = datetime(2025, 12, 31, 21)

Rows = list[list[Any]]


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    volunteers: int = 25
    activities: int = 60
    attendances: int = 700
    awards: int = 40
    items: int = 12
    slips: int = 250


class Mess:
    """Writes values the way people do."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def code(self, code: str) -> str:
        ways = [code] * 12 + [
            f" {code}",
            f"{code}\u3000",
            f"\u3000 {code} ",
            code.lower(),
            code.translate(_WIDE),
            code.lower().translate(_WIDE),
        ]
        return self.chance.choice(ways)

    def time(self, at: datetime) -> datetime | str:
        """Write a time; only a date cell can keep seconds."""
        if self.chance.random() < 0.5 or at.second:
            return at
        half = "上午" if at.hour < 12 else "下午"
        written = self.chance.choice(
            [
                f"{at:%Y-%m-%d %H:%M}",
                f"{at:%Y/%m/%d %H:%M}",
                f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}",
                f"{at.year}.{at.month}.{at.day} {at.hour}:{at:%M}",
                f"{at:%Y-%m-%d} {half}{at.hour % 12 or 12}:{at:%M}",
            ]
        )
        return self.chance.choice([written, written, written.translate(_WIDE), f" {written}\u3000"])

    def number(self, number: int) -> int | str:
        return self.chance.choice([number] * 6 + [str(number), f"{number} ".translate(_WIDE)])


def district(seed: int, size: Size | None = None) -> dict[str, Rows]:
    """Invent a district: the rows of each sheet without the titles."""
    chance = random.Random(seed)
    size = size or Size()
    mess = Mess(chance)
    people = [f"V{n:06}" for n in range(1, size.volunteers + 1)]
    communities = [f"S{n:03}" for n in range(1, 5)]
    activities = [_activity(chance, n, communities, people) for n in range(1, size.activities + 1)]
    items = [
        [
            f"M{shop:02}",
            f"M{shop:02}-{n:03}",
            f"商品{n}",
            chance.choice([5, 10, 20, 35]),
            chance.randrange(12),
        ]
        for n in range(1, size.items // 2 + 1)
        for shop in (1, 2)
    ]
    sheets: dict[str, Rows] = {
        "组织": [["Q1", "区", "区", None]] + [[code, f"社区{code}", "社区", "Q1"] for code in communities],
        "服务队": [[f"T{n}", f"服务队{n}", mess.code(chance.choice(communities))] for n in range(1, 4)],
        "志愿者": [_person(chance, mess, code, communities) for code in people],
        "活动": [_as_typed(mess, activity) for activity in activities],
        "签到": [_attendance(chance, mess, activities, people) for _ in range(size.attendances)],
        "奖励": [
            [mess.code(chance.choice(people)), "最美邻里", mess.number(chance.choice([20, 50])), _day(chance)]
            for _ in range(size.awards)
        ],
        "商品": items,
        "兑换": _slips(chance, mess, size, activities, items, people),
    }
    # The same person at the same activity again, elsewhere in the sheet.
    for row in chance.sample(sheets["签到"], len(sheets["签到"]) // 20):
        sheets["签到"].insert(
            chance.randrange(len(sheets["签到"])), [mess.code(str(row[0]).strip()), *row[1:]]
        )
    return sheets


def larger(size: Size, times: int) -> Size:
    """Multiply everything that happens, the registers included."""
    return replace(size, **{name: value * times for name, value in vars(size).items()})


def _activity(chance: random.Random, n: int, communities: list[str], people: list[str]) -> list[Any]:
    # Few days and round hours: so that services overlap, touch, fill days and end at the same minute.
    start = _START + timedelta(
        days=chance.choice([3, 4, 5, 200, 364, 365, 366, 500, 700]), hours=chance.randrange(5, 23)
    )
    length = chance.choice([25, 30, 59, 60, 61, 90, 120, 240, 480, 510])
    if chance.random() < 0.08:
        start, length = (
            _NEW_YEARS_EVE - timedelta(days=365 * chance.randrange(2), minutes=30 * chance.randrange(2)),
            240,
        )
    rest: int | None = chance.choice([None, None, 0, 15, 30, 300])
    service = "否" if chance.random() < 0.08 else "是"
    team, leader = f"T{chance.randrange(1, 4)}", chance.choice(people)
    ratio = chance.choice([1, 1.2, 1.5, 1.25, 0.8, "1.2", "１.５", 0.35])
    end = start + timedelta(minutes=length)
    code = f"A{n:05}"
    return [
        code,
        f"行动{n}",
        "助老",
        service,
        chance.choice(communities),
        team,
        leader,
        "站",
        start,
        end,
        rest,
        ratio,
        20,
    ]


def _as_typed(mess: Mess, activity: list[Any]) -> list[Any]:
    return [*activity[:8], mess.time(activity[8]), mess.time(activity[9]), *activity[10:]]


def _person(chance: random.Random, mess: Mess, code: str, communities: list[str]) -> list[Any]:
    born = datetime(1950 + chance.randrange(50), 3, 20)
    identity = f"990000{born:%Y%m%d}{chance.randrange(999):03}X"
    home, party = mess.code(chance.choice(communities)), chance.choice(["是", "否"])
    return [code, "某某", "女", born, identity, "19900000001", home, party, None, "T1", datetime(2023, 6, 1)]


def _day(chance: random.Random) -> datetime:
    return _START + timedelta(days=chance.randrange(730))


def _attendance(
    chance: random.Random, mess: Mess, activities: list[list[Any]], people: list[str]
) -> list[Any]:
    activity = chance.choice(activities)
    start, end = activity[8], activity[9]
    came = start + timedelta(
        minutes=chance.choice([-40, -1, 0, 0, 0, 1, 20, 31]), seconds=chance.choice([0, 0, 0, 1, 59])
    )
    left = end + timedelta(
        minutes=chance.choice([-31, -20, -1, 0, 0, 0, 1, 40]), seconds=chance.choice([0, 0, 0, 1, 59])
    )
    row: list[Any] = [
        mess.code(activity[0]),
        mess.code(chance.choice(people)),
        mess.time(came),
        mess.time(left),
        "扫码",
        None,
    ]
    spoilt = chance.random()
    if spoilt < 0.02:
        row[0] = chance.choice(["A99999", "", None])
    elif spoilt < 0.04:
        row[1] = chance.choice(["V999999", None])
    elif spoilt < 0.06:
        row[chance.choice([2, 3])] = chance.choice([None, "", " \u3000"])
    elif spoilt < 0.09:
        row[chance.choice([2, 3])] = chance.choice(
            ["忘记", "2025-02-30 10:00", "2025-03-05 25:00", "10:00", 45000.5, "2025-03-05"]
        )
    elif spoilt < 0.11:
        row[3] = mess.time(came) if chance.random() < 0.5 else mess.time(came - timedelta(minutes=5))
    elif spoilt < 0.13:
        row[2], row[3] = mess.time(end + timedelta(hours=1)), mess.time(end + timedelta(hours=3))
    if spoilt < 0.02 and chance.random() < 0.3:
        row[3] = "忘记"
    return row


def _slips(
    chance: random.Random, mess: Mess, size: Size, activities: list[list[Any]], items: Rows, people: list[str]
) -> Rows:
    slips: Rows = []
    for n in range(size.slips):
        item, pieces = chance.choice(items), chance.choice([1, 1, 2, 3])
        at = chance.choice(
            [
                chance.choice(activities)[9] + timedelta(seconds=chance.choice([0, 0, 30])),
                _day(chance) + timedelta(hours=chance.randrange(24), minutes=chance.randrange(3)),
                _day(chance),
                datetime(2025, 12, 31, 23, 59),
                _START + timedelta(days=chance.choice([5, 200, 366, 700]), hours=23),
            ]
        )
        receipt = f"R{chance.randrange(size.slips):06}" if chance.random() < 0.08 else f"R{size.slips - n:06}"
        price = item[3] * pieces
        slip: list[Any] = [
            mess.code(receipt),
            mess.code(chance.choice(people)),
            mess.code(item[0]),
            mess.code(item[1]),
            mess.number(pieces),
            mess.number(price),
            mess.time(at),
            "收银1",
        ]
        spoilt = chance.random()
        if spoilt < 0.03:
            slip[3] = "M09-001"
        elif spoilt < 0.05:
            slip[2] = "M02" if item[0] == "M01" else "M01"
        elif spoilt < 0.09:
            slip[5] = price + chance.choice([-1, 1])
        elif spoilt < 0.11:
            slip[1] = "V999999"
        elif spoilt < 0.13:
            slip[6] = chance.choice([None, "下午"])
        slips.append(slip)
    return slips


def write(path: Path, sheets: dict[str, Rows], *, chance: random.Random | None = None) -> None:
    """Write a workbook; with `chance`, columns change places and empty rows come in between."""
    options = {"default_date_format": "yyyy-mm-dd hh:mm:ss", "strings_to_formulas": False}
    with xlsxwriter.Workbook(path, options) as book:
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            order = list(range(len(TITLES[title])))
            if chance:
                chance.shuffle(order)
            place = 0
            for row in [TITLES[title], *rows]:
                if chance and place and chance.random() < 0.02:
                    place += 1
                for column, source in enumerate(order):
                    if source < len(row) and row[source] is not None:
                        sheet.write(place, column, row[source])
                place += 1
