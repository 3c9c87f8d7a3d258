"""A budget: issuance put into it what may be issued, members get theirs from it, and it is never below nothing."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from ledger.audit import audit
from ledger.balances import balance, trial_balance
from ledger.holds import reversal
from ledger.issuing import issue
from ledger.posting import post, post_covered
from ledger.session import Catalogue, ReadTx
from ledger.values import (
    BUDGET,
    HELD,
    HOLD,
    ISSUANCE,
    WALLET,
    Draft,
    InvalidDraftError,
    Move,
    Outcome,
    Place,
    Posted,
    Refused,
    Short,
)
from tests.conftest import END_OF_2026, SPRING
from timebank.database import Bank, Database

TOWN = Place(BUDGET, UUID(int=0x70))


def ceiling(key: str, amount: int, *, lowered: bool = False) -> Draft:
    sides = (TOWN, Place(ISSUANCE)) if lowered else (Place(ISSUANCE), TOWN)
    return Draft("ceiling", key, SPRING, "test", (Move(*sides, "point", amount),))


def award(key: str, amount: int, owner: UUID | None = None) -> Draft:
    lot = Place(WALLET, owner or uuid4(), END_OF_2026)
    return Draft("award", key, SPRING, "test", (Move(TOWN, lot, "point", amount),))


async def put(database: Database, bank: Bank, *drafts: Draft) -> list[Outcome]:
    return await database.write(bank, lambda tx: post(tx, drafts))


async def left(database: Database, bank: Bank) -> int:
    return await database.read(bank, lambda tx: balance(tx, TOWN, "point"))


async def test_what_is_issued_from_it_is_bounded_by_what_was_put_into_it(
    database: Database, bank: Bank
) -> None:
    first, second, third, more, fourth, lower, too_low = await put(
        database,
        bank,
        ceiling("c1", 100),
        award("a1", 70),
        award("a2", 31),
        ceiling("c2", 50),
        award("a3", 31),
        ceiling("c3", 40, lowered=True),
        ceiling("c4", 10, lowered=True),
    )
    assert [type(one) for one in (first, second, more, fourth, lower)] == [Posted] * 5
    short = {"unit": "point", "class_": "value", "available": 30, "requested": 31}
    assert isinstance(third, Refused)
    assert (third.code, third.detail) == ("insufficient", short)
    assert isinstance(too_low, Refused)
    assert too_low.detail == {**short, "available": 9, "requested": 10}
    assert await left(database, bank) == 9
    kinds = (await database.read(bank, trial_balance))["point"]
    assert kinds == {"budget": 9, "issuance": -110, "wallet": 101}
    assert await database.read(bank, audit) == []


async def test_nothing_was_put_into_it(database: Database, bank: Bank) -> None:
    (refused,) = await put(database, bank, award("a", 1))
    assert isinstance(refused, Refused)
    assert (await database.read(bank, trial_balance)) == {}


async def test_what_a_reversal_takes_back_may_be_issued_again(database: Database, bank: Bank) -> None:
    _, given = await put(database, bank, ceiling("c", 10), award("a", 10))
    await put(
        database,
        bank,
        reversal("r", transaction_id=given.transaction_id, effective_at=SPRING, actor="test"),
    )
    assert await left(database, bank) == 10
    (again,) = await put(database, bank, award("b", 10))
    assert isinstance(again, Posted)
    assert await database.read(bank, audit) == []


def test_a_budget_holds_nothing() -> None:
    until = SPRING + timedelta(days=1)
    move = Move(TOWN, Place(HELD, TOWN.owner), "point", 1)
    with pytest.raises(InvalidDraftError, match="a budget issues"):
        Draft(HOLD, "h", SPRING, "test", (move,), hold_until=until)


async def test_what_issues_from_it_is_not_issued_in_one_call(database: Database, bank: Bank) -> None:
    await put(database, bank, ceiling("c", 10), award("a", 1, uuid4()))

    async def try_(tx: ReadTx) -> list[Outcome] | None:
        return await issue(tx, [award("b", 1)])

    assert await database.read(bank, try_) is None
    (done,) = await database.post(bank, [award("b", 1)])
    assert isinstance(done, Posted)
    assert await left(database, bank) == 8


async def test_what_is_not_covered_leaves_no_trace_and_is_taken_later(database: Database, bank: Bank) -> None:
    await put(database, bank, ceiling("c", 10))
    owner = uuid4()
    both = Draft(
        "credit",
        "record",
        SPRING,
        "test",
        (
            Move(Place(ISSUANCE), Place(WALLET, owner), "minute", 60),
            Move(TOWN, Place(WALLET, owner, END_OF_2026), "point", 11),
        ),
    )
    drafts = [both, award("small", 4)]
    outcomes = await database.write(bank, lambda tx: post_covered(tx, drafts))
    short = {"unit": "point", "class_": "value", "available": 10, "requested": 11}
    assert outcomes[0] == Short(short)
    assert isinstance(outcomes[1], Posted)
    keys = "select array_agg(idempotency_key order by id) from transactions where bank_id = $1"
    assert await database.read(bank, lambda tx: tx.connection.fetchval(keys, tx.bank_id)) == ["c", "small"]
    assert await database.read(bank, lambda tx: balance(tx, Place(WALLET, owner), "minute")) == 0
    await put(database, bank, ceiling("more", 5))
    again = await database.write(bank, lambda tx: post_covered(tx, drafts))
    assert isinstance(again[0], Posted)
    assert again[1] == Posted(outcomes[1].transaction_id, replayed=True)
    assert await left(database, bank) == 0
    assert await database.read(bank, audit) == []


async def test_any_other_refusal_is_final_there_too(database: Database, bank: Bank) -> None:
    move = Move(Place(ISSUANCE), Place(WALLET, uuid4()), "gold", 1)
    (refused,) = await database.write(
        bank, lambda tx: post_covered(tx, [Draft("award", "g", SPRING, "test", (move,))])
    )
    assert isinstance(refused, Refused)
    assert refused.code == "unknown_unit"


async def test_forty_writers_issue_just_what_there_is(database: Database, bank: Bank) -> None:
    await put(database, bank, ceiling("c", 100))

    async def one(number: int) -> list[Outcome | Short]:
        drafts = [award(f"{number}:{n}", 3) for n in range(2)]
        return await database.write(bank, lambda tx: post_covered(tx, drafts))

    outcomes = [outcome for done in await asyncio.gather(*map(one, range(40))) for outcome in done]
    assert sum(isinstance(outcome, Posted) for outcome in outcomes) == 33
    assert sum(isinstance(outcome, Short) for outcome in outcomes) == 47
    assert await left(database, bank) == 1
    assert await database.read(bank, audit) == []


def test_a_catalogue_never_remembers_a_budget() -> None:
    assert Catalogue().open_accounts == {}
