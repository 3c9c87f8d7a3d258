"""What no list of recognition may say, each by its place."""

import json

import pytest

from timebank.policy.checking import problems
from timebank.policy.rules import default_pack, parse_pack, schemes

GOOD: dict[str, object] = {
    "code": "good",
    "label": {"zh": "年度嘉许", "en": "Recognition"},
    "step_hours": [50, 100],
}


def text(*lists: dict[str, object]) -> str:
    pack = default_pack().model_dump(mode="json", by_alias=True) | {"recognitions": list(lists)}
    return json.dumps(pack)


@pytest.mark.parametrize(
    ("changes", "path", "rule"),
    [
        ({"step_hours": [100, 50]}, "step_hours", "steps_must_rise"),
        ({"step_hours": [50, 50]}, "step_hours", "steps_must_rise"),
        ({"step_labels": [{"zh": "一级", "en": "One"}]}, "step_labels", "label_for_each_step"),
        ({"quota": {"most": 1, "percent": 10}}, "quota", "most_or_percent"),
        ({"quota": {"per": "list"}}, "quota", "most_or_percent"),
        ({"grades": ["A", "A"]}, "grades", "twice"),
        ({"bars": ["debt", "debt"]}, "bars", "twice"),
        ({"subject": "team", "bars": ["debt"]}, "bars", "bars_people"),
    ],
)
def test_what_is_wrong(changes: dict[str, object], path: str, rule: str) -> None:
    _, found = problems(text(GOOD | changes))
    assert [(one.path, one.code) for one in found] == [(f"recognitions.good.{path}", rule)]


def test_a_code_stands_once() -> None:
    _, found = problems(text(GOOD, GOOD))
    assert [(one.path, one.code) for one in found] == [("recognitions", "twice")]


def test_what_is_right() -> None:
    labels = [{"zh": "一级", "en": "One"}, {"zh": "二级", "en": "Two"}]
    pack = parse_pack(text(GOOD | {"step_labels": labels, "quota": {"percent": 10}, "bars": ["debt"]}))
    assert [scheme.code for scheme in schemes(pack)] == ["good"]
    assert [scheme.code for scheme in schemes(default_pack())] == ["annual"]
