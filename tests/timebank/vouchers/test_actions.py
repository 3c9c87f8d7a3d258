"""Making vouchers and taking them back."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from ledger.balances import wallet
from ledger.periods import close_period
from tests.timebank.offers.scene import HAIRCUT, NOW, TODAY
from tests.timebank.vouchers.scene import DAY, Booth
from timebank.errors import RefusalError
from timebank.offers.rules import OfferPlan
from timebank.vouchers.actions import issue_voucher
from timebank.vouchers.offline import Said, read

END_OF_MAY, END_OF_2026 = date(2026, 5, 31), date(2026, 12, 31)


async def test_a_voucher_holds_what_it_promises(booth: Booth) -> None:
    made = await booth.issue()
    # 30 days from 9 May; seven more to hand it in, to the end of that day.
    assert (made.state, made.fufen, made.kind, made.value) == ("issued", 20, "percent_off", 20)
    assert made.expires_on == date(2026, 6, 8)
    assert made.until_at == datetime(2026, 6, 15, 16, tzinfo=UTC)
    assert await booth.fufen("alice") == 80
    held = await booth.read(lambda tx: wallet(tx, booth.cast.people["alice"], "fufen", kind="held"))
    assert [(lot.expires_on, lot.balance) for lot in held] == [(END_OF_2026, 20)]
    signed = read(booth.text(made))
    assert signed is not None
    assert signed.is_genuine(booth.keys.public_keys)
    assert signed.said == Said(
        booth.cast.bank.id, made.id, booth.merchant, "percent_off", 20, 20, made.expires_on
    )
    assert "voucher_issued" in await booth.told("alice")
    await booth.check_whole()


async def test_its_text_is_the_same_every_time(booth: Booth) -> None:
    made = await booth.issue()
    assert booth.text(made) == booth.text(made)


@pytest.mark.parametrize(
    ("plan", "kind", "value"),
    [
        (replace(HAIRCUT, kind="amount_off", percent=None, amount_cents=500), "amount_off", 500),
        (replace(HAIRCUT, kind="housekeeping", percent=None, minutes=90), "housekeeping", 90),
    ],
)
async def test_every_kind_of_offer_has_vouchers(booth: Booth, plan: OfferPlan, kind: str, value: int) -> None:
    made = await booth.issue(offer=await booth.publish(plan))
    assert (made.kind, made.value) == (kind, value)


async def test_it_ends_with_the_first_lot_that_it_holds(booth: Booth) -> None:
    await booth.give("alice", 5, expires_on=END_OF_MAY)
    assert (await booth.issue()).expires_on == END_OF_MAY
    # That lot is all held now; the next takes of the one that ends in December.
    assert (await booth.issue()).expires_on == date(2026, 6, 8)
    await booth.check_whole()


async def test_a_lot_that_has_ended_says_nothing(booth: Booth) -> None:
    await booth.give("alice", 50, expires_on=TODAY - timedelta(days=1))
    assert (await booth.issue()).expires_on == date(2026, 6, 8)


async def test_more_than_there_is_is_not_promised(booth: Booth) -> None:
    for _ in range(5):
        await booth.issue()
    with pytest.raises(RefusalError) as refused:
        await booth.issue(key="again")
    assert refused.value.code == "insufficient"
    assert refused.value.params == {"unit": "fufen", "available": 0, "requested": 20}
    await booth.give("alice", 20)
    assert (await booth.issue(key="again")).state == "issued"
    await booth.check_whole()


async def test_an_open_voucher_counts_for_the_limits_of_its_offer(booth: Booth) -> None:
    offer = await booth.publish(replace(HAIRCUT, member_limit=1))
    made = await booth.issue(offer=offer)
    with pytest.raises(RefusalError, match="offer_member_limit"):
        await booth.issue(offer=offer)
    await booth.cancel(made.id)
    assert await booth.use(booth.text(await booth.issue(offer=offer))) == "honoured"
    with pytest.raises(RefusalError, match="offer_member_limit"):
        await booth.issue(offer=offer)


async def test_none_is_made_at_a_suspended_merchant_or_out_of_season(booth: Booth) -> None:
    with pytest.raises(RefusalError, match="offer_not_valid"):
        await booth.issue(at=NOW + 40 * DAY)
    await booth.step("olga", "suspended")
    with pytest.raises(RefusalError, match="merchant_not_active"):
        await booth.issue()
    assert await booth.states() == []


async def test_staff_that_acts_for_a_member_makes_none_there(booth: Booth) -> None:
    alice = booth.cast.people["alice"]
    with pytest.raises(RefusalError) as refused:
        await booth.act(
            "max",
            lambda tx, actor: issue_voucher(
                tx, actor, booth.keys, offer_id=booth.offer, person_id=alice, key="agent", now=NOW
            ),
        )
    assert refused.value.code == "acceptance_by_staff"
    assert await booth.fufen("alice") == 100


async def test_one_that_is_taken_back_gives_back_to_its_lots(booth: Booth) -> None:
    await booth.give("alice", 5, expires_on=END_OF_MAY)
    made = await booth.issue()
    done = await booth.cancel(made.id)
    assert not hasattr(done, "code")
    lots = await booth.read(lambda tx: wallet(tx, booth.cast.people["alice"], "fufen"))
    assert [(lot.expires_on, lot.balance) for lot in lots] == [(END_OF_MAY, 5), (END_OF_2026, 100)]
    assert await booth.states() == ["cancelled"]
    await booth.check_whole()


async def test_one_that_is_not_open_is_not_taken_back(booth: Booth) -> None:
    used, cancelled, lapsed = [await booth.issue() for _ in range(3)]
    assert await booth.use(booth.text(used)) == "honoured"
    await booth.cancel(cancelled.id)
    assert await booth.lapse(lapsed.until_at + DAY) == 1
    for voucher, code in ((used, "used"), (cancelled, "cancelled"), (lapsed, "lapsed")):
        with pytest.raises(RefusalError, match=f"already_{code}_voucher"):
            await booth.cancel(voucher.id)
    with pytest.raises(RefusalError, match="unknown_voucher"):
        await booth.cancel(used.id, "bob")
    await booth.check_whole()


async def test_one_that_nobody_used_lapses_once_it_can_be_handed_in_no_more(booth: Booth) -> None:
    made = await booth.issue()
    assert await booth.lapse(made.until_at) == 0
    assert await booth.lapse(made.until_at + timedelta(seconds=1)) == 1
    assert await booth.fufen("alice") == 100
    assert (await booth.told("alice"))[-1] == "voucher_lapsed"
    assert booth.text(made)  # as it was; the row says otherwise now
    await booth.check_whole()


async def test_it_outlives_a_closed_period(booth: Booth) -> None:
    made = await booth.issue()
    later = NOW + 2 * DAY
    await booth.database.write(booth.cast.bank, lambda tx: close_period(tx, before=later, actor="test"))
    assert await booth.use(booth.text(made), used_at=NOW + DAY, at=later + DAY) == "honoured"
    await booth.check_whole()
