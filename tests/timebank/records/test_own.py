"""One's own records: in the order of the services, how many are how far, by month, since when."""

from datetime import UTC, date, datetime

from tests.timebank.records.scene import NINE, Scene
from timebank.records.own import (
    Month,
    Tally,
    first_service_on,
    months_of,
    newest_records_of,
    tallies_of,
)

END = datetime(2999, 1, 1, tzinfo=UTC), 2**62


async def test_what_was_served_last_comes_first_however_it_was_entered(scene: Scene) -> None:
    late = await scene.served("alice", starts_at=NINE.replace(day=12))
    early = await scene.served("alice")
    await scene.served("bob")
    person = scene.cast.people["alice"]
    found = await scene.read(lambda tx: newest_records_of(tx, person, before=END, limit=9))
    assert [record.id for record in found] == [late, early]
    place = found[0].starts_at, found[0].id
    rest = await scene.read(lambda tx: newest_records_of(tx, person, before=place, limit=9))
    assert [record.id for record in rest] == [early]
    one = await scene.read(lambda tx: newest_records_of(tx, person, before=END, limit=1, record_id=early))
    assert [record.id for record in one] == [early]
    none = await scene.read(
        lambda tx: newest_records_of(tx, person, before=END, limit=9, states=["credited"])
    )
    assert none == []


async def test_only_what_was_credited_counts_in_a_month(scene: Scene) -> None:
    """A session of two hours makes 120 minutes; the second one waits for review."""
    record = await scene.served("alice")
    await scene.served("alice", starts_at=NINE.replace(day=12))
    await scene.review("olga", record)
    await scene.credit(record)
    person, april, may = scene.cast.people["alice"], date(2025, 4, 1), date(2025, 5, 1)
    assert await scene.read(lambda tx: tallies_of(tx, person)) == {
        "credited": Tally(1, 120),
        "pending": Tally(1, 120),
    }
    months = await scene.read(lambda tx: months_of(tx, person, first=april, last=may))
    assert months == [Month(april, 0), Month(may, 120)]
    assert await scene.read(lambda tx: first_service_on(tx, person)) == date(2025, 5, 8)
    bob = scene.cast.people["bob"]
    assert await scene.read(lambda tx: first_service_on(tx, bob)) is None
    assert await scene.read(lambda tx: tallies_of(tx, bob)) == {}
