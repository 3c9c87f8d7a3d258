"""Which fields the form of a policy pack has: part by part, in the order that an office thinks of them. Pure."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from timebank.policy.calendar import Bar
from timebank.policy.parts import Grade
from timebank.policy.spending import Relation

Kind = Literal["number", "text", "unit", "day", "flag", "choice", "choices", "numbers", "lines"]
"""How a field is typed: `numbers` beside each other, `choices` to be ticked, `lines` of Chinese | English."""

Shape = Literal["one", "maybe", "list", "map", "pairs"]
"""One of its kind, one that may be left out, a list of them, those by a key, pairs of two words."""

CLASSES = ("value", "honour", "score", "money", "goods")
SUBJECTS = ("volunteer", "team", "unit")
KEY: Final = "key"
"""The field of what the others are said of, in a part that is by key."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field: what the pack calls it within its part, and how it is typed; one that `may_lack` may stay empty."""

    name: str
    kind: Kind = "number"
    options: tuple[str, ...] = ()
    may_lack: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a pack; `path` is empty for what stands at the top. `keys` name one of a list in what is said of it."""

    path: str
    fields: tuple[Field, ...]
    shape: Shape = "one"
    keys: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """What the words of the part begin with."""
        return self.path or "pack"


@dataclass(frozen=True, slots=True)
class Group:
    """Parts that are looked at together."""

    name: str
    parts: tuple[Part, ...]


def _numbers(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name) for name in names)


def _limits(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, may_lack=True) for name in names)


_LABEL: Final = (Field("label.zh", "text"), Field("label.en", "text"))
_GRADES: Final = Field("grades", "choices", get_args(Grade))

GROUPS: Final = (
    Group(
        "crediting",
        (
            Part("", (Field("name", "text"),)),
            Part("crediting", _numbers("points_per_hour", "rounding_minutes", "daily_cap_minutes")),
            Part(
                "earned",
                (Field("unit", "unit"), Field("per_hour_permille"), Field("party_members_only", "flag")),
                "list",
                ("unit",),
            ),
        ),
    ),
    Group(
        "categories",
        (
            Part(
                "categories",
                (
                    Field("code", "text"),
                    *_LABEL,
                    Field("points_per_hour", may_lack=True),
                    Field("is_volunteer_service", "flag"),
                ),
                "list",
                ("code",),
            ),
        ),
    ),
    Group(
        "attendance",
        (
            Part(
                "attendance",
                _numbers(
                    "early_minutes",
                    "late_minutes",
                    "haircut_minutes",
                    "blocked_minutes_per_day",
                    "second_approval_minutes",
                    "travel_metres_per_minute",
                    "record_working_days",
                    "notice_working_days",
                ),
            ),
            Part(
                "grades",
                (
                    Field(KEY, "choice", get_args(Grade)),
                    Field("approvals"),
                    Field("counts_for_stars", "flag"),
                ),
                "map",
            ),
        ),
    ),
    Group(
        "ends",
        (
            Part("", (Field("warning_days", "numbers"),)),
            Part(
                "expiry",
                (
                    Field(KEY, "unit"),
                    Field("rule", "choice", ("end_of_year", "end_of_month")),
                    Field("after"),
                    Field("grace_days"),
                ),
                "map",
            ),
            Part(
                "extensions",
                (
                    Field("unit", "unit"),
                    *(Field(name, "day") for name in ("ends_from", "ends_until", "to")),
                    Field("reason.zh", "text"),
                    Field("reason.en", "text"),
                ),
                "list",
            ),
        ),
    ),
    Group(
        "honour",
        (
            Part("", (Field("star_hours", "numbers"), Field("annual_hours", "numbers"))),
            Part(
                "recognitions",
                (
                    Field("code", "text"),
                    *_LABEL,
                    Field("subject", "choice", SUBJECTS),
                    Field("step_hours", "numbers"),
                    Field("step_labels", "lines"),
                    _GRADES,
                    Field("least_points"),
                    Field("party_members_only", "flag"),
                    Field("quota.per", "choice", ("community", "list")),
                    *_limits("quota.most", "quota.percent"),
                    Field("at_tie", "choice", ("include", "leave_out")),
                    Field("bars", "choices", get_args(Bar)),
                    Field("notice_working_days"),
                ),
                "list",
                ("code",),
            ),
        ),
    ),
    Group(
        "spending",
        (
            Part(
                "redemption",
                (
                    Field("days_of_month", "numbers"),
                    Field("weekdays", "numbers"),
                    *_limits(
                        "member_day_points",
                        "member_month_points",
                        "member_quarter_count",
                        "item_day_quantity",
                        "item_month_quantity",
                    ),
                    *_numbers(
                        "warn_percent",
                        "quote_minutes",
                        "reservation_hours",
                        "refund_grace_days",
                        "manager_refund_days",
                    ),
                ),
            ),
            Part("vouchers", _numbers("upload_days")),
            Part("settlement.unit_cents", (Field(KEY, "unit"), Field("")), "map"),
        ),
    ),
    Group(
        "exchange",
        (
            Part(
                "units",
                (Field("code", "text"), Field("class", "choice", CLASSES), Field("spendable", "flag")),
                "list",
                ("code",),
            ),
            Part("exchanges", (Field("given", "unit"), Field("got", "unit")), "pairs"),
            Part(
                "conversions",
                (
                    Field("from_unit", "unit"),
                    Field("to_unit", "unit"),
                    *_numbers("from_amount", "to_amount"),
                    *_limits("member_month_amount"),
                ),
                "list",
                ("from_unit", "to_unit"),
            ),
            Part(
                "timecoins",
                (
                    *_numbers("storage_cap", "coins_per_hour", "order_days"),
                    Field("gift_relations", "choices", get_args(Relation)),
                ),
                "maybe",
            ),
        ),
    ),
    Group(
        "labels",
        (Part("labels", (Field(KEY, "text"), Field("zh", "text"), Field("en", "text")), "map"),),
    ),
)
"""All of a pack: a test holds them to `PolicyPack`."""

PARTS: Final = tuple(part for group in GROUPS for part in group.parts)
