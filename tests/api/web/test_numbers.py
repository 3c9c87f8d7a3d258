"""Numbers that are typed: digits of either width, and nothing that only a program takes for one."""

from typing import Annotated, Literal

import pytest
from fastapi.exceptions import RequestValidationError
from pydantic import Field

from api.web.forms import FormBody, checked
from api.web.merchant.offering import Limit
from api.web.money import Yuan
from api.web.shop.catalogue import Number
from api.web.shop.goods import Cost

Count = Annotated[int, Field(ge=-5, le=1_000_000)]


class Counted(FormBody):
    """A form that asks how many."""

    count: Count
    most: Count | Literal[""] = ""
    each: tuple[Count, ...] = ()
    name: str = ""


class Priced(FormBody):
    """A form whose numbers have a part, or may be left empty."""

    cash: Yuan
    cost: Cost
    limit: Limit
    number: Number


def fits(**fields: str | list[str]) -> bool:
    try:
        checked(Counted, fields)
    except RequestValidationError:
        return False
    return True


@pytest.mark.parametrize(("typed", "meant"), [("12", 12), (" 12 ", 12), ("１２", 12), ("０", 0), ("-5", -5)])
def test_digits_are_read(typed: str, meant: int) -> None:
    found = checked(Counted, {"count": typed, "most": typed, "each": ["7", typed], "name": "１２"})
    assert found == Counted(count=meant, most=meant, each=(7, meant), name="１２")


def test_nothing_is_no_number_and_may_be_meant() -> None:
    assert checked(Counted, {"count": "1", "most": " ", "each": []}) == Counted(count=1)
    assert not fits(count="")
    assert not fits(count="1", each=["7", ""])


@pytest.mark.parametrize("typed", ["1_0", "+1", "1.0", "1e3", "１_０", "一", "१", "9" * 40, "1 0", "true"])
def test_anything_else_is_refused(typed: str) -> None:
    assert fits(count="1", most="2", each=["7"])
    assert not fits(count=typed)
    assert not fits(count="1", most=typed)
    assert not fits(count="1", each=["7", typed])


def test_a_number_that_is_read_as_a_text_is_of_either_width_too() -> None:
    found = checked(Priced, {"cash": " １２．５", "cost": "３.50", "limit": "２", "number": ""})
    assert found == Priced(cash="12.5", cost="3.50", limit="2", number="")
    with pytest.raises(RequestValidationError):
        checked(Priced, {"cash": "十二", "cost": "3", "limit": "", "number": ""})
