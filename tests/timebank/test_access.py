"""What a role reaches, what is one's own, and for whom one may act."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from ledger.session import ReadTx, WriteTx
from tests.api.cast import Cast
from timebank.access import (
    Actor,
    acts_for,
    check,
    check_organisation,
    check_person,
    check_whole_bank,
    has,
    load_actor,
    reach,
)
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.permissions import PERMISSIONS, Whom

NOW = datetime.now(UTC)
LATER = NOW + timedelta(hours=1)
"""Later than the cast enters, however long the run has gone on since this was read."""

Ask = Callable[[str, Callable[[ReadTx, Actor], Awaitable[object]]], Awaitable[object]]


@pytest.fixture
def ask(database: Database, cast: Cast) -> Ask:
    """Return the way to ask something as one of the cast."""

    async def ask(name: str, work: Callable[[ReadTx, Actor], Awaitable[object]]) -> object:
        async def inner(tx: ReadTx) -> object:
            return await work(tx, await load_actor(tx, cast.sessions[name], now=LATER))

        try:
            return await database.read(cast.bank, inner)
        except RefusalError as refusal:
            return refusal.code

    return ask


async def run(database: Database, bank: Bank, statement: str, *values: object) -> None:
    """Change something as the app role."""

    async def work(tx: WriteTx) -> None:
        await tx.connection.execute(statement, tx.bank_id, *values)

    await database.write(bank, work)


@pytest.mark.parametrize(
    ("name", "whom", "answer"),
    [
        ("wen", "alice", None),
        ("wen", "bob", "unknown_person"),
        ("ada", "bob", None),
        ("adam", "bob", None),
        ("alice", "alice", None),
        ("alice", "bob", "forbidden"),
        ("carl", "alice", "forbidden"),
        ("olga", "alice", "forbidden"),
        ("till", "alice", "forbidden"),
        ("wen", "olga", "unknown_person"),
        ("adam", "olga", None),
    ],
)
async def test_who_reads_whom(ask: Ask, cast: Cast, name: str, whom: str, answer: str | None) -> None:
    assert (
        await ask(name, lambda tx, a: check_person(tx, a, "people.read", cast.people[whom], now=LATER))
        == answer
    )


@pytest.mark.parametrize(
    ("name", "place", "answer"),
    [
        ("adam", "grid", None),
        ("ada", "grid", None),
        ("ada", "north", None),
        ("ada", "root", "unknown_organisation"),
        ("ada", "south", "unknown_organisation"),
        ("wen", "north", "forbidden"),
    ],
)
async def test_a_role_reaches_its_subtree(
    ask: Ask, cast: Cast, name: str, place: str, answer: str | None
) -> None:
    node = cast.organisations[place]
    assert await ask(name, lambda tx, a: check_organisation(tx, a, "organisations.write", node)) == answer


async def test_a_second_top_of_the_tree_is_in_reach_of_the_bank_s_own(
    database: Database, bank: Bank, cast: Cast, ask: Ask
) -> None:
    await run(
        database,
        bank,
        "insert into organisations (bank_id, code, name, level, parent_id, opened_on)"
        " select bank_id, 'second', '第二', level, null, opened_on from organisations"
        " where bank_id = $1 and id = $2",
        cast.organisations["root"],
    )
    find = "select id from organisations where bank_id = $1 and code = 'second'"
    second = await database.read(bank, lambda tx: tx.connection.fetchval(find, tx.bank_id))
    for name, answer in (("adam", None), ("ada", "unknown_organisation")):
        assert (
            await ask(name, lambda tx, a: check_organisation(tx, a, "organisations.write", second)) == answer
        )
    assert await ask("adam", lambda tx, a: check_organisation(tx, a, "organisations.write", 0)) == (
        "unknown_organisation"
    )


async def test_reach_lists_the_subtree_or_says_everything(ask: Ask, cast: Cast) -> None:
    ids = cast.organisations
    assert await ask("wen", lambda tx, a: reach(tx, a, "people.list")) == [ids["apple"], ids["grid"]]
    assert await ask("ada", lambda tx, a: reach(tx, a, "people.list")) == sorted(
        ids[code] for code in ("north", "apple", "birch", "grid")
    )
    assert await ask("adam", lambda tx, a: reach(tx, a, "people.list")) is None
    assert await ask("alice", lambda tx, a: reach(tx, a, "people.list")) == "forbidden"
    assert await ask("alice", lambda tx, a: reach(tx, a, "activities.read")) is None


async def test_what_concerns_the_bank_needs_a_grant_at_the_root(ask: Ask) -> None:
    async def whole(tx: ReadTx, actor: Actor) -> None:
        del tx
        check_whole_bank(actor, "imports.write")

    assert await ask("adam", whole) is None
    assert await ask("ada", whole) == "forbidden"


async def test_a_grant_counts_from_its_start_to_its_end(database: Database, cast: Cast, ask: Ask) -> None:
    async def roles(tx: ReadTx, actor: Actor) -> list[str]:
        del tx
        return [grant.role for grant in actor.grants]

    grant = "insert into role_grants (bank_id, person_id, role, organisation_id, from_at, until_at, granted_by) values"
    for begins, ends in ((1, 2), (-2, 0), (-2, 2)):
        await run(
            database,
            cast.bank,
            f"{grant} ($1, $2, 'steward', $3, $4, $5, 'test')",
            cast.people["alice"],
            cast.organisations["apple"],
            LATER + timedelta(hours=begins),
            LATER + timedelta(hours=ends),
        )
    assert await ask("alice", roles) == ["steward"]
    await run(
        database,
        cast.bank,
        "update role_grants set revoked_at = $2, revoked_by = 'test' where bank_id = $1",
        NOW,
    )
    assert await ask("alice", roles) == []


@pytest.mark.parametrize(
    "change",
    [
        "update sessions set ended_at = $2, ended_for = 'test' where bank_id = $1",
        "update sessions set expires_at = $2 where bank_id = $1",
        "update people set erased_at = $2 where bank_id = $1",
    ],
)
async def test_a_session_that_is_over_is_nobody(
    database: Database, cast: Cast, ask: Ask, change: str
) -> None:
    async def nothing(tx: ReadTx, actor: Actor) -> None:
        del tx, actor

    assert await ask("alice", nothing) is None
    await run(database, cast.bank, change, NOW)
    assert await ask("alice", nothing) == "session_over"


async def test_a_revoked_device_is_nobody(database: Database, cast: Cast, ask: Ask) -> None:
    async def kind(tx: ReadTx, actor: Actor) -> str | None:
        del tx
        return actor.device_kind

    assert await ask("till", kind) == "till"
    await run(
        database, cast.bank, "update devices set revoked_at = $2, revoked_by = 'test' where bank_id = $1", NOW
    )
    assert await ask("till", kind) == "session_over"


async def test_an_agent_acts_within_the_scope_and_the_time_of_the_proxy(
    database: Database, cast: Cast
) -> None:
    alice, bob = cast.people["alice"], cast.people["bob"]
    await run(
        database,
        cast.bank,
        "insert into proxies (bank_id, principal_id, agent_id, scopes, reason, from_at, until_at, made_by)"
        " values ($1, $2, $3, '{standing}', '年事已高', $4, $5, 'test')",
        alice,
        bob,
        NOW,
        NOW + timedelta(days=1),
    )

    async def may(scope: str, at: datetime, agent: UUID = bob) -> bool:
        return await database.read(cast.bank, lambda tx: acts_for(tx, agent, alice, scope, now=at))

    assert await may("standing", LATER)
    assert not await may("profile", LATER)
    assert not await may("standing", NOW - timedelta(seconds=1))
    assert not await may("standing", NOW + timedelta(days=1))
    assert not await may("standing", LATER, uuid4())


async def test_who_acts_for_another_is_marked(database: Database, cast: Cast, ask: Ask) -> None:
    await run(
        database,
        cast.bank,
        "insert into guardianships (bank_id, minor_id, guardian_id, relation, from_on, recorded_by)"
        " values ($1, $2, $3, '母亲', '2020-01-01', 'test')",
        cast.people["alice"],
        cast.people["bob"],
    )

    async def principal(tx: ReadTx, actor: Actor) -> UUID | None:
        await check_person(tx, actor, "standing.read", cast.people["alice"], now=LATER)
        return actor.principal_id

    assert await ask("bob", principal) == cast.people["alice"]
    assert await ask("alice", principal) is None


def test_a_role_that_nobody_checks_is_no_permission() -> None:
    nobody = Actor(session_id=None, person_id=uuid4())
    for permission, rule in PERMISSIONS.items():
        assert has(nobody, permission) == (rule.whom is Whom.EVERYBODY)
        if rule.whom is not Whom.EVERYBODY:
            with pytest.raises(RefusalError, match="forbidden"):
                check(nobody, permission)
