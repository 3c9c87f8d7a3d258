"""Two shops of apple with the same rice and oil, a fund that pays, and the hands of those who work there."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count as numbers
from typing import TypeVar

from ledger.audit import audit
from ledger.balances import trial_balance
from ledger.posting import post
from ledger.session import ReadTx, WriteTx
from ledger.values import HELD, SHELF, Draft, Move, Place, Posted, Twin
from tests.api.cast import Cast
from timebank.database import Bank, Database
from timebank.funds.actions import open_fund
from timebank.shops.actions import add_goods, open_shop
from timebank.shops.queries import Goods, Terms, goods, shop
from timebank.stock.actions import count, receive, transfer, write_off
from timebank.stock.queries import Entry

T = TypeVar("T")

NOW = datetime(2026, 5, 9, 2, 0, tzinfo=UTC)
"""A Saturday morning in Shanghai."""

_TILL = """
insert into tills (bank_id, shop_id, device_id, cashier_id, session_id, opened_at, opening_cash_cents)
values ($1, $2, $3, $4, $5, $6, 0) returning id
"""
_CLOSE_TILL = "update tills set closed_at = $3, closed_by = 'test' where bank_id = $1 and id = $2"


@dataclass(frozen=True, slots=True)
class Market:
    """Ids of shops (near, far), their goods and the fund; what is done is done by Mia unless somebody else is named."""

    database: Database
    cast: Cast
    near: int
    far: int
    rice: int
    oil: int
    far_rice: int
    fund: int
    keys: "numbers[int]"

    @property
    def bank(self) -> Bank:
        """The bank of the cast."""
        return self.cast.bank

    async def write(self, work: Callable[[WriteTx], Awaitable[T]]) -> T:
        """Run work in a transaction of its own."""
        return await self.database.write(self.bank, work)

    async def read(self, work: Callable[[ReadTx], Awaitable[T]]) -> T:
        """Run work on a view."""
        return await self.database.read(self.bank, work)

    def key(self) -> str:
        """Return a key not used before."""
        return f"test:{next(self.keys)}"

    async def receive(
        self,
        goods_id: int,
        quantity: int,
        cents: int | None = 100,
        *,
        fund: int | None = None,
        by: str = "mia",
    ) -> Entry:
        """Put so many on the shelf."""
        return await self.write(
            lambda tx: receive(
                tx,
                goods_id=goods_id,
                quantity=quantity,
                unit_cost_cents=cents,
                fund_id=fund,
                key=self.key(),
                by=self.cast.people[by],
                now=NOW,
            )
        )

    async def transfer(
        self, goods_id: int, to_goods_id: int, quantity: int, *, by: str = "mia"
    ) -> list[Entry]:
        """Move so many to another shop."""
        return await self.write(
            lambda tx: transfer(
                tx,
                goods_id=goods_id,
                to_goods_id=to_goods_id,
                quantity=quantity,
                reason="测试",
                key=self.key(),
                by=self.cast.people[by],
                now=NOW,
            )
        )

    async def count(self, goods_id: int, counted: int, *, till: int | None = None, by: str = "mia") -> Entry:
        """Count so many."""
        return await self.write(
            lambda tx: count(
                tx,
                goods_id=goods_id,
                counted=counted,
                reason="盘点",
                key=self.key(),
                by=self.cast.people[by],
                now=NOW,
                till_id=till,
            )
        )

    async def write_off(self, goods_id: int, quantity: int, *, by: str = "mia") -> Entry:
        """Take so many off the shelf."""
        return await self.write(
            lambda tx: write_off(
                tx,
                goods_id=goods_id,
                quantity=quantity,
                reason="受潮",
                key=self.key(),
                by=self.cast.people[by],
                now=NOW,
            )
        )

    async def goods(self, goods_id: int) -> Goods:
        """Return an item as it is."""
        return await self.read(lambda tx: goods(tx, goods_id))

    async def stock(self, goods_id: int) -> int:
        """Return how many are on the shelf."""
        return (await self.goods(goods_id)).stock

    async def balances(self, unit: str) -> dict[str, int]:
        """Return a unit's balance by kind of account, of all owners; zero ones left out."""
        found = (await self.read(trial_balance)).get(unit, {})
        return {kind: balance for kind, balance in found.items() if balance}

    async def set_aside(self, goods_id: int, quantity: int) -> None:
        """Hold so many of an item for pick-up, as a reservation does."""
        item = await self.goods(goods_id)

        async def work(tx: WriteTx) -> None:
            owner = (await shop(tx, item.shop_id)).owner
            move = Move(Place(SHELF, owner), Twin(HELD, owner), item.unit, quantity)
            hold = Draft("hold", self.key(), NOW, "test", (move,), hold_until=NOW + timedelta(days=2))
            (outcome,) = await post(tx, [hold])
            assert isinstance(outcome, Posted)

        await self.write(work)

    async def open_till(self, shop: int, cashier: str) -> int:
        """Open a till of a shop by the row, as the till's own tests do it by the door."""
        found: int = await self.write(
            lambda tx: tx.connection.fetchval(
                _TILL,
                tx.bank_id,
                shop,
                self.cast.devices["till"],
                self.cast.people[cashier],
                self.cast.sessions[cashier],
                NOW,
            )
        )
        return found

    async def close_till(self, till: int) -> None:
        """Close a till."""
        await self.write(lambda tx: tx.connection.execute(_CLOSE_TILL, tx.bank_id, till, NOW))

    async def assert_sound(self) -> None:
        """Assert that an audit of the bank finds nothing."""
        assert await self.read(lambda tx: audit(tx, verifier=None, anchors=())) == []


async def open_market(database: Database, cast: Cast) -> Market:
    """Open the shops, with nothing on their shelves."""
    apple = cast.organisations["apple"]

    async def work(tx: WriteTx) -> Market:
        near = await open_shop(tx, code="S1", name="东门积分超市", organisation_id=apple, now=NOW)
        far = await open_shop(tx, code="S2", name="西门积分超市", organisation_id=apple, now=NOW)

        async def item(shop: int, sku: str, name: str, price: int, terms: Terms) -> int:
            return await add_goods(
                tx, shop_id=shop, sku=sku, name=name, price_points=price, now=NOW, terms=terms
            )

        rice = await item(
            near, "RICE", "大米 5kg", 30, Terms("粮油", "东北大米", "6900000000011", low_stock_at=3)
        )
        oil = await item(near, "OIL", "菜籽油", 50, Terms("粮油", barcode="6900000000028"))
        far_rice = await item(far, "RICE", "大米 5kg", 30, Terms("粮油", barcode="6900000000011"))
        fund = await open_fund(tx, code="F1", name="社区公益金", kind="money", organisation_id=apple, now=NOW)
        return Market(database, cast, near, far, rice, oil, far_rice, fund, numbers(1))

    return await database.write(cast.bank, work)
