"""What a district's books must say: plain sums of what its people were told. It reads no table and posts nothing."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from timebank.policy.spending import RedemptionRule

LIMIT_REACHED, INSUFFICIENT = "limit_reached", "insufficient_points"


@dataclass(slots=True)
class Purse:
    """What a member has of one unit, by the last day on which it can be spent."""

    lots: dict[date, int]

    @property
    def total(self) -> int:
        """All there is, lapsed or not."""
        return sum(self.lots.values())

    def good(self, day: date) -> int:
        """What can be spent on a day."""
        return sum(amount for until, amount in self.lots.items() if until >= day)

    def give(self, amount: int, day: date) -> dict[date, int]:
        """Take so much out, what ends first first, and return what each lot gave."""
        gave = {}
        for until in sorted(self.lots):
            if until >= day and amount:
                gave[until] = min(self.lots[until], amount)
                self.lots[until] -= gave[until]
                amount -= gave[until]
        assert not amount
        return gave

    def take_back(self, gave: Mapping[date, int], *, day: date, grace_days: int) -> None:
        """Put back what lots gave; what lapsed meanwhile lives so many days more."""
        for until, amount in gave.items():
            home = until if until >= day else day + timedelta(days=grace_days)
            self.lots[home] = self.lots.get(home, 0) + amount

    def lapse(self, before: date) -> int:
        """Empty what ended before a day and return how much that was."""
        over = [until for until in self.lots if until < before]
        return sum(self.lots.pop(until) for until in over)


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a shop's catalogue."""

    id: int
    shop: int
    unit: str
    price: int
    day_limit: int | None = None


@dataclass(slots=True)
class Member:
    """Somebody with a phone, who is at one counter at a time."""

    id: UUID
    session: UUID
    pass_id: int
    seed: bytes
    points: Purse
    fufen: Purse
    redeemed: "list[Sale]" = field(default_factory=list)
    shown: set[int] = field(default_factory=set)
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class Sale:
    """A receipt."""

    id: int
    number: str
    shop: int
    member: Member
    day: date
    basket: Mapping[Item, int]
    points: int
    cents: int
    gave: Mapping[date, int]
    is_refunded: bool = False


def price(basket: Mapping[Item, int]) -> int:
    """Return what a basket costs."""
    return sum(item.price * quantity for item, quantity in basket.items())


@dataclass(slots=True)
class Recount:
    """Sums by unit and kind of account, stock by item, takings by who took them, and cash by till."""

    rule: RedemptionRule
    books: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    stock: Counter[int] = field(default_factory=Counter)
    takings: Counter[tuple[str, int]] = field(default_factory=Counter)
    drawers: Counter[int] = field(default_factory=Counter)
    sales: list[Sale] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)

    def move(self, unit: str, source: str, target: str, amount: int) -> None:
        """Note that so much went from one kind of account to another."""
        self.books[unit][source] -= amount
        self.books[unit][target] += amount

    def gave(self, member: Member) -> None:
        """Note what a member began with."""
        self.move("point", "issuance", "wallet", member.points.total)
        self.move("fufen", "issuance", "wallet", member.fufen.total)

    def refusal(self, member: Member, basket: Mapping[Item, int], day: date) -> str | None:
        """Return what a member must be told of a basket, whatever is on the shelf; None if nothing but that decides."""
        valid = [sale for sale in member.redeemed if not sale.is_refunded]
        today, points = [sale for sale in valid if sale.day == day], price(basket)
        for limit, counted in ((self.rule.member_day_points, today), (self.rule.member_month_points, valid)):
            if limit is not None and sum(sale.points for sale in counted) + points > limit:
                return LIMIT_REACHED
        for item, quantity in basket.items():
            had = sum(sale.basket.get(item, 0) for sale in today)
            if item.day_limit is not None and had + quantity > item.day_limit:
                return LIMIT_REACHED
        return INSUFFICIENT if points > member.points.good(day) else None

    def sold(
        self,
        receipt: Mapping[str, object],
        member: Member,
        basket: Mapping[Item, int],
        *,
        till: int,
        day: date,
    ) -> Sale:
        """Note a redemption by its receipt."""
        points, cents, shop = (int(str(receipt[name])) for name in ("points", "cash_cents", "shop_id"))
        gave = member.points.give(points, day)
        sale = Sale(
            int(str(receipt["redemption_id"])),
            str(receipt["number"]),
            shop,
            member,
            day,
            basket,
            points,
            cents,
            gave,
        )
        member.redeemed.append(sale)
        self.sales.append(sale)
        self.move("point", "wallet", "takings", points)
        self.takings["shop", shop] += points
        self.drawers[till] += cents
        for item, quantity in basket.items():
            self.move(item.unit, "shelf", "handed_out", quantity)
            self.stock[item.id] -= quantity
        return sale

    def refunded(self, sale: Sale, *, day: date, till: int | None, month: bool = True) -> None:
        """Note a refund, at a till or by a manager; `month` if it is within the month that is settled."""
        assert not sale.is_refunded
        sale.is_refunded = True
        sale.member.points.take_back(sale.gave, day=day, grace_days=self.rule.refund_grace_days)
        self.move("point", "takings", "wallet", sale.points)
        if month:
            self.takings["shop", sale.shop] -= sale.points
        if till is not None:
            self.drawers[till] -= sale.cents
        for item, quantity in sale.basket.items():
            self.move(item.unit, "handed_out", "shelf", quantity)
            self.stock[item.id] += quantity

    def stocked(self, item: Item, kind: str, quantity: int) -> None:
        """Note what came onto a shelf, or left it if negative, from or to `supply` or `variance`."""
        self.move(item.unit, kind, "shelf", quantity)
        self.stock[item.id] += quantity

    def accepted(self, merchant: int, member: Member | None, fufen: int, *, day: date) -> None:
        """Note fufen that a merchant took of a member, or by a voucher out of what was held."""
        self.move("fufen", "wallet" if member else "held", "takings", fufen)
        self.takings["merchant", merchant] += fufen
        if member is not None:
            member.fufen.give(fufen, day)

    def given_back(self, merchant: int, member: Member, fufen: int, *, day: date) -> None:
        """Note that a complaint was upheld."""
        self.move("fufen", "takings", "wallet", fufen)
        self.takings["merchant", merchant] -= fufen
        self.back(member, fufen, day=day)

    def held(self, member: Member, fufen: int, *, day: date) -> None:
        """Note that a voucher was made."""
        self.move("fufen", "wallet", "held", fufen)
        member.fufen.give(fufen, day)

    def let_go(self, member: Member, fufen: int, *, day: date) -> None:
        """Note that a voucher was taken back."""
        self.move("fufen", "held", "wallet", fufen)
        self.back(member, fufen, day=day)

    def back(self, member: Member, fufen: int, *, day: date) -> None:
        """Put fufen back, which are all of one lot here."""
        (until,) = member.fufen.lots
        member.fufen.take_back({until: fufen}, day=day, grace_days=0)

    def lapsed(self, members: Iterable[Member], before: date) -> int:
        """Note that what ended before a day is gone, and return how much."""
        amount = sum(member.points.lapse(before) for member in members)
        self.move("point", "wallet", "expired", amount)
        return amount

    def paid(self, payee: tuple[str, int], *, unit_cents: int) -> tuple[int, int]:
        """Note that a payee's month was paid, and return the amount and the cents."""
        amount = self.takings[payee]
        cents = amount * unit_cents
        self.move("point" if payee[0] == "shop" else "fufen", "takings", "converted", amount)
        self.move("cny", "wallet", "takings", cents)
        return amount, cents

    def trial_balance(self) -> dict[str, dict[str, int]]:
        """Return what is not zero, by unit and kind of account."""
        return {
            unit: {kind: amount for kind, amount in kinds.items() if amount}
            for unit, kinds in self.books.items()
            if any(kinds.values())
        }


def lines(basket: Mapping[Item, int]) -> Sequence[Mapping[str, object]]:
    """Return a basket as a till sends it."""
    return [{"goods_id": item.id, "quantity": quantity} for item, quantity in basket.items()]
