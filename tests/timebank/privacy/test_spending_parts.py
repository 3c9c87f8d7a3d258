"""What a member redeemed, got back and reserved is in what they are given of themselves."""

from ledger.session import WriteTx
from tests.api.cast import enter
from tests.timebank.offices import CIPHER
from tests.timebank.reservations.scene import Counter
from tests.timebank.shops.scene import NOW
from tests.timebank.tills.scene import open_desk
from timebank.database import Bank, Database
from timebank.privacy.archive import pack
from timebank.privacy.export import collect
from timebank.redemptions.refunding import refund_later


async def test_redemptions_refunds_and_reservations_are_in_it(database: Database, bank: Bank) -> None:
    desk = await open_desk(database, await enter(database, bank))
    counter: Counter = desk.counter
    answer = await desk.redeem(await desk.open(), (desk.market.rice, 2), cents=250)
    assert answer.receipt is not None
    redemption_id = answer.receipt.redemption_id
    made = await counter.reserve((desk.market.oil, 1))

    async def refund(tx: WriteTx) -> None:
        mia = await desk.actor(tx, "mia", NOW)
        await refund_later(tx, mia, redemption_id=redemption_id, reason="damaged", now=NOW)

    await desk.market.write(refund)
    alice = desk.person("alice")
    collected = await desk.market.read(lambda tx: collect(tx, CIPHER, alice, now=NOW))
    (redemption,), (reservation,) = collected.parts["redemptions"], collected.parts["reservations"]
    assert (redemption["receipt"], redemption["cash_cents"], redemption["goods"]) == (
        answer.receipt.number,
        250,
        ["大米 5kg × 2"],
    )
    assert (redemption["refunded_at"], redemption["reason"]) == (NOW, "damaged")
    assert (reservation["id"], reservation["state"], reservation["goods"]) == (
        made.id,
        "reserved",
        ["菜籽油 × 1"],
    )
    assert pack(collected)
