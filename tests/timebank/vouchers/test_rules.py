"""How long a voucher lives, what becomes of a use, and when it is booked."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.timebank.offers.scene import HAIRCUT
from tests.timebank.vouchers.test_offline import SAID
from timebank.errors import RefusalError
from timebank.vouchers.offline import Signed
from timebank.vouchers.rules import (
    REPORTED,
    Promise,
    State,
    Use,
    check_open,
    effective_at,
    last_day,
    outcome_of,
    value_of,
)

NOW = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
TODAY = date(2026, 6, 1)
ISSUED = NOW - timedelta(days=10)
USE = Use(b"d", Signed(SAID, b"s" * 64), is_genuine=True, used_at=NOW)
PROMISE = Promise(SAID, "issued", ISSUED, NOW + timedelta(days=15), None)


def came_of(use: Use, promise: Promise | None, **changes: object) -> str:
    given = {"bank_id": 7, "merchant_id": 12, "is_active": True, "used_on": TODAY, "now": NOW, **changes}
    return outcome_of(use, promise, **given)  # type: ignore[arg-type]  # of many types


def test_each_outcome_comes_before_the_next() -> None:
    """Every case has all that is wrong further down, too."""
    late = NOW + timedelta(days=16)
    day_after = SAID.expires_on + timedelta(days=1)
    lapsed = replace(PROMISE, state="lapsed")
    worst: dict[str, object] = {"used_on": day_after, "is_active": False, "now": late}
    unsigned = replace(USE, is_genuine=False)
    assert (
        came_of(replace(unsigned, signed=None), None, bank_id=8, merchant_id=13, **worst)
        == "voucher_unreadable"
    )
    assert came_of(unsigned, None, bank_id=8, merchant_id=13, **worst) == "voucher_of_other_bank"
    assert came_of(unsigned, None, merchant_id=13, **worst) == "voucher_forged"
    assert came_of(USE, None, merchant_id=13, **worst) == "voucher_of_other_merchant"
    assert came_of(USE, None, **worst) == "voucher_forged"
    assert came_of(USE, replace(lapsed, said=replace(SAID, fufen=21)), **worst) == "voucher_forged"
    assert came_of(USE, lapsed, **worst) == "merchant_not_active"
    worst["is_active"] = True
    assert came_of(USE, replace(PROMISE, state="cancelled"), **worst) == "voucher_cancelled"
    assert came_of(USE, replace(PROMISE, state="used"), **worst) == "voucher_used_before"
    assert came_of(USE, lapsed, **worst) == "voucher_expired"
    assert came_of(USE, lapsed) == "voucher_late"
    assert came_of(USE, PROMISE, now=late) == "voucher_late"
    assert came_of(USE, PROMISE, now=PROMISE.until_at) == "honoured"
    assert came_of(USE, PROMISE, used_on=SAID.expires_on) == "honoured"


def test_the_number_is_of_a_voucher_that_the_bank_signed_for_the_merchant() -> None:
    assert USE.number_for(12) == SAID.number
    assert USE.number_for(13) is None
    assert replace(USE, is_genuine=False).number_for(12) is None
    assert replace(USE, signed=None).number_for(12) is None


def test_who_was_merely_late_is_not_reported() -> None:
    assert {
        "voucher_expired",
        "voucher_late",
        "voucher_unreadable",
        "merchant_not_active",
        "repeat",
    }.isdisjoint(REPORTED)


@pytest.mark.parametrize(
    ("lots_end_on", "expires_on"),
    [
        (None, date(2026, 7, 1)),
        (date(2026, 7, 2), date(2026, 7, 1)),
        (date(2026, 6, 30), date(2026, 6, 30)),
        (TODAY, TODAY),
    ],
)
def test_it_never_outlives_what_it_holds(lots_end_on: date | None, expires_on: date) -> None:
    assert last_day(TODAY, 30, lots_end_on) == expires_on


def test_it_is_booked_now_if_what_it_holds_lives_and_else_when_it_was_used() -> None:
    used = replace(USE, used_at=NOW - timedelta(days=2))
    for lots_end_on in (None, TODAY, date(2026, 12, 31)):
        assert effective_at(used, replace(PROMISE, lots_end_on=lots_end_on), today=TODAY, now=NOW) == NOW
    ended = replace(PROMISE, lots_end_on=date(2026, 5, 31))
    assert effective_at(used, ended, today=TODAY, now=NOW) == used.used_at
    assert effective_at(replace(USE, used_at=NOW + timedelta(1)), ended, today=TODAY, now=NOW) == NOW
    assert effective_at(replace(USE, used_at=ISSUED - timedelta(1)), ended, today=TODAY, now=NOW) == ISSUED


@pytest.mark.parametrize("state", ["used", "cancelled", "lapsed"])
def test_only_an_open_one_is_taken_back(state: State) -> None:
    check_open("issued")
    with pytest.raises(RefusalError, match=f"^already_{state}_voucher$"):
        check_open(state)


def test_the_value_is_that_of_the_kind() -> None:
    assert value_of(HAIRCUT) == 20
    assert value_of(replace(HAIRCUT, kind="amount_off", percent=None, amount_cents=500)) == 500
    assert value_of(replace(HAIRCUT, kind="housekeeping", percent=None, minutes=90)) == 90
