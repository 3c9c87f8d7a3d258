"""Two shifts of yesterday at a till of the demo's shop: goods handed out, a sale taken back, a drawer that is short."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.session import WriteTx
from timebank.access import Actor, load_actor
from timebank.demo.market import SHOP
from timebank.demo.meeting import holder_at, neighbours
from timebank.demo.people import COLLEAGUE, holder_of
from timebank.devices.actions import enrol, make_enrolment
from timebank.login.sessions import begin_session, end_session
from timebank.permissions import STRONG_METHODS, Role
from timebank.redemptions.confirming import confirm_redemptions
from timebank.redemptions.refunding import refund_at_till
from timebank.redemptions.requests import ConfirmRequest
from timebank.tills.actions import Count, close_till, open_till
from timebank.tills.queries import Till
from timebank.tills.quotes import make_quote
from timebank.tills.report import expected_cash, expected_goods
from timebank.tills.showing import Shown

if TYPE_CHECKING:
    from timebank.vault.cipher import Cipher

DEVICE: Final = "南门收银台"
FLOAT_CENTS: Final = 20_000
SERVED_AFTER: Final = timedelta(minutes=1)
"""So long after the quote a basket is redeemed."""
TAKEN_BACK_AFTER: Final = timedelta(minutes=20)
NEIGHBOURS: Final = 2


@dataclass(frozen=True, slots=True)
class Sale:
    """Who takes what, when in the shift; the volunteer is the first member, the neighbours come after them."""

    member: int
    after: timedelta
    items: Mapping[str, int]
    cash_cents: int = 0
    is_taken_back: bool = False


@dataclass(frozen=True, slots=True)
class Shift:
    """When in the day a till was open, what it sold, and how much less than expected was counted at its close."""

    opened: timedelta
    closed: timedelta
    sales: Sequence[Sale]
    short_cents: int = 0
    short_items: Mapping[str, int] = field(default_factory=dict)
    note: str = ""


MORNING: Final = Shift(
    timedelta(hours=8, minutes=30),
    timedelta(hours=12),
    (
        Sale(0, timedelta(minutes=40), {"OIL": 1, "TOWEL": 1}),
        Sale(1, timedelta(hours=2, minutes=5), {"RICE": 1}, cash_cents=350),
    ),
)
AFTERNOON: Final = Shift(
    timedelta(hours=13),
    timedelta(hours=17, minutes=30),
    (
        Sale(2, timedelta(minutes=25), {"TOWEL": 2}, cash_cents=120),
        Sale(0, timedelta(hours=1, minutes=50), {"RICE": 1}, is_taken_back=True),
    ),
    short_cents=50,
    short_items={"TOWEL": 1},
    note="找零多找五角，毛巾少一条，已告知店长",
)

# Goods that were there by then: a shop that was opened later, or whose till was held before, is left alone.
_SHOP = """
select s.id from shops s
where s.bank_id = $1 and s.code = $2
  and exists (select from goods g where g.bank_id = $1 and g.shop_id = s.id and g.opening_at <= $3)
  and not exists (select from devices d where d.bank_id = $1 and d.name = $4)
"""
_GOODS = "select sku, id from goods where bank_id = $1 and shop_id = $2"


@dataclass(frozen=True, slots=True)
class _Counter:
    """Where the shifts are held: the shop with its goods by their numbers, the device, and who comes."""

    shop_id: int
    goods: Mapping[str, int]
    device: Actor
    members: Sequence[UUID]


async def hold_shifts(
    tx: WriteTx,
    cipher: "Cipher",
    people: Mapping[str, UUID],
    *,
    volunteer_id: UUID,
    at: str,
    since: datetime,
    now: datetime,
) -> None:
    """Once: hold yesterday's shifts, the cashier's own in the morning and a colleague's in the afternoon.

    The colleague has been one `since` then.
    """
    day = tx.start_of(tx.day(now) - timedelta(days=1))
    shop_id = await tx.connection.fetchval(_SHOP, tx.bank_id, SHOP, day, DEVICE)
    if shop_id is None:
        return
    manager, organisation_id = await holder_at(tx, people[Role.SHOP_MANAGER], at, Role.SHOP_MANAGER)
    enrolment = await make_enrolment(
        tx, kind="till", name=DEVICE, organisation_id=organisation_id, actor=manager.text, now=day
    )
    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    device = await enrol(tx, token=enrolment.token, public_key=key, now=day)
    assert device is not None  # noqa: S101 -- its token was made just now
    counter = _Counter(
        shop_id,
        {row["sku"]: row["id"] for row in await tx.connection.fetch(_GOODS, tx.bank_id, shop_id)},
        Actor(None, None, device.id, device.kind, device.organisation_id),
        [volunteer_id, *await neighbours(tx, organisation_id, volunteer_id, limit=NEIGHBOURS)],
    )
    colleague = await holder_of(tx, cipher, COLLEAGUE, since=since)
    await _hold(tx, counter, people[Role.CASHIER], MORNING, day)
    await _hold(tx, counter, colleague, AFTERNOON, day)


async def _hold(tx: WriteTx, counter: _Counter, cashier_id: UUID, shift: Shift, day: datetime) -> None:
    """Hold one shift, in a login of its own."""
    opened_at, closed_at = day + shift.opened, day + shift.closed
    login = await begin_session(
        tx, person_id=cashier_id, method="code", client="", strong=STRONG_METHODS, now=opened_at
    )
    cashier = await load_actor(tx, login.session_id, now=opened_at)
    till = await open_till(
        tx,
        cashier,
        shop_id=counter.shop_id,
        device=counter.device,
        opening_cash_cents=FLOAT_CENTS,
        now=opened_at,
    )
    for sale in shift.sales:
        if sale.member < len(counter.members):
            await _sell(tx, counter, cashier, till, sale, now=opened_at + sale.after)
    sold = sorted({counter.goods[sku] for sale in shift.sales for sku in sale.items})
    short = {counter.goods[sku]: quantity for sku, quantity in shift.short_items.items()}
    expected = await expected_goods(tx, counter.shop_id, sold)
    await close_till(
        tx,
        cashier,
        till.id,
        cash_cents=await expected_cash(tx, till.id) - shift.short_cents,
        counts=[Count(id_, quantity - short.get(id_, 0)) for id_, quantity in expected.items()],
        note=shift.note,
        now=closed_at,
    )
    await end_session(tx, owner_id=cashier_id, session_id=login.session_id, now=closed_at)


async def _sell(
    tx: WriteTx, counter: _Counter, cashier: Actor, till: Till, sale: Sale, *, now: datetime
) -> None:
    """Redeem a basket of somebody whose card's PIN was right; nothing if they could not pay for it."""
    shown = Shown(counter.members[sale.member], "card")
    wanted = [(counter.goods[sku], quantity) for sku, quantity in sale.items.items()]
    quote = await make_quote(tx, till, shown, wanted=wanted, now=now)
    if quote.refusals:
        return
    request = ConfirmRequest(quote.id, till.session_id, sale.cash_cents, now + SERVED_AFTER)
    (answer,) = await confirm_redemptions(tx, [request], strong=STRONG_METHODS)
    if sale.is_taken_back and answer is not None and answer.receipt is not None:
        await refund_at_till(
            tx,
            cashier,
            till_id=till.id,
            receipt=answer.receipt.number,
            reason="wrong_item",
            now=now + TAKEN_BACK_AFTER,
        )
