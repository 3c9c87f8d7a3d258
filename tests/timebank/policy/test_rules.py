"""Policy packs as data: what is refused, where and why; what follows from one."""

import json
from datetime import date
from typing import Any

import pytest

from timebank.errors import RefusalError
from timebank.policy.rules import default_pack, level_of, parse_pack


def changed(**parts: object) -> str:
    """Return the default pack with some parts exchanged."""
    body: dict[str, Any] = json.loads(default_pack().model_dump_json(by_alias=True))
    return json.dumps({**body, **parts})


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("", "pack", "JSON"),
        ("[]", "pack", "object"),
        (changed(surprise=1), "surprise", "not permitted"),
        (changed(name=""), "name", "at least 1"),
        (changed(crediting={"rounding_minutes": 0}), "crediting.rounding_minutes", "greater than 0"),
        (changed(crediting={"rounding_minutes": 30.5}), "crediting.rounding_minutes", "integer"),
        (changed(crediting={"rounding_minutes": "30"}), "crediting.rounding_minutes", "integer"),
        (changed(crediting={"rounding_minutes": 30}), "crediting.daily_cap_minutes", "required"),
        (changed(expiry={"point": {"rule": "never", "years_after": 1}}), "expiry.point.rule", "end_of_year"),
        (
            changed(expiry={"point": {"rule": "end_of_year", "years_after": -1}}),
            "expiry.point.years_after",
            "0",
        ),
        (changed(star_hours=[]), "pack", "star_hours: steps must rise"),
        (changed(star_hours=[100, 100]), "pack", "star_hours: steps must rise"),
        (changed(annual_hours=[200, 100]), "pack", "annual_hours: steps must rise"),
        (changed(units=[]), "pack", "minute, point missing"),
        (changed(exchanges=[["minute", "point"]]), "pack", "minute is not a unit that can be given"),
        (changed(exchanges=[["gold", "point"]]), "pack", "gold is not a unit that can be given"),
        (changed(units=[{"code": "minute", "class": "honour", "spendable": True}]), "units.0", "never spent"),
        (changed(units=[{"code": "分钟", "class": "honour", "spendable": False}]), "units.0.code", "pattern"),
    ],
)
def test_a_faulty_pack_is_refused_with_place_and_reason(text: str, place: str, reason: str) -> None:
    with pytest.raises(RefusalError) as refused:
        parse_pack(text)
    assert refused.value.code == "policy_invalid"
    assert refused.value.params["place"] == place
    assert reason in str(refused.value.params["reason"])


def test_a_pack_survives_being_written_and_read() -> None:
    pack = default_pack()
    assert parse_pack(pack.model_dump_json(by_alias=True)) == pack


def test_lots_end_with_a_year_or_never() -> None:
    pack = default_pack()
    assert pack.expires_on("point", date(2024, 1, 1)) == date(2025, 12, 31)
    assert pack.expires_on("point", date(2024, 12, 31)) == date(2025, 12, 31)
    assert pack.expires_on("minute", date(2024, 1, 1)) is None


@pytest.mark.parametrize(
    ("minutes", "level"), [(0, 0), (5_999, 0), (6_000, 1), (17_999, 1), (18_000, 2), (90_000, 5), (10**9, 5)]
)
def test_a_step_is_reached_by_its_last_minute(minutes: int, level: int) -> None:
    assert level_of(minutes, (100, 300, 600, 1000, 1500)) == level
