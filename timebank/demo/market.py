"""A points supermarket and a merchant of the demo bank: something to redeem, and somewhere to take an offer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from ledger.session import WriteTx
from timebank.demo.kin import with_timecoins
from timebank.demo.meeting import holder_at
from timebank.devices.actions import Enrolment, make_enrolment
from timebank.funds.actions import deposit, open_fund
from timebank.merchants.actions import enter_merchant, take_step
from timebank.merchants.queries import Plan
from timebank.merchants.rules import Step
from timebank.merchants.staff import add_staff
from timebank.offers.publishing import draft_offer, publish_offer
from timebank.offers.rules import OfferPlan
from timebank.permissions import Role
from timebank.policy.actions import adopt, load_history
from timebank.policy.spending import ConversionRule, SettlementRule
from timebank.shops.actions import add_goods, open_shop
from timebank.shops.queries import Terms
from timebank.stock.actions import receive

SHOP, FUND, LICENCE = "DEMO", "DEMO-FUND", "DEMO-LICENCE-0001"
ACTOR = "demo"
LASTS = timedelta(days=365)
"""So long the offer is good from the demo's first day on."""

_SHOP = "select exists (select from shops where bank_id = $1 and code = $2)"


@dataclass(frozen=True, slots=True)
class Item:
    """What is on the shelf: what one costs members and the shop, and how many there are."""

    sku: str
    name: str
    category: str
    barcode: str
    price_points: int
    cost_cents: int
    quantity: int


# Barcodes of the range that shops give out themselves.
ITEMS = (
    Item("RICE", "示例大米 5kg", "粮油", "2000000000015", 300, 2800, 40),
    Item("OIL", "示例食用油 1.8L", "粮油", "2000000000022", 260, 2400, 30),
    Item("TOWEL", "示例毛巾", "日用", "2000000000039", 60, 550, 60),
    Item("SOAP", "示例肥皂", "日用", "2000000000046", 30, 280, 2),
)


async def open_market(
    tx: WriteTx, people: Mapping[str, UUID], *, at: str, since: datetime, now: datetime
) -> Enrolment:
    """Open the shop and the merchant once, as of `since`; return a new till's enrolment.

    `people` are those who hold each role, since then at least.
    """
    if not await tx.connection.fetchval(_SHOP, tx.bank_id, SHOP):
        await _allow_conversion(tx, since_on=tx.day(since))
        await _stock_shop(tx, people, at=at, now=since)
        await _open_merchant(tx, people, at=at, until_on=tx.day(now) + LASTS, now=since)
    manager, organisation_id = await holder_at(tx, people[Role.SHOP_MANAGER], at, Role.SHOP_MANAGER)
    return await make_enrolment(
        tx, kind="till", name="示例收银台", organisation_id=organisation_id, actor=manager.text, now=now
    )


async def _allow_conversion(tx: WriteTx, *, since_on: date) -> None:
    """Let ten points become a fufen from a day on, worth as much, and people keep time-coins."""
    pack = (await load_history(tx)).on(since_on).pack
    rule = ConversionRule(from_unit="point", to_unit="fufen", from_amount=10, to_amount=1)
    cents = pack.settlement.unit_cents
    worth = SettlementRule(unit_cents=cents | {"fufen": 10 * cents["point"]})
    changed = pack.model_copy(
        update={
            "exchanges": (*pack.exchanges, ("point", "fufen")),
            "conversions": (rule,),
            "settlement": worth,
        }
    )
    note = "积分可兑换福分，开设时间币 / points become fufen, time-coins are kept"
    await adopt(tx, with_timecoins(changed), effective_from=since_on, actor=ACTOR, note=note)


async def _stock_shop(tx: WriteTx, people: Mapping[str, UUID], *, at: str, now: datetime) -> None:
    _, organisation_id = await holder_at(tx, people[Role.SHOP_MANAGER], at, Role.SHOP_MANAGER)
    shop_id = await open_shop(tx, code=SHOP, name="春风积分超市", organisation_id=organisation_id, now=now)
    fund_id = await open_fund(
        tx, code=FUND, name="春风公益金", kind="money", organisation_id=organisation_id, now=now
    )
    await deposit(
        tx,
        fund_id=fund_id,
        amount_cents=500_000,
        reference="DEMO/1",
        key="demo:deposit",
        actor=ACTOR,
        now=now,
    )
    for item in ITEMS:
        terms = Terms(category=item.category, barcode=item.barcode, low_stock_at=5)
        goods_id = await add_goods(
            tx,
            shop_id=shop_id,
            sku=item.sku,
            name=item.name,
            price_points=item.price_points,
            now=now,
            terms=terms,
        )
        await receive(
            tx,
            goods_id=goods_id,
            quantity=item.quantity,
            unit_cost_cents=item.cost_cents,
            fund_id=fund_id,
            key=f"demo:{item.sku}",
            by=people[Role.SHOP_MANAGER],
            now=now,
        )


async def _open_merchant(
    tx: WriteTx, people: Mapping[str, UUID], *, at: str, until_on: date, now: datetime
) -> None:
    """Enter a merchant, have it vetted by one and activated by another, and publish its offer up to a day."""
    worker, organisation_id = await holder_at(tx, people[Role.COMMUNITY_WORKER], at)
    plan = Plan(organisation_id, "示例理发店", "理发", "春风社区西门", LICENCE)
    merchant_id = (await enter_merchant(tx, worker, plan, now=now)).id
    steps: tuple[tuple[Role, Step], ...] = ((Role.OFFICE, "vetted"), (Role.ADMINISTRATOR, "activated"))
    for role, step in steps:
        by, _ = await holder_at(tx, people[role], at, Role.OFFICE)
        await take_step(tx, by, merchant_id, step=step, reason="示例", expected_version=None, now=now)
    await add_staff(tx, worker, merchant_id=merchant_id, person_id=people[Role.MERCHANT], now=now)
    merchant, _ = await holder_at(tx, people[Role.MERCHANT], at, Role.MERCHANT)
    offer = OfferPlan(
        kind="percent_off",
        title="理发八折",
        terms="周一至周五，请先预约",
        price_fufen=5,
        percent=20,
        amount_cents=None,
        minutes=None,
        starts_on=tx.day(now),
        ends_on=until_on,
        member_limit=None,
        total_limit=None,
        voucher_days=30,
    )
    drafted = await draft_offer(tx, merchant, merchant_id=merchant_id, plan=offer, now=now)
    await publish_offer(tx, merchant, drafted.id, expected_version=None, now=now)
