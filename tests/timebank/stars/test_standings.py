"""Who stands where and who rises, against sums made by hand; nothing rises twice, nothing falls by itself."""

import asyncio
import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from ledger.session import ReadTx, WriteTx
from tests.api.cast import Cast
from tests.timebank.stars.scene import (
    SPRING,
    STEPS,
    adopt_stars,
    recognise,
    serve,
    star_of,
    take_back,
)
from timebank.database import Bank, Database
from timebank.policy.queries import version_on
from timebank.policy.rules import level_of
from timebank.stars.queries import star_reviews
from timebank.stars.standings import Day, stand

if TYPE_CHECKING:
    import asyncpg

NEXT_DAY = date(2026, 3, 6)
LATER = date(2026, 3, 20)
LATER_STILL = date(2026, 4, 2)


async def test_levels_in_the_database_are_those_of_the_pure_rule(database: Database, bank: Bank) -> None:
    draw = random.Random(6)
    for _ in range(20):
        steps = tuple(sorted({draw.randrange(1, 40) for _ in range(draw.randrange(1, 9))}))
        edges = [hours * 60 + by for hours in steps for by in (-1, 0, 1)]
        minutes = [-5, 0, *edges, *(draw.randrange(3_000) for _ in range(30))]
        found = await database.read(
            bank,
            lambda tx, minutes=minutes, steps=steps: tx.connection.fetchval(  # type: ignore[misc]  # bound now
                "select array_agg(width_bucket(m, $2::bigint[]) order by n)"
                " from unnest($1::bigint[]) with ordinality as x (m, n)",
                minutes,
                [hours * 60 for hours in steps],
            ),
        )
        assert found == [level_of(each, steps) for each in minutes]


@dataclass(frozen=True)
class Served:
    """Minutes of a day, which count or not, and when they were taken back."""

    minutes: int
    on: date
    counts: bool
    back_on: date | None

    def in_force(self, before: date) -> int:
        """Return what of it is in force before a day."""
        is_there = self.on < before and (self.back_on is None or self.back_on >= before)
        return self.minutes if is_there else 0


async def test_standings_are_the_sums_of_what_was_served(database: Database, bank: Bank) -> None:
    await adopt_stars(database, bank)
    draw = random.Random(7)
    services = {uuid4(): [_draw(draw) for _ in range(draw.randrange(6))] for _ in range(30)}

    async def work(tx: WriteTx) -> None:
        for number, (person_id, served) in enumerate(services.items()):
            await tx.connection.execute(
                "insert into people (bank_id, id) values ($1, $2)", tx.bank_id, person_id
            )
            await tx.connection.execute(
                "insert into volunteers (bank_id, code, owner, is_party_member) values ($1, $2, $3, false)",
                tx.bank_id,
                f"V{number}",
                person_id,
            )
            for place, each in enumerate(served):
                at = tx.start_of(each.on) + timedelta(hours=9, minutes=place)
                # Without a record, of a record without a grade, and of one that counts or does not.
                grade = draw.choice(["-", None, "A", "D"]) if each.counts else "E"
                transaction_id = await serve(tx, person_id, each.minutes, at=at, grade=grade)
                if each.back_on is not None:
                    await take_back(tx, transaction_id, at=tx.start_of(each.back_on))

    await database.write(bank, work)
    stars = dict.fromkeys(services, 0)
    for as_of in (date(2026, 1, 1), date(2026, 2, 10), NEXT_DAY, date(2027, 1, 1)):
        result = await recognise(database, bank, as_of)
        minutes = {who: sum(s.in_force(as_of) for s in of if s.counts) for who, of in services.items()}
        known = {
            who: sum(s.minutes for s in of if s.counts and not s.back_on) for who, of in services.items()
        }
        levels = {who: level_of(each, STEPS) for who, each in minutes.items()}
        before = dict(stars)
        for who in services:
            stars[who] = max(stars[who], level_of(min(minutes[who], known[who]), STEPS))
        assert await _standings(database, bank, "star", as_of) == {
            who: (levels[who], minutes[who], stars[who]) for who in services if levels[who] or stars[who]
        }
        year = {who: sum(_in_year(s, as_of.year - 1) for s in of) for who, of in services.items()}
        assert await _standings(database, bank, "annual", as_of) == {
            who: (1, each, None) for who, each in year.items() if each >= 60
        }
        assert result["raised"] == sum(stars[who] > before[who] for who in services)
        assert result["above"] == sum(levels[who] < stars[who] for who in services)
        assert result["star"] == {
            str(level): count
            for level in (1, 2, 3)
            if (count := sum(found == level for found in levels.values()))
        }
    assert len(set(stars.values())) == 4


def _draw(draw: random.Random) -> Served:
    on = date(2025, 6, 1) + timedelta(days=draw.randrange(300))
    back_on = on + timedelta(days=draw.randrange(1, 60)) if draw.random() < 0.3 else None
    return Served(draw.randrange(10, 150), on, draw.random() < 0.7, back_on)


def _in_year(served: Served, year: int) -> int:
    came = served.minutes if served.on.year == year else 0
    return came - (served.minutes if served.back_on is not None and served.back_on.year == year else 0)


async def _standings(
    database: Database, bank: Bank, scheme: str, as_of: date
) -> dict[UUID, tuple[int, int, int | None]]:
    async def work(tx: ReadTx) -> dict[UUID, tuple[int, int, int | None]]:
        rows = await tx.connection.fetch(
            "select v.owner, r.level, r.minutes, r.held from recognitions r"
            " join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id"
            " where r.bank_id = $1 and r.scheme = $2 and r.as_of = $3",
            tx.bank_id,
            scheme,
            as_of,
        )
        return {row["owner"]: (row["level"], row["minutes"], row["held"]) for row in rows}

    return await database.read(bank, work)


async def told(database: Database, cast: Cast, name: str) -> list[tuple[str, str]]:
    """Return what somebody was told of stars."""
    rows = await database.read(
        cast.bank,
        lambda tx: tx.connection.fetch(
            "select kind, params ->> 'star' as star from notifications"
            " where bank_id = $1 and person_id = $2 order by id",
            tx.bank_id,
            cast.people[name],
        ),
    )
    return [tuple(row) for row in rows]


async def test_a_star_comes_once_and_is_told_once(database: Database, cast: Cast) -> None:
    await adopt_stars(database, cast.bank)
    await database.write(cast.bank, lambda tx: serve(tx, cast.people["alice"], 130))
    assert await star_of(database, cast, "alice") == 0
    # Not on the day itself: hours count for stars from the day after.
    assert (await recognise(database, cast.bank, SPRING.date()))["raised"] == 0
    assert (await recognise(database, cast.bank, NEXT_DAY))["raised"] == 1
    assert (await recognise(database, cast.bank, NEXT_DAY))["raised"] == 0
    assert (await recognise(database, cast.bank, LATER))["raised"] == 0
    assert (await star_of(database, cast, "alice"), await star_of(database, cast, "bob")) == (2, 0)
    assert await told(database, cast, "alice") == [("star_raised", "2")]
    assert await told(database, cast, "bob") == []


async def test_a_policy_that_asks_for_more_lowers_nobody(database: Database, cast: Cast) -> None:
    await adopt_stars(database, cast.bank)
    await database.write(cast.bank, lambda tx: serve(tx, cast.people["alice"], 130))
    await recognise(database, cast.bank, NEXT_DAY)
    await adopt_stars(database, cast.bank, 2, 50, effective_from=LATER - timedelta(days=1))
    result = await recognise(database, cast.bank, LATER)
    assert (result["star"], result["raised"], result["above"]) == ({"1": 1}, 0, 1)
    assert await star_of(database, cast, "alice") == 2
    (review,) = await database.read(cast.bank, lambda tx: star_reviews(tx, reach=None, after_id=0, limit=9))
    assert (review.person_id, review.star, review.by_hours) == (cast.people["alice"], 2, 1)
    assert (review.minutes, review.as_of, review.policy_version) == (130, LATER, 2)


async def test_a_day_before_the_newest_raises_nobody_and_is_not_kept(database: Database, cast: Cast) -> None:
    await adopt_stars(database, cast.bank, 5)
    await database.write(cast.bank, lambda tx: serve(tx, cast.people["alice"], 130))
    await recognise(database, cast.bank, LATER)
    await adopt_stars(database, cast.bank, 1, effective_from=LATER + timedelta(days=1))
    result = await recognise(database, cast.bank, LATER_STILL)
    assert (result["star"], result["raised"]) == ({"1": 1}, 1)
    newest = await _standings(database, cast.bank, "star", LATER_STILL)
    await database.write(cast.bank, lambda tx: serve(tx, cast.people["bob"], 400))
    result = await recognise(database, cast.bank, LATER, on=LATER_STILL)
    assert (result["star"], result["raised"]) == ({"1": 1}, 0)
    assert await star_of(database, cast, "bob") == 0
    assert await _standings(database, cast.bank, "star", LATER_STILL) == newest
    assert await _days(database, cast.bank) == [LATER_STILL]


async def test_hours_taken_back_since_raise_nobody_when_a_missed_day_is_caught_up(
    database: Database, cast: Cast
) -> None:
    await adopt_stars(database, cast.bank)

    async def work(tx: WriteTx) -> None:
        transaction_id = await serve(tx, cast.people["alice"], 130)
        await serve(tx, cast.people["alice"], 70, at=SPRING + timedelta(hours=5))
        await take_back(tx, transaction_id, at=SPRING + timedelta(days=10))

    await database.write(cast.bank, work)
    result = await recognise(database, cast.bank, NEXT_DAY, on=LATER)
    assert (result["star"], result["raised"]) == ({"2": 1}, 1)
    assert await star_of(database, cast, "alice") == 1
    assert (await recognise(database, cast.bank, LATER))["raised"] == 0


async def test_a_day_that_has_not_begun_decides_nothing(database: Database, cast: Cast) -> None:
    await adopt_stars(database, cast.bank)
    await database.write(cast.bank, lambda tx: serve(tx, cast.people["alice"], 130))
    ahead = await recognise(database, cast.bank, LATER_STILL, on=LATER)
    assert (ahead["star"], ahead["raised"]) == ({"2": 1}, 0)
    assert await _days(database, cast.bank) == []
    assert (await recognise(database, cast.bank, LATER))["raised"] == 1
    assert await _days(database, cast.bank) == [LATER]


async def test_only_the_newest_days_and_each_new_year_are_kept(database: Database, cast: Cast) -> None:
    await adopt_stars(database, cast.bank)
    first = datetime(2025, 11, 3, 4, tzinfo=UTC)
    await database.write(cast.bank, lambda tx: serve(tx, cast.people["alice"], 130, at=first))
    new_year = date(2026, 1, 1)
    for as_of in (date(2025, 12, 31), new_year, date(2026, 1, 2), date(2026, 1, 3), date(2026, 1, 4)):
        await recognise(database, cast.bank, as_of)
    # The day before stays until the next run is over: a run that dies leaves something to show.
    assert await _days(database, cast.bank) == [new_year, date(2026, 1, 3), date(2026, 1, 4)]


async def _days(database: Database, bank: Bank) -> list[date]:
    async def work(tx: ReadTx) -> list[date]:
        query = "select distinct as_of from recognitions where bank_id = $1 order by 1"
        return [row["as_of"] for row in await tx.connection.fetch(query, tx.bank_id)]

    return await database.read(bank, work)


async def test_a_run_that_died_half_way_is_run_again_to_the_same(database: Database, cast: Cast) -> None:
    await adopt_stars(database, cast.bank)

    async def work(tx: WriteTx) -> Day:
        for name in ("alice", "bob"):
            await serve(tx, cast.people[name], 130)
        version = await version_on(tx, NEXT_DAY)
        assert version is not None
        return Day(NEXT_DAY, 2025, version)

    day = await database.write(cast.bank, work)
    stood = await database.write(cast.bank, lambda tx: stand(tx, day, after_id=0, now=SPRING, limit=1))
    assert (stood.volunteers, stood.raised) == (1, 1)
    result = await recognise(database, cast.bank, NEXT_DAY)
    assert (result["star"], result["raised"]) == ({"2": 2}, 1)
    assert {await star_of(database, cast, name) for name in ("alice", "bob")} == {2}
    assert [await told(database, cast, name) for name in ("alice", "bob")] == [[("star_raised", "2")]] * 2


async def test_who_cannot_be_counted_is_noted_and_keeps_nobody_from_rising(
    database: Database,
    cast: Cast,
    superuser: "asyncpg.Connection[asyncpg.Record]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("timebank.jobs.recognise.BATCH", 4)
    await adopt_stars(database, cast.bank)

    async def work(tx: WriteTx) -> int:
        for name in ("alice", "bob"):
            await serve(tx, cast.people[name], 130)
        volunteer_id: int = await tx.connection.fetchval(
            "select id from volunteers where bank_id = $1 and owner = $2", tx.bank_id, cast.people["alice"]
        )
        return volunteer_id

    alice = await database.write(cast.bank, work)
    # Somebody restored a row that is none: there is no day after its own.
    await superuser.execute(
        "insert into star_changes (bank_id, volunteer_id, from_level, to_level, minutes, as_of, policy_version,"
        " reason, changed_by, changed_at) values ($1, $2, 1, 0, 0, '5874897-12-31', 1, 'error', 'test', now())",
        cast.bank.id,
        alice,
    )
    result = await recognise(database, cast.bank, NEXT_DAY)
    assert (result["star"], result["raised"]) == ({"2": 1}, 1)
    assert await star_of(database, cast, "bob") == 2
    faults = await superuser.fetch("select item, problem from job_faults where bank_id = $1", cast.bank.id)
    assert [tuple(fault) for fault in faults] == [(f"volunteer {alice}", "22008")]


async def test_days_that_run_at_once_raise_once(database: Database, cast: Cast) -> None:
    await adopt_stars(database, cast.bank)
    await database.write(cast.bank, lambda tx: serve(tx, cast.people["alice"], 130))
    days = [NEXT_DAY + timedelta(days=number) for number in range(6)]
    results = await asyncio.gather(*(recognise(database, cast.bank, day, on=LATER) for day in days))
    assert sum(int(str(result["raised"])) for result in results) == 1
    assert await told(database, cast, "alice") == [("star_raised", "2")]


async def test_who_has_no_hours_left_stands_above_them(database: Database, cast: Cast) -> None:
    await adopt_stars(database, cast.bank)
    transaction_id = await database.write(cast.bank, lambda tx: serve(tx, cast.people["alice"], 130))
    await recognise(database, cast.bank, NEXT_DAY)
    await database.write(cast.bank, lambda tx: take_back(tx, transaction_id, at=SPRING + timedelta(days=2)))
    result = await recognise(database, cast.bank, LATER)
    assert (result["star"], result["above"]) == ({}, 1)
    (review,) = await database.read(cast.bank, lambda tx: star_reviews(tx, reach=None, after_id=0, limit=9))
    assert (review.star, review.by_hours, review.minutes) == (2, 0, 0)


async def test_who_raises_waits_for_who_raises_already(database: Database, cast: Cast) -> None:
    await adopt_stars(database, cast.bank)
    await database.write(cast.bank, lambda tx: serve(tx, cast.people["alice"], 130))
    version = await database.read(cast.bank, lambda tx: version_on(tx, NEXT_DAY))
    assert version is not None
    has_raised, may_end = asyncio.Event(), asyncio.Event()

    async def first(tx: WriteTx) -> int:
        stood = await stand(tx, Day(NEXT_DAY, 2025, version), after_id=0, now=SPRING)
        has_raised.set()
        await may_end.wait()
        return stood.raised

    async def second(tx: WriteTx) -> int:
        return (await stand(tx, Day(LATER, 2025, version), after_id=0, now=SPRING)).raised

    raising = asyncio.create_task(database.write(cast.bank, first))
    await has_raised.wait()
    waiting = asyncio.create_task(database.write(cast.bank, second))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    may_end.set()
    assert (await raising, await waiting) == (1, 0)


async def test_without_a_policy_nobody_stands_anywhere(database: Database, cast: Cast) -> None:
    await database.write(cast.bank, lambda tx: serve(tx, cast.people["alice"], 130, grade="-"))
    nothing = {"star": {}, "annual": {}, "raised": 0, "above": 0}
    assert await recognise(database, cast.bank, NEXT_DAY) == nothing
