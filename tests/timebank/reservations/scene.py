"""A stocked shop of apple, members with points in several lots, and reservations from making to the end."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from ledger.balances import Lot, wallet
from ledger.holds import capture
from ledger.posting import post
from ledger.session import ReadTx, WriteTx
from ledger.values import HANDED_OUT, ISSUANCE, TAKINGS, WALLET, Draft, Move, Place, Posted, Settlement
from tests.api.cast import Cast
from tests.timebank.shops.scene import NOW, Market, open_market
from timebank.codes.rules import CodeKeys
from timebank.database import Database
from timebank.jobs.running import run_now
from timebank.policy.actions import adopt
from timebank.policy.rules import default_pack
from timebank.policy.spending import RedemptionRule
from timebank.reservations.actions import cancel_reservation, lock_waiting, mark_picked_up, reserve
from timebank.reservations.queries import Reservation, reservation, reservations_of

KEYS = CodeKeys([b"v" * 32])
TODAY = date(2026, 5, 9)
HOUR = timedelta(hours=1)
END_OF_2026, END_OF_2027 = date(2026, 12, 31), date(2027, 12, 31)
STOCK = 10


@dataclass(frozen=True, slots=True)
class Counter:
    """The near shop of a market with ten bags of rice and ten bottles of oil, and what is done there."""

    market: Market
    given: list[int] = field(default_factory=list)

    @property
    def people(self) -> Any:
        """The cast's people by name."""
        return self.market.cast.people

    async def give(self, points: int, expires_on: date | None = END_OF_2027, name: str = "alice") -> None:
        """Give a member points in a lot."""
        self.given.append(points)
        move = Move(Place(ISSUANCE), Place(WALLET, self.people[name], expires_on), "point", points)
        draft = Draft("award", f"given:{len(self.given)}", NOW - timedelta(days=400), "test", (move,))
        (outcome,) = await self.market.write(lambda tx: post(tx, [draft]))
        assert isinstance(outcome, Posted)

    async def reserve(
        self, *lines: tuple[int, int], name: str = "alice", now: datetime = NOW, shop: int | None = None
    ) -> Reservation:
        """Reserve (goods, quantity) at the near shop; a bag of rice if nothing is named."""
        person: UUID = self.people[name]
        return await self.market.write(
            lambda tx: reserve(
                tx,
                person_id=person,
                shop_id=shop or self.market.near,
                wanted=lines or ((self.market.rice, 1),),
                key_id=KEYS.key_id,
                by=f"person:{person}",
                now=now,
            )
        )

    async def cancel(self, made: Reservation, *, name: str = "alice", now: datetime = NOW) -> Reservation:
        """Cancel a reservation."""
        return await self.market.write(
            lambda tx: cancel_reservation(
                tx, person_id=self.people[name], reservation_id=made.id, by="test", now=now
            )
        )

    async def pick_up(self, made: Reservation, *, now: datetime = NOW) -> bool:
        """Hand a reservation over as a till does, and tell whether it was there still."""

        async def work(tx: WriteTx) -> bool:
            if not await lock_waiting(tx, [made.id], now=now):
                return False
            owner = await tx.connection.fetchval(
                "select owner from shops where bank_id = $1 and id = $2", tx.bank_id, made.shop_id
            )
            units = await tx.connection.fetch(
                "select unit_code from goods where bank_id = $1 and id = any($2::bigint[])",
                tx.bank_id,
                [line.goods_id for line in made.lines],
            )
            settle = [Settlement(row["unit_code"], Place(HANDED_OUT, owner)) for row in units]
            if made.points:
                settle.append(Settlement("point", Place(TAKINGS, owner)))
            draft = capture(
                f"pick-up:{made.id}", hold_id=made.hold_id, settle=settle, effective_at=now, actor="test"
            )
            (outcome,) = await post(tx, [draft])
            assert isinstance(outcome, Posted), outcome
            await mark_picked_up(tx, [made.id], now=now)
            return True

        return await self.market.write(work)

    async def lapse(self, now: datetime, *, as_of: date | None = None) -> dict[str, object]:
        """Run the job."""
        day = as_of or now.astimezone(self.market.bank.zone).date()
        return await run_now(self.market.database, self.market.bank, "release_holds", as_of=day, now=now)

    async def again(self, made: Reservation) -> Reservation:
        """Return a reservation as it is now."""
        return await self.market.read(lambda tx: reservation(tx, made.id))

    async def of(self, name: str) -> list[Reservation]:
        """Return a member's reservations."""
        return await self.market.read(
            lambda tx: reservations_of(tx, self.people[name], before_id=2**62, limit=50)
        )

    async def lots(self, name: str = "alice", kind: str = "wallet") -> list[tuple[date | None, int]]:
        """Return a member's points, lot by lot."""
        found: list[Lot] = await self.market.read(
            lambda tx: wallet(tx, self.people[name], "point", kind=kind)
        )
        return [(lot.expires_on, lot.balance) for lot in found]

    async def told(self, name: str = "alice") -> list[tuple[str, int]]:
        """Return what a member was told, and of what."""

        async def work(tx: ReadTx) -> list[tuple[str, int]]:
            rows = await tx.connection.fetch(
                "select kind, (params->>'id')::bigint as id from notifications"
                " where bank_id = $1 and person_id = $2 order by notifications.id",
                tx.bank_id,
                self.people[name],
            )
            return [(row["kind"], row["id"]) for row in rows]

        return await self.market.read(work)


async def open_counter(database: Database, cast: Cast, rule: RedemptionRule | None = None) -> Counter:
    """Open the shop under the default pack, or one with another redemption rule, and fill its shelf."""
    pack = default_pack().model_copy(update={"redemption": rule} if rule else {})
    await database.write(cast.bank, lambda tx: adopt(tx, pack, effective_from=date(2021, 1, 1), actor="test"))
    market = await open_market(database, cast)
    for goods_id in (market.rice, market.oil):
        await market.receive(goods_id, STOCK)
    return Counter(market)
