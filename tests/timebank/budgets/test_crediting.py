"""Credits within a budget: what it does not cover waits, is seen, and is credited once the ceiling is raised."""

import asyncio
from datetime import timedelta

import pytest

from ledger.values import TAKINGS, Draft, Move, Place, Posted, Wallet
from tests.timebank.budgets.scene import change, credit, left, waiting
from tests.timebank.notices.scene import OVER, Scene
from tests.timebank.offices import assert_sound
from timebank.access import Actor
from timebank.awards.actions import Awarded, award
from timebank.budgets.queries import budgets
from timebank.errors import RefusalError
from timebank.jobs.running import run_now
from timebank.notices.crediting import Credited
from timebank.records.correcting import Voided, void_record

_REFUSED = "select count(*) from transactions where bank_id = $1 and refusal is not null"


async def has(scene: Scene, who: str, unit: str) -> int:
    return sum(n for (code, _), n in (await scene.wallet(who)).items() if code == unit)


async def refusals(scene: Scene) -> int:
    count: int = await scene.read(lambda tx: tx.connection.fetchval(_REFUSED, tx.bank_id))
    return count


async def test_points_come_out_of_the_budget_and_hours_and_fufen_do_not(scene: Scene) -> None:
    await change(scene, "north", 100)
    record = await scene.record("alice", points=20)
    assert await credit(scene, record) == Credited(1)
    assert await left(scene, "north") == 80
    assert [await has(scene, "alice", unit) for unit in ("minute", "point", "fufen")] == [120, 20, 3]
    await change(scene, "apple", 2, unit="fufen")
    other = await scene.record("alice", points=20)
    assert await credit(scene, other) == Credited(waiting=1)
    assert [(one.unit, one.amount, one.missing) for one in await waiting(scene)] == [("fufen", 3, 1)]
    await change(scene, "apple", 1, unit="fufen")
    assert await credit(scene, other) == Credited(1)
    assert (await left(scene, "north"), await left(scene, "apple", "fufen")) == (60, 0)
    await assert_sound(scene.database, scene.cast.bank)


async def test_what_is_not_covered_waits_whole_and_is_credited_once_there_is_more(scene: Scene) -> None:
    await change(scene, "apple", 30)
    first = await scene.record("alice", points=20)
    second = await scene.record("alice", points=20, minutes=60)
    small = await scene.record("bob", points=10)
    assert await credit(scene, first, second, small) == Credited(2, 0, 1)
    assert await scene.state(second) == ("approved", ["approved"])
    assert [await has(scene, "alice", unit) for unit in ("minute", "point")] == [120, 20]
    (wait,) = await waiting(scene)
    assert (wait.record_id, wait.organisation_id) == (second, scene.cast.organisations["apple"])
    assert (wait.unit, wait.amount, wait.left, wait.missing, wait.since_at) == ("point", 20, 0, 20, OVER)
    # Trying again changes nothing and leaves nothing behind.
    later = OVER + timedelta(days=1)
    assert await credit(scene, second, now=later) == Credited(waiting=1)
    assert await waiting(scene) == [wait]
    assert await refusals(scene) == 0
    await change(scene, "apple", 19)
    assert await credit(scene, second, now=later) == Credited(waiting=1)
    assert [(one.left, one.missing) for one in await waiting(scene)] == [(19, 1)]
    (found,) = await scene.read(lambda tx: budgets(tx, organisations=None, limit=9))
    assert (found.waiting_records, found.waiting_amount, found.left, found.missing) == (1, 20, 19, 1)
    await change(scene, "apple", 1)
    assert await credit(scene, second, now=later) == Credited(1)
    assert await waiting(scene) == []
    assert [await has(scene, "alice", unit) for unit in ("minute", "point")] == [180, 40]
    assert await left(scene, "apple") == 0
    await assert_sound(scene.database, scene.cast.bank)


async def test_the_job_credits_by_itself_what_waited(scene: Scene) -> None:
    await change(scene, "apple", 10)
    record = await scene.record("alice", points=20)
    await scene.notice()
    done = {"credited": 0, "refused": 0, "waiting": 1, "notices": 1}
    bank, day = scene.cast.bank, OVER.date()
    assert await run_now(scene.database, bank, "credit", as_of=day, now=OVER) == done
    assert await scene.state(record) == ("noticed", ["approved", "noticed"])
    await change(scene, "apple", 10)
    tomorrow = OVER + timedelta(days=1)
    done = {"credited": 1, "refused": 0, "waiting": 0, "notices": 0}
    assert await run_now(scene.database, bank, "credit", as_of=tomorrow.date(), now=tomorrow) == done
    assert (await scene.state(record))[0] == "credited"
    assert await scene.told("alice") == ["record_credited"]


async def test_who_sees_what_waits(scene: Scene) -> None:
    await change(scene, "north", 1)
    record = await scene.record("alice", at="grid")
    await credit(scene, record)
    for at in ("grid", "north"):
        assert [one.record_id for one in await waiting(scene, at=at)] == [record]
    for at in ("apple", "root", "south"):
        assert await waiting(scene, at=at) == []


async def test_what_is_voided_no_longer_waits(scene: Scene) -> None:
    await change(scene, "apple", 1)
    record = await scene.record("alice")
    await credit(scene, record)
    await void(scene, record)
    assert await waiting(scene) == []
    (found,) = await scene.read(lambda tx: budgets(tx, organisations=None, limit=9))
    assert (found.waiting_records, found.waiting_amount) == (0, 0)


async def void(scene: Scene, record: int) -> Voided:
    done = await scene.do(
        "olga",
        lambda tx, actor: void_record(tx, actor, record_id=record, reason="mistake", now=OVER),
    )
    assert isinstance(done, Voided)
    return done


@pytest.mark.parametrize(("spent", "kept"), [(0, 30), (15, 15), (20, 10)])
async def test_a_credit_taken_back_gives_the_budget_what_was_not_spent(
    scene: Scene, spent: int, kept: int
) -> None:
    await change(scene, "apple", 30)
    record = await scene.record("alice", points=20)
    await credit(scene, record)
    assert await left(scene, "apple") == 10
    if spent:
        move = Move(Wallet(scene.cast.people["alice"]), Place(TAKINGS), "point", spent)
        draft = Draft("redemption", "spend", OVER, "test", (move,))
        (outcome,) = await scene.database.post(scene.cast.bank, [draft])
        assert isinstance(outcome, Posted)
    assert (await void(scene, record)).debt == ({"point": spent} if spent else {})
    assert await left(scene, "apple") == kept
    assert await has(scene, "alice", "point") == 0
    await assert_sound(scene.database, scene.cast.bank)


async def test_two_jobs_at_once_issue_just_what_there_is(scene: Scene) -> None:
    await change(scene, "north", 205)
    records = [await scene.record("alice" if n % 2 else "bob", points=10) for n in range(40)]
    batches = [records, records[::-1], records[::2], records[1::2], records]
    done = await asyncio.gather(*(credit(scene, *batch) for batch in batches))
    assert sum(one.credited for one in done) == 20
    assert sum(one.refused for one in done) == 0
    assert await left(scene, "north") == 5
    assert len(await waiting(scene)) == 20
    assert await has(scene, "alice", "point") + await has(scene, "bob", "point") == 200
    assert (await has(scene, "alice", "minute") + await has(scene, "bob", "minute")) == 20 * 120
    # Raised in the midst of it, to just enough for the rest.
    _, again = await asyncio.gather(
        change(scene, "north", 195), asyncio.gather(*(credit(scene, *batch) for batch in batches))
    )
    done = [*again, await credit(scene, *records)]
    assert sum(one.credited for one in done) == 20
    assert await left(scene, "north") == 0
    assert await waiting(scene) == []
    assert await refusals(scene) == 0
    await assert_sound(scene.database, scene.cast.bank)


async def give(scene: Scene, who: str, amount: int, key: str) -> Awarded:
    async def work(tx, actor: Actor):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 -- a test's own
        return await award(
            tx,
            actor,
            key=key,
            person_id=scene.cast.people[who],
            unit="point",
            amount=amount,
            reason="测试",
            now=OVER,
        )

    done = await scene.do("olga", work)
    assert isinstance(done, Awarded)
    return done


async def test_an_award_comes_out_of_the_budget_where_the_person_lives(scene: Scene) -> None:
    await change(scene, "apple", 50)
    await give(scene, "alice", 40, "a")
    await give(scene, "bob", 40, "b")
    assert await left(scene, "apple") == 10
    with pytest.raises(RefusalError) as refused:
        await give(scene, "alice", 11, "c")
    assert (refused.value.code, refused.value.params) == (
        "budget_exhausted",
        {"unit": "point", "left": 10, "needed": 11},
    )
    await change(scene, "apple", 1)
    await give(scene, "alice", 11, "c")
    assert await left(scene, "apple") == 0
    assert await refusals(scene) == 0


async def test_who_lives_nowhere_is_awarded_from_the_budget_of_the_top(scene: Scene) -> None:
    await change(scene, "root", 50)
    await give(scene, "max", 20, "a")
    assert await left(scene, "root") == 30
    await assert_sound(scene.database, scene.cast.bank)
