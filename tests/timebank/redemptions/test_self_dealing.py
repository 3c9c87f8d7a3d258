"""Nobody sells to themselves or to whom they act for, nor takes back what comes back to them."""

from datetime import timedelta

import pytest

from tests.timebank.redemptions.test_refunding import at_till, bought, later, refusal
from tests.timebank.shops.scene import NOW
from tests.timebank.tills.scene import Desk

_PROXY = """
insert into proxies (bank_id, principal_id, agent_id, scopes, reason, from_at, until_at, made_by)
values ($1, $2, $3, '{spending}', '行动不便', $4, $5, 'test')
"""
_GUARDIAN = """
insert into guardianships (bank_id, minor_id, guardian_id, relation, from_on, recorded_by)
values ($1, $2, $3, 'parent', $4::date, 'test')
"""
DAY = timedelta(days=1)


@pytest.mark.parametrize("is_guardian", [False, True])
async def test_to_whom_one_acts_for_nobody_refunds(desk: Desk, *, is_guardian: bool) -> None:
    till = await desk.open()
    receipt = await bought(desk, till)
    for name in ("carl", "mia"):
        if is_guardian:
            day = (NOW - 9 * DAY).date()
            await desk.do(_GUARDIAN, desk.person("alice"), desk.person(name), day)
        else:
            await desk.do(_PROXY, desk.person("alice"), desk.person(name), NOW - DAY, NOW + DAY)
    assert await refusal(at_till(desk, till, receipt.number)) == "refund_to_oneself"
    assert await refusal(later(desk, receipt)) == "refund_to_oneself"
    assert await desk.points() == 240


@pytest.mark.parametrize("is_guardian", [False, True])
async def test_nobody_sells_to_themselves_or_to_whom_they_act_for(desk: Desk, *, is_guardian: bool) -> None:
    till = await desk.open()
    own = await desk.code("carl")
    assert await refusal(desk.quote(till, (desk.market.rice, 1), code=own)) == "sale_to_oneself"
    await desk.quote(till, (desk.market.rice, 1))
    if is_guardian:
        await desk.do(_GUARDIAN, desk.person("alice"), desk.person("carl"), (NOW - 9 * DAY).date())
    else:
        await desk.do(_PROXY, desk.person("alice"), desk.person("carl"), NOW - DAY, NOW + DAY)
    assert await refusal(desk.quote(till, (desk.market.rice, 1))) == "sale_to_oneself"
