"""Fufen taken by either side's scan: one code, one acceptance; limits, days and the merchant's state hold."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from ledger.session import WriteTx
from ledger.values import Refused
from tests.timebank.offers.scene import HAIRCUT, KEYS, NOW, Market
from timebank.codes.rules import pick_up_code, station_code
from timebank.errors import RefusalError
from timebank.merchants.staff import remove_staff
from timebank.offers.actions import Accepted
from timebank.offers.publishing import withdraw_offer

MINUTE = timedelta(minutes=1)


async def refused_take(
    market: Market, code: str, *, by: str = "max", offer: int = 0, at: datetime = NOW
) -> str:
    with pytest.raises(RefusalError) as refused:
        await market.take(code, by=by, offer=offer, at=at)
    return refused.value.code


async def refused_confirm(market: Market, name: str, code: str, *, at: datetime = NOW) -> str:
    with pytest.raises(RefusalError) as refused:
        await market.confirm(name, code, at=at)
    return refused.value.code


async def test_a_merchant_takes_fufen_of_whom_it_scanned(market: Market) -> None:
    done = await market.take(market.shown_by("alice"))
    assert isinstance(done, Accepted)
    assert (done.offer_id, done.merchant_id, done.fufen) == (market.offer, market.merchant, 20)
    assert (await market.fufen("alice"), await market.taken()) == (80, 20)
    (kept,) = await market.rows(
        "select t.kind, a.via, a.accepted_on, a.policy_version, t.metadata::text as said from acceptances a"
        " join transactions t on t.bank_id = $1 and t.id = a.transaction_id where a.bank_id = $1"
    )
    assert (kept["kind"], kept["via"], kept["accepted_on"]) == ("acceptance", "member_code", date(2026, 5, 9))
    assert str(kept["said"]).replace(" ", "") == f'{{"offer":{market.offer},"policy":1}}'
    assert await market.told("alice") == ["fufen_taken"]


async def test_one_code_is_one_acceptance(market: Market) -> None:
    code = market.shown_by("alice")
    assert isinstance(await market.take(code), Accepted)
    assert await refused_take(market, code) == "code_used"
    assert await refused_take(market, code.lower(), at=NOW + timedelta(seconds=40)) == "code_used"
    second = await market.publish(replace(HAIRCUT, title="染发"))
    assert await refused_take(market, code, offer=second) == "code_used"
    assert await market.fufen("alice") == 80
    assert isinstance(await market.take(market.shown_by("alice", NOW + MINUTE), at=NOW + MINUTE), Accepted)


async def test_what_cannot_be_paid_uses_no_code_up(market: Market) -> None:
    dear = await market.publish(replace(HAIRCUT, price_fufen=500))
    code = market.shown_by("alice")
    done = await market.take(code, offer=dear)
    assert isinstance(done, Refused)
    assert done.code == "insufficient"
    assert isinstance(await market.take(code), Accepted)
    assert await market.fufen("alice") == 80


async def test_a_member_confirms_what_the_merchant_shows(market: Market) -> None:
    code = market.shown_at()
    done = await market.confirm("alice", code, at=NOW + 2 * MINUTE - timedelta(seconds=1))
    assert isinstance(done, Accepted)
    assert (await market.fufen("alice"), await market.taken()) == (80, 20)
    assert await refused_confirm(market, "alice", code) == "code_used"
    # The next in the queue scans the same screen.
    await market.give("bob", 20)
    assert isinstance(await market.confirm("bob", code), Accepted)
    assert await market.taken() == 40
    assert await refused_confirm(market, "alice", code, at=NOW + 2 * MINUTE) == "code_expired"


async def test_only_for_oneself_or_whom_one_acts_for(market: Market) -> None:
    for by, code in (("bob", "forbidden"), ("wen", "forbidden"), ("max", "forbidden")):
        with pytest.raises(RefusalError) as refused:
            await market.confirm("alice", market.shown_at(), by=by)
        assert refused.value.code == code, by
    assert await market.fufen("alice") == 100


async def test_a_code_is_of_the_kind_that_belongs_there(market: Market) -> None:
    bank = market.cast.bank.id
    others = (
        market.shown_at(),
        pick_up_code(KEYS, bank_id=bank, reservation_id=1),
        station_code(KEYS, bank_id=bank, station_id=1, session_id=1, at=NOW),
        "not a code",
    )
    for code in others:
        assert await refused_take(market, code) == "code_unreadable"
    for code in (market.shown_by("alice"), *others[1:]):
        assert await refused_confirm(market, "alice", code) == "code_unreadable"
    forged = market.shown_at()[:-1] + ("A" if market.shown_at()[-1] != "A" else "E")
    assert await refused_confirm(market, "alice", forged) in {"code_forged", "code_unreadable"}
    assert await refused_take(market, market.shown_by("alice", NOW - MINUTE)) == "code_expired"


async def test_only_its_staff_takes_for_a_merchant(market: Market) -> None:
    code = market.shown_by("alice")
    assert await refused_take(market, code, by="carl") == "forbidden"
    assert await refused_take(market, code, by="olga") == "forbidden"
    elsewhere = await market.open()
    others = await market.publish(merchant=elsewhere)
    await market.act(
        "wen",
        lambda tx, _: remove_staff(tx, merchant_id=elsewhere, person_id=market.cast.people["max"], now=NOW),
    )
    assert await refused_take(market, code, offer=others) == "unknown_offer"
    assert await refused_take(market, code, offer=market.offer + 1_000) == "unknown_offer"


async def test_a_merchant_that_is_not_active_takes_nothing(market: Market) -> None:
    await market.step("olga", "suspended")
    assert await refused_take(market, market.shown_by("alice")) == "merchant_not_active"
    assert await refused_confirm(market, "alice", market.shown_at()) == "merchant_not_active"
    await market.step("olga", "resumed")
    assert isinstance(await market.take(market.shown_by("alice")), Accepted)
    await market.step("olga", "closed")
    assert await refused_confirm(market, "alice", market.shown_at()) == "merchant_not_active"
    assert await market.fufen("alice") == 80


async def test_an_offer_is_taken_on_its_days_while_published(market: Market) -> None:
    june = datetime(2026, 5, 31, 16, 0, tzinfo=NOW.tzinfo)  # midnight of 1 June in Shanghai
    last = june - MINUTE
    assert isinstance(await market.take(market.shown_by("alice", last), at=last), Accepted)
    assert await refused_take(market, market.shown_by("alice", june), at=june) == "offer_not_valid"
    await market.act(
        "max",
        lambda tx, actor: withdraw_offer(tx, actor, market.offer, expected_version=None, now=NOW),
    )
    assert await refused_take(market, market.shown_by("alice")) == "offer_not_published"


async def test_a_members_limit_counts_what_was_not_refunded(market: Market) -> None:
    twice = await market.publish(replace(HAIRCUT, member_limit=2, price_fufen=5))
    for after in range(2):
        at = NOW + after * MINUTE
        assert isinstance(await market.take(market.shown_by("alice", at), offer=twice, at=at), Accepted)
    at = NOW + 2 * MINUTE
    assert (
        await refused_take(market, market.shown_by("alice", at), offer=twice, at=at) == "offer_member_limit"
    )
    await market.give("bob", 20)
    assert isinstance(await market.confirm("bob", market.shown_at(offer=twice)), Accepted)


async def test_what_all_share_is_used_up(market: Market) -> None:
    one = await market.publish(replace(HAIRCUT, total_limit=1))
    await market.give("bob", 20)
    assert isinstance(await market.confirm("bob", market.shown_at(offer=one)), Accepted)
    assert await refused_take(market, market.shown_by("alice"), offer=one) == "offer_used_up"


async def test_a_merchants_staff_spends_elsewhere(market: Market) -> None:
    await market.give("max", 50)
    await market.phone("max")
    assert await refused_take(market, market.shown_by("max")) == "acceptance_by_staff"
    assert await refused_confirm(market, "max", market.shown_at()) == "acceptance_by_staff"
    other = await market.open(staff=None)
    assert other != market.merchant
    assert await market.fufen("max") == 50


async def test_the_same_key_is_the_same_acceptance_in_the_books(market: Market) -> None:
    done = await market.take(market.shown_by("alice"), key="acceptance:one")
    assert isinstance(done, Accepted)
    at = NOW + MINUTE
    with pytest.raises(RefusalError) as refused:
        await market.take(market.shown_by("alice", at), key="acceptance:one", at=at)
    assert refused.value.code == "idempotency_conflict"
    assert await market.fufen("alice") == 80


async def test_before_the_first_pack_nothing_is_taken(market: Market) -> None:
    early = datetime(2020, 5, 9, 4, 0, tzinfo=NOW.tzinfo)
    old = await market.publish(replace(HAIRCUT, starts_on=date(2019, 1, 1)))
    code = market.shown_at(early, offer=old)
    assert await refused_confirm(market, "alice", code, at=early) == "policy_missing"


async def test_staff_that_acts_for_a_member_spends_nothing_of_theirs_there(market: Market) -> None:
    await market.act("alice", lambda tx, _: name_agent(tx, market, "max"))
    with pytest.raises(RefusalError) as refused:
        await market.confirm("alice", market.shown_at(), by="max")
    assert refused.value.code == "acceptance_by_staff"
    assert await refused_take(market, market.shown_by("alice")) == "acceptance_by_staff"
    assert await market.fufen("alice") == 100
    assert isinstance(await market.confirm("alice", market.shown_at()), Accepted)


async def name_agent(tx: WriteTx, market: Market, agent: str) -> None:
    """Let somebody spend for Alice."""
    await tx.connection.execute(
        "insert into proxies (bank_id, principal_id, agent_id, scopes, reason, from_at, until_at, made_by)"
        " values ($1, $2, $3, '{spending}', '行动不便', $4, $5, 'test')",
        tx.bank_id,
        market.cast.people["alice"],
        market.cast.people[agent],
        NOW - MINUTE,
        NOW + timedelta(days=1),
    )
