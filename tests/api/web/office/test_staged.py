"""Sessions that look staged: who sees which, by which signs, and the way to their records."""

from datetime import timedelta

import pytest
import pytest_asyncio

from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browsers
from tests.timebank.records.scene import EVENING, NINE, Scene
from timebank.database import Database

STAGED = "/office/staged"


@pytest_asyncio.fixture
async def crowded(database: Database, cast: Cast, door: Door) -> int:
    """Return a session of apple's for one, to which two came; another one is as it should be."""
    door.clock.at = EVENING + timedelta(days=30)
    scene = Scene(database, cast)
    await scene.adopt()
    session = await scene.session(capacity=1)
    for who in ("alice", "bob"):
        await scene.attend(session, who)
    await scene.close(session)
    await scene.served("alice", starts_at=NINE + timedelta(days=1))
    return session


@pytest.mark.parametrize("name", ["alice", "carl", "audrey", "adam"])
async def test_is_not_for_others(of: Browsers, name: str) -> None:
    assert (await of(name).get(STAGED)).status_code == 403


async def test_shows_what_is_in_reach_with_its_signs(of: Browsers, crowded: int) -> None:
    wen = of("wen")
    await wen.get(STAGED)
    assert "one and a half times what the place holds" in wen.text
    assert "2 people, 4 hours in all" in wen.text
    assert "the place holds 1" in wen.text.lower()
    assert wen.last.text.count("/office/reviews?session=") == 1
    assert f"/office/reviews?session={crowded}" in wen.last.text
    assert "Nothing stood out" in (await of("xu").get(STAGED)).text


async def test_the_queue_shows_one_session_only(of: Browsers, crowded: int) -> None:
    wen = of("wen")
    await wen.get(f"/office/reviews?session={crowded}")
    assert wen.last.text.count('name="record[]"') == 2
    assert "Show all that waits" in wen.text
    assert f'action="?session={crowded}"' in wen.last.text
    assert (await wen.get("/office/reviews")).text.count('name="record[]"') == 3


async def test_goes_on_with_what_began_before(of: Browsers, crowded: int) -> None:
    assert crowded
    before = NINE.isoformat().replace("+", "%2B")
    wen = of("wen")
    await wen.get(f"{STAGED}?before={before}&before_id=1")
    assert "Nothing stood out" in wen.text
    assert (await wen.get(f"{STAGED}?before=yesterday")).status_code == 422
