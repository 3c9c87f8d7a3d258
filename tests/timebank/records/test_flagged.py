"""Flagged sessions: those with signs only, the newest first, page by page and in reach."""

from datetime import timedelta

from tests.timebank.records.scene import EVENING, NINE, Scene
from timebank.records.flagged import Flagged, flagged_sessions

YEAR_BEFORE = NINE - timedelta(days=365)


async def crowded(scene: Scene, days: int) -> int:
    """Hold a session for one to which two came."""
    session = await scene.session(capacity=1, starts_at=NINE + timedelta(days=days))
    for who in ("alice", "bob"):
        await scene.attend(session, who, 9 + 24 * days, 11 + 24 * days)
    await scene.close(session, now=EVENING + timedelta(days=days))
    return session


async def found(
    scene: Scene, *, limit: int = 10, before: Flagged | None = None, **wanted: object
) -> list[Flagged]:
    start = (before.starts_at, before.session_id) if before else (EVENING + timedelta(days=90), 0)
    return await scene.read(
        lambda tx: flagged_sessions(tx, before=start, since=YEAR_BEFORE, limit=limit, **wanted)  # type: ignore[arg-type]  # a reach
    )


async def test_the_newest_first_and_page_by_page(scene: Scene) -> None:
    first, second = await crowded(scene, 0), await crowded(scene, 3)
    await scene.served("alice", starts_at=NINE + timedelta(days=1))
    pages = await found(scene)
    assert [one.session_id for one in pages] == [second, first]
    assert pages[0].signs == ("over_capacity",)
    assert (pages[0].people, pages[0].capacity, pages[0].waiting) == (2, 1, 2)
    assert [one.session_id for one in await found(scene, limit=1)] == [second]
    assert [one.session_id for one in await found(scene, before=pages[0])] == [first]


async def test_only_in_reach(scene: Scene) -> None:
    session = await crowded(scene, 0)
    apple, birch = (scene.cast.organisations[name] for name in ("apple", "birch"))
    assert [one.session_id for one in await found(scene, reach=[apple])] == [session]
    assert await found(scene, reach=[birch]) == []
