"""What stands behind the lines of a statement: goods, offers, conversions; and what undoes them is of the same."""

from ledger.session import ReadTx
from tests.api.cast import Cast, enter
from tests.timebank.records.scene import NINE, Scene
from tests.timebank.redemptions.test_refunding import at_till, bought
from tests.timebank.tills.scene import open_desk
from tests.timebank.vouchers.scene import open_booth
from timebank.balances.matters import Goods, Matter, Service, matters_of
from timebank.balances.queries import statement_of
from timebank.database import Bank, Database


async def lines_of(
    database: Database, cast: Cast, unit: str, name: str = "alice"
) -> list[tuple[str, Matter]]:
    """Return the kinds of a statement's lines, the newest first, and what they are of."""

    async def work(tx: ReadTx) -> list[tuple[str, Matter]]:
        person = cast.people[name]
        page = await statement_of(unit, cursor=None, limit=20).ask(tx, person)
        found = await matters_of(tx, [line.transaction_id for line in page.lines], person)
        return [(line.kind, found[line.transaction_id]) for line in page.lines]

    return await database.read(cast.bank, work)


async def test_goods_are_named_with_their_shop_bought_and_taken_back(database: Database, bank: Bank) -> None:
    cast = await enter(database, bank)
    desk = await open_desk(database, cast)
    till = await desk.open()
    receipt = await bought(desk, till)
    await at_till(desk, till, receipt.number)
    (back, refunded), (spent, redeemed), *_ = await lines_of(database, cast, "point")
    assert (spent, back) == ("redemption", "reversal")
    assert (redeemed.shop, redeemed.goods) == ("东门积分超市", (Goods("大米 5kg", 2),))
    assert refunded == redeemed


async def test_goods_that_were_set_aside_are_named_too(database: Database, bank: Bank) -> None:
    cast = await enter(database, bank)
    desk = await open_desk(database, cast)
    made = await desk.counter.reserve()
    await desk.counter.cancel(made)
    (back, returned), (held, reserved), *_ = await lines_of(database, cast, "point")
    assert (held, back) == ("hold", "release")
    assert (reserved.kind, reserved.goods) == ("hold", (Goods("大米 5kg", 1),))
    assert returned == reserved


async def test_a_voucher_is_of_its_offer(database: Database, bank: Bank) -> None:
    booth = await open_booth(database, await enter(database, bank))
    made = await booth.issue()
    await booth.cancel(made.id)
    (back, returned), (held, taken), *_ = await lines_of(booth.database, booth.cast, "fufen")
    assert (held, back) == ("hold", "release")
    assert (taken.offer, taken.merchant) == (made.title, made.merchant)
    assert returned == taken


async def test_a_service_is_told_to_who_served_and_to_nobody_else(database: Database, bank: Bank) -> None:
    scene = Scene(database, await enter(database, bank))
    await scene.adopt()
    record = await scene.served("alice")
    await scene.review("olga", record)
    await scene.credit(record)
    ((kind, matter),) = await lines_of(database, scene.cast, "minute")
    assert kind == "credit"
    assert matter.service == Service(record, "清洁日", "广场东", NINE, 120, 20)
    ids = await scene.read(
        lambda tx: tx.connection.fetch("select id from transactions where bank_id = $1", tx.bank_id)
    )
    found = await scene.read(lambda tx: matters_of(tx, [row["id"] for row in ids], scene.cast.people["bob"]))
    assert [each.service for each in found.values()] == [None]
