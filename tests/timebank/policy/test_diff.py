"""What differs between two packs."""

from dataclasses import astuple

from hypothesis import given
from hypothesis import strategies as st

from tests.timebank.policy.test_rules import CATEGORY, body, changed
from timebank.policy.diff import Change, changes
from timebank.policy.rules import default_pack, parse_pack


def of(**parts: object) -> list[tuple[object, ...]]:
    return [astuple(change) for change in changes(default_pack(), parse_pack(changed(**parts)))]


def test_a_pack_differs_from_itself_in_nothing() -> None:
    assert changes(default_pack(), default_pack()) == []


def test_a_figure_is_named_with_both_values() -> None:
    crediting = {**body()["crediting"], "points_per_hour": 20, "rounding_minutes": 15}
    assert of(crediting=crediting, star_hours=[100, 300]) == [
        ("crediting.points_per_hour", 10, 20),
        ("crediting.rounding_minutes", 30, 15),
        ("star_hours", (100, 300, 600, 1000, 1500), (100, 300)),
    ]


def test_what_comes_and_goes_has_nothing_on_one_side() -> None:
    units = [one for one in body()["units"] if one["code"] != "fufen"]
    settlement = {"unit_cents": {"point": 10}}
    found = of(
        units=units,
        expiry={},
        exchanges=[["point", "party_thing"]],
        categories=[CATEGORY],
        settlement=settlement,
    )
    assert found == [
        ("units.fufen.class", "value", None),
        ("units.fufen.code", "fufen", None),
        ("units.fufen.spendable", True, None),
        ("expiry.fufen.grace_days", 0, None),
        ("expiry.fufen.months_after", 12, None),
        ("expiry.fufen.rule", "end_of_month", None),
        ("expiry.point.grace_days", 0, None),
        ("expiry.point.rule", "end_of_year", None),
        ("expiry.point.years_after", 1, None),
        ("exchanges.point→class:goods", True, None),
        ("exchanges.point→party_thing", None, True),
        ("categories.elder_care.code", None, "elder_care"),
        ("categories.elder_care.is_volunteer_service", None, True),
        ("categories.elder_care.label.en", None, "Elder care"),
        ("categories.elder_care.label.zh", None, "助老"),
        ("categories.elder_care.points_per_hour", None, 12),
        ("settlement.unit_cents.fufen", 10, None),
    ]


def test_a_conversion_is_named_by_what_is_given_and_got() -> None:
    rates = [
        {"from_unit": "minute", "to_unit": "fufen", "from_amount": 60, "to_amount": 2},
        {"from_unit": "point", "to_unit": "fufen", "from_amount": 10, "to_amount": 1},
    ]
    pairs = [["point", "class:goods"], ["point", "fufen"]]
    before = parse_pack(changed(exchanges=pairs, conversions=rates))
    dearer = [{**rates[1], "from_amount": 20}, rates[0]]
    after = parse_pack(changed(exchanges=pairs, conversions=dearer))
    assert [astuple(change) for change in changes(before, after)] == [
        ("conversions.point→fufen.from_amount", 10, 20)
    ]


def test_a_list_of_words_is_a_value() -> None:
    units = [*body()["units"], {"code": "timecoin", "class": "value", "spendable": True}]
    kin = parse_pack(changed(units=units, timecoins={"storage_cap": 1500}))
    spouse = parse_pack(changed(units=units, timecoins={"storage_cap": 1500, "gift_relations": ["spouse"]}))
    (change,) = changes(kin, spouse)
    assert (change.path, change.after) == ("timecoins.gift_relations", ("spouse",))


def test_the_order_of_units_says_nothing() -> None:
    assert of(units=list(reversed(body()["units"]))) == []


def test_false_is_something_that_is_said() -> None:
    grades = {**body()["grades"], "A": {"approvals": 1, "counts_for_stars": False}}
    assert of(grades=grades) == [("grades.A.counts_for_stars", True, False)]


def test_of_the_first_pack_all_is_new() -> None:
    found = changes(None, default_pack())
    assert {change.before for change in found} == {None}
    assert found[0] == Change("name", None, default_pack().name)
    assert len(found) == len({change.path for change in found})


@given(st.permutations(["units", "categories", "earned"]), st.integers(1, 1440))
def test_going_back_is_the_mirror(parts: list[str], minutes: int) -> None:
    values = {
        "units": body()["units"][::-1],
        "categories": [CATEGORY],
        "earned": [{"unit": "fufen", "per_hour_permille": minutes}],
    }
    other = parse_pack(changed(**{part: values[part] for part in parts[:2]}))
    there, back = changes(default_pack(), other), changes(other, default_pack())
    assert [(one.path, one.after, one.before) for one in there] == [
        (one.path, one.before, one.after) for one in back
    ]
