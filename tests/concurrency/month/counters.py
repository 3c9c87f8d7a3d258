"""What happens at a till from morning to evening, and what each answer is held against."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from tests.concurrency.month.district import Counter, District
from tests.concurrency.month.recount import Item, Member, Sale, lines, price
from tests.wire import Answer
from timebank.codes.rules import MEMBER_WINDOW_SECONDS, member_code, window_of

OPENING_CENTS = 5_000
A_VISIT = timedelta(seconds=1)
CHANGED, PART_PAID, GIVEN_BACK, FORGOTTEN = 0.04, 0.15, 0.04, 0.02
"""The share of visits in which the basket changes, cash is paid besides, something of today is brought back, and in
which the member goes without it."""


def till_token(district: District, counter: Counter) -> str:
    """Return the access token of the device itself."""
    return district.hand(counter.device).bearer()


async def open_till(district: District, counter: Counter) -> None:
    """Open a till for the day."""
    body = {
        "shop_id": counter.shop,
        "device_token": till_token(district, counter),
        "opening_cash_cents": OPENING_CENTS,
    }
    opened = await counter.hand.ask("POST", "/api/v1/tills", body)
    assert opened.status == 201, opened
    counter.id = int(str(opened.json["id"]))
    district.recount.drawers[counter.id] = OPENING_CENTS


async def close_till(district: District, counter: Counter) -> None:
    """Close a till with a few cents too much or too little, and compare its report with the sums."""
    expected = district.recount.drawers[counter.id]
    counted = expected + counter.hand.luck.randint(-20, 20)
    closed = await counter.hand.ask("POST", f"/api/v1/tills/{counter.id}/close", {"cash_cents": counted})
    assert closed.status == 200, closed
    closing = closed.json["closing"]
    assert isinstance(closing, Mapping)
    assert (closing["expected_cash_cents"], closing["variance_cents"]) == (expected, counted - expected)


@dataclass(slots=True)
class Day:
    """What is still to be redeemed today, and the receipts of today."""

    left: int
    sales: list[Sale]


async def serve(district: District, counter: Counter, day: Day) -> None:
    """Serve one member after another until all is redeemed that is to be redeemed today."""
    luck = counter.hand.luck
    while day.left > 0:
        day.left -= 1
        sale = await _visit(district, counter, luck)
        district.line.clock.pass_(seconds=A_VISIT.total_seconds())
        if sale is None:
            day.left += 1
        else:
            day.sales.append(sale)
        if luck.random() < GIVEN_BACK:
            await _bring_back(district, counter, day, luck)


async def _visit(district: District, counter: Counter, luck: Random) -> Sale | None:
    """Let somebody show their phone, and redeem what is in their basket; None if nothing came of it."""
    member = luck.choice(district.members)
    basket = _basket(district, counter, luck)
    async with member.busy:
        quoted = await _quote(district, counter, member, basket)
        if quoted is None or luck.random() < FORGOTTEN:
            return None
        quote, points = quoted
        if luck.random() < CHANGED:
            basket = _basket(district, counter, luck)
            path = f"/api/v1/quotes/{quote}"
            changed = await counter.hand.ask("PUT", path, {"lines": lines(basket)}, {"If-Match": "*"})
            assert (changed.status, changed.json["points"]) == (200, price(basket)), changed
            points = price(basket)
        cents = luck.randrange(1, 900) if luck.random() < PART_PAID else 0
        path = f"/api/v1/quotes/{quote}/confirm"
        answer = await counter.hand.insist(path, {"cash_cents": cents})
        return _booked(district, counter, member, basket, answer, expected=(points, cents))


async def _quote(
    district: District, counter: Counter, member: Member, basket: Mapping[Item, int]
) -> tuple[str, int] | None:
    """Return a quote's id and what it says the basket costs; None if the code on the phone was used before."""
    now = district.line.clock()
    window = window_of(now, MEMBER_WINDOW_SECONDS)
    code = member_code(member.seed, bank_id=district.line.bank.id, pass_id=member.pass_id, at=now)
    body = {"shown": {"code": code}, "lines": lines(basket)}
    quoted = await counter.hand.ask("POST", f"/api/v1/tills/{counter.id}/quotes", body)
    if window in member.shown:
        assert (quoted.status, quoted.json["code"]) == (422, "code_used"), quoted
        district.recount.told["code_used"] += 1
        return None
    member.shown.add(window)
    said = quoted.json
    assert quoted.status == 201, quoted
    assert (said["points"], said["balance_points"]) == (price(basket), member.points.good(district.day)), said
    return str(said["id"]), price(basket)


def _booked(
    district: District,
    counter: Counter,
    member: Member,
    basket: Mapping[Item, int],
    answer: Answer,
    *,
    expected: tuple[int, int],
) -> Sale | None:
    """Hold an answer against what had to be answered, and note what was redeemed."""
    day, said = district.day, answer.json
    refusal = district.recount.refusal(member, basket, day)
    if answer.status != 201:
        assert answer.status == 422, answer
        assert said["code"] == refusal or (refusal is None and said["code"] == "out_of_stock"), (
            refusal,
            said,
        )
        district.recount.told[str(said["code"])] += 1
        return None
    assert refusal is None, (refusal, said)
    receipt = said["receipt"]
    assert isinstance(receipt, Mapping)
    assert (receipt["points"], receipt["cash_cents"], receipt["shop_id"]) == (*expected, counter.shop)
    sale = district.recount.sold(receipt, member, basket, till=counter.id, day=day)
    assert said["balance_points"] == member.points.good(day), (said, member.points)
    return sale


async def _bring_back(district: District, counter: Counter, day: Day, luck: Random) -> None:
    """Bring back something of today to a till of its shop; what was brought back before is refused."""
    here = [sale for sale in day.sales if sale.shop == counter.shop]
    if not here:
        return
    sale = luck.choice(here)
    async with sale.member.busy:
        body = {"receipt": sale.number, "reason": "not_wanted"}
        answer = await counter.hand.insist(f"/api/v1/tills/{counter.id}/refunds", body)
        if sale.is_refunded:
            assert (answer.status, answer.json["code"]) == (409, "already_refunded"), answer
            district.recount.told["already_refunded"] += 1
            return
        assert answer.status == 201, answer
        assert (answer.json["points"], answer.json["cash_cents"]) == (sale.points, sale.cents)
        district.recount.refunded(sale, day=district.day, till=counter.id)
        district.recount.told["refunded"] += 1


def _basket(district: District, counter: Counter, luck: Random) -> Mapping[Item, int]:
    """Return one to three items, mostly one of each."""
    chosen = luck.sample(district.shops[counter.shop], luck.randint(1, 3))
    return {item: luck.choice((1, 1, 1, 2)) for item in chosen}
