"""Many who want the same places at once: no place is given twice, none is left free while somebody waits."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from ledger.session import ReadTx, WriteTx
from tests.api.cast import Cast, enter
from timebank.access import Actor, load_actor
from timebank.activities.registers import SignUp, sign_ups_of_session
from timebank.activities.session_queries import seen_session
from timebank.activities.sign_ups import sign_up, sign_up_team, withdraw, withdraw_everywhere
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.vault.cipher import Cipher

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
START = NOW + timedelta(days=1)
CIPHER = Cipher(b"v" * 32)
BEFORE_ALL = (datetime(1, 1, 1, tzinfo=UTC), 0)


def acting(person: UUID) -> Actor:
    return Actor(session_id=None, person_id=person)


async def crowd(database: Database, cast: Cast, count: int, team_id: int | None = None) -> list[UUID]:
    """Return new volunteers of apple."""
    people = [uuid4() for _ in range(count)]

    async def work(tx: WriteTx) -> None:
        await tx.connection.executemany(
            "insert into people (bank_id, id) values ($1, $2)", [(tx.bank_id, one) for one in people]
        )
        await tx.connection.executemany(
            "insert into volunteers (bank_id, code, owner, organisation_id, team_id, is_party_member)"
            " values ($1, $2, $3, $4, $5, false)",
            [(tx.bank_id, one.hex, one, cast.organisations["apple"], team_id) for one in people],
        )

    await database.write(cast.bank, work)
    return people


async def session(database: Database, cast: Cast, capacity: int, starts_at: datetime = START) -> int:
    """Return a session of a published activity."""

    async def work(tx: WriteTx) -> int:
        ends_at = starts_at + timedelta(hours=2)
        activity = await tx.connection.fetchval(
            "insert into activities (bank_id, code, name, category, is_volunteer_service, organisation_id,"
            " leader_code, place, starts_at, ends_at, rest_minutes, difficulty_permille, state)"
            " values ($1, $2, '清洁日', 'environment', true, $3, '', '广场', $4, $5, 0, 1000, 'published')"
            " returning id",
            tx.bank_id,
            uuid4().hex,
            cast.organisations["apple"],
            starts_at,
            ends_at,
        )
        new: int = await tx.connection.fetchval(
            "insert into activity_sessions (bank_id, activity_id, starts_at, ends_at, place, rest_minutes, capacity)"
            " values ($1, $2, $3, $4, '广场', 0, $5) returning id",
            tx.bank_id,
            activity,
            starts_at,
            ends_at,
            capacity,
        )
        return new

    return await database.write(cast.bank, work)


async def signs_up(database: Database, bank: Bank, session_id: int, person: UUID) -> str:
    async def work(tx: WriteTx) -> str:
        answer = await sign_up(tx, acting(person), CIPHER, session_id=session_id, person_id=person, now=NOW)
        return answer.outcome

    try:
        return await database.write(bank, work)
    except RefusalError as refusal:
        return refusal.code


async def register(database: Database, bank: Bank, session_id: int) -> list[SignUp]:
    async def work(tx: ReadTx) -> list[SignUp]:
        return await sign_ups_of_session(tx, session_id, state=None, after=BEFORE_ALL, limit=1000)

    return await database.read(bank, work)


async def test_of_forty_at_once_five_have_a_place_and_the_others_wait_in_order(
    database: Database, bank: Bank
) -> None:
    cast = await enter(database, bank)
    people = await crowd(database, cast, 40)
    wanted = await session(database, cast, 5)
    outcomes = await asyncio.gather(*(signs_up(database, bank, wanted, one) for one in people * 2))
    assert Counter(outcomes) == {"signed_up": 10, "waiting": 70}
    lines = await register(database, bank, wanted)
    assert {line.person_id for line in lines} == set(people)
    assert [line.state for line in lines] == ["signed_up"] * 5 + ["waiting"] * 35
    assert [line.position for line in lines[5:]] == list(range(1, 36))
    assert len({line.queued_at for line in lines}) == 40


async def test_places_given_back_meanwhile_go_to_the_first_who_wait(database: Database, bank: Bank) -> None:
    cast = await enter(database, bank)
    people = await crowd(database, cast, 30)
    wanted = await session(database, cast, 5)
    for one in people[:12]:
        await signs_up(database, bank, wanted, one)
    before = await register(database, bank, wanted)

    async def leaves(line: SignUp) -> None:
        await database.write(
            bank, lambda tx: withdraw(tx, acting(line.person_id), sign_up_id=line.id, now=NOW)
        )

    async def is_erased(line: SignUp) -> None:
        await database.write(bank, lambda tx: withdraw_everywhere(tx, line.person_id, actor="test", now=NOW))

    await asyncio.gather(
        *(leaves(line) for line in before[:2]),
        *(is_erased(line) for line in before[2:4]),
        leaves(before[6]),
        *(signs_up(database, bank, wanted, one) for one in people[12:]),
    )
    lines = await register(database, bank, wanted)
    by_person = {line.person_id: line.state for line in lines}
    assert Counter(by_person.values()) == {"signed_up": 5, "withdrawn": 5, "waiting": 20}
    # The fifth, and of those who waited the first four but for the one who left.
    places = [line.person_id for line in (before[4], before[5], *before[7:10])]
    assert [by_person[one] for one in places] == ["signed_up"] * 5
    counted = await database.read(bank, lambda tx: seen_session(tx, acting(people[0]), wanted))
    assert (counted.signed_up, counted.waiting, counted.free) == (5, 20, 0)


async def test_one_person_is_not_at_two_places_by_being_quick(database: Database, bank: Bank) -> None:
    cast = await enter(database, bank)
    (person,) = await crowd(database, cast, 1)
    rivals = [await session(database, cast, 5) for _ in range(6)]
    outcomes = await asyncio.gather(*(signs_up(database, bank, one, person) for one in rivals))
    assert Counter(outcomes) == {"signed_up": 1, "sign_up_overlap": 5}


async def test_two_teams_at_once_do_not_both_have_the_last_places(database: Database, bank: Bank) -> None:
    cast = await enter(database, bank)
    team = cast.organisations["grid"]
    people = await crowd(database, cast, 10, team)
    wanted = await session(database, cast, 7)

    async def come(named: list[UUID]) -> list[str]:
        async def work(tx: WriteTx) -> list[str]:
            actor = await load_actor(tx, cast.sessions["wen"], now=datetime.now(UTC))
            answers = await sign_up_team(
                tx, actor, CIPHER, session_id=wanted, team_id=team, person_ids=named, mode="all", now=NOW
            )
            return [answer.outcome for answer in answers]

        return await database.write(bank, work)

    outcomes = await asyncio.gather(come(people[:5]), come(people[:4:-1]))
    short = ["held_back"] * 2 + ["activity_session_full"] * 3
    assert sorted(outcomes) == sorted([["signed_up"] * 5, short])
    assert len(await register(database, bank, wanted)) == 5
