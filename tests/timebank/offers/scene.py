"""A merchant in apple that Max accepts for, an offer of it, members with fufen and phones; and a clock that stands."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from uuid import uuid4

from ledger.balances import wallet
from ledger.session import ReadTx, WriteTx
from ledger.values import ISSUANCE, WALLET, Draft, Move, Place, Posted, Refused
from tests.api.books import adopt_pack
from tests.api.cast import Cast
from timebank.access import Actor, load_actor
from timebank.codes.rules import CodeKeys, member_code, merchant_code
from timebank.database import Database
from timebank.merchants.actions import enter_merchant, take_step
from timebank.merchants.queries import Plan
from timebank.merchants.rules import Step
from timebank.merchants.staff import add_staff
from timebank.offers.actions import Accepted, confirm_by_member, take_from_member
from timebank.offers.publishing import draft_offer, publish_offer
from timebank.offers.rules import OfferPlan
from timebank.passes.actions import issue_pass

T = TypeVar("T")
Work = Callable[[WriteTx, Actor], Awaitable[T]]

KEYS = CodeKeys([b"v" * 32])
NOW = datetime(2026, 5, 9, 4, 0, tzinfo=UTC)
"""Noon in Shanghai, at the turn of every window."""
TODAY = date(2026, 5, 9)
HAIRCUT = OfferPlan(
    kind="percent_off",
    title="理发八折",
    terms="工作日",
    price_fufen=20,
    percent=20,
    amount_cents=None,
    minutes=None,
    starts_on=date(2026, 5, 1),
    ends_on=date(2026, 5, 31),
    member_limit=None,
    total_limit=None,
    voucher_days=30,
)
LATER = date(2026, 12, 31)


def plan(cast: Cast, *, place: str = "apple") -> Plan:
    """Return what a merchant says of itself, with a licence of its own."""
    return Plan(cast.organisations[place], "测试理发店", "理发", "东门路 9 号", uuid4().hex)


@dataclass(slots=True)
class Market:
    """What there is, and the way to do something as one of the cast."""

    database: Database
    cast: Cast
    merchant: int = 0
    offer: int = 0
    seeds: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    async def act(self, name: str, work: Work[T]) -> T:
        """Do something as one of the cast, whose login lives now, whatever the scene's clock says."""

        async def inner(tx: WriteTx) -> T:
            return await work(tx, await load_actor(tx, self.cast.sessions[name], now=datetime.now(UTC)))

        return await self.database.write(self.cast.bank, inner)

    async def step(self, name: str, step: Step, *, merchant: int = 0, at: datetime = NOW) -> None:
        """Take a step of a merchant."""
        await self.act(
            name,
            lambda tx, actor: take_step(
                tx, actor, merchant or self.merchant, step=step, reason="测试", expected_version=None, now=at
            ),
        )

    async def open(self, *, place: str = "apple", staff: str | None = "max") -> int:
        """Enter, vet and activate a merchant, and give it its staff."""
        found = await self.act(
            "wen", lambda tx, actor: enter_merchant(tx, actor, plan(self.cast, place=place), now=NOW)
        )
        await self.step("olga", "vetted", merchant=found.id)
        await self.step("adam", "activated", merchant=found.id)
        if staff is not None:
            person = self.cast.people[staff]
            await self.act(
                "wen",
                lambda tx, actor: add_staff(tx, actor, merchant_id=found.id, person_id=person, now=NOW),
            )
        return found.id

    async def publish(self, offered: OfferPlan = HAIRCUT, *, merchant: int = 0) -> int:
        """Draft and publish an offer."""

        async def work(tx: WriteTx, actor: Actor) -> int:
            drafted = await draft_offer(
                tx, actor, merchant_id=merchant or self.merchant, plan=offered, now=NOW
            )
            await publish_offer(tx, actor, drafted.id, expected_version=None, now=NOW)
            return drafted.id

        return await self.act("max", work)

    async def give(self, name: str, fufen: int, *, expires_on: date = LATER) -> None:
        """Credit fufen."""
        move = Move(Place(ISSUANCE), Place(WALLET, self.cast.people[name], expires_on), "fufen", fufen)
        draft = Draft("credit", uuid4().hex, NOW - timedelta(days=1), "test", (move,))
        (outcome,) = await self.database.post(self.cast.bank, [draft])
        assert isinstance(outcome, Posted), outcome

    async def phone(self, name: str) -> None:
        """Give somebody a phone that makes codes."""
        issued = await self.act(name, lambda tx, _: issue_pass(tx, KEYS, self.cast.people[name], now=NOW))
        self.seeds[name] = (issued.id, issued.seed)

    def shown_by(self, name: str, at: datetime = NOW) -> str:
        """Return the code that somebody's phone shows."""
        pass_id, seed = self.seeds[name]
        return member_code(seed, bank_id=self.cast.bank.id, pass_id=pass_id, at=at)

    def shown_at(self, at: datetime = NOW, *, offer: int = 0) -> str:
        """Return the code that the merchant shows."""
        return merchant_code(KEYS, bank_id=self.cast.bank.id, offer_id=offer or self.offer, at=at)

    async def take(
        self, code: str, *, by: str = "max", offer: int = 0, key: str = "", at: datetime = NOW
    ) -> Accepted | Refused:
        """Take fufen from the member who showed a code."""
        return await self.act(
            by,
            lambda tx, actor: take_from_member(
                tx, actor, KEYS, offer_id=offer or self.offer, code=code, key=key or uuid4().hex, now=at
            ),
        )

    async def confirm(self, name: str, code: str, *, by: str = "", at: datetime = NOW) -> Accepted | Refused:
        """Give somebody's fufen for the offer that a merchant showed."""
        person = self.cast.people[name]
        return await self.act(
            by or name,
            lambda tx, actor: confirm_by_member(
                tx, actor, KEYS, person_id=person, code=code, key=uuid4().hex, now=at
            ),
        )

    async def fufen(self, name: str) -> int:
        """Return what somebody has."""
        lots = await self.read(lambda tx: wallet(tx, self.cast.people[name], "fufen"))
        return sum(lot.balance for lot in lots)

    async def taken(self) -> int:
        """Return what the merchant's takings come to."""
        rows = await self.rows(
            "select coalesce(sum(case when a.id = p.to_account_id then p.amount else -p.amount end), 0) as sum"
            " from merchants m join accounts a on a.bank_id = $1 and a.owner = m.owner and a.kind = 'takings'"
            " join postings p on p.bank_id = $1 and a.id in (p.from_account_id, p.to_account_id)"
            " where m.bank_id = $1"
        )
        return int(str(rows[0]["sum"]))

    async def told(self, name: str) -> list[str]:
        """Return the kinds of what somebody was told."""
        rows = await self.rows(
            "select kind from notifications where bank_id = $1 and person_id = $2 order by id",
            self.cast.people[name],
        )
        return [str(row["kind"]) for row in rows]

    async def rows(self, query: str, *arguments: object) -> list[Mapping[str, object]]:
        """Return the rows of a question."""
        return await self.read(lambda tx: _rows(tx, query, arguments))

    async def read(self, work: Callable[[ReadTx], Awaitable[T]]) -> T:
        """Read something of the bank."""
        return await self.database.read(self.cast.bank, work)


async def _rows(tx: ReadTx, query: str, arguments: tuple[object, ...]) -> list[Mapping[str, object]]:
    return [dict(row) for row in await tx.connection.fetch(query, tx.bank_id, *arguments)]


async def open_market(database: Database, cast: Cast) -> Market:
    """Return a market with an active merchant, a published offer, and Alice with 100 fufen and a phone."""
    await adopt_pack(database, cast)
    market = Market(database, cast)
    market.merchant = await market.open()
    market.offer = await market.publish()
    await market.give("alice", 100)
    await market.phone("alice")
    return market
