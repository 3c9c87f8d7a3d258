"""What a session asks of its own person in one statement: what a transaction finds, and nothing for anybody else."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from ledger.holds import hold
from ledger.questions import Question
from ledger.session import WriteTx
from tests.api.books import END_OF_2096, SPRING, book, credit, spend
from tests.api.cast import Cast, enter
from tests.conftest import new_bank
from timebank.access import own_query
from timebank.balances.queries import balances_of, statement_of
from timebank.database import Address, Bank, Database

T = TypeVar("T")

LATER = datetime.now(UTC) + timedelta(hours=1)
"""Later than the cast enters, however long the run has gone on since this was read."""

PLANS = (
    "plan_cache_mode = auto",
    "plan_cache_mode = force_generic_plan",
    "plan_cache_mode = force_custom_plan",
    "enable_seqscan = on",
    "enable_nestloop = off",
    "enable_indexscan = off",
    "enable_material = off",
    "from_collapse_limit = 1",
)
"""Ways of a planner to do things in another order, if it may."""


@pytest_asyncio.fixture
async def one(address: Address) -> AsyncIterator[Database]:
    """Return a database of one connection, so that everything comes after everything else on it."""
    async with Database.connect(address, max_size=1) as opened:
        yield opened


@pytest_asyncio.fixture
async def cast(database: Database, bank: Bank) -> Cast:
    """Return the cast in a new bank, with something in Alice's books."""
    return await with_books(database, bank)


async def with_books(database: Database, bank: Bank) -> Cast:
    """Enter the cast; Alice has 240 minutes and 55 of 70 points, of which 10 are held."""
    cast = await enter(database, bank)
    alice = cast.people["alice"]
    await book(
        database,
        cast,
        credit("a", alice, points=50, expires_on=END_OF_2096),
        credit("b", alice),
        spend("c", alice, uuid4(), 15),
        hold("d", owner=alice, unit="point", amount=10, until=LATER, effective_at=SPRING, actor="test"),
    )
    return cast


async def in_transaction(database: Database, bank: Bank, person: UUID, question: Question[T]) -> T:
    """Return what a transaction finds."""
    return await database.read(bank, lambda tx: question.ask(tx, person))


async def ask(
    database: Database, bank: Bank, session: UUID, person: UUID, question: Question[object]
) -> object:
    """Return what the session gets, None for nothing."""
    query = own_query(question.query)
    row = await database.glance(bank, query, session, LATER, person, *question.arguments)
    return None if row is None else question.answer(row["rows"])


async def questions(database: Database, cast: Cast) -> list[Question[object]]:
    """Return every kind that is asked: balances now, recorded and effective at a moment; pages of a statement."""
    zone, person = cast.bank.zone, cast.people["alice"]
    first = statement_of("point", cursor=None, limit=1)
    page = await in_transaction(database, cast.bank, person, first)
    assert page.next is not None
    found: list[Question[object]] = [
        balances_of(zone, now=LATER),
        balances_of(zone, now=LATER, as_of=SPRING, basis="recorded"),
        balances_of(zone, now=LATER, as_of=SPRING + timedelta(days=1)),
        first,
        statement_of("point", cursor=page.next, limit=2),
        statement_of("point", cursor=None, limit=20),
        statement_of("fufen", cursor=None, limit=20),
    ]
    return found


@pytest.mark.parametrize("plan", PLANS)
async def test_it_is_what_a_transaction_finds_in_each_bank_by_turns(
    one: Database, database: Database, cast: Cast, plan: str
) -> None:
    other = await with_books(database, await new_bank(database))
    await book(database, other, credit("more", other.people["alice"]))
    await one.pool.execute(f"set {plan}")
    now = balances_of(cast.bank.zone, now=LATER)
    for each, points in ((cast, 45), (other, 65)):
        (_, point) = await in_transaction(database, each.bank, each.people["alice"], now)
        assert point.total == points
    for _ in range(8):  # five plans are made for what is asked, and then one for all
        for each in (cast, other):
            alice, session = each.people["alice"], each.sessions["alice"]
            for question in await questions(database, each):
                expected = await in_transaction(database, each.bank, alice, question)
                assert await ask(one, each.bank, session, alice, question) == expected


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize(("name", "whom"), [("bob", "alice"), ("wen", "alice"), ("station", "alice")])
async def test_it_is_nothing_of_anybody_else(
    one: Database, cast: Cast, plan: str, name: str, whom: str
) -> None:
    await one.pool.execute(f"set {plan}")
    question = balances_of(cast.bank.zone, now=LATER)
    for _ in range(8):
        assert await ask(one, cast.bank, cast.sessions[name], cast.people[whom], question) is None
        assert await ask(one, cast.bank, cast.sessions[whom], cast.people[whom], question)


async def test_it_is_nothing_in_another_bank(one: Database, database: Database, cast: Cast) -> None:
    other = await with_books(database, await new_bank(database))
    question = balances_of(cast.bank.zone, now=LATER)
    for _ in range(8):
        for bank, stranger in ((cast.bank, other), (other.bank, cast)):
            alice, session = stranger.people["alice"], stranger.sessions["alice"]
            assert await ask(one, bank, session, alice, question) is None
            assert await ask(one, stranger.bank, session, alice, question)


@pytest.mark.parametrize(
    "change",
    [
        "update sessions set ended_at = $2, ended_for = 'logout' where bank_id = $1",
        "update sessions set expires_at = $2 where bank_id = $1",
        "update people set erased_at = $2 where bank_id = $1",
    ],
)
async def test_it_is_nothing_once_the_session_is_over(
    one: Database, database: Database, cast: Cast, change: str
) -> None:
    question = balances_of(cast.bank.zone, now=LATER)
    alice, session = cast.people["alice"], cast.sessions["alice"]
    for _ in range(8):
        assert await ask(one, cast.bank, session, alice, question)

    async def over(tx: WriteTx) -> None:
        await tx.connection.execute(change, tx.bank_id, LATER)

    await database.write(cast.bank, over)
    assert await ask(one, cast.bank, session, alice, question) is None


async def test_a_session_is_found_by_its_id_whatever_is_known_of_the_table(one: Database, cast: Cast) -> None:
    """A plan on no statistics took the index of the bank's living sessions, and read every one of them."""
    query = own_query(balances_of(cast.bank.zone, now=LATER).query)
    person = cast.people["alice"], cast.sessions["alice"]
    async with one.pool.acquire() as connection:
        await connection.execute("set plan_cache_mode = force_generic_plan")
        await connection.execute(f"prepare own (bigint, uuid, timestamptz, uuid) as {query}")
        rows = await connection.fetch(f"explain execute own (1, '{person[1]}', now(), '{person[0]}')")
    plan = "\n".join(row[0] for row in rows)
    assert "sessions_pkey" in plan
    assert "sessions_person_idx" not in plan
