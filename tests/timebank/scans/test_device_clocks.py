"""How far the clock of a station without network is believed."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.timebank.scans.outage import lose_network
from tests.timebank.scans.scene import STARTS, Scene
from tests.timebank.scans.test_batch import EVENING, MINUTE, SECOND


@pytest.mark.parametrize(
    ("offset_ms", "shift", "outcome", "doubt"),
    [
        (0, timedelta(), "accepted", False),
        (600_000, timedelta(minutes=-10), "accepted", False),
        (600_001, timedelta(minutes=-10), "accepted", True),
        (None, timedelta(), "accepted", True),
        (0, 2 * MINUTE, "accepted", False),
        (0, 2 * MINUTE + SECOND, "accepted", True),
        (0, timedelta(days=1, seconds=1), "clock_in_future", False),
    ],
)
async def test_how_far_a_clock_is_believed(
    scene: Scene, tmp_path: Path, offset_ms: int | None, shift: timedelta, outcome: str, doubt: bool
) -> None:
    outage = await lose_network(scene, tmp_path)
    card = await scene.card_of((await scene.members(1))[0])
    now = STARTS
    with outage.queue() as queue:
        entry = queue.add(
            kind="in", activity_session_id=scene.session, now=now + shift, offset_ms=offset_ms, card=card
        )
    assert await outage.upload([entry], now) == [outcome]
    attendances = await scene.attendances()
    assert [a.is_doubtful for a in attendances] == ([doubt] if outcome == "accepted" else [])
    assert all(a.check_in_at is not None and a.check_in_at <= now for a in attendances)


async def test_a_clock_that_was_put_back_is_doubted_until_it_has_caught_up(
    scene: Scene, tmp_path: Path
) -> None:
    outage = await lose_network(scene, tmp_path)
    cards = [await scene.card_of(person) for person in await scene.members(4)]
    minutes = (30, 10, 20, 31)
    with outage.queue() as queue:
        for card, minute in zip(cards, minutes, strict=True):
            at = STARTS + minute * MINUTE
            queue.add(kind="in", activity_session_id=scene.session, now=at, offset_ms=0, card=card)
    # The later entries first: what the first one would tell is in each of them.
    for entry in reversed(outage.entries()):
        assert await outage.upload([entry], EVENING) == ["accepted"]
    doubts = {a.check_in_at: a.is_doubtful for a in await scene.attendances()}
    # The first, too: nobody knows whether its clock was ahead or the next one's was behind.
    assert [doubts[STARTS + minute * MINUTE] for minute in minutes] == [True, True, True, False]


@pytest.mark.parametrize(
    ("late", "doubt"), [(timedelta(days=7), False), (timedelta(days=7, seconds=1), True)]
)
async def test_what_is_brought_after_more_than_a_week_is_doubted(
    scene: Scene, tmp_path: Path, late: timedelta, *, doubt: bool
) -> None:
    outage = await lose_network(scene, tmp_path)
    card = await scene.card_of((await scene.members(1))[0])
    with outage.queue() as queue:
        queue.add(kind="in", activity_session_id=scene.session, now=STARTS, offset_ms=0, card=card)
    assert await outage.upload(outage.entries(), STARTS + late) == ["accepted"]
    assert [a.is_doubtful for a in await scene.attendances()] == [doubt]


@pytest.mark.parametrize("backwards", [False, True])
async def test_what_a_clock_said_that_was_put_ahead_is_doubted_when_it_is_put_right(
    scene: Scene, tmp_path: Path, *, backwards: bool
) -> None:
    """Who puts the station's clock ahead to leave early is found out by the next scan at the right time."""
    outage = await lose_network(scene, tmp_path)
    ann, ben, cat = [(person, await scene.card_of(person)) for person in await scene.members(3)]
    with outage.queue() as queue:
        for (_, card), kind, minute in (
            (ben, "in", 0),
            (ann, "in", 1),
            (ann, "out", 120),
            (cat, "in", 5),
            (cat, "out", 121),
            (ben, "out", 122),
        ):
            at = STARTS + minute * MINUTE
            queue.add(
                kind=kind,  # type: ignore[arg-type]  # of a tuple: one of two words
                activity_session_id=scene.session,
                now=at,
                offset_ms=0,
                card=card,
            )
    entries = outage.entries()
    for entry in reversed(entries) if backwards else entries:
        assert await outage.upload([entry], EVENING) == ["accepted"]
    doubts = {a.owner: a.is_doubtful for a in await scene.attendances()}
    assert doubts == {ann[0]: True, ben[0]: False, cat[0]: True}
