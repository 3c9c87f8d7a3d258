"""Many clients at the same accounts at once: nothing is spent twice, nothing is lost, nothing is left to the caller."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from ledger.balances import balance, wallet
from ledger.posting import post
from ledger.values import (
    CAPTURE,
    ISSUANCE,
    RELEASE,
    REVERSAL,
    TAKINGS,
    VARIANCE,
    WALLET,
    Draft,
    Move,
    Place,
    Posted,
    Settlement,
)
from tests.concurrency.crowd import check_books, each_posts, held_up, hold_of, somebody_waits, tally
from tests.conftest import END_OF_2026, SPRING
from tests.ledger.drafts import award, post_all, post_one, spend
from timebank.database import Bank, Database

TO_TAKINGS = (Settlement("point", Place(TAKINGS)),)


async def test_exactly_what_can_be_afforded_is_spent(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_all(database, bank, award(owner, 50), award(owner, 40, expires_on=None))
    outcomes = await each_posts(database, bank, [spend(owner, 3) for _ in range(50)])
    assert tally(outcomes) == {"posted": 30, "insufficient": 20}
    assert await database.read(bank, lambda tx: wallet(tx, owner, "point")) == []
    assert await database.read(bank, lambda tx: balance(tx, Place(TAKINGS), "point")) == 90
    await check_books(database, bank)


async def test_one_key_from_many_clients_is_one_posting(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 100))
    outcomes = await each_posts(database, bank, [spend(owner, 1, key="k")] * 20)
    assert tally(outcomes) == {"posted": 1, "replayed": 19}
    assert len({outcome.transaction_id for outcome in outcomes}) == 1
    await check_books(database, bank)


async def test_one_key_without_a_common_account_is_one_posting_too(database: Database, bank: Bank) -> None:
    move = Move(Place(ISSUANCE), Place(VARIANCE), "point", 7)
    outcomes = await each_posts(database, bank, [Draft("count", "k", SPRING, "test", (move,))] * 20)
    assert tally(outcomes) == {"posted": 1, "replayed": 19}
    assert await database.read(bank, lambda tx: balance(tx, Place(VARIANCE), "point")) == 7
    await check_books(database, bank)


async def test_of_two_contents_under_one_key_one_wins(database: Database, bank: Bank) -> None:
    owners = [uuid4(), uuid4()]
    await post_all(database, bank, *(award(owner, 100) for owner in owners))
    outcomes = await each_posts(database, bank, [spend(owners[n % 2], 2, key="k") for n in range(20)])
    assert tally(outcomes) == {"posted": 1, "replayed": 9, "conflict": 10}
    await check_books(database, bank)


async def test_a_hold_is_captured_once(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 10))
    hold = await hold_of(database, bank, owner, 8)
    captures = [Draft(CAPTURE, f"c{n}", SPRING, "test", resolves=hold, settle=TO_TAKINGS) for n in range(12)]
    outcomes = await each_posts(database, bank, captures)
    assert tally(outcomes) == {"posted": 1, "already_resolved": 11}
    assert await database.read(bank, lambda tx: balance(tx, Place(TAKINGS), "point")) == 8
    await check_books(database, bank)


async def test_a_hold_is_captured_or_released(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 10))
    hold = await hold_of(database, bank, owner, 8)
    drafts = [Draft(CAPTURE, f"c{n}", SPRING, "test", resolves=hold, settle=TO_TAKINGS) for n in range(6)]
    drafts += [Draft(RELEASE, f"r{n}", SPRING, "test", resolves=hold) for n in range(6)]
    outcomes = await each_posts(database, bank, drafts)
    assert tally(outcomes) == {"posted": 1, "already_resolved": 11}
    left = 10 if any(isinstance(outcome, Posted) for outcome in outcomes[6:]) else 2
    assert (
        sum(lot.balance for lot in await database.read(bank, lambda tx: wallet(tx, owner, "point"))) == left
    )
    await check_books(database, bank)


async def test_a_capture_is_refunded_once_while_others_try_the_hold_again(
    database: Database, bank: Bank
) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 10))
    hold = await hold_of(database, bank, owner, 8)
    capture = Draft(CAPTURE, "c", SPRING, "test", resolves=hold, settle=TO_TAKINGS)
    capture_id = await post_one(database, bank, capture)
    drafts = [Draft(REVERSAL, f"v{n}", SPRING, "test", reverses=capture_id) for n in range(8)]
    drafts += [Draft(RELEASE, f"r{n}", SPRING, "test", resolves=hold) for n in range(4)]
    drafts += [Draft(REVERSAL, f"h{n}", SPRING, "test", reverses=hold) for n in range(4)]
    drafts += [spend(owner, 2) for _ in range(4)]
    outcomes = await each_posts(database, bank, drafts)
    assert tally(outcomes[:8]) == {"posted": 1, "already_reversed": 7}
    assert tally(outcomes[8:16]) == {"already_resolved": 4, "not_reversible": 4}
    spent = 2 * tally(outcomes[16:])["posted"]
    assert (
        sum(lot.balance for lot in await database.read(bank, lambda tx: wallet(tx, owner, "point")))
        == 10 - spent
    )
    await check_books(database, bank)


async def test_many_clients_open_one_lot(database: Database, bank: Bank) -> None:
    owner = uuid4()
    outcomes = await each_posts(database, bank, [award(owner, 2) for _ in range(30)])
    assert tally(outcomes) == {"posted": 30}
    lots = await database.read(bank, lambda tx: wallet(tx, owner, "point"))
    assert [(lot.expires_on, lot.balance) for lot in lots] == [(END_OF_2026, 60)]
    await check_books(database, bank)


async def test_many_clients_open_several_lots_in_different_orders(database: Database, bank: Bank) -> None:
    ann, bob = uuid4(), uuid4()
    moves = [
        Move(Place(ISSUANCE), Place(WALLET, owner, END_OF_2026 + timedelta(days=n)), "point", 1)
        for owner in (ann, bob)
        for n in range(4)
    ]
    drafts = [
        Draft("award", f"k{n}", SPRING, "test", tuple(moves[n % 8 :] + moves[: n % 8])) for n in range(24)
    ]
    assert tally(await each_posts(database, bank, drafts)) == {"posted": 24}
    for owner in (ann, bob):
        lots = await database.read(bank, lambda tx, o=owner: wallet(tx, o, "point"))  # type: ignore[misc]  # a lambda with a default has no type
        assert [lot.balance for lot in lots] == [24] * 4
    await check_books(database, bank)


async def test_a_spend_that_waited_for_a_credit_sees_the_lot_it_opened(
    database: Database, bank: Bank
) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 5))
    go, ready = asyncio.Event(), asyncio.Event()
    older = END_OF_2026 - timedelta(days=365)
    crediting = asyncio.create_task(held_up(database, bank, [award(owner, 10, expires_on=older)], go, ready))
    await ready.wait()
    spending = asyncio.create_task(post_all(database, bank, spend(owner, 12)))
    await somebody_waits(database, 1)
    go.set()
    await crediting
    assert tally(await spending) == {"posted": 1}
    lots = await database.read(bank, lambda tx: wallet(tx, owner, "point"))
    assert [(lot.expires_on, lot.balance) for lot in lots] == [(END_OF_2026, 3)]
    await check_books(database, bank)


async def test_batches_that_touch_the_same_accounts_crosswise_all_succeed(
    database: Database, bank: Bank
) -> None:
    owners = [uuid4() for _ in range(6)]
    await post_all(database, bank, *(award(owner, 500) for owner in owners))
    batches = [[spend(owners[(n + k) % 6], 1) for k in range(6)] for n in range(30)]
    results = await asyncio.gather(
        *(database.write(bank, lambda tx, b=batch: post(tx, b)) for batch in batches)  # type: ignore[misc]  # a lambda with a default has no type
    )
    assert tally(outcome for outcomes in results for outcome in outcomes) == {"posted": 180}
    await check_books(database, bank)
