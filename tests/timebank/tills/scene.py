"""A till in the near shop of a market, members with phones and points, and what a cashier does there."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from ledger.session import WriteTx
from ledger.values import HANDED_OUT, TAKINGS
from tests.api.cast import Cast
from tests.timebank.reservations.scene import KEYS, Counter, open_counter
from tests.timebank.shops.scene import NOW, Market
from timebank.access import Actor, load_actor
from timebank.codes.rules import member_code, pass_seed
from timebank.database import Database
from timebank.permissions import STRONG_METHODS
from timebank.policy.spending import RedemptionRule
from timebank.redemptions.confirming import confirm_redemptions
from timebank.redemptions.requests import ConfirmAnswer, ConfirmRequest
from timebank.redemptions.rules import Finding
from timebank.tills.actions import Count, close_till, open_till
from timebank.tills.queries import Till, selling_till
from timebank.tills.quotes import Quote, change_quote, make_quote, quote
from timebank.tills.showing import shown_by_code, shown_by_pick_up

_PASS = "insert into passes (bank_id, person_id, key_id, issued_at) values ($1, $2, $3, $4) returning id"
_LATER = "update sessions set expires_at = $2 where bank_id = $1"
_SESSION = """
insert into sessions (bank_id, id, person_id, device_id, method, began_at, seen_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $6, $7)
"""
_DEVICE = """
insert into devices (bank_id, id, kind, name, organisation_id, enrolled_at, enrolled_by)
values ($1, $2, 'till', '收银台', $3, $4, 'test')
"""
_GRANT = """
insert into role_grants (bank_id, person_id, role, organisation_id, from_at, granted_by)
values ($1, $2, 'cashier', $3, $4, 'test')
"""
MINUTE = timedelta(minutes=1)
CODE = timedelta(seconds=30)
"""So long a phone shows the same code."""


@dataclass(slots=True)
class Desk:
    """The scene; what is done at the till is done by Carl, unless somebody else is named."""

    counter: Counter
    sessions: dict[str, UUID]
    devices: dict[str, UUID]
    passes: dict[UUID, int] = field(default_factory=dict)
    shown: int = 0

    @property
    def market(self) -> Market:
        """The shops and their goods."""
        return self.counter.market

    def person(self, name: str) -> UUID:
        """Return the id of one of the cast."""
        return self.market.cast.people[name]

    async def actor(self, tx: WriteTx, name: str, now: datetime) -> Actor:
        """Return one of the cast in their session."""
        return await load_actor(tx, self.sessions[name], now=now)

    async def open(
        self,
        name: str = "carl",
        *,
        device: str = "till",
        shop: int | None = None,
        cents: int = 0,
        now: datetime = NOW,
    ) -> Till:
        """Open a till."""

        async def work(tx: WriteTx) -> Till:
            return await open_till(
                tx,
                await self.actor(tx, name, now),
                shop_id=shop or self.market.near,
                device=await self.actor(tx, device, now),
                opening_cash_cents=cents,
                now=now,
            )

        return await self.market.write(work)

    async def close(
        self, till: Till, *counts: tuple[int, int], cents: int = 0, name: str = "carl", now: datetime = NOW
    ) -> Till:
        """Close a till with (goods, counted)."""

        async def work(tx: WriteTx) -> Till:
            return await close_till(
                tx,
                await self.actor(tx, name, now),
                till.id,
                cash_cents=cents,
                counts=[Count(*count) for count in counts],
                note="",
                now=now,
            )

        return await self.market.write(work)

    async def code(self, name: str, at: datetime = NOW) -> str:
        """Return the code that a member's phone shows at a moment."""
        person = self.person(name)
        if person not in self.passes:
            self.passes[person] = await self.market.write(
                lambda tx: tx.connection.fetchval(
                    _PASS, tx.bank_id, person, KEYS.key_id, NOW - timedelta(days=9)
                )
            )
        bank_id, pass_id = self.market.bank.id, self.passes[person]
        seed = pass_seed(KEYS, bank_id=bank_id, pass_id=pass_id, key_id=KEYS.key_id)
        assert seed is not None
        return member_code(seed, bank_id=bank_id, pass_id=pass_id, at=at)

    async def quote(
        self,
        till: Till,
        *lines: tuple[int | str, int],
        code: str | None = None,
        name: str = "carl",
        now: datetime = NOW,
    ) -> Quote:
        """Quote to Alice, or to whose code is given; each time she shows another code."""
        if code is None:
            now += self.shown * CODE
            code = await self.code("alice", now)
            self.shown += 1

        async def work(tx: WriteTx) -> Quote:
            selling = await selling_till(tx, await self.actor(tx, name, now), till.id, now=now)
            shown = await shown_by_code(tx, KEYS, code, now=now)
            return await make_quote(tx, selling, shown, wanted=lines, now=now)

        return await self.market.write(work)

    async def pick_up(self, till: Till, code: str, *, now: datetime = NOW) -> Quote:
        """Quote to who shows the code of a reservation."""

        async def work(tx: WriteTx) -> Quote:
            selling = await selling_till(tx, await self.actor(tx, "carl", now), till.id, now=now)
            shown = await shown_by_pick_up(tx, KEYS, code, shop_id=selling.shop.id, now=now)
            return await make_quote(tx, selling, shown, wanted=(), now=now)

        return await self.market.write(work)

    async def change(
        self, found: Quote, *lines: tuple[int | str, int], version: int | None = None, now: datetime = NOW
    ) -> Quote:
        """Put another basket in the place of a quote's."""

        async def work(tx: WriteTx) -> Quote:
            return await change_quote(
                tx,
                await self.actor(tx, "carl", now),
                found.id,
                wanted=lines,
                expected_version=version,
                now=now,
            )

        return await self.market.write(work)

    async def again(self, found: Quote, *, name: str = "carl", now: datetime = NOW) -> Quote:
        """Read a quote."""

        async def work(tx: WriteTx) -> Quote:
            return await quote(tx, await self.actor(tx, name, now), found.id, now=now)

        return await self.market.write(work)

    def request(
        self, found: Quote, *, name: str = "carl", cents: int = 0, now: datetime = NOW
    ) -> ConfirmRequest:
        """Return a cashier's word that a quote is to be redeemed."""
        return ConfirmRequest(found.id, self.sessions[name], cents, now, "r" * 32)

    async def confirm_all(self, *requests: ConfirmRequest) -> list[ConfirmAnswer | None]:
        """Confirm several in one transaction."""
        return await self.market.write(lambda tx: confirm_redemptions(tx, requests, strong=STRONG_METHODS))

    async def confirm(
        self, found: Quote, *, name: str = "carl", cents: int = 0, now: datetime = NOW
    ) -> ConfirmAnswer:
        """Confirm one."""
        (answer,) = await self.confirm_all(self.request(found, name=name, cents=cents, now=now))
        assert answer is not None
        return answer

    async def redeem(self, till: Till, *lines: tuple[int | str, int], cents: int = 0) -> ConfirmAnswer:
        """Quote to Alice and confirm at once."""
        return await self.confirm(await self.quote(till, *lines), cents=cents)

    async def points(self, name: str = "alice") -> int:
        """Return the points of a member."""
        return sum(balance for _, balance in await self.counter.lots(name))

    async def held(self, name: str = "alice") -> int:
        """Return the points of a member that are set aside."""
        return sum(balance for _, balance in await self.counter.lots(name, "held"))

    async def booked(self, unit: str = "point") -> int:
        """Return what shops took of points, or handed out of an item."""
        kind = TAKINGS if unit == "point" else HANDED_OUT
        return (await self.market.balances(unit)).get(kind, 0)

    async def do(self, sql: str, *arguments: object) -> None:
        """Change something of the bank, which is `$1`."""
        await self.market.write(lambda tx: tx.connection.execute(sql, tx.bank_id, *arguments))

    async def enter_cashier(self, name: str, *, organisation: str = "apple") -> None:
        """Let another of the cast be a cashier, with a device of their own, `till:<name>`."""
        place = self.market.cast.organisations[organisation]
        await self.do(_GRANT, self.person(name), place, NOW - timedelta(days=9))
        await self.enter_device(f"till:{name}", organisation)

    async def enter_device(self, device: str, organisation: str) -> None:
        """Enrol another device at an organisation."""
        place = self.market.cast.organisations[organisation]
        self.devices[device], self.sessions[device] = uuid4(), uuid4()
        await self.do(_DEVICE, self.devices[device], place, NOW - timedelta(days=9))
        until = NOW + timedelta(days=999)
        await self.do(
            _SESSION,
            self.sessions[device],
            None,
            self.devices[device],
            "device",
            NOW - timedelta(days=1),
            until,
        )

    async def log_in_anew(self, name: str) -> None:
        """Begin another session of somebody."""
        self.sessions[name] = uuid4()
        until = NOW + timedelta(days=999)
        await self.do(
            _SESSION, self.sessions[name], self.person(name), None, "password_totp", NOW - MINUTE, until
        )


async def open_desk(
    database: Database, cast: Cast, *, rule: RedemptionRule | None = None, points: int = 300
) -> Desk:
    """Set the scene: ten bags of rice at 30 points and ten bottles of oil at 50; Alice has points."""
    counter = await open_counter(database, cast, rule)
    desk = Desk(counter, dict(cast.sessions), dict(cast.devices))
    await desk.do(_LATER, NOW + timedelta(days=999))
    if points:
        await counter.give(points)
    return desk


def codes(found: Sequence[Finding]) -> list[str]:
    """Return the codes of findings."""
    return [finding.code for finding in found]
