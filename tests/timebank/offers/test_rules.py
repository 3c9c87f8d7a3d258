"""When an offer is good, what of it is consistent, and what a code uses up."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from tests.timebank.offers.scene import HAIRCUT, KEYS, NOW
from timebank.codes.rules import MerchantCode, merchant_code, read_code
from timebank.errors import RefusalError
from timebank.offers.rules import (
    check_good,
    check_limits,
    check_plan,
    proof_of_merchant,
)

FIRST, LAST = date(2026, 5, 1), date(2026, 5, 31)


def refusal(check: Any, **said: object) -> str | None:
    try:
        check(**said)
    except RefusalError as refused:
        return refused.code
    return None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"day": FIRST}, None),
        ({"day": LAST}, None),
        ({"day": date(2026, 4, 30)}, "offer_not_valid"),
        ({"day": date(2026, 6, 1)}, "offer_not_valid"),
        ({"state": "draft"}, "offer_not_published"),
        ({"state": "withdrawn"}, "offer_not_published"),
        ({"merchant_state": "suspended"}, "merchant_not_active"),
        ({"merchant_state": "vetted", "state": "draft"}, "merchant_not_active"),
    ],
)
def test_an_offer_is_good_while_all_of_it_is(changes: dict[str, object], code: str | None) -> None:
    said = {"merchant_state": "active", "state": "published", "starts_on": FIRST, "ends_on": LAST}
    assert refusal(check_good, **{**said, "day": date(2026, 5, 9), **changes}) == code


@pytest.mark.parametrize(
    ("member_limit", "total_limit", "member_uses", "total_uses", "code"),
    [
        (None, None, 1_000, 0, None),
        (2, None, 1, 0, None),
        (2, None, 2, 0, "offer_member_limit"),
        (None, 5, 0, 4, None),
        (None, 5, 0, 5, "offer_used_up"),
        (2, 5, 2, 5, "offer_used_up"),
    ],
)
def test_a_limit_is_reached_at_its_number(
    member_limit: int | None, total_limit: int | None, member_uses: int, total_uses: int, code: str | None
) -> None:
    said = {"member_limit": member_limit, "total_limit": total_limit}
    assert refusal(check_limits, **said, member_uses=member_uses, total_uses=total_uses) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"percent": None}, "offer_value_mismatch"),
        ({"minutes": 60}, "offer_value_mismatch"),
        ({"kind": "amount_off"}, "offer_value_mismatch"),
        ({"kind": "amount_off", "percent": None, "amount_cents": 500}, None),
        ({"kind": "housekeeping", "percent": None, "minutes": 120}, None),
        ({"ends_on": date(2026, 4, 30)}, "offer_ends_early"),
        ({"ends_on": FIRST}, None),
    ],
)
def test_a_plan_has_the_value_of_its_kind(changes: dict[str, object], code: str | None) -> None:
    assert refusal(check_plan, plan=replace(HAIRCUT, **changes)) == code  # type: ignore[arg-type]  # fields of many types


def test_a_merchants_code_is_used_up_for_one_member() -> None:
    code = read_code(merchant_code(KEYS, bank_id=1, offer_id=7, at=NOW))
    assert isinstance(code, MerchantCode)

    one, two = UUID(int=1), UUID(int=2)
    assert proof_of_merchant(code, one) != proof_of_merchant(code, two)
    assert proof_of_merchant(code, one) != proof_of_merchant(replace(code, window=code.window + 1), one)
    assert proof_of_merchant(code, one) != proof_of_merchant(replace(code, offer_id=8), one)
