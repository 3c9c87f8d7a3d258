"""The review queue: who sees it, and what becomes of the ticked lines."""

import pytest
import pytest_asyncio

from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browser, Browsers
from tests.timebank.notices.scene import Scene, earning_pack
from timebank.database import Database

QUEUE = "/office/reviews"


@pytest_asyncio.fixture
async def records(database: Database, cast: Cast) -> Scene:
    """Return the way to records of the cast."""
    scene = Scene(database, cast)
    await scene.adopt(earning_pack())
    return scene


async def decide(browser: Browser, *ids: int, **fields: object) -> Browser:
    await browser.get(QUEUE)
    await browser.send(QUEUE, {"csrf": browser.token, "record[]": list(ids), "reason": "", **fields})
    return browser


@pytest.mark.parametrize("name", ["alice", "carl", "stella", "audrey", "adam", "mia", "max"])
async def test_is_not_for_others(of: Browsers, name: str) -> None:
    assert (await of(name).get(QUEUE)).status_code == 403


async def test_shows_what_waits_in_reach_with_masked_names(of: Browsers, records: Scene, door: Door) -> None:
    await door.give_phone("alice", "19900000301", "测小明")
    waiting = await records.record("alice", state="pending")
    await records.record("alice", state="approved")
    wen = of("wen")
    assert (await wen.get(QUEUE)).status_code == 200
    assert wen.last.text.count('name="record[]"') == 1
    assert f'value="{waiting}"' in wen.last.text
    assert "测*" in wen.text
    assert "测小明" not in wen.text
    assert (await of("xu").get(QUEUE)).text.count('name="record[]"') == 0


async def test_many_are_approved_at_once_and_each_refusal_is_said(of: Browsers, records: Scene) -> None:
    good = [await records.record("alice", state="pending") for _ in range(3)]
    long_ = await records.record("bob", state="pending", minutes=480)
    done = await records.record("alice", state="approved")
    wen = await decide(of("wen"), *good, long_, done, decision="approve")
    assert "3 approved" in wen.text
    assert "1 now wait for a second approver" in wen.text
    assert f"Decided already · Records {done}" in wen.text
    assert [(await records.state(id_))[0] for id_ in good] == ["approved"] * 3
    # The first approver is not the second.
    await decide(wen, long_, decision="approve")
    assert (await records.state(long_))[0] == "second_review"
    olga = await decide(of("olga"), long_, decision="approve")
    assert "1 approved" in olga.text


async def test_a_rejection_needs_a_reason(of: Browsers, records: Scene) -> None:
    id_ = await records.record("alice", state="pending")
    wen = await decide(of("wen"), id_, decision="reject")
    assert (await records.state(id_))[0] == "pending"
    await decide(wen, id_, decision="reject", reason="not_there")
    assert "1 rejected" in wen.text
    assert (await records.state(id_))[0] == "rejected"


async def test_what_is_out_of_reach_is_not_there(of: Browsers, records: Scene) -> None:
    id_ = await records.record("alice", state="pending")
    xu = await decide(of("xu"), id_, decision="approve")
    assert f"no record {id_}" in xu.text.lower()
    assert (await records.state(id_))[0] == "pending"


async def test_nothing_ticked_or_nonsense_is_said(of: Browsers, records: Scene) -> None:
    await records.record("alice", state="pending")
    wen = await decide(of("wen"), decision="approve")
    assert "Please tick" in wen.text
    await decide(wen, decision="shred")
    assert "does not fit" in wen.text


async def test_a_long_queue_has_pages(of: Browsers, records: Scene) -> None:
    ids = [await records.record("alice", state="pending") for _ in range(51)]
    wen = of("wen")
    await wen.get(QUEUE)
    assert wen.last.text.count('name="record[]"') == 50
    assert f"?after={ids[49]}" in wen.text
    await wen.get(f"{QUEUE}?after={ids[49]}")
    assert wen.last.text.count('name="record[]"') == 1


async def test_what_could_not_be_decided_stays_ticked(of: Browsers, records: Scene) -> None:
    ids = [await records.record("alice", state="pending") for _ in range(2)]
    wen = await decide(of("wen"), ids[0], decision="reject")
    assert f'value="{ids[0]}" checked' in wen.last.text
    assert f'value="{ids[1]}" checked' not in wen.last.text
