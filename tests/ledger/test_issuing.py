"""Issuing in one call writes what posting under the lock would write, and leaves everything else to it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock, patch
from uuid import UUID, uuid4

import asyncpg
import pytest

from ledger.balances import wallet
from ledger.periods import close_period
from ledger.posting import post
from ledger.session import ReadTx
from ledger.values import (
    HELD,
    HOLD,
    ISSUANCE,
    SHELF,
    SUPPLY,
    WALLET,
    Conflict,
    Draft,
    Move,
    Outcome,
    Place,
    Posted,
    Refused,
)
from tests.concurrency.crowd import check_books
from tests.conftest import END_OF_2026, SPRING
from tests.ledger.drafts import award, post_all, refusal_of, spend
from timebank.database import Bank, Database

SHOP = UUID(int=99)


def credit(owner: UUID, key: str) -> Draft:
    """An hour, and twice some points."""
    moves = (
        Move(Place(ISSUANCE), Place(WALLET, owner), "minute", 60),
        Move(Place(ISSUANCE), Place(WALLET, owner, END_OF_2026), "point", 5),
        Move(Place(ISSUANCE), Place(WALLET, owner, END_OF_2026), "point", 7),
    )
    return Draft("credit", key, SPRING, "记录员", moves, memo='逗号,"引号"\\', metadata={"活动": ["甲", 1]})


async def issued(database: Database, bank: Bank, *drafts: Draft) -> list[Outcome]:
    """Post in one call, and fail if it takes more."""
    with patch("timebank.database.post", AsyncMock(side_effect=AssertionError("posted under the lock"))):
        return await database.post(bank, drafts)


async def locked(database: Database, bank: Bank, *drafts: Draft) -> list[Outcome]:
    """Post, and fail if that was not left to the ordinary way."""
    with patch("timebank.database.post", AsyncMock(side_effect=post)) as ordinary:
        outcomes = await database.post(bank, drafts)
    ordinary.assert_awaited_once()
    return outcomes


async def rows(database: Database, bank: Bank, prefix: str) -> list[dict[str, Any]]:
    """Return what the books have of the transactions whose key begins so, without what differs by nature."""

    async def work(tx: ReadTx) -> list[dict[str, Any]]:
        found = await tx.connection.fetch(
            "select t.*, p.*, a.balance as now, a.last_seq from transactions t"
            " join postings p on p.bank_id = $1 and p.transaction_id = t.id"
            " join accounts a on a.bank_id = $1 and a.id = p.to_account_id"
            " where t.bank_id = $1 and t.idempotency_key like $2 || '%' order by t.id, p.line",
            tx.bank_id,
            prefix,
        )
        return [dict(row) for row in found]

    return await database.read(bank, work)


async def test_writes_what_posting_writes(database: Database, bank: Bank) -> None:
    one, other = uuid4(), uuid4()
    await post_all(database, bank, credit(one, "open one"), credit(other, "open other"))
    await post_all(database, bank, *(credit(one, f"a{n}") for n in range(3)))
    await issued(database, bank, *(credit(other, f"b{n}") for n in range(3)))
    own = {
        "bank_id",
        "id",
        "transaction_id",
        "xact",
        "recorded_at",
        "salt",
        "idempotency_key",
        "to_account_id",
        "fingerprint",
    }
    posted, called = await rows(database, bank, "a"), await rows(database, bank, "b")
    assert len(posted) == 9
    assert [{k: v for k, v in row.items() if k not in own} for row in called] == [
        {k: v for k, v in row.items() if k not in own} for row in posted
    ]
    assert {row["fingerprint"] for row in called} == {credit(other, "any").fingerprint()}
    assert len({row["salt"] for row in called}) == 3
    assert {type(row["recorded_at"]) for row in called} == {datetime}
    await check_books(database, bank)


async def test_each_gets_its_own_id(database: Database, bank: Bank) -> None:
    owners = [uuid4() for _ in range(4)]
    await post_all(database, bank, *(award(owner, 1) for owner in owners))
    outcomes = await issued(database, bank, *(award(owner, 2, key=f"k{n}") for n, owner in enumerate(owners)))
    ids = {row["idempotency_key"]: row["transaction_id"] for row in await rows(database, bank, "k")}
    assert outcomes == [Posted(ids[f"k{n}"]) for n in range(4)]


async def test_goods_go_to_a_shelf_in_one_call(database: Database, bank: Bank) -> None:
    stock = Move(Place(SUPPLY), Place(SHELF, SHOP), "goods/rice", 5)
    await post_all(database, bank, Draft("stock", "first", SPRING, "仓管", (stock,)))
    await issued(database, bank, Draft("stock", "second", SPRING, "仓管", (stock,)))
    assert (await rows(database, bank, "second"))[0]["to_balance"] == 10


async def test_what_is_not_so_simple_is_posted_under_the_lock(database: Database, bank: Bank) -> None:
    owner = uuid4()
    assert [type(o) for o in await locked(database, bank, award(owner, 9, key="new lot"))] == [Posted]
    assert [type(o) for o in await locked(database, bank, spend(owner, 2))] == [Posted]
    assert [type(o) for o in await locked(database, bank, award(owner, 1), spend(owner, 99))] == [
        Posted,
        Refused,
    ]
    (replay,) = await locked(database, bank, award(owner, 9, key="new lot"))
    assert isinstance(replay, Posted)
    assert replay.replayed
    (conflict,) = await locked(database, bank, award(owner, 8, key="new lot"))
    assert isinstance(conflict, Conflict)
    first, second = await locked(database, bank, award(owner, 1, key="twice"), award(owner, 1, key="twice"))
    assert isinstance(second, Posted)
    assert second.replayed
    assert first.transaction_id == second.transaction_id
    (unknown,) = await locked(database, bank, award(owner, 1, unit="no-such-unit"))
    assert isinstance(unknown, Refused)
    assert unknown.code == "unknown_unit"
    await check_books(database, bank)


async def test_a_hold_keeps_its_end(database: Database, bank: Bank) -> None:
    """Even one that only issues: the call writes no end."""
    until = SPRING + timedelta(days=1)
    move = Move(Place(ISSUANCE), Place(HELD), "point", 5)
    await post_all(database, bank, Draft(HOLD, "first", SPRING, "test", (move,), hold_until=until))
    await locked(database, bank, Draft(HOLD, "second", SPRING, "test", (move,), hold_until=until))
    assert [row["hold_until"] for row in await rows(database, bank, "second")] == [until]


async def test_a_closed_period_is_refused_and_stored(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_all(database, bank, award(owner, 1))
    await database.write(
        bank, lambda tx: close_period(tx, before=datetime(2026, 1, 1, tzinfo=UTC), actor="test")
    )
    (outcome,) = await locked(database, bank, award(owner, 1, key="late"))
    assert isinstance(outcome, Refused)
    assert outcome.code == "period_closed"
    assert await refusal_of(database, bank, award(owner, 1, key="late")) == "period_closed"


async def test_writers_of_one_wallet_lose_nothing(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_all(database, bank, award(owner, 1))
    drafts = [award(owner, 1, key=f"k{n}") for n in range(60)]
    outcomes = await asyncio.gather(*(database.post(bank, [draft]) for draft in drafts))
    assert len({outcome.transaction_id for (outcome,) in outcomes}) == 60
    lots = await database.read(bank, lambda tx: wallet(tx, owner, "point"))
    assert [lot.balance for lot in lots] == [61]
    await check_books(database, bank)


async def test_the_same_key_at_once_is_posted_once(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_all(database, bank, award(owner, 1))
    draft = award(owner, 5, key="once")
    outcomes = [o for (o,) in await asyncio.gather(*(database.post(bank, [draft]) for _ in range(20)))]
    assert len({outcome.transaction_id for outcome in outcomes}) == 1
    assert sum(not outcome.replayed for outcome in outcomes if isinstance(outcome, Posted)) == 1


async def test_closing_waits_for_who_issues_and_then_holds(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_all(database, bank, award(owner, 1))
    early = datetime(2026, 1, 1, tzinfo=UTC)

    async def close() -> None:
        await asyncio.sleep(0.01)
        await database.write(bank, lambda tx: close_period(tx, before=early, actor="test"))

    async def issue_on() -> list[Outcome]:
        return [(await database.post(bank, [award(owner, 1, key=f"k{n}")]))[0] for n in range(40)]

    outcomes, _ = await asyncio.gather(issue_on(), close())
    refused = [isinstance(outcome, Refused) for outcome in outcomes]
    assert refused == sorted(refused)
    await check_books(database, bank)


async def test_another_banks_accounts_are_not_there(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_all(database, bank, award(owner, 1))
    async with database.pool.acquire() as connection:
        with pytest.raises(asyncpg.PostgresError, match="not there"):
            await connection.fetchval(
                "select issue($1, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '', $2, '{1}', '{wallet}', '{null}',"
                " '{1}', '{1}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
                bank.id + 1_000_000,
                "{" + owner.hex + "}",
            )
