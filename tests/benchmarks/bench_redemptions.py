"""Confirming redemptions over HTTP: a quote of two items for each member, confirmed at 64 tills of eight shops.

Quotes are laid down beforehand, so that confirming alone is measured: the cashier's session and grants, limits, points,
stock, receipt, act and notification. The baseline is the empty route of the same app, asked by as many clients at once.
Points, stock and receipts are counted afterwards.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from statistics import median, quantiles
from uuid import UUID, uuid4

from ledger.accounts import declare_units
from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import ISSUANCE, SHELF, SUPPLY, WALLET, Draft, Move, Place
from tests.benchmarks.arena import Arena, Books
from tests.benchmarks.empty_route import CLIENTS, EMPTY, empty_rate
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.scale import Scale
from tests.conftest import new_bank
from tests.served import served, token
from tests.timebank.tills.crew import lay_quotes, new_till
from tests.wire import Wire
from timebank.database import Bank
from timebank.policy.actions import adopt
from timebank.policy.rules import default_pack
from timebank.shops.actions import add_goods, open_shop

NAME = "redemptions"
SHOPS = 8
PRICE = 10
LASTS = date(2099, 12, 31)


@dataclass(frozen=True, slots=True)
class _Till:
    """A till that is open, and by whose login it sells."""

    id: int
    token: str
    goods: Sequence[int]


async def run(arena: Arena, scale: Scale) -> list[Figure]:
    """Take turns between the empty route and a queue at every till."""
    async with arena.books("redemptions") as books:
        bank = await new_bank(books.database)
        members = [uuid4() for _ in range(scale.volunteers)]
        tills = await _open(books, bank, members, runs=scale.repeats)
        rates: list[float] = []
        empty: list[float] = []
        waits: list[list[float]] = []
        async with served(books.address) as port:
            await empty_rate(port, scale.seconds)
            for number in range(scale.repeats):
                quotes = await _quote(books, bank, members, tills)
                await _settle(books)
                empty.append(await empty_rate(port, scale.seconds))
                begun = time.perf_counter()
                waits.append(await _confirm(port, quotes))
                rates.append(len(members) / (time.perf_counter() - begun))
                await _check(books, bank, len(members) * (number + 1))
    measured = f"{len(members):,} redemptions of two items, {CLIENTS} tills, {SHOPS} shops"
    return [
        Figure(
            NAME,
            measured,
            "req/s",
            rates,
            f"{EMPTY} of the same app: one SELECT, no login",
            empty,
            Target("≥", 0.3),
        ),
        Figure(NAME, "p50 of a confirmation", "ms", [1000 * median(times) for times in waits]),
        Figure(NAME, "p99 of a confirmation", "ms", [1000 * quantiles(times, n=100)[98] for times in waits]),
    ]


async def _confirm(port: int, quotes: Sequence[tuple[str, Sequence[UUID]]]) -> list[float]:
    """Let every till confirm its quotes one after another, and return how long each took."""
    waits: list[float] = []

    async def till(bearer: str, ids: Sequence[UUID]) -> None:
        wire = Wire("127.0.0.1", port, bearer)
        for id_ in ids:
            begun = time.perf_counter()
            path, key = f"/api/v1/quotes/{id_}/confirm", {"Idempotency-Key": id_.hex}
            answer = await wire.request("POST", path, {"cash_cents": 0}, key)
            waits.append(time.perf_counter() - begun)
            if answer.status != 201:
                raise AssertionError(answer)
        wire.close()

    await asyncio.gather(*(till(bearer, ids) for bearer, ids in quotes))
    return waits


async def _check(books: Books, bank: Bank, count: int) -> None:
    """Count receipts, the points that shops took, and what they handed out."""
    row = await books.database.read(
        bank,
        lambda tx: tx.connection.fetchrow(
            "select count(*) as receipts, sum(points)::bigint as points,"
            " (select sum(p.amount)::bigint from postings p join accounts a on a.bank_id = $1"
            "    and a.id = p.to_account_id where p.bank_id = $1 and a.kind = 'takings') as takings,"
            " (select sum(p.amount)::bigint from postings p join accounts a on a.bank_id = $1"
            "    and a.id = p.to_account_id where p.bank_id = $1 and a.kind = 'handed_out') as handed_out"
            " from redemptions where bank_id = $1",
            tx.bank_id,
        ),
    )
    if row is None or tuple(row) != (count, 2 * PRICE * count, 2 * PRICE * count, 2 * count):
        raise AssertionError(row)


async def _open(books: Books, bank: Bank, members: Sequence[UUID], *, runs: int) -> list[_Till]:
    """Open shops with stock for every run, give the members points, and open a till at each of many devices."""
    now = datetime.now(UTC)

    async def work(tx: WriteTx) -> list[_Till]:
        await adopt(tx, default_pack(), effective_from=date(2021, 1, 1), actor="bench")
        place = await tx.connection.fetchval(
            "insert into organisations (bank_id, code, name, level) values ($1, 'a', '测试', 'district') returning id",
            bank.id,
        )
        await tx.connection.executemany(
            "insert into people (bank_id, id) values ($1, $2)", [(bank.id, member) for member in members]
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
        tills: list[_Till] = []
        for number in range(SHOPS):
            shop, goods = await _stock(tx, place, number, len(members) * runs, now)
            for _ in range(CLIENTS // SHOPS):
                till = await new_till(tx, organisation=place, shop=shop, now=now)
                tills.append(_Till(till.id, token(bank, till.login), goods))
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


async def _quote(
    books: Books, bank: Bank, members: Sequence[UUID], tills: Sequence[_Till]
) -> list[tuple[str, Sequence[UUID]]]:
    """Quote two items to every member, at one till after another; return each till's token and quotes."""

    async def work(tx: WriteTx) -> list[tuple[str, Sequence[UUID]]]:
        now = datetime.now(UTC)
        quoted: list[tuple[str, Sequence[UUID]]] = []
        for n, till in enumerate(tills):
            wanted = [(till.id, member) for member in members[n :: len(tills)]]
            ids = await lay_quotes(tx, wanted, goods=till.goods, price=PRICE, now=now)
            quoted.append((till.token, ids))
        return quoted

    return await books.database.write(bank, work)


async def _settle(books: Books) -> None:
    await books.settle()
    async with books.superuser() as connection:
        await connection.execute("vacuum (analyze) sessions, people, quotes, tills, goods, redemptions")
