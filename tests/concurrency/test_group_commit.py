"""The posting queue: many callers, few transactions, and to each the answer that the books give."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest

from ledger.balances import balance, wallet
from ledger.queue import PostingQueue
from ledger.values import MAX_AMOUNT, TAKINGS, Draft, Outcome, Place, Posted, Refused
from tests.concurrency.crowd import check_books, somebody_waits, tally
from tests.ledger.drafts import award, post_all, post_one, spend
from timebank.database import Bank, Database
from timebank.errors import OutageError


class Counter:
    """Commits drafts for real and counts how many transactions it took."""

    def __init__(self, database: Database, bank: Bank) -> None:
        self.database, self.bank = database, bank
        self.sizes: list[int] = []

    async def commit(self, drafts: Sequence[Draft]) -> list[Outcome]:
        """Post them in one transaction."""
        self.sizes.append(len(drafts))
        return await self.database.post(self.bank, drafts)


def _nested(depth: int) -> dict[str, object]:
    value: dict[str, object] = {}
    for _ in range(depth):
        value = {"a": value}
    return value


async def written(database: Database, bank: Bank) -> dict[str, tuple[int, str | None]]:
    """Return id and refusal by key, as the books have them."""
    rows = await database.read(
        bank,
        lambda tx: tx.connection.fetch(
            "select idempotency_key, id, refusal from transactions where bank_id = $1", tx.bank_id
        ),
    )
    return {key: (id_, refusal) for key, id_, refusal in rows}


async def test_every_caller_gets_its_own_outcome(database: Database, bank: Bank) -> None:
    owners = [uuid4() for _ in range(10)]
    await post_all(database, bank, *(award(owner, 30) for owner in owners))
    counter = Counter(database, bank)
    drafts = [spend(owners[n % 10], 2, key=f"k{n}") for n in range(200)]
    async with PostingQueue(counter.commit) as queue:
        outcomes = await asyncio.gather(*(queue.submit(draft) for draft in drafts))
    assert tally(outcomes) == {"posted": 150, "insufficient": 50}
    books = await written(database, bank)
    for draft, outcome in zip(drafts, outcomes, strict=True):
        assert not isinstance(outcome, Posted) or books[draft.key] == (outcome.transaction_id, None)
        assert not isinstance(outcome, Refused) or books[draft.key] == (outcome.transaction_id, outcome.code)
    assert sum(counter.sizes) == 200
    assert len(counter.sizes) <= 3
    await check_books(database, bank)


async def test_the_same_key_in_one_batch_is_one_posting(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 30))
    async with PostingQueue(Counter(database, bank).commit, batch_limit=7) as queue:
        outcomes = await asyncio.gather(*(queue.submit(spend(owner, 4, key="k")) for _ in range(30)))
    assert tally(outcomes) == {"posted": 1, "replayed": 29}
    assert await database.read(bank, lambda tx: balance(tx, Place(TAKINGS), "point")) == 4


@pytest.mark.parametrize(
    ("spoiled", "error"),
    [
        (lambda draft: replace(draft, memo="a\0b"), asyncpg.DataError),
        (lambda draft: replace(draft, memo="\ud800"), ValueError),
        (lambda draft: replace(draft, metadata={"x": float("nan")}), (ValueError, asyncpg.DataError)),
        (lambda draft: replace(draft, metadata={"a": object()}), TypeError),
        (lambda draft: replace(draft, metadata={"a": "\0"}), (ValueError, asyncpg.DataError)),
        (lambda draft: replace(draft, kind="Not A Kind"), (ValueError, asyncpg.CheckViolationError)),
        (lambda draft: replace(draft, metadata=_nested(3_000)), RecursionError),
        (lambda draft: replace(draft, effective_at=datetime.max.replace(tzinfo=UTC)), OverflowError),
    ],
    ids=["zero-byte", "surrogate", "nan", "object", "zero-byte-in-json", "kind", "depth", "no-day"],
)
async def test_a_spoiled_draft_fails_alone(
    database: Database,
    bank: Bank,
    spoiled: Callable[[Draft], Draft],
    error: type[Exception] | tuple[type[Exception], ...],
) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 100))
    drafts = [spend(owner, 1, key=f"k{n}") for n in range(40)]
    drafts[17] = spoiled(drafts[17])
    async with PostingQueue(Counter(database, bank).commit) as queue:
        outcomes = await asyncio.gather(*(queue.submit(draft) for draft in drafts), return_exceptions=True)
    culprit = outcomes.pop(17)
    assert isinstance(culprit, error)
    assert all(isinstance(outcome, Posted) for outcome in outcomes)
    assert await database.read(bank, lambda tx: balance(tx, Place(TAKINGS), "point")) == 39
    await check_books(database, bank)


async def test_a_balance_that_no_bigint_holds_fails_alone(database: Database, bank: Bank) -> None:
    rich, owner = uuid4(), uuid4()
    heap = replace(award(rich, MAX_AMOUNT), moves=award(rich, MAX_AMOUNT).moves * 1000)
    await post_one(database, bank, heap)
    drafts = [award(owner, 1, key=f"k{n}") for n in range(10)]
    drafts.insert(4, replace(heap, key="too much"))
    async with PostingQueue(Counter(database, bank).commit) as queue:
        outcomes = await asyncio.gather(*(queue.submit(draft) for draft in drafts), return_exceptions=True)
    assert isinstance(outcomes.pop(4), Exception)
    assert all(isinstance(outcome, Posted) for outcome in outcomes)
    await check_books(database, bank)


async def test_a_caller_that_goes_away_leaves_its_draft_to_the_writer(database: Database, bank: Bank) -> None:
    owner, others = uuid4(), uuid4()
    await post_all(database, bank, award(owner, 10), award(others, 100))
    counter = Counter(database, bank)
    async with PostingQueue(counter.commit) as queue:
        tasks = [asyncio.create_task(queue.submit(spend(others, 1, key=f"k{n}"))) for n in range(30)]
        leaving = asyncio.create_task(queue.submit(spend(owner, 6, key="mine")))
        await asyncio.sleep(0)
        leaving.cancel()
        outcomes = await asyncio.gather(*tasks)
    assert leaving.cancelled()
    assert tally(outcomes) == {"posted": 30}
    (again,) = await post_all(database, bank, spend(owner, 6, key="mine"))
    assert isinstance(again, Posted)
    assert again.replayed
    await check_books(database, bank)


async def test_a_writer_that_is_cancelled_while_it_waits_leaves_a_clean_connection(
    database: Database, bank: Bank
) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 10))
    connection = await database.pool.acquire()
    await connection.execute("begin")
    await connection.execute(f"set local timebank.bank_id = '{bank.id}'")
    await connection.execute("select from accounts where bank_id = $1 for update", bank.id)
    waiting = [asyncio.create_task(post_all(database, bank, spend(owner, 1))) for _ in range(5)]
    await somebody_waits(database, 5)
    for task in waiting:
        task.cancel()
    assert all(
        isinstance(e, asyncio.CancelledError) for e in await asyncio.gather(*waiting, return_exceptions=True)
    )
    await connection.execute("rollback")
    await database.pool.release(connection)
    assert tally(
        [outcome for _ in range(8) for outcome in await post_all(database, bank, spend(owner, 1))]
    ) == {"posted": 8}
    assert await _points(database, bank, owner) == 2


async def test_an_outage_is_told_to_everybody_and_the_queue_goes_on(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 100))
    counter = Counter(database, bank)
    is_down = True

    async def commit(drafts: Sequence[Draft]) -> list[Outcome]:
        if is_down:
            raise OutageError("database_lost")
        return await counter.commit(drafts)

    drafts = [spend(owner, 1, key=f"k{n}") for n in range(50)]
    async with PostingQueue(commit) as queue:
        told = await asyncio.gather(*(queue.submit(draft) for draft in drafts), return_exceptions=True)
        assert all(isinstance(error, OutageError) for error in told)
        is_down = False
        outcomes = await asyncio.gather(*(queue.submit(draft) for draft in drafts))
    assert tally(outcomes) == {"posted": 50}
    assert await _points(database, bank, owner) == 50


async def test_a_writer_that_is_cancelled_leaves_nobody_waiting() -> None:
    async def commit(drafts: Sequence[Draft]) -> list[Outcome]:
        if len(drafts) > 1:
            raise ValueError
        raise asyncio.CancelledError

    owner = uuid4()
    queue = PostingQueue(commit, batch_limit=3)
    asked = asyncio.gather(*(queue.submit(award(owner, 1)) for _ in range(5)), return_exceptions=True)
    assert [type(told) for told in await asyncio.wait_for(asked, 60)] == [asyncio.CancelledError] * 5


async def test_leaving_waits_for_everybody(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 100))
    async with PostingQueue(Counter(database, bank).commit, batch_limit=3) as queue:
        tasks = [asyncio.create_task(queue.submit(spend(owner, 1))) for _ in range(20)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in tasks)
    assert await _points(database, bank, owner) == 80
    assert tally(await asyncio.gather(*tasks)) == {"posted": 20}


async def _points(database: Database, bank: Bank, owner: UUID) -> int:
    return sum(lot.balance for lot in await database.read(bank, lambda tx: wallet(tx, owner, "point")))
