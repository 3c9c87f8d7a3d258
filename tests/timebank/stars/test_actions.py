"""Lowering a star: with a reason, never one's own, never below the hours; and it stays lowered until hours raise it."""

import asyncio
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from ledger.session import ReadTx, WriteTx
from tests.api.cast import STAFF, Cast
from tests.timebank.stars.scene import SPRING, adopt_stars, recognise, serve, star_of, take_back
from timebank.access import Actor, Grant
from timebank.database import Database
from timebank.errors import RefusalError
from timebank.permissions import Role
from timebank.stars.actions import lower_star
from timebank.stars.queries import StarChange, changes_of, star_reviews

RISEN = date(2026, 3, 6)
BACK = date(2026, 3, 20)
NOW = SPRING + timedelta(days=20)


@pytest.fixture
async def alice(database: Database, cast: Cast) -> UUID:
    """Let Alice have two stars, of which one hour has been taken back since."""
    person_id = cast.people["alice"]
    await adopt_stars(database, cast.bank)

    async def work(tx: WriteTx) -> int:
        await serve(tx, person_id, 70)
        return await serve(tx, person_id, 60, at=SPRING + timedelta(hours=3))

    second = await database.write(cast.bank, work)
    await recognise(database, cast.bank, RISEN)
    assert await star_of(database, cast, "alice") == 2
    await database.write(cast.bank, lambda tx: take_back(tx, second, at=SPRING + timedelta(days=5)))
    return person_id


def actor(cast: Cast, name: str) -> Actor:
    """Return one of the staff."""
    role, at = STAFF[name]
    return Actor(None, cast.people[name], grants=(Grant(role, cast.organisations[at], at == "root"),))


async def lower(
    database: Database, cast: Cast, who: UUID, to_star: int, *, by: Actor | None = None, now: datetime = NOW
) -> StarChange:
    by = by or actor(cast, "olga")
    return await database.write(
        cast.bank,
        lambda tx: lower_star(tx, by, person_id=who, to_star=to_star, reason="hours_taken_back", now=now),
    )


async def reviews(database: Database, cast: Cast, *reach: str) -> list[tuple[UUID, int, int]]:
    """Return who stands above their hours."""
    nodes = [cast.organisations[name] for name in reach] if reach else None
    found = await database.read(cast.bank, lambda tx: star_reviews(tx, reach=nodes, after_id=0, limit=9))
    return [(each.person_id, each.star, each.by_hours) for each in found]


async def test_a_lowered_star_is_explained_told_and_stays(
    database: Database, cast: Cast, alice: UUID
) -> None:
    await recognise(database, cast.bank, BACK)
    assert await reviews(database, cast) == [(alice, 2, 1)]
    assert await reviews(database, cast, "apple") == [(alice, 2, 1)]
    assert await reviews(database, cast, "birch") == []
    done = await lower(database, cast, alice, 1)
    today = NOW.astimezone(cast.bank.zone).date()
    assert (done.from_star, done.to_star, done.minutes, done.needed_minutes) == (2, 1, 70, 60)
    assert (done.reason, done.as_of, done.policy_version) == ("hours_taken_back", today, 1)
    assert await reviews(database, cast) == []

    async def read(tx: ReadTx) -> tuple[list[StarChange], object]:
        told = await tx.connection.fetchval(
            "select params::text from notifications where bank_id = $1 and kind = 'star_lowered'", tx.bank_id
        )
        return await changes_of(tx, alice, before_id=2**62, limit=9), told

    changes, told = await database.read(cast.bank, read)
    assert [(each.to_star, each.minutes, each.needed_minutes, each.reason) for each in changes] == [
        (1, 70, 60, "hours_taken_back"),
        (2, 130, 120, None),
    ]
    assert told == '{"star": 1, "reason": "hours_taken_back"}'
    for later in (1, 2):
        result = await recognise(database, cast.bank, today + timedelta(days=later))
        assert (result["raised"], result["above"]) == (0, 0)


async def test_hours_raise_a_lowered_star_again_from_the_day_after(
    database: Database, cast: Cast, alice: UUID
) -> None:
    await lower(database, cast, alice, 1)
    today = NOW.astimezone(cast.bank.zone).date()
    await database.write(cast.bank, lambda tx: serve(tx, alice, 90, at=SPRING + timedelta(days=9)))
    # A day that was missed, and the day itself: what they say was known when the star was lowered.
    for as_of in (BACK, today):
        assert (await recognise(database, cast.bank, as_of, on=today))["raised"] == 0
    assert (await recognise(database, cast.bank, today + timedelta(days=1)))["raised"] == 1
    assert await star_of(database, cast, "alice") == 2


@pytest.mark.parametrize(
    ("to_star", "code"), [(2, "star_not_lower"), (3, "star_not_lower"), (0, "star_below_hours")]
)
async def test_a_star_falls_no_further_than_the_hours_make_it(
    database: Database, cast: Cast, alice: UUID, to_star: int, code: str
) -> None:
    with pytest.raises(RefusalError) as caught:
        await lower(database, cast, alice, to_star)
    assert caught.value.code == code
    assert await star_of(database, cast, "alice") == 2


@pytest.mark.usefixtures("alice")
async def test_who_never_served_has_no_star_to_lose(database: Database, cast: Cast) -> None:
    for name in ("bob", "carl"):
        with pytest.raises(RefusalError) as caught:
            await lower(database, cast, cast.people[name], 0)
        assert (caught.value.code, caught.value.params) == ("star_not_lower", {"star": 0})


@pytest.mark.parametrize("name", ["wen", "audrey", "adam", "carl"])
async def test_only_an_office_lowers(database: Database, cast: Cast, alice: UUID, name: str) -> None:
    with pytest.raises(RefusalError) as caught:
        await lower(database, cast, alice, 1, by=actor(cast, name))
    assert caught.value.code == "forbidden"


async def test_an_office_lowers_in_its_reach_only(database: Database, cast: Cast, alice: UUID) -> None:
    elsewhere = Actor(
        None, cast.people["olga"], grants=(Grant(Role.OFFICE, cast.organisations["birch"], at_root=False),)
    )
    with pytest.raises(RefusalError) as caught:
        await lower(database, cast, alice, 1, by=elsewhere)
    assert caught.value.code == "unknown_person"


async def test_nobody_lowers_their_own_or_that_of_whom_they_act_for(
    database: Database, cast: Cast, alice: UUID
) -> None:
    office = (Grant(Role.OFFICE, cast.organisations["root"], at_root=True),)
    bob = cast.people["bob"]
    await database.write(
        cast.bank,
        lambda tx: tx.connection.execute(
            "insert into guardianships (bank_id, minor_id, guardian_id, relation, from_on, recorded_by)"
            " values ($1, $2, $3, 'parent', '2025-01-01', 'test')",
            tx.bank_id,
            alice,
            bob,
        ),
    )
    for who in (alice, bob):
        with pytest.raises(RefusalError) as caught:
            await lower(database, cast, alice, 1, by=Actor(None, who, grants=office))
        assert caught.value.code == "star_of_own"


async def test_two_offices_at_once_lower_once(database: Database, cast: Cast, alice: UUID) -> None:
    done = await asyncio.gather(*(lower(database, cast, alice, 1) for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(each, StarChange) for each in done) == 1
    assert {each.code for each in done if isinstance(each, RefusalError)} == {"star_not_lower"}
