"""What a shop's manager does: receipts, transfers, write-offs, counts, and what is brought back after its day."""

from datetime import date, timedelta
from random import Random

from tests.concurrency.month.district import District
from tests.concurrency.month.recount import Item
from tests.wire import Answer

ENOUGH, SCARCE, A_DELIVERY = 60, "OIL", 120
"""Below so many something is delivered; of what is scarce only a few come."""
TOO_LATE = timedelta(days=30)


async def restock(district: District) -> None:
    """Receive what is running low."""
    for items in district.shops.values():
        for item in items:
            if district.recount.stock[item.id] < ENOUGH:
                quantity = 20 if item.unit.endswith(SCARCE) else A_DELIVERY
                body = {"quantity": quantity, "unit_cost_cents": 10 * item.price}
                await _enter(district, item, "receipts", body, 201)
                district.recount.stocked(item, "supply", quantity)


async def disturb(district: District, luck: Random) -> None:
    """While the tills sell: move something to another shop, and throw something away."""
    here, there = luck.sample(list(district.shops.values()), 2)
    number = luck.randrange(len(here))
    source, target, quantity = here[number], there[number], luck.randint(1, 12)
    body = {"to_goods_id": target.id, "quantity": quantity, "reason": "调拨"}
    if (await _enter(district, source, "transfers", body, 201, 422)).status == 201:
        district.recount.stocked(source, "supply", -quantity)
        district.recount.stocked(target, "supply", quantity)
    spoilt = luck.choice(luck.choice(list(district.shops.values())))
    body = {"quantity": 1, "reason": "受潮"}
    if (await _enter(district, spoilt, "write-offs", body, 201, 422)).status == 201:
        district.recount.stocked(spoilt, "variance", -1)


async def count(district: District, luck: Random) -> None:
    """After the tills are closed: count an item of each shop, now and then one too many or too few."""
    for items in district.shops.values():
        item = luck.choice(items)
        expected = district.recount.stock[item.id]
        counted = max(0, expected + luck.choice((-2, -1, 0, 0, 1)))
        answer = await _enter(district, item, "counts", {"counted": counted, "reason": "盘点"}, 201)
        entries = answer.json["items"]
        assert isinstance(entries, list)
        assert [(entry["expected"], entry["counted"]) for entry in entries] == [(expected, counted)]
        if counted != expected:
            district.recount.stocked(item, "variance", counted - expected)


async def refund_later(district: District, luck: Random, *, within: date) -> None:
    """Bring something back that was redeemed on any day before; `within` is the month that its statement is of."""
    past = [sale for sale in district.recount.sales if sale.day < district.day]
    if not past:
        return
    sale = luck.choice(past)
    async with sale.member.busy:
        path = f"/api/v1/redemptions/{sale.id}/refund"
        answer = await district.people["mia"].insist(path, {"reason": "damaged"})
        if sale.is_refunded:
            assert (answer.status, answer.json["code"]) == (409, "already_refunded"), answer
            return
        assert district.day - sale.day <= TOO_LATE
        assert (answer.status, answer.json["points"]) == (201, sale.points), answer
        is_within = district.day.replace(day=1) == within
        district.recount.refunded(sale, day=district.day, till=None, month=is_within)
        district.recount.told["refunded_later"] += 1


async def _enter(district: District, item: Item, what: str, body: object, *expected: int) -> Answer:
    answer = await district.people["mia"].insist(f"/api/v1/goods/{item.id}/{what}", body)
    assert answer.status in expected, answer
    return answer
