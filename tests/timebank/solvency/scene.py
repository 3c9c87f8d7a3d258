"""A district in which everything happened: issued within budgets and without, spent, given, converted, expired."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from ledger.exchanges import set_exchanges
from ledger.expiry import ExpiryCursor, expire_lots
from ledger.holds import capture, hold, reversal
from ledger.posting import post
from ledger.session import ReadTx, WriteTx
from ledger.values import (
    CONVERTED,
    EXPIRED,
    ISSUANCE,
    TAKINGS,
    WALLET,
    Draft,
    Move,
    Place,
    Posted,
    Settlement,
    Twin,
    Wallet,
)
from tests.api.cast import Cast
from tests.conftest import EXCHANGES
from tests.timebank.budgets.scene import change
from tests.timebank.notices.scene import Scene
from timebank.access import Actor
from timebank.budgets.actions import issuers
from timebank.database import Database
from timebank.funds.actions import deposit, open_fund
from timebank.settlements.actions import By, approve_statement, draft_statements, pay_statement, payees_of
from timebank.shops.actions import add_goods, open_shop
from timebank.stock.actions import receive

T = TypeVar("T")

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2025, 6, 16, 10, tzinfo=ZONE)
SPRING = datetime(2025, 4, 10, 10, tzinfo=ZONE)
JUNE_END, YEAR_END, LAPSED = date(2025, 6, 30), date(2025, 12, 31), date(2025, 5, 31)


@dataclass(frozen=True, slots=True)
class District:
    """The cast's bank, its people in apple (Alice), birch (Bob), nowhere (Carl), and a shop and a fund in apple."""

    scene: Scene
    shop: UUID

    @property
    def cast(self) -> Cast:
        """Who is there."""
        return self.scene.cast

    async def read(self, work: Callable[[ReadTx], Awaitable[T]]) -> T:
        """Look at something."""
        return await self.scene.read(work)

    async def post(self, *drafts: Draft) -> list[int]:
        """Post what is accepted; return the transactions."""
        outcomes = await self.scene.write(lambda tx: post(tx, drafts))
        assert all(isinstance(outcome, Posted) for outcome in outcomes), outcomes
        return [outcome.transaction_id for outcome in outcomes]

    def draft(self, key: str, *moves: Move, at: datetime = SPRING, kind: str = "test") -> Draft:
        """Return a draft."""
        return Draft(kind, key, at, "test", moves)

    def spend(self, key: str, who: str, amount: int, *, at: datetime, to: UUID | None = None) -> Draft:
        """Return a draft by which somebody spends points."""
        move = Move(Wallet(self.cast.people[who]), Place(TAKINGS, to or self.shop), "point", amount)
        return self.draft(key, move, at=at)


async def make_district(database: Database, cast: Cast) -> District:
    """Let everything happen."""
    scene = Scene(database, cast)
    await scene.write(lambda tx: set_exchanges(tx, EXCHANGES, effective_from=SPRING - timedelta(days=90)))
    await change(scene, "apple", 1_000, now=SPRING)
    await change(scene, "north", 500, unit="fufen", now=SPRING)
    await change(scene, "apple", -100, now=SPRING)
    district = District(scene, await _shop(scene))
    await _earn(district)
    await _spend(district)
    return district


async def _shop(scene: Scene) -> UUID:
    apple = scene.cast.organisations["apple"]

    async def work(tx: WriteTx) -> UUID:
        shop = await open_shop(tx, code="S9", name="测试超市", organisation_id=apple, now=SPRING)
        goods = await add_goods(tx, shop_id=shop, sku="R", name="大米", price_points=30, now=SPRING)
        fund = await open_fund(tx, code="F9", name="测试金", kind="money", organisation_id=apple, now=SPRING)
        await deposit(
            tx, fund_id=fund, amount_cents=1_234, reference="T-1", key="deposit", actor="test", now=SPRING
        )
        for key, quantity, cost in (("a", 4, 250), ("b", 2, None)):
            await receive(
                tx,
                goods_id=goods,
                quantity=quantity,
                unit_cost_cents=cost,
                fund_id=fund if cost else None,
                key=f"receive {key}",
                by=scene.cast.people["mia"],
                now=SPRING,
            )
        owner: UUID = await tx.connection.fetchval(
            "select owner from shops where bank_id = $1 and id = $2", tx.bank_id, shop
        )
        return owner

    return await scene.write(work)


async def _earn(district: District) -> None:
    people, nodes = district.cast.people, district.cast.organisations
    places = {"alice": nodes["apple"], "bob": nodes["birch"], "carl": None}
    points = await district.read(lambda tx: issuers(tx, "point", list(places.values())))
    fufen = await district.read(lambda tx: issuers(tx, "fufen", list(places.values())))
    for who, place in places.items():
        for n, (ends, amount) in enumerate(((LAPSED, 40), (JUNE_END, 90), (YEAR_END, 200), (None, 10))):
            await district.post(
                district.draft(
                    f"earn {who} {n}",
                    Move(points[place], Place(WALLET, people[who], ends), "point", amount),
                    Move(fufen[place], Place(WALLET, people[who], ends), "fufen", amount // 10),
                    Move(Place(ISSUANCE), Place(WALLET, people[who]), "minute", 60),
                )
            )
    (again,) = await district.post(
        district.draft("mistake", Move(points[nodes["apple"]], Place(WALLET, people["alice"]), "point", 77))
    )
    await district.post(reversal("undo", transaction_id=again, effective_at=SPRING, actor="test"))


async def _spend(district: District) -> None:
    people = district.cast.people
    month = timedelta(days=30)
    await district.post(
        district.spend("long ago", "alice", 5, at=SPRING - timedelta(days=60)),
        district.spend("april", "alice", 30, at=SPRING),
        district.spend("bob", "bob", 21, at=SPRING),
        district.spend("carl", "carl", 3, at=SPRING),
        district.spend("elsewhere", "bob", 6, at=SPRING, to=uuid4()),
    )
    (regret, held) = await district.post(
        district.spend("regret", "alice", 50, at=SPRING + month),
        hold(
            "hold",
            owner=people["alice"],
            unit="point",
            amount=25,
            until=NOW,
            effective_at=SPRING + month,
            actor="test",
        ),
    )
    settle = [Settlement("point", Place(TAKINGS, district.shop), 15)]
    await district.post(
        reversal("refund", transaction_id=regret, effective_at=SPRING + month, actor="test"),
        capture("capture", hold_id=held, settle=settle, effective_at=SPRING + month, actor="test"),
        hold(
            "kept",
            owner=people["bob"],
            unit="point",
            amount=8,
            until=NOW + month,
            effective_at=SPRING + month,
            actor="test",
        ),
        district.draft("gift", Move(Wallet(people["alice"]), Twin(WALLET, people["bob"]), "fufen", 4)),
        district.draft(
            "convert",
            Move(Wallet(people["bob"]), Place(CONVERTED), "point", 12),
            Move(Place(CONVERTED), Place(WALLET, people["bob"], YEAR_END), "fufen", 6),
        ),
        district.spend("today", "bob", 9, at=NOW),
    )
    await district.scene.write(
        lambda tx: expire_lots(tx, as_of=date(2025, 6, 1), actor="test", after=ExpiryCursor())
    )


async def pay_april(district: District, *, at: datetime) -> int:
    """Settle with the shop for April, out of a fund at the top, and return the cents."""
    people = district.cast.people

    async def work(tx: WriteTx) -> int:
        top = district.cast.organisations["root"]
        fund = await open_fund(tx, code="F8", name="区级公益金", kind="money", organisation_id=top, now=at)
        await deposit(
            tx, fund_id=fund, amount_cents=100_000, reference="T-2", key="more", actor="test", now=at
        )
        april, job = date(2025, 4, 1), By("job")
        (id_,) = await draft_statements(tx, month_on=april, payees=await payees_of(tx, None), by=job, now=at)
        await approve_statement(tx, Actor(uuid4(), people["olga"]), settlement_id=id_, now=at)
        adam = Actor(uuid4(), people["adam"])
        return (await pay_statement(tx, adam, settlement_id=id_, fund_id=fund, now=at)).cents

    return await district.scene.write(work)


Recount = dict[str, int]


async def recount(
    district: District, unit: str, who: list[str] | None
) -> tuple[Recount, Counter[date | None]]:
    """Count what some people (None: everybody) got and gave, posting by posting, and what is left by its last day."""
    rows = await district.read(
        lambda tx: tx.connection.fetch(
            "select p.amount, f.kind as from_kind, f.owner as giver, f.expires_on as from_end,"
            " d.kind as to_kind, d.owner as taker, d.expires_on as to_end from postings p"
            " join accounts f on f.bank_id = p.bank_id and f.id = p.from_account_id"
            " join accounts d on d.bank_id = p.bank_id and d.id = p.to_account_id"
            " join units u on u.bank_id = p.bank_id and u.id = p.unit_id"
            " where p.bank_id = $1 and u.code = $2",
            tx.bank_id,
            unit,
        )
    )
    theirs = None if who is None else {district.cast.people[name] for name in who}

    def counts(kind: str, owner: UUID) -> bool:
        return kind in {"wallet", "held"} and (theirs is None or owner in theirs)

    found = dict.fromkeys(("issued", "spent", "expired", "converted", "moved"), 0)
    names = {"issuance": "issued", "budget": "issued", TAKINGS: "spent", EXPIRED: "expired"}
    left: Counter[date | None] = Counter()
    for row in rows:
        gives, takes = counts(row["from_kind"], row["giver"]), counts(row["to_kind"], row["taker"])
        if takes:
            left[row["to_end"]] += row["amount"]
        if gives:
            left[row["from_end"]] -= row["amount"]
        if gives == takes:
            continue
        other = row["from_kind"] if takes else row["to_kind"]
        name = names.get(other, "converted" if other == CONVERTED else "moved")
        sign = (1 if takes else -1) * (-1 if name in {"spent", "expired"} else 1)
        found[name] += sign * row["amount"]
    return found, Counter({end: amount for end, amount in left.items() if amount})
