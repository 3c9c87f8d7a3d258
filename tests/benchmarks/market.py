"""A market for benchmarks: shops with stock, an open till at each of many devices, members with points, their quotes.

Quotes are laid down beforehand, so that confirming alone is measured: the cashier's session and grants, limits, points,
stock, receipt, act and notification.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from ledger.accounts import declare_units
from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import ISSUANCE, SHELF, SUPPLY, WALLET, Draft, Move, Place
from tests.benchmarks.arena import Books
from tests.benchmarks.empty_route import CLIENTS
from tests.served import token
from tests.timebank.tills.crew import lay_quotes, new_till
from tests.wire import Wire
from timebank.database import Bank
from timebank.policy.actions import adopt
from timebank.policy.rules import default_pack
from timebank.shops.actions import add_goods, open_shop

SHOPS = 8
PRICE = 10
LASTS = date(2099, 12, 31)


@dataclass(frozen=True, slots=True)
class Till:
    """A till that is open, and by whose login it sells."""

    id: int
    token: str
    goods: Sequence[int]


@dataclass(frozen=True, slots=True)
class Queue:
    """The quotes that a till has to confirm."""

    token: str
    quotes: Sequence[UUID]


async def open_tills(books: Books, bank: Bank, members: Sequence[UUID], *, runs: int) -> list[Till]:
    """Open shops with stock for every run, give the members points, and open a till at each of many devices."""
    now = datetime.now(UTC)

    async def work(tx: WriteTx) -> list[Till]:
        await adopt(tx, default_pack(), effective_from=date(2021, 1, 1), actor="bench")
        place = await tx.connection.fetchval(
            "insert into organisations (bank_id, code, name, level) values ($1, 'a', '测试', 'district') returning id",
            bank.id,
        )
        await tx.connection.executemany(
            "insert into people (bank_id, id) values ($1, $2) on conflict do nothing",
            [(bank.id, member) for member in members],
        )
        credits_ = [
            Draft(
                "award",
                f"points:{member}",
                now,
                "bench",
                (Move(Place(ISSUANCE), Place(WALLET, member, LASTS), "point", 2 * PRICE * runs),),
            )
            for member in members
        ]
        await post(tx, credits_)
        tills: list[Till] = []
        for number in range(SHOPS):
            shop, goods = await _stock(tx, place, number, len(members) * runs, now)
            for _ in range(CLIENTS // SHOPS):
                till = await new_till(tx, organisation=place, shop=shop, now=now)
                tills.append(Till(till.id, token(bank, till.login), goods))
        return tills

    return await books.database.write(bank, work)


async def _stock(
    tx: WriteTx, place: int, number: int, pieces: int, now: datetime
) -> tuple[int, Sequence[int]]:
    """Open a shop with so many pieces of two items, and return it and them."""
    shop = await open_shop(tx, code=f"S{number}", name=f"超市{number}", organisation_id=place, now=now)
    goods = [
        await add_goods(tx, shop_id=shop, sku=sku, name=sku, price_points=PRICE, now=now)
        for sku in ("RICE", "OIL")
    ]
    owner = await tx.connection.fetchval(
        "select owner from shops where bank_id = $1 and id = $2", tx.bank_id, shop
    )
    units = [f"goods/S{number}/{sku}" for sku in ("RICE", "OIL")]
    await declare_units(tx, [(unit, "goods", True) for unit in units])
    moves = tuple(Move(Place(SUPPLY, owner), Place(SHELF, owner), unit, pieces) for unit in units)
    await post(tx, [Draft("receipt", f"stock:{number}", now, "bench", moves)])
    return shop, goods


async def quote_all(books: Books, bank: Bank, members: Sequence[UUID], tills: Sequence[Till]) -> list[Queue]:
    """Quote two items to every member, at one till after another."""

    async def work(tx: WriteTx) -> list[Queue]:
        now = datetime.now(UTC)
        queues: list[Queue] = []
        for n, till in enumerate(tills):
            wanted = [(till.id, member) for member in members[n :: len(tills)]]
            ids = await lay_quotes(tx, wanted, goods=till.goods, price=PRICE, now=now)
            queues.append(Queue(till.token, ids))
        return queues

    return await books.database.write(bank, work)


async def settle_market(books: Books) -> None:
    """As `Books.settle`, with the tables of the market."""
    await books.settle()
    async with books.superuser() as connection:
        await connection.execute("vacuum (analyze) sessions, people, quotes, tills, goods, redemptions")


async def confirm(wire: Wire, quote: UUID) -> float:
    """Confirm a quote and return the seconds that took."""
    begun = time.perf_counter()
    key = {"Idempotency-Key": quote.hex}
    answer = await wire.request("POST", f"/api/v1/quotes/{quote}/confirm", {"cash_cents": 0}, key)
    if answer.status != 201:
        raise AssertionError(answer)
    return time.perf_counter() - begun
