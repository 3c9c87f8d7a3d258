"""Many clients at the same accounts at once: nothing is spent twice, nothing is lost, nothing is left to the caller."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from ledger.balances import balance, wallet
from ledger.exchanges import set_exchanges
from ledger.expiry import ExpiryCursor, expire_lots
from ledger.folding import fold
from ledger.periods import close_period
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
    Refused,
    Settlement,
)
from tests.concurrency.crowd import check_books, each_posts, held_up, hold_of, in_turn_until, sealed, tally
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
    assert sum(lot.balance for lot in await database.read(bank, lambda tx: wallet(tx, owner, "point"))) == left
    await check_books(database, bank)


async def test_a_capture_is_refunded_once_while_others_try_the_hold_again(database: Database, bank: Bank) -> None:
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
    assert sum(lot.balance for lot in await database.read(bank, lambda tx: wallet(tx, owner, "point"))) == 10 - spent
    await check_books(database, bank)


async def test_what_expires_is_not_spent_too(database: Database, bank: Bank) -> None:
    owners = [uuid4() for _ in range(10)]
    await post_all(database, bank, *(award(owner, 10) for owner in owners))
    last_day = SPRING.replace(year=2026, month=12, day=31)

    async def expire() -> int:
        cursor: ExpiryCursor | None = ExpiryCursor()
        amount = 0
        while cursor is not None:
            after = cursor
            batch = await database.write(
                bank,
                lambda tx: expire_lots(tx, as_of=END_OF_2026 + timedelta(1), actor="test", after=after, limit=3),
            )
            amount += batch.amounts.get("point", 0)
            cursor = batch.next
        return amount

    drafts = [spend(owner, 6, at=last_day) for owner in owners for _ in range(2)]
    first, second, outcomes = await asyncio.gather(expire(), expire(), each_posts(database, bank, drafts))
    spent = 6 * tally(outcomes)["posted"]
    assert first + second + spent == 100
    assert tally(outcomes)["posted"] <= 10
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
        lots = await database.read(bank, lambda tx, o=owner: wallet(tx, o, "point"))  # type: ignore[misc]
        assert [lot.balance for lot in lots] == [24] * 4
    await check_books(database, bank)


async def test_a_spend_that_waited_for_a_credit_sees_the_lot_it_opened(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 5))
    go, ready = asyncio.Event(), asyncio.Event()
    older = END_OF_2026 - timedelta(days=365)
    crediting = asyncio.create_task(held_up(database, bank, [award(owner, 10, expires_on=older)], go, ready))
    await ready.wait()
    spending = asyncio.create_task(post_all(database, bank, spend(owner, 12)))
    while not await database.pool.fetchval("select exists (select from pg_locks where not granted)"):
        await asyncio.sleep(0.005)
    go.set()
    await crediting
    assert tally(await spending) == {"posted": 1}
    lots = await database.read(bank, lambda tx: wallet(tx, owner, "point"))
    assert [(lot.expires_on, lot.balance) for lot in lots] == [(END_OF_2026, 3)]
    await check_books(database, bank)


async def test_folding_and_sealing_beside_posting_lose_nothing(database: Database, bank: Bank) -> None:
    owners = [uuid4() for _ in range(8)]
    over = asyncio.Event()

    async def crowd() -> None:
        for round_ in range(6):
            await each_posts(database, bank, [award(owner, 2) for owner in owners for _ in range(3)])
            await each_posts(database, bank, [spend(owner, 5, key=f"{owner}{round_}") for owner in owners])
        over.set()

    async def shown() -> int:
        return await database.read(bank, lambda tx: balance(tx, Place(ISSUANCE), "point"))

    _, _, runs, seen = await asyncio.gather(
        crowd(),
        in_turn_until(over, lambda: database.write(bank, fold)),
        in_turn_until(over, lambda: sealed(database, bank, 20)),
        in_turn_until(over, shown),
    )
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == -8 * 6 * 6
    assert sum(run.transactions for run in runs) + (await sealed(database, bank)).transactions == 8 * 6 * 4
    await check_books(database, bank)


async def test_a_period_closes_before_or_after_a_posting(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 100))

    async def close() -> None:
        await asyncio.sleep(0.02)
        await asyncio.gather(*(
            database.write(bank, lambda tx: close_period(tx, before=SPRING + timedelta(days=1), actor="test"))
            for _ in range(3)
        ))

    drafts = [spend(owner, 1) for _ in range(60)]
    outcomes, _ = await asyncio.gather(each_posts(database, bank, drafts), close())
    counted = tally(outcomes)
    assert counted["posted"] + counted["period_closed"] == 60
    (late,) = await post_all(database, bank, spend(owner, 1))
    assert isinstance(late, Refused)
    assert late.code == "period_closed"
    await check_books(database, bank)


async def test_a_rule_that_changes_meanwhile_is_in_force_or_not(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_all(database, bank, award(owner, 100), award(owner, 1, unit="timecoin"))
    convert = [
        Draft(
            "conversion",
            f"k{n}",
            SPRING,
            "test",
            (spend(owner, 1).moves[0], Move(Place("converted"), Place(WALLET, owner), "fufen", 1)),
        )
        for n in range(30)
    ]
    since = SPRING - timedelta(days=1)
    outcomes, _ = await asyncio.gather(
        each_posts(database, bank, convert),
        database.write(bank, lambda tx: set_exchanges(tx, [("point", "class:goods")], effective_from=since)),
    )
    counted = tally(outcomes)
    assert counted["posted"] + counted["exchange_not_allowed"] == 30
    lots = await database.read(bank, lambda tx: wallet(tx, owner, "fufen"))
    assert sum(lot.balance for lot in lots) == counted["posted"]
    (after,) = await post_all(database, bank, Draft("conversion", "last", SPRING, "test", convert[0].moves))
    assert isinstance(after, Refused)
    await check_books(database, bank)


async def test_batches_that_touch_the_same_accounts_crosswise_all_succeed(database: Database, bank: Bank) -> None:
    owners = [uuid4() for _ in range(6)]
    await post_all(database, bank, *(award(owner, 500) for owner in owners))
    batches = [[spend(owners[(n + k) % 6], 1) for k in range(6)] for n in range(30)]
    results = await asyncio.gather(
        *(database.write(bank, lambda tx, b=batch: post(tx, b)) for batch in batches)  # type: ignore[misc]
    )
    assert tally(outcome for outcomes in results for outcome in outcomes) == {"posted": 180}
    await check_books(database, bank)
