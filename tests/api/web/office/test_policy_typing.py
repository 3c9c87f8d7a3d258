"""A pack as a form and back: nothing is lost, and what is wrong is found where it was typed."""

import json
from importlib.resources import files
from typing import Any

import pytest

from api.web.office.policy_fields import GROUPS, PARTS, Part
from api.web.office.policy_typing import Typed, is_left_out, placed, read, rows_of, typed_of
from timebank.policy.checking import problems
from timebank.policy.rules import PolicyPack, default_pack

WORDS = json.loads((files("timebank.locale") / "zh.json").read_text(encoding="utf-8"))
WHOLE: dict[str, Any] = {
    "units": [
        {"code": "minute", "class": "honour", "spendable": False},
        {"code": "point", "class": "value", "spendable": True},
        {"code": "fufen", "class": "value", "spendable": True},
        {"code": "timecoin", "class": "value", "spendable": True},
        {"code": "party_score", "class": "score", "spendable": False},
    ],
    "categories": [
        {"code": "elder_care", "label": {"zh": "助老", "en": "Elder care"}, "is_volunteer_service": True,
         "points_per_hour": 12},
        {"code": "meeting", "label": {"zh": "会议", "en": "Meeting"}, "is_volunteer_service": False},
    ],
    "earned": [{"unit": "party_score", "per_hour_permille": 1000, "party_members_only": True}],
    "exchanges": [["point", "class:goods"], ["point", "fufen"]],
    "conversions": [
        {"from_unit": "point", "to_unit": "fufen", "from_amount": 10, "to_amount": 1, "member_month_amount": 500}
    ],
    "expiry": {
        "point": {"rule": "end_of_year", "years_after": 1, "grace_days": 31},
        "fufen": {"rule": "end_of_month", "months_after": 12},
    },
    "extensions": [
        {"unit": "point", "ends_from": "2026-12-31", "ends_until": "2026-12-31", "to": "2027-06-30",
         "reason": {"zh": "停业整修", "en": "Closed for repairs"}}
    ],
    "timecoins": {"storage_cap": 100, "gift_relations": ["spouse", "child"]},
    "recognitions": [
        {"code": "annual", "label": {"zh": "嘉许", "en": "Recognition"}, "step_hours": [50, 100],
         "step_labels": [{"zh": "一级", "en": "First"}, {"zh": "二级", "en": "Second"}],
         "quota": {"per": "community", "percent": 10}, "bars": ["debt"]}
    ],
    "labels": {"order_done": {"zh": "已服务", "en": "Served"}},
}  # fmt: skip


def whole() -> PolicyPack:
    """Return a pack that says something at every place."""
    said = json.loads(default_pack().model_dump_json(by_alias=True)) | WHOLE
    return PolicyPack.model_validate_json(json.dumps(said))


@pytest.mark.parametrize("pack", [default_pack(), whole()], ids=["default", "whole"])
def test_what_a_form_shows_is_read_back_as_the_same_pack(pack: PolicyPack) -> None:
    again, wrong = problems(read(typed_of(pack)).said)
    assert (again, wrong) == (pack, [])


def test_a_form_has_a_field_for_all_that_a_pack_says() -> None:
    tops = {part.path.partition(".")[0] for part in PARTS if part.path}
    tops |= {field.name for part in PARTS if not part.path for field in part.fields}
    assert tops == set(PolicyPack.model_fields)


def test_every_field_and_choice_has_words() -> None:
    for group in GROUPS:
        assert f"page.policy.group.{group.name}" in WORDS
        for part in group.parts:
            assert not part.path or f"page.policy.part.{part.word}" in WORDS
            for field in part.fields:
                assert f"page.policy.f.{part.word}.{field.name or 'value'}" in WORDS
                assert all(len(one) == 1 or f"page.policy.o.{one}" in WORDS for one in field.options)


def wrong_of(typed: Typed) -> dict[str, list[str]]:
    """Return what is wrong with what was typed, by place."""
    said = read(typed)
    return placed(problems(said.said)[1], said.places, chinese=False)


@pytest.mark.parametrize(
    ("name", "text", "place", "words"),
    [
        ("crediting.points_per_hour", "ten", "crediting.points_per_hour", "must be a whole number"),
        ("crediting.points_per_hour", "", "crediting.points_per_hour", "must be a whole number"),
        ("attendance.notice_working_days", "61", "attendance.notice_working_days", "60"),
        ("star_hours", "300 100", "star_hours", "steps must rise"),
        ("star_hours", "100 x", "star_hours", "must be a whole number"),
        ("categories.1.code", "Meeting", "categories.1.code", "is not written as it must be"),
        ("categories.1.label.en", "", "categories.1.label.en", "is required"),
        ("expiry.0.after", "99", "expiry.0.after", "50"),
        ("expiry.1.grace_days", "28", "expiry.1.grace_days", "27"),
        ("settlement.unit_cents.0.value", "-1", "settlement.unit_cents.0", "0"),
        ("timecoins.storage_cap", "", "timecoins.storage_cap", "must be a whole number"),
        ("recognitions.0.quota.most", "3", "recognitions.0", ""),
        ("conversions.0.member_month_amount", "1", "conversions.0", ""),
        ("units.0.class", "value", "units.0", ""),
    ],
)
def test_what_is_wrong_is_said_where_it_was_typed(name: str, text: str, place: str, words: str) -> None:
    found = wrong_of({**typed_of(whole()), name: text})
    near = [each for each in found if each == place or each.startswith(f"{place}.")]
    assert near, found
    assert words in " ".join(found[near[0]]) or not words


def test_rows_are_added_left_empty_and_removed() -> None:
    (part,) = (part for part in PARTS if part.path == "categories")
    typed = typed_of(whole())
    typed |= {"categories.2.code": "", "categories.2.is_volunteer_service": "on"}
    assert [is_left_out(part, typed, row) for row in rows_of(part, typed)] == [False, False, True]
    assert len(read(typed).said["categories"]) == 2
    typed["categories.0.-"] = "on"
    typed["categories.2.code"] = "green"
    assert [row["code"] for row in read(typed).said["categories"]] == ["meeting", "green"]


def test_a_removed_row_does_not_move_what_is_wrong_with_the_next() -> None:
    typed = typed_of(whole()) | {"categories.0.-": "on", "categories.1.points_per_hour": "x"}
    assert wrong_of(typed) == {"categories.1.points_per_hour": ["must be a whole number"]}


def test_timecoins_are_taken_out_by_the_tick() -> None:
    typed = typed_of(whole())
    del typed["timecoins.+"]
    assert read(typed).said["timecoins"] is None


@pytest.mark.parametrize("row", ["99999", "-1", "x", "1e3"])
def test_a_name_that_no_form_of_ours_has_says_nothing(row: str) -> None:
    part: Part = next(part for part in PARTS if part.path == "units")
    assert rows_of(part, {f"units.{row}.code": "x"}) == []
