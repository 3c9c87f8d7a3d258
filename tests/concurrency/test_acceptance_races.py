"""Fufen taken from many sides at once: a suspension, a limit, a code and a complaint each have one outcome."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable
from dataclasses import replace
from uuid import uuid4

import pytest_asyncio

from ledger.session import WriteTx
from ledger.values import Refused
from tests.api.cast import enter
from tests.concurrency.crowd import check_books, somebody_waits
from tests.timebank.offers.scene import HAIRCUT, NOW, Market, open_market
from timebank.access import Actor
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.offers.actions import Accepted, accept
from timebank.offers.complaints import ComplaintDecision, decide_complaint, raise_complaint

MEMBERS = 24


@pytest_asyncio.fixture
async def market(database: Database, bank: Bank) -> Market:
    """Return a market with a crowd of members, each with 100 fufen."""
    market = await open_market(database, await enter(database, bank))
    people = [f"member{number}" for number in range(MEMBERS)]
    market.cast = replace(market.cast, people={**market.cast.people, **{name: uuid4() for name in people}})

    async def work(tx: WriteTx, _: Actor) -> None:
        await tx.connection.executemany(
            "insert into people (bank_id, id) values ($1, $2)",
            [(tx.bank_id, market.cast.people[name]) for name in people],
        )

    await market.act("wen", work)
    for name in people:
        await market.give(name, 100)
    return market


async def one(market: Market, tx: WriteTx, name: str, *, offer: int = 0) -> Accepted | Refused:
    """Take fufen of a member in a transaction at hand; each time by a code of its own."""
    return await accept(
        tx,
        offer_id=offer or market.offer,
        person_id=market.cast.people[name],
        via="merchant_code",
        proof=secrets.token_bytes(32),
        key=f"acceptance:{uuid4()}",
        by="test",
        now=NOW,
    )


async def outcome(work: Awaitable[object]) -> str:
    """Return what came of something: the refusal's code, or what it returned."""
    try:
        done = await work
    except RefusalError as refused:
        return refused.code
    return done.code if isinstance(done, Refused) else type(done).__name__


def taking(market: Market, name: str, *, offer: int = 0) -> Awaitable[str]:
    """Return the way to take fufen of a member, on a connection of its own."""
    return outcome(market.database.write(market.cast.bank, lambda tx: one(market, tx, name, offer=offer)))


async def crowd(market: Market, *, offer: int = 0) -> list[str]:
    """Let all members give fufen at once, and return what came of each."""
    return await asyncio.gather(
        *(taking(market, f"member{number}", offer=offer) for number in range(MEMBERS))
    )


async def test_a_suspension_waits_for_an_acceptance_that_was_first(market: Market) -> None:
    ready, go = asyncio.Event(), asyncio.Event()

    async def slow(tx: WriteTx) -> Accepted | Refused:
        done = await one(market, tx, "member0")
        ready.set()
        await go.wait()
        return done

    first = asyncio.create_task(outcome(market.database.write(market.cast.bank, slow)))
    await ready.wait()
    suspension = asyncio.create_task(market.step("olga", "suspended"))
    await somebody_waits(market.database, 1)
    assert not suspension.done()
    go.set()
    assert await first == "Accepted"
    await suspension
    assert await taking(market, "member1") == "merchant_not_active"
    assert await market.taken() == 20
    await check_books(market.database, market.cast.bank)


async def test_an_acceptance_waits_for_a_suspension_that_was_first(market: Market) -> None:
    ready, go = asyncio.Event(), asyncio.Event()

    async def slow(tx: WriteTx) -> None:
        await tx.connection.execute(
            "update merchants set state = 'suspended', version = version + 1 where bank_id = $1 and id = $2",
            tx.bank_id,
            market.merchant,
        )
        ready.set()
        await go.wait()

    suspension = asyncio.create_task(market.database.write(market.cast.bank, slow))
    await ready.wait()
    late = asyncio.create_task(crowd(market))
    await somebody_waits(market.database, MEMBERS)
    go.set()
    await suspension
    assert Counter(await late) == {"merchant_not_active": MEMBERS}
    assert await market.taken() == 0


async def test_in_a_crowd_nothing_is_taken_after_the_suspension(market: Market) -> None:
    for _ in range(5):
        before = await market.taken()
        *answers, _ = await asyncio.gather(
            *(taking(market, f"member{number}") for number in range(MEMBERS)),
            market.step("olga", "suspended"),
        )
        told = Counter(answers)
        assert set(told) <= {"Accepted", "merchant_not_active", "insufficient"}
        assert await market.taken() - before == 20 * told["Accepted"]
        assert set(await crowd(market)) == {"merchant_not_active"}
        assert await market.taken() - before == 20 * told["Accepted"]
        await market.step("olga", "resumed")
    await check_books(market.database, market.cast.bank)


async def test_a_limit_that_all_share_is_kept(market: Market) -> None:
    few = await market.publish(replace(HAIRCUT, total_limit=5))
    assert Counter(await crowd(market, offer=few)) == {"Accepted": 5, "offer_used_up": MEMBERS - 5}
    assert await market.taken() == 100


async def test_a_members_limit_is_kept(market: Market) -> None:
    twice = await market.publish(replace(HAIRCUT, member_limit=2))
    answers = await asyncio.gather(*(taking(market, "member0", offer=twice) for _ in range(12)))
    assert Counter(answers) == {"Accepted": 2, "offer_member_limit": 10}
    assert await market.fufen("member0") == 60


async def test_a_wallet_pays_for_as_much_as_it_has(market: Market) -> None:
    answers = await asyncio.gather(*(taking(market, "member0") for _ in range(12)))
    assert Counter(answers) == {"Accepted": 5, "insufficient": 7}
    assert (await market.fufen("member0"), await market.taken()) == (0, 100)
    await check_books(market.database, market.cast.bank)


async def test_one_code_scanned_by_many_is_taken_once(market: Market) -> None:
    code = market.shown_by("alice")
    answers = await asyncio.gather(*(outcome(market.take(code)) for _ in range(12)))
    assert Counter(answers) == {"Accepted": 1, "code_used": 11}
    assert await market.fufen("alice") == 80


async def test_two_who_uphold_one_complaint_refund_it_once(market: Market) -> None:
    done = await market.take(market.shown_by("alice"))
    assert isinstance(done, Accepted)
    raised = await market.act(
        "alice",
        lambda tx, actor: raise_complaint(tx, actor, acceptance_id=done.id, statement="测试", now=NOW),
    )

    async def uphold(tx: WriteTx, actor: Actor) -> ComplaintDecision | Refused:
        return await decide_complaint(
            tx, actor, complaint_id=raised.id, decision="upheld", answer="测试", now=NOW
        )

    answers = await asyncio.gather(*(outcome(market.act("olga", uphold)) for _ in range(8)))
    assert Counter(answers) == {"ComplaintDecision": 1, "already_decided": 7}
    assert (await market.fufen("alice"), await market.taken()) == (100, 0)
    await check_books(market.database, market.cast.bank)
