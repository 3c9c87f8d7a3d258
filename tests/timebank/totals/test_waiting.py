"""What waits for whom: each queue by its permission and reach, late sessions counted up to a few."""

from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from tests.api.cast import enter
from tests.timebank.notices.scene import SERVICE, ZONE, Scene, earning_pack
from timebank.database import Bank, Database
from timebank.totals.waiting import LATE_SHOWN, Duties, duties

DECEMBER = datetime(2025, 12, 1, 10, tzinfo=ZONE)


@pytest_asyncio.fixture
async def scene(database: Database, bank: Bank) -> Scene:
    """Return a bank with a policy and nothing done yet."""
    made = Scene(database, await enter(database, bank))
    await made.adopt(earning_pack())
    return made


async def of(scene: Scene, who: str) -> Duties:
    return await scene.do(who, lambda tx, actor: duties(tx, actor, now=DECEMBER))


@pytest.mark.parametrize(
    ("who", "names"),
    [
        ("wen", ["reviews", "disputes", "approved"]),
        ("olga", ["reviews", "disputes", "objections", "approved"]),
        ("audrey", []),
        ("alice", []),
    ],
)
async def test_each_sees_what_they_would_deal_with(scene: Scene, who: str, names: list[str]) -> None:
    found = await of(scene, who)
    assert [queue.name for queue in found.queues] == names
    assert all((queue.count, queue.since) == (0, None) for queue in found.queues)


async def test_counts_what_is_in_reach(scene: Scene) -> None:
    disputed = await scene.record("alice", state="pending")
    await scene.dispute(disputed)
    await scene.record("bob", at="birch", state="second_review")
    await scene.record("alice", state="approved")
    counts = {who: {q.name: q.count for q in (await of(scene, who)).queues} for who in ("wen", "xu", "olga")}
    assert counts["wen"] == {"reviews": 1, "disputes": 1, "approved": 1}
    assert counts["xu"] == {"reviews": 1, "disputes": 0, "approved": 0}
    assert counts["olga"] == {"reviews": 2, "disputes": 1, "objections": 0, "approved": 1}


async def test_what_is_disputed_waits_for_no_notice(scene: Scene) -> None:
    id_ = await scene.record("alice", state="approved")
    await scene.dispute(id_)
    assert {q.name: q.count for q in (await of(scene, "wen")).queues}["approved"] == 0


async def test_a_few_late_sessions_are_named(scene: Scene) -> None:
    for day in range(LATE_SHOWN + 1):
        await scene.record("alice", state="pending", starts_at=SERVICE + timedelta(days=day))
    found = await of(scene, "wen")
    assert (len(found.late), found.has_more_late) == (LATE_SHOWN, True)
    assert (await of(scene, "audrey")).late == ()
