"""Numbers, names and ages of people."""

from datetime import date, timedelta

import pytest

from timebank.errors import RefusalError
from timebank.people import rules

TODAY = date(2026, 3, 5)


def refusal(number: str) -> str:
    with pytest.raises(RefusalError) as refused:
        rules.normal_id_number(number)
    return refused.value.code


@pytest.mark.parametrize(
    "written",
    [
        "19900001234",
        " 199 0000 1234 ",
        "199-0000-1234",
        "+8619900001234",
        "0086 19900001234",
        "８６１９９００００１２３４",
    ],
)
def test_a_phone_has_eleven_digits_however_it_is_written(written: str) -> None:
    assert rules.normal_phone(written) == "19900001234"


@pytest.mark.parametrize(
    "written",
    ["", "1990000123", "199000012345", "12900001234", "+119900001234", "1990000123a", "٠١٩٩٠٠٠٠١٢٣"],
)
def test_anything_else_is_no_phone(written: str) -> None:
    with pytest.raises(RefusalError, match="phone_invalid"):
        rules.normal_phone(written)


def test_the_check_digit_is_that_of_the_standard() -> None:
    # The example of GB 11643: 11010519491231002X.
    assert rules.check_digit("11010519491231002") == "X"
    assert rules.normal_id_number("11010519491231002x") == "11010519491231002X"
    assert rules.normal_id_number(" １１０１０５ 19491231 002x") == "11010519491231002X"


def test_every_single_wrong_digit_is_found() -> None:
    good = "99000019900307451" + rules.check_digit("99000019900307451")
    assert rules.normal_id_number(good) == good
    for place in range(17):
        for digit in set("0123456789") - {good[place]}:
            assert refusal(good[:place] + digit + good[place + 1 :]) == "id_number_invalid"


@pytest.mark.parametrize("first", ["99000020230229001", "99000020231301001", "99000000000101001"])
def test_a_birth_date_that_never_was_is_refused(first: str) -> None:
    assert refusal(first + rules.check_digit(first)) == "id_number_invalid"


@pytest.mark.parametrize("number", ["", "X" * 18, "99000019900307", "9900001990030745XX"])
def test_anything_else_is_no_id_number(number: str) -> None:
    assert refusal(number) == "id_number_invalid"


def id_number(born: str) -> str:
    return f"990000{born}001" + rules.check_digit(f"990000{born}001")


def test_the_birth_date_follows_from_the_id_number() -> None:
    number = id_number("19900307")
    found = rules.normal_fields({"name": " 示例 ", "id_number": number}, today=TODAY)
    assert found == {"name": "示例", "id_number": number, "born_on": "1990-03-07"}
    with pytest.raises(RefusalError, match="birth_dates_differ"):
        rules.normal_fields({"id_number": number, "born_on": "1990-03-08"}, today=TODAY)


@pytest.mark.parametrize("fields", [{"born_on": "2026-03-06"}, {"id_number": id_number("20260306")}])
def test_nobody_is_born_tomorrow(fields: dict[str, str]) -> None:
    with pytest.raises(RefusalError, match="birth_date_invalid"):
        rules.normal_fields(fields, today=TODAY)


@pytest.mark.parametrize(("name", "shown"), [("张三", "张*"), ("欧阳小满", "欧*"), ("Ann", "A*"), ("", "*")])
def test_a_masked_name_is_its_first_character(name: str, shown: str) -> None:
    assert rules.masked(name) == shown


@pytest.mark.parametrize(
    ("born", "of_age"),
    [
        (date(2008, 3, 5), date(2026, 3, 5)),
        (date(2008, 2, 29), date(2026, 3, 1)),
        (date(2000, 12, 31), date(2018, 12, 31)),
    ],
)
def test_one_is_of_age_on_the_eighteenth_birthday(born: date, of_age: date) -> None:
    assert rules.of_age_on(born) == of_age
    assert rules.is_of_age(born, of_age)
    assert not rules.is_of_age(born, of_age - timedelta(days=1))


@pytest.mark.parametrize(
    ("kind", "level", "fits"),
    [
        ("residence", "building", True),
        ("residence", "team", False),
        ("team", "team", True),
        ("team", "community", False),
        ("work_unit", "work_unit", True),
        ("party_unit", "partner_unit", True),
        ("party_unit", "community", False),
        ("party_community", "community", True),
        ("party_community", "street", False),
    ],
)
def test_a_membership_is_at_its_level(kind: str, level: str, fits: bool) -> None:
    if fits:
        rules.check_place(kind, level)
        return
    with pytest.raises(RefusalError) as refused:
        rules.check_place(kind, level)
    assert (refused.value.code, refused.value.params) == ("level_differs", {"kind": kind, "level": level})


def test_who_has_reported_at_both_has_reported() -> None:
    assert rules.has_reported(["residence", "party_unit", "party_community"])
    assert not rules.has_reported(["party_unit", "residence"])
