"""Two tills, one wallet, one last bag of rice: a thousand rounds at two real servers, with retries and lost answers.

In each round a bag is quoted to one member at two tills, and there are points or rice for one of them only. Both
cashiers confirm at once: plainly, on two connections, or losing the answer and asking again until they have one.
"""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest

from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import HANDED_OUT, ISSUANCE, SHELF, SUPPLY, TAKINGS, WALLET, Draft, Move, Place, Posted
from tests.api.cast import Cast, enter
from tests.concurrency.crowd import check_books
from tests.served import served, token
from tests.timebank.reservations.scene import open_counter
from tests.timebank.tills.crew import CrewTill, lay_quotes, new_till
from tests.wire import Answer, LostError, Wire
from timebank.database import Address, Bank, Database
from timebank.policy.spending import RedemptionRule
from timebank.shops.actions import add_goods

PAIRS, ROUNDS = 5, 200
PRICE = 30

SHORTAGES = (((1, 1), {"insufficient_points"}), ((2, 1), {"out_of_stock"}), ((1, 2), {"insufficient_points"}))
"""How often the wallet and how often the shelf could pay for a bag, and what the second cashier is then told.

Where both are short, the points are asked for first.
"""


@dataclass(slots=True)
class Pair:
    """Two tills of a shop, a member and a kind of rice that no other pair touches; and what was seen there."""

    tills: Sequence[CrewTill]
    member: UUID
    goods: int
    shop_owner: UUID
    unit: str
    points: int = 0
    bags: int = 0


@dataclass(frozen=True, slots=True)
class Race:
    """The bank, and the ports of the servers."""

    database: Database
    bank: Bank
    ports: Sequence[int]

    async def top_up(self, pair: Pair, number: int, payable: int, bags: int) -> Sequence[UUID]:
        """Give what is missing to the wallet and the shelf, and quote a bag to the member at both tills."""
        now = datetime.now(UTC)
        missing = (payable * PRICE - pair.points, bags - pair.bags)
        moves = [
            Move(source, target, unit, amount)
            for source, target, unit, amount in (
                (Place(ISSUANCE), Place(WALLET, pair.member), "point", missing[0]),
                (Place(SUPPLY, pair.shop_owner), Place(SHELF, pair.shop_owner), pair.unit, missing[1]),
            )
            if amount
        ]

        async def work(tx: WriteTx) -> Sequence[UUID]:
            for n, move in enumerate(moves):
                draft = Draft("award", f"top-up:{pair.unit}:{number}:{n}", now, "test", (move,))
                (outcome,) = await post(tx, [draft])
                assert isinstance(outcome, Posted)
            wanted = [(till.id, pair.member) for till in pair.tills]
            return await lay_quotes(tx, wanted, goods=[pair.goods], price=PRICE, now=now)

        quotes = await self.database.write(self.bank, work)
        pair.points, pair.bags = (payable - 1) * PRICE, bags - 1
        return quotes

    async def confirm(self, till: CrewTill, quote: UUID, luck: random.Random) -> list[Answer]:
        """Confirm a quote in one way or another, and return every answer that came."""
        path, bearer = f"/api/v1/quotes/{quote}/confirm", token(self.bank, till.login)
        ports = [luck.choice(self.ports) for _ in range(3)]
        way = luck.choice(("plain", "twice", "lost", "late"))
        if way in {"lost", "late"}:
            lost, seconds = Wire("127.0.0.1", ports[0], bearer), luck.uniform(0, 0.02) if way == "late" else 0
            await lost.lose("POST", path, {"cash_cents": 0}, {"Idempotency-Key": "lost"}, seconds=seconds)
        wanted = ports[1:] if way == "twice" else ports[1:2]
        answers = list(await asyncio.gather(*(_ask(port, bearer, path) for port in wanted)))
        if luck.random() < 0.3:
            answers.append(await _ask(ports[0], bearer, path))
        return answers


async def _ask(port: int, bearer: str, path: str) -> Answer:
    wire = Wire("127.0.0.1", port, bearer)
    while True:
        with contextlib.suppress(LostError):
            answer = await wire.request("POST", path, {"cash_cents": 0}, {"Idempotency-Key": path[-44:]})
            wire.close()
            return answer


async def run_rounds(race: Race, pair: Pair, seed: int) -> Counter[str]:
    """Run the rounds of one pair, and count what the second cashier of each was told."""
    luck, told = random.Random(seed), Counter[str]()
    for number in range(ROUNDS):
        (payable, bags), expected = luck.choice(SHORTAGES)
        quotes = await race.top_up(pair, number, payable, bags)
        both = await asyncio.gather(
            *(race.confirm(till, quote, luck) for till, quote in zip(pair.tills, quotes, strict=True))
        )
        seen = [{(answer.status, _said(answer)) for answer in answers} for answers in both]
        assert all(len(each) == 1 for each in seen), seen
        (one,), (two,) = seen
        assert sorted((one[0], two[0])) == [201, 422], seen
        loser = one[1] if one[0] == 422 else two[1]
        assert loser in expected, (payable, bags, loser)
        told[loser] += 1
    return told


def _said(answer: Answer) -> str:
    """Return the receipt's number, or why there is none."""
    found = answer.json
    receipt = found.get("receipt")
    return str(receipt["number"] if isinstance(receipt, dict) else found["code"])


async def set_up(database: Database, cast: Cast) -> list[Pair]:
    """Open ten tills at one shop, and stock five kinds of rice."""
    market = (await open_counter(database, cast, RedemptionRule())).market
    now, apple = datetime.now(UTC), cast.organisations["apple"]

    async def work(tx: WriteTx) -> list[Pair]:
        owner = await tx.connection.fetchval(
            "select owner from shops where bank_id = $1 and id = $2", tx.bank_id, market.near
        )
        pairs = []
        for number in range(PAIRS):
            tills = [await new_till(tx, organisation=apple, shop=market.near, now=now) for _ in range(2)]
            member = await tx.connection.fetchval(
                "insert into people (bank_id, id) values ($1, gen_random_uuid()) returning id", tx.bank_id
            )
            goods = await add_goods(
                tx, shop_id=market.near, sku=f"RICE{number}", name="大米", price_points=PRICE, now=now
            )
            pairs.append(Pair(tills, member, goods, owner, f"goods/S1/RICE{number}"))
        return pairs

    return await database.write(cast.bank, work)


@pytest.mark.timeout(240)
async def test_a_thousand_rounds_have_a_thousand_winners(
    address: Address, database: Database, bank: Bank
) -> None:
    pairs = await set_up(database, await enter(database, bank))
    async with served(address) as first, served(address) as second:
        race = Race(database, bank, (first, second))
        told = sum(
            await asyncio.gather(*(run_rounds(race, pair, seed) for seed, pair in enumerate(pairs))),
            Counter[str](),
        )
    assert told.total() == PAIRS * ROUNDS
    assert min(told["insufficient_points"], told["out_of_stock"]) > PAIRS * ROUNDS // 10
    await check_totals(database, bank, pairs)
    await check_books(database, bank)


async def check_totals(database: Database, bank: Bank, pairs: Sequence[Pair]) -> None:
    """Recount from the rows what is left to each member and on each shelf, what was taken and handed out."""
    sql = """
select u.code, a.kind, a.owner, a.guarded, a.balance,
  (select coalesce(sum(p.amount), 0)::bigint from postings p where p.bank_id = $1 and p.to_account_id = a.id) as came
from accounts a join units u on u.bank_id = $1 and u.id = a.unit_id where a.bank_id = $1
"""
    rows = await database.read(bank, lambda tx: tx.connection.fetch(sql, tx.bank_id))
    found = {(row["code"], row["kind"], row["owner"]): row for row in rows}
    for pair in pairs:
        assert found["point", WALLET, pair.member]["balance"] == pair.points
        assert found[pair.unit, SHELF, pair.shop_owner]["balance"] == pair.bags
        assert found[pair.unit, HANDED_OUT, pair.shop_owner]["came"] == ROUNDS
    assert found["point", TAKINGS, pairs[0].shop_owner]["came"] == PAIRS * ROUNDS * PRICE
    made = await database.read(
        bank,
        lambda tx: tx.connection.fetchrow(
            "select count(*), count(distinct quote_id), count(distinct receipt), count(distinct transaction_id),"
            " sum(points)::bigint from redemptions where bank_id = $1",
            tx.bank_id,
        ),
    )
    assert made is not None
    assert tuple(made) == (*[PAIRS * ROUNDS] * 4, PAIRS * ROUNDS * PRICE)
