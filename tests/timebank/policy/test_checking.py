"""All that is wrong with a pack at once, in two languages."""

import json
import re
from typing import Any

from tests.timebank.policy.test_rules import body, changed
from timebank.policy.checking import problems
from timebank.policy.rules import PolicyPack, default_pack


def places(written: str | dict[str, Any]) -> list[tuple[str, str]]:
    pack, found = problems(written)
    assert pack is None
    for each in found:
        assert re.search("[\u4e00-\u9fff]", each.zh), each
        assert re.search("[a-z]", each.en), each
    return [(each.path, each.code) for each in found]


def test_nothing_is_wrong_with_the_default_pack() -> None:
    assert problems(body()) == (default_pack(), [])
    assert problems(json.dumps(body()).encode()) == (default_pack(), [])


def test_everything_that_is_written_wrongly_is_named() -> None:
    wrong = body()
    wrong["name"] = "x" * 201
    wrong["units"][0]["spendable"] = 1
    wrong["units"][1]["spendable"] = True
    wrong["units"][3]["spendable"] = True
    wrong["crediting"] = {"rounding_minutes": 30.5, "daily_cap_minutes": 1441, "points_per_hour": -1, "a": 1}
    wrong["expiry"] = {"point": {"rule": "never"}, "fufen": {}, "a b": {"rule": "end_of_year"}}
    wrong["exchanges"] = [["point", "fufen", "point"], "point"]
    wrong["star_hours"] = [0]
    wrong["grades"]["Z"] = {}
    wrong["labels"] = []
    del wrong["annual_hours"]
    assert places(wrong) == [
        ("name", "too_long"),
        ("units.0.spendable", "no_truth"),
        ("units.3", "honour_given"),
        ("crediting.rounding_minutes", "no_whole_number"),
        ("crediting.daily_cap_minutes", "above_most"),
        ("crediting.points_per_hour", "below_least"),
        ("crediting.a", "surplus"),
        ("expiry.point", "no_such_rule"),
        ("expiry.fufen", "rule_missing"),
        ("expiry.a b", "not_written_so"),
        ("expiry.a b.years_after", "missing"),
        ("exchanges.0", "list_too_long"),
        ("exchanges.1", "no_list"),
        ("star_hours.0", "must_be_above"),
        ("annual_hours", "missing"),
        ("grades.Z", "none_of"),
        ("labels", "no_object"),
    ]


def test_everything_that_does_not_hang_together_is_named() -> None:
    text = changed(
        exchanges=[["gold", "minute"]],
        star_hours=[2, 1],
        annual_hours=[],
        grades={"A": {}},
        expiry={"gold": {"rule": "end_of_year", "years_after": 1}},
        earned=[{"unit": "point", "per_hour_permille": 1}],
    )
    assert places(text) == [
        ("expiry.gold", "unit_not_listed"),
        ("exchanges", "not_given"),
        ("exchanges", "not_to_be_had"),
        ("earned", "not_earned"),
        ("star_hours", "steps_must_rise"),
        ("annual_hours", "steps_must_rise"),
        ("grades", "absent"),
    ]


def test_what_is_no_pack_at_all_is_named_too() -> None:
    assert places("{") == [("pack", "no_json")]
    assert places("[]") == [("pack", "no_object")]
    assert len(places({})) == len([one for one in PolicyPack.model_fields.values() if one.is_required()])


def test_braces_in_what_somebody_wrote_are_only_letters() -> None:
    wrong = body()
    wrong["exchanges"] = [["point", "class:money"]]
    wrong["{place}{0}"] = {"{": 1}
    assert places(wrong) == [("{place}{0}", "surplus")]
