"""What counts towards a limit: one's own, of the span, not refunded; what is reserved, too."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from tests.api.cast import Cast
from tests.timebank.shops.scene import NOW
from tests.timebank.tills.scene import Desk, open_desk
from timebank.database import Database
from timebank.errors import RefusalError
from timebank.policy.spending import RedemptionRule
from timebank.redemptions.limits import limits_for, rule_on
from timebank.redemptions.rules import Wish

DAY = timedelta(days=1)
RULE = RedemptionRule(member_day_points=100, member_month_points=200, member_quarter_count=3)
_REFUND = """
insert into refunds (bank_id, redemption_id, transaction_id, reason, by_manager, till_id, made_at, made_by)
select $1, r.id, r.transaction_id, '测试', false, r.till_id, r.made_at, 'test' from redemptions r where r.bank_id = $1
"""
_LIMIT = "update goods set member_day_limit = $3, member_month_limit = $4 where bank_id = $1 and id = $2"


async def used(
    desk: Desk, name: str = "alice", *, now: datetime = NOW, rule: RedemptionRule = RULE
) -> dict[str | None, object]:
    """Return what had been had of each limit, as the refusal of a huge wish tells it."""
    items = {desk.market.rice: 10_000, desk.market.oil: 10_000}
    wish = Wish(desk.person(name), 10_000, items)
    (found,) = await desk.market.read(lambda tx: limits_for(tx, rule, [wish], now=now))
    return {refusal.limit: refusal.params["used"] for refusal in found.refusals}


async def redeem(desk: Desk, *baskets: tuple[int, int], now: datetime = NOW) -> None:
    """Redeem each basket of (goods, quantity), one after another."""
    till = await desk.open(now=now)
    for lines in baskets:
        quote = await desk.quote(till, lines, now=now)
        assert (await desk.confirm(quote, now=now)).receipt is not None
    await desk.close(till, now=now)


async def test_the_packs_limit_of_any_item_binds_and_so_does_the_items_own(desk: Desk) -> None:
    rice, oil = desk.market.rice, desk.market.oil
    rule = RedemptionRule(item_day_quantity=3, item_month_quantity=4)

    async def limits(quantity: int) -> dict[tuple[str | None, object], object]:
        wish = Wish(desk.person("alice"), 1, {rice: quantity, oil: quantity})
        (found,) = await desk.market.read(lambda tx: limits_for(tx, rule, [wish], now=NOW))
        return {(one.limit, one.params["goods_id"]): one.params["limit"] for one in found.refusals}

    assert await limits(3) == {}
    assert await limits(4) == {("goods_day", rice): 3, ("goods_day", oil): 3}
    await desk.do(_LIMIT, rice, 2, 50)  # the item's own is less a day, and more a month
    assert await limits(5) == {
        ("goods_day", rice): 2,
        ("goods_day", oil): 3,
        ("goods_month", rice): 4,
        ("goods_month", oil): 4,
    }


async def test_a_day_a_month_and_a_quarter_are_the_banks(desk: Desk) -> None:
    """9 May 2026 in Shanghai begins at 16 o'clock of the 8th in UTC."""
    await desk.do(_LIMIT, desk.market.rice, 5, 50)
    await redeem(desk, (desk.market.rice, 2), (desk.market.oil, 1))
    today = {"member_day_points": 110, "member_month_points": 110, "goods_day": 2, "goods_month": 2}
    generous = replace_limits(RULE, quarter=1)
    assert await used(desk, rule=generous) == {**today, "member_quarter_count": 2}
    midnight = NOW.replace(hour=16, minute=0)
    assert (await used(desk, now=midnight - timedelta(seconds=1)))["member_day_points"] == 110
    tomorrow = await used(desk, now=midnight, rule=generous)
    assert (tomorrow["member_day_points"], tomorrow["goods_day"], tomorrow["goods_month"]) == (0, 0, 2)
    june = await used(desk, now=NOW + 30 * DAY, rule=generous)
    assert (june["member_month_points"], june["goods_month"], june["member_quarter_count"]) == (0, 0, 2)
    july = await used(desk, now=NOW + 60 * DAY, rule=replace_limits(RULE, quarter=1))
    assert "member_quarter_count" not in july


def replace_limits(rule: RedemptionRule, *, quarter: int) -> RedemptionRule:
    """Return the rule with another count a quarter."""
    return rule.model_copy(update={"member_quarter_count": quarter})


async def test_what_others_redeemed_and_what_was_refunded_does_not_count(desk: Desk) -> None:
    await desk.do(_LIMIT, desk.market.rice, 5, None)
    await redeem(desk, (desk.market.rice, 2))
    assert (await used(desk, "bob"))["member_day_points"] == 0
    assert (await used(desk))["goods_day"] == 2
    await desk.do(_REFUND)
    assert await used(desk, rule=replace_limits(RULE, quarter=1)) == {
        "member_day_points": 0,
        "member_month_points": 0,
        "goods_day": 0,
    }


async def test_what_is_reserved_counts_until_it_is_given_back(desk: Desk) -> None:
    await desk.do(_LIMIT, desk.market.rice, 5, 9)
    made = await desk.counter.reserve((desk.market.rice, 2))
    assert await used(desk, rule=replace_limits(RULE, quarter=1)) == {
        "member_day_points": 60,
        "member_month_points": 60,
        "member_quarter_count": 1,
        "goods_day": 2,
        "goods_month": 2,
    }
    await desk.counter.cancel(made)
    assert (await used(desk))["member_day_points"] == 0


async def test_many_members_are_judged_in_the_order_in_which_they_came(desk: Desk) -> None:
    await redeem(desk, (desk.market.rice, 3))
    people: Sequence[UUID] = [desk.person(name) for name in ("bob", "alice", "wen")]
    wishes = [Wish(person, 20, {desk.market.rice: 1}) for person in people]
    found = await desk.market.read(lambda tx: limits_for(tx, RULE, wishes, now=NOW))
    assert [[finding.code for finding in each.refusals] for each in found] == [[], ["limit_reached"], []]
    assert await desk.market.read(lambda tx: limits_for(tx, RULE, [], now=NOW)) == []


async def test_the_rule_is_that_of_the_day(database: Database, cast: Cast) -> None:
    desk = await open_desk(database, cast, rule=RULE)
    found = await desk.market.read(lambda tx: rule_on(tx, NOW.date()))
    assert (found.version, found.rule) == (1, RULE)
    with pytest.raises(RefusalError, match="policy_missing"):
        await desk.market.read(lambda tx: rule_on(tx, NOW.date().replace(year=2020)))
