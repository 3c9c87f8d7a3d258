"""What the books say otherwise after the cut-off is shown, and changes nothing of the list."""

import pytest

from tests.timebank.recognition.stage import Stage
from timebank.recognition.difference import Difference, differences
from timebank.recognition.queries import Round, candidates


async def shown(stage: Stage, found: Round) -> dict[str, Difference]:
    names = {person: name for name, person in stage.cast.people.items()}
    rows = await stage.read(lambda tx: differences(tx, found, limit=10))
    return {names[one.subject]: one for one in rows}


async def test_late_service_and_corrections_are_shown(stage: Stage) -> None:
    correct = await stage.credit("record:c", "bob", 60)
    found = await stage.opened()
    assert await shown(stage, found) == {}
    await stage.take_back(correct)  # today, of last year's service
    await stage.credit("record:d", "alice", 30, points=5)
    later = await shown(stage, found)
    assert {name: (one.kind, one.number) for name, one in later.items()} == {
        "alice": ("changed", 1),
        "bob": ("changed", 2),
    }
    assert (later["bob"].frozen.minutes, later["bob"].now.minutes) == (240, 180)
    assert (later["alice"].now.minutes, later["alice"].now.points) == (390, 25)
    listed = await stage.read(lambda tx: candidates(tx, found.id, limit=10))
    assert [one.minutes for one in listed] == [360, 240]
    assert await shown(stage, await stage.opened()) == {}  # the next one counts them


async def test_who_comes_and_who_goes(stage: Stage) -> None:
    only = await stage.credit("record:c", "bob", 60)
    query = "select t.id from transactions t where t.bank_id = $1 and t.idempotency_key = 'record:b'"
    first = await stage.read(lambda tx: tx.connection.fetchval(query, tx.bank_id))
    await stage.take_back(first)
    found = await stage.opened()
    assert found.candidates == 1
    await stage.credit("record:e", "bob", 120)
    assert (await shown(stage, found))["bob"].kind == "new"
    found = await stage.opened()
    await stage.take_back(only)
    gone = (await shown(stage, found))["bob"]
    assert (gone.kind, gone.now.level, gone.now.minutes) == ("gone", 0, 120)


@pytest.mark.parametrize("at", ["apple", "birch"])
async def test_of_a_part_of_the_tree_only_who_lives_there(stage: Stage, at: str) -> None:
    await stage.grant("stella", "office", "birch")
    found = await stage.opened("stella", at=at)
    await stage.credit("record:c", "bob", 60)
    assert list(await shown(stage, found)) == (["bob"] if at == "birch" else [])


async def test_who_came_into_the_registers_since_is_not_passed_over(stage: Stage) -> None:
    found = await stage.opened()
    carl = stage.cast.people["carl"]
    await stage.write(
        lambda tx: tx.connection.execute(
            "insert into volunteers (bank_id, code, owner, organisation_id, is_party_member)"
            " values ($1, 'CARL', $2, $3, false)",
            tx.bank_id,
            carl,
            stage.cast.organisations["grid"],
        )
    )
    await stage.credit("record:c", "carl", 200)
    late = (await shown(stage, found))["carl"]
    assert (late.kind, late.number, late.frozen.minutes, late.now.level) == ("new", None, 0, 1)
