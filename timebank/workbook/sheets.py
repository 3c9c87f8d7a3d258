"""The declared form of the district workbook: its sheets, their columns, and the rows they become.

Fields marked personal never go into reports, logs or errors; the row classes leave them out of their `repr`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from timebank.records.rules import Attendance, PlannedActivity

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title in the sheet, the field it fills, and whether a sheet may do without it."""

    title: str
    field: str
    required: bool = True
    personal: bool = False


@dataclass(frozen=True, slots=True)
class SheetForm:
    """One sheet of the form: its name in the workbook, its English name, and its columns in any order."""

    title: str
    english: str
    columns: tuple[Column, ...]

    @property
    def personal_titles(self) -> frozenset[str]:
        """Return the titles of the columns whose content must not leave the sheet."""
        return frozenset(column.title for column in self.columns if column.personal)


def _optional(title: str, name: str, *, personal: bool = False) -> Column:
    return Column(title, name, required=False, personal=personal)


ORGANISATIONS: Final = SheetForm(
    "组织",
    "Organisations",
    (Column("编码", "code"), Column("名称", "name"), Column("级别", "level"), Column("上级编码", "parent")),
)
TEAMS: Final = SheetForm(
    "服务队", "Teams", (Column("编码", "code"), Column("名称", "name"), Column("所属社区", "community"))
)
VOLUNTEERS: Final = SheetForm(
    "志愿者",
    "Volunteers",
    (
        Column("志愿者编号", "code"),
        Column("姓名", "name", personal=True),
        _optional("性别", "gender", personal=True),
        _optional("出生日期", "born_on", personal=True),
        _optional("证件号码", "id_number", personal=True),
        _optional("手机号", "phone", personal=True),
        Column("所属社区", "community"),
        _optional("党员", "party_member"),
        _optional("工作单位", "employer", personal=True),
        _optional("服务队", "team"),
        _optional("注册日期", "registered_on"),
    ),
)
ACTIVITIES: Final = SheetForm(
    "活动",
    "Activities",
    (
        Column("活动编号", "code"),
        Column("活动名称", "name"),
        _optional("类别", "category"),
        Column("志愿服务", "volunteer_service"),
        Column("组织单位", "organiser"),
        _optional("服务队", "team"),
        _optional("负责人", "leader"),
        _optional("地点", "place"),
        Column("开始时间", "starts_at"),
        Column("结束时间", "ends_at"),
        Column("休息分钟", "rest_minutes"),
        Column("难度系数", "difficulty_thousandths"),
        _optional("招募人数", "wanted"),
    ),
)
ATTENDANCE: Final = SheetForm(
    "签到",
    "Attendance",
    (
        Column("活动编号", "activity"),
        Column("志愿者编号", "volunteer"),
        Column("签到时间", "check_in"),
        Column("签退时间", "check_out"),
        _optional("方式", "way"),
        _optional("备注", "remark", personal=True),
    ),
)
AWARDS: Final = SheetForm(
    "奖励",
    "Awards",
    (
        Column("志愿者编号", "volunteer"),
        Column("奖项", "award"),
        Column("积分", "points"),
        Column("日期", "on"),
    ),
)
GOODS: Final = SheetForm(
    "商品",
    "Goods",
    (
        Column("门店", "shop"),
        Column("商品编码", "sku"),
        Column("名称", "name"),
        Column("积分价", "price"),
        Column("库存", "stock"),
    ),
)
REDEMPTIONS: Final = SheetForm(
    "兑换",
    "Redemptions",
    (
        Column("小票号", "receipt"),
        Column("志愿者编号", "volunteer"),
        Column("门店", "shop"),
        Column("商品编码", "sku"),
        Column("数量", "quantity"),
        Column("积分", "points"),
        Column("兑换时间", "at"),
        _optional("收银员", "cashier"),
    ),
)

FORMS: Final[dict[str, SheetForm]] = {
    form.title: form
    for form in (ORGANISATIONS, TEAMS, VOLUNTEERS, ACTIVITIES, ATTENDANCE, AWARDS, GOODS, REDEMPTIONS)
}
"""All sheets by title, in the order of the form."""


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    """A node of the tree; `parent` is the code of an organisation of this sheet, '' at a root."""

    row_number: int
    code: str
    name: str
    level: str
    parent: str


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team; `community` is '' if the sheet names none that exists."""

    row_number: int
    code: str
    name: str
    community: str


@dataclass(frozen=True, slots=True)
class VolunteerRow:
    """A volunteer; what could not be read of the person is empty and noted in the row's fate."""

    row_number: int
    code: str
    name: str = field(repr=False)
    gender: str = field(repr=False)
    born_on: date | None = field(repr=False)
    id_number: str | None = field(repr=False)
    phone: str = field(repr=False)
    community: str
    party_member: bool | None
    employer: str = field(repr=False)
    team: str
    registered_on: date | None


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """An activity: what it is, and as `plan` what crediting needs of it; `leader` is a volunteer's code."""

    row_number: int
    plan: PlannedActivity
    name: str
    category: str
    organiser: str
    team: str
    leader: str
    place: str
    wanted: int | None

    @property
    def code(self) -> str:
        """Return the activity's code."""
        return self.plan.code


@dataclass(frozen=True, slots=True)
class AttendanceRow(Attendance):
    """An attendance with what the rules do not ask for: `way` is 扫码, 站点代扫 or 补录 as typed."""

    way: str
    remark: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AwardRow:
    """An award of points, effective at 00:00 of its day."""

    row_number: int
    volunteer: str
    award: str
    points: int
    on: date


@dataclass(frozen=True, slots=True)
class GoodsRow:
    """An item on a shop's shelf: `price` in points a piece, `stock` in pieces."""

    row_number: int
    shop: str
    sku: str
    name: str
    price: int
    stock: int


@dataclass(frozen=True, slots=True)
class RedemptionRow:
    """A slip whose time is known; `quantity` or `points` is None where the cell is no whole number."""

    row_number: int
    receipt: str
    volunteer: str
    shop: str
    sku: str
    quantity: int | None
    points: int | None
    at: datetime
    cashier: str


@dataclass(frozen=True, slots=True)
class UnplacedSlip:
    """A slip without a receipt number or a time that can be read: counted as refused, never replayed."""

    row_number: int
    receipt: str
    volunteer: str
    shop: str
    sku: str
    quantity: int | None
    points: int | None
    cashier: str
    refusal: str
