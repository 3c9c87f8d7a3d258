"""The notice board: masked lines for everybody, objections by who is logged in."""

import re
from datetime import timedelta

import pytest
import pytest_asyncio

from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browser, Browsers
from tests.conftest import new_bank
from tests.timebank.notices.scene import Scene, earning_pack
from timebank.database import Database


@pytest_asyncio.fixture
async def board(database: Database, cast: Cast, door: Door) -> tuple[Scene, int]:
    """Return a notice with two lines, opened today."""
    scene = Scene(database, cast)
    await scene.adopt(earning_pack())
    for who in ("alice", "bob"):
        await scene.record(who, starts_at=door.clock.at - timedelta(days=2))
    return scene, await scene.notice(now=door.clock.at)


async def test_anybody_sees_it_without_a_login(
    browser: Browser, board: tuple[Scene, int], cast: Cast
) -> None:
    _, id_ = board
    await browser.get(f"/notices?bank={cast.bank.code}&lang=en")
    assert f'href="/notices/{id_}"' in browser.text
    assert (await browser.get(f"/notices/{id_}")).status_code == 200
    assert browser.text.count("清洁日") == 2
    for who in ("alice", "bob"):
        assert str(cast.people[who]) not in browser.text


async def test_without_a_bank_one_is_told_how_to_come_in(
    browser: Browser, database: Database, cast: Cast
) -> None:
    del cast  # the first of two banks
    await new_bank(database)
    for path in ("/notices?lang=en", "/notices?lang=en&bank=nobody"):
        assert (await browser.get(path)).status_code == 422
        assert "come in by your own community" in browser.text


async def test_who_is_logged_in_objects_and_the_line_is_frozen(
    of: Browsers, board: tuple[Scene, int]
) -> None:
    scene, id_ = board
    bob = of("bob")
    await bob.get(f"/notices/{id_}?line=1")
    await bob.post(f"/notices/{id_}", line=1, ground="测试：当日未见其人", contact="19900000401")
    assert "Your objection to line 1 was received" in bob.text
    assert "Objected to" in bob.text
    await bob.post(f"/notices/{id_}", line=1, ground="再说一次")
    assert bob.last.status_code == 409
    assert 'role="alert"' in bob.last.text
    count = await scene.read(
        lambda tx: tx.connection.fetchval(
            "select count(*) from objections where bank_id = $1 and contact_sealed is not null", tx.bank_id
        )
    )
    assert count == 1


async def test_a_stranger_is_led_to_the_login_and_back_to_the_line(
    browser: Browser, board: tuple[Scene, int], cast: Cast
) -> None:
    _, id_ = board
    await browser.get(f"/notices/{id_}?line=2&bank={cast.bank.code}&lang=en")
    assert f"next=/notices/{id_}%3Fafter%3D0%26line%3D2" in browser.text
    await browser.get("/login")
    answer = await browser.post(f"/notices/{id_}", line=2, ground="x")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next=/notices/{id_}")


async def test_what_is_no_line_or_no_notice_is_not_there(of: Browsers, board: tuple[Scene, int]) -> None:
    _, id_ = board
    bob = of("bob")
    await bob.get(f"/notices/{id_}")
    token = bob.token
    assert (await bob.send(f"/notices/{id_}", {"csrf": token, "line": 99, "ground": "x"})).status_code == 404
    assert (await bob.get("/notices/999999")).status_code == 404
    assert (await bob.get("/notices/x")).status_code == 404


async def test_what_is_over_is_no_longer_public(
    browser: Browser, board: tuple[Scene, int], cast: Cast, door: Door
) -> None:
    _, id_ = board
    await browser.get(f"/notices?bank={cast.bank.code}")
    door.clock.pass_(days=20)
    assert (await browser.get(f"/notices/{id_}")).status_code == 404
    await browser.get("/notices")
    assert f'href="/notices/{id_}"' not in browser.text


async def test_an_objection_may_have_several_lines(of: Browsers, board: tuple[Scene, int]) -> None:
    scene, id_ = board
    bob = of("bob")
    await bob.get(f"/notices/{id_}?line=1")
    # As a browser sends what was typed into the box: with a carriage return before each new line.
    await bob.post(f"/notices/{id_}", line=1, ground="测试：第一行\r\n第二行", contact="")
    assert "Your objection to line 1 was received" in bob.text
    ground = await scene.read(
        lambda tx: tx.connection.fetchval("select ground from objections where bank_id = $1", tx.bank_id)
    )
    assert ground == "测试：第一行\n第二行"


@pytest.mark.parametrize(
    ("fields", "status"), [({"ground": "长" * 600}, 422), ({"ground": "说得在理", "contact": "x" * 101}, 422)]
)
async def test_what_does_not_fit_is_said_and_nothing_that_was_typed_is_lost(
    of: Browsers, board: tuple[Scene, int], fields: dict[str, str], status: int
) -> None:
    _, id_ = board
    bob = of("bob")
    await bob.get(f"/notices/{id_}?line=1")
    answer = await bob.post(f"/notices/{id_}", **{"line": 1, "contact": "", **fields})
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert f">{fields['ground']}</textarea>" in answer.text
    assert 'name="line" value="1"' in answer.text


async def test_a_refusal_keeps_what_was_typed_too(of: Browsers, board: tuple[Scene, int]) -> None:
    _, id_ = board
    bob = of("bob")
    await bob.get(f"/notices/{id_}?line=1")
    await bob.post(f"/notices/{id_}", line=1, ground="一", contact="")
    answer = await bob.post(f"/notices/{id_}", line=1, ground="再说一次", contact="")
    assert answer.status_code == 409
    assert ">再说一次</textarea>" in answer.text


async def test_who_was_logged_out_meanwhile_comes_back_to_the_same_line(
    of: Browsers, board: tuple[Scene, int], door: Door
) -> None:
    _, id_ = board
    bob = of("bob")
    await bob.get(f"/notices/{id_}?line=2")
    (action,) = re.findall(r'action="(/notices/[^"]+)"', bob.text)
    token = bob.token
    await door.write(
        lambda tx: tx.connection.execute(
            "update sessions set ended_at = $2, ended_for = 'logout' where bank_id = $1 and id = $3",
            tx.bank_id,
            door.clock.at,
            door.cast.sessions["bob"],
        )
    )
    answer = await bob.send(action, {"csrf": token, "line": 2, "ground": "x"})
    assert answer.status_code == 303
    assert "line%3D2" in answer.headers["location"]
