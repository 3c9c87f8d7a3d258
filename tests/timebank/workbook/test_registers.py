"""What becomes of register rows, and of happenings that cannot be read."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from timebank.records.rules import PlannedActivity
from timebank.workbook import registers
from timebank.workbook.cells import Cell
from timebank.workbook.district import read_attendance, read_awards, read_redemptions
from timebank.workbook.fates import Fate, SheetFates
from timebank.workbook.sheets import AwardRow, OrganisationRow

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2025, 3, 5, 9)
END = datetime(2025, 3, 5, 11)


def codes(fates: SheetFates) -> dict[int, str]:
    return {row_number: fate.code for row_number, fate in fates.items()}


def activity(code: Cell = "A1", **changes: Cell) -> list[Cell]:
    row: dict[str, Cell] = {
        "code": code,
        "name": "行动",
        "category": "助老",
        "service": "是",
        "organiser": "S1",
        "team": "T1",
        "leader": "V1",
        "place": "站",
        "start": START,
        "end": END,
        "rest": None,
        "difficulty": 1.2,
        "wanted": 20.0,
    }
    return list((row | changes).values())


def activities(*rows: list[Cell]) -> tuple[list[str], SheetFates]:
    fates: SheetFates = {}
    read = registers.read_activities(
        enumerate(rows, start=2),
        fates,
        organisations={"S1"},
        teams={"T1"},
        volunteers={"V1"},
        zone=SHANGHAI,
    )
    return [row.code for row in read], fates


def test_parents_come_first_wherever_they_stand() -> None:
    fates: SheetFates = {}
    rows: list[list[Cell]] = [
        ["w1", "网格", "网格", "s1 "],
        [" S1", "社区", "社区", "Q"],
        ["Ｑ", "区", "区", None],
    ]
    read = registers.read_organisations(enumerate(rows, start=2), fates)
    assert read[0] == OrganisationRow(4, "Q", "区", "区", "")
    assert [row.code for row in read] == ["Q", "S1", "W1"]
    assert codes(fates) == {2: "registered", 3: "registered", 4: "registered"}


def test_a_line_of_parents_must_reach_a_root() -> None:
    fates: SheetFates = {}
    rows: list[list[Cell]] = [
        ["Q", "区", "区", ""],
        ["", "无编码", "社区", "Q"],
        ["Q", "又一区", "区", "A"],
        ["S1", "孤儿", "社区", "J9"],
        ["W1", "孤儿之下", "网格", "S1"],
        ["A", "环", "社区", "B"],
        ["B", "环", "社区", "A"],
        ["C", "自己", "社区", "C"],
    ]
    read = registers.read_organisations(enumerate(rows, start=2), fates)
    assert [row.code for row in read] == ["Q"]
    assert codes(fates) == {2: "registered", 3: "missing_code", 4: "duplicate_code"} | dict.fromkeys(
        range(5, 10), "unknown_parent"
    )


def test_a_team_without_its_community_is_kept_and_noted() -> None:
    fates: SheetFates = {}
    rows: list[list[Cell]] = [["T1", "队", "S9"], ["T2", "队", ""], ["t1", "队", "S1"], [None, "队", "S1"]]
    read = registers.read_teams(enumerate(rows, start=2), fates, {"S1"})
    assert [(row.code, row.community) for row in read] == [("T1", ""), ("T2", "")]
    assert fates[2] == Fate("registered", notes=("unknown_organisation",))
    assert codes(fates) == {2: "registered", 3: "registered", 4: "duplicate_code", 5: "missing_code"}


def test_a_volunteer_keeps_the_row_and_loses_the_faulty_cells() -> None:
    fates: SheetFates = {}
    rows: list[list[Cell]] = [
        [
            "v1",
            "张三",
            "女",
            date(1960, 1, 2),
            "99000019600102001x",
            19900000001.0,
            "S1",
            "是",
            "厂",
            "T1",
            "2023-6-1",
        ],
        ["V2", "李四", "男", "不详", 990000196001020000.0, "19900000002", "S9", "也许", None, "T9", 5.0],
        ["Ｖ１", "王五", "", None, None, None, None, None, None, None, None],
        ["", "赵六", "", None, None, None, None, None, None, None, None],
    ]
    read = registers.read_volunteers(
        enumerate(rows, start=2),
        fates,
        organisations={"S1"},
        teams={"T1"},
    )
    assert codes(fates) == {2: "registered", 3: "registered", 4: "duplicate_code", 5: "missing_code"}
    assert fates[2].notes == ()
    assert set(fates[3].notes) == {
        "bad_birth_date",
        "id_number_typed_as_number",
        "unknown_organisation",
        "bad_yes_no",
        "unknown_team",
        "bad_registration_date",
    }
    first, second = read
    assert (first.id_number, first.phone, first.born_on) == (
        "99000019600102001X",
        "19900000001",
        date(1960, 1, 2),
    )
    assert first.registered_on == date(2023, 6, 1)
    assert (second.id_number, second.born_on, second.party_member, second.team) == (None, None, None, "")
    for secret in ("张三", "99000019600102001X", "19900000001", "1960", "厂", "女"):
        assert secret not in repr(first)


def test_an_activity_carries_its_plan() -> None:
    fates: SheetFates = {}
    (read,) = registers.read_activities(
        enumerate([activity("ａ1", rest="１５")], start=2),
        fates,
        organisations={"S1"},
        teams={"T1"},
        volunteers={"V1"},
        zone=SHANGHAI,
    )
    start, end = START.replace(tzinfo=SHANGHAI), END.replace(tzinfo=SHANGHAI)
    assert read.plan == PlannedActivity("A1", True, start, end, 15, 1200)  # noqa: FBT003 -- the fields in order
    assert fates[2] == Fate("registered")


def test_activities_that_cannot_be_credited_are_refused() -> None:
    kept, fates = activities(
        activity("A1", start="忘记"),
        activity("A2", end=None),
        activity("A3", service="也许"),
        activity("A4", service=None),
        activity("A5", rest=-5.0),
        activity("A6", rest=1.5),
        activity("A7", difficulty="高"),
        activity("A8", difficulty=-1.0),
        activity(None),
    )
    assert kept == []
    assert list(codes(fates).values()) == [
        "bad_time",
        "missing_time",
        "bad_yes_no",
        "bad_yes_no",
        "bad_number",
        "bad_number",
        "bad_number",
        "bad_number",
        "missing_code",
    ]


def test_other_faults_of_an_activity_are_noted() -> None:
    kept, fates = activities(
        activity("A1", difficulty=None),
        activity("A1", difficulty=2.0),
        activity("A2", organiser="S9", team="T9", leader="V9", wanted="很多"),
        activity("A3", start=END, end=START),
    )
    assert kept == ["A1", "A2", "A3"]
    assert fates[3].code == "duplicate_code"
    assert fates[4].notes == ("unknown_organisation", "unknown_team", "unknown_leader", "bad_number")
    assert fates[5].notes == ("end_not_after_start",)


def test_a_refused_first_row_leaves_its_code_to_the_next() -> None:
    assert activities(activity("A1", start="忘记"), activity("A1"))[0] == ["A1"]


def test_goods_are_one_code_in_one_shop() -> None:
    fates: SheetFates = {}
    rows: list[list[Cell]] = [
        ["m1", "x", "米", 50.0, 0.0],
        ["M2", "X", "米", "５０", 3.0],
        ["M1", "X", "米", 5.0, 5.0],
        ["M1", "", "米", 5.0, 5.0],
        ["M1", "Y", "米", 0.0, 5.0],
        ["M1", "Y", "米", 5.0, -1.0],
        ["M1", "Y", "米", 5.0, None],
        ["M1", "Y", "米", "贵", 5.0],
    ]
    read = registers.read_goods(enumerate(rows, start=2), fates)
    assert [(row.shop, row.sku, row.price, row.stock) for row in read] == [
        ("M1", "X", 50, 0),
        ("M2", "X", 50, 3),
    ]
    assert (
        list(codes(fates).values())
        == ["registered"] * 2 + ["duplicate_code", "missing_code"] + ["bad_number"] * 4
    )


def test_a_missing_time_goes_before_a_bad_one() -> None:
    rows: list[list[Cell]] = [
        ["A1", "V1", "忘记", None, "扫码", "私事"],
        ["A1", "V1", "忘记", END, "", ""],
        ["A1", "V1", START, END, "", ""],
    ]
    read = list(read_attendance(enumerate(rows, start=2), SHANGHAI))
    assert [row.time_fault for row in read] == ["missing_time", "bad_time", None]
    assert "私事" not in repr(read)


def test_awards_need_a_day_and_points() -> None:
    fates: SheetFates = {}
    rows: list[list[Cell]] = [
        ["v1", "奖", 20.0, datetime(2025, 3, 5, 9)],
        ["V1", "奖", 20.0, None],
        ["V1", "奖", 20.0, "春天"],
        ["V1", "奖", 0.0, START],
        ["V1", "奖", None, START],
        ["V1", "奖", "二十", START],
    ]
    read = list(read_awards(enumerate(rows, start=2), fates))
    assert read == [AwardRow(2, "V1", "奖", 20, date(2025, 3, 5))]
    assert list(codes(fates).values()) == [
        "missing_time",
        "bad_time",
        "bad_number",
        "bad_number",
        "bad_number",
    ]


def test_slips_need_a_receipt_and_a_time() -> None:
    fates: SheetFates = {}
    rows: list[list[Cell]] = [
        ["r1", "v1", "m1", "x", "２", "高", START, "收银"],
        ["R2", "V1", "M1", "X", 1.0, 5.0, None, ""],
        ["R3", "V1", "M1", "X", 1.0, 5.0, "下午", ""],
        [None, "V1", "M1", "X", 1.0, 5.0, START, ""],
    ]
    (slip,) = read_redemptions(enumerate(rows, start=2), fates, SHANGHAI)
    assert (slip.receipt, slip.quantity, slip.points) == ("R1", 2, None)
    assert codes(fates) == {3: "missing_time", 4: "bad_time", 5: "missing_code"}
