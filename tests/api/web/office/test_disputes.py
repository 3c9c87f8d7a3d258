"""Disputes at the desk: the queue, one with its record, and each way to decide it."""

import pytest
import pytest_asyncio

from ledger.session import WriteTx
from tests.api.cast import Cast
from tests.api.web.browser import Browser, Browsers
from tests.timebank.records.scene import Scene
from timebank.database import Database

QUEUE = "/office/disputes"

_DISPUTE = """
insert into disputes (bank_id, record_id, person_id, statement, raised_at)
values ($1, $2, $3, '我十点就走了', now()) returning id
"""


@pytest_asyncio.fixture
async def dispute(database: Database, cast: Cast) -> int:
    """Return Alice's dispute over a record of hers."""
    scene = Scene(database, cast)
    await scene.adopt()
    record = await scene.served("alice")

    async def work(tx: WriteTx) -> int:
        found: int = await tx.connection.fetchval(_DISPUTE, tx.bank_id, record, cast.people["alice"])
        return found

    return await scene.write(work)


async def decide(browser: Browser, dispute: int, **fields: object) -> Browser:
    await browser.get(f"{QUEUE}/{dispute}")
    given = {"answer": "核对了监控", "came": "2025-05-08T09:00", "went": "2025-05-08T10:00", **fields}
    await browser.post(f"{QUEUE}/{dispute}", once=browser.hidden("once"), **given)
    return browser


@pytest.mark.parametrize("name", ["alice", "carl", "stella", "audrey", "adam"])
async def test_is_not_for_others(of: Browsers, dispute: int, name: str) -> None:
    assert (await of(name).get(QUEUE)).status_code == 403
    assert (await of(name).get(f"{QUEUE}/{dispute}")).status_code == 403


async def test_the_queue_shows_what_is_in_reach(of: Browsers, dispute: int) -> None:
    assert "我十点就走了" in (await of("olga").get(QUEUE)).text
    assert f"{QUEUE}/{dispute}" in (await of("wen").get(QUEUE)).text
    xu = of("xu")
    assert "No dispute waits" in (await xu.get(QUEUE)).text
    assert (await xu.get(f"{QUEUE}/{dispute}")).status_code == 404


async def test_upheld_with_times_the_record_is_corrected(of: Browsers, dispute: int) -> None:
    olga = await decide(of("olga"), dispute, do="correct")
    assert olga.last.status_code == 303
    await olga.get(f"{QUEUE}/{dispute}")
    assert "Upheld" in olga.text
    assert "核对了监控" in olga.text
    assert "No dispute waits" in (await olga.get(QUEUE)).text
    assert "Upheld" in (await olga.get(f"{QUEUE}?show=decided")).text


@pytest.mark.parametrize(("do", "said"), [("void", "Upheld"), ("dismiss", "Dismissed")])
async def test_or_voided_or_it_stays(of: Browsers, dispute: int, do: str, said: str) -> None:
    olga = await decide(of("olga"), dispute, do=do)
    await olga.get(f"{QUEUE}/{dispute}")
    assert f"<h2>{said}</h2>" in olga.last.text


async def test_the_same_form_twice_decides_once(of: Browsers, dispute: int) -> None:
    olga = of("olga")
    await olga.get(f"{QUEUE}/{dispute}")
    fields = {"once": olga.hidden("once"), "answer": "属实", "do": "void"}
    token = olga.token
    for _ in range(2):
        assert (await olga.send(f"{QUEUE}/{dispute}", {"csrf": token, **fields})).status_code == 303


async def test_a_refusal_keeps_what_was_typed(of: Browsers, dispute: int) -> None:
    olga = await decide(of("olga"), dispute, do="correct", came="2025-05-08T11:00")
    assert olga.last.status_code == 422
    assert "Choose what is decided" in olga.text
    assert "核对了监控" in olga.text
    assert 'value="2025-05-08T11:00"' in olga.last.text
    await decide(olga, dispute, do="correct", went="")
    assert "both times" in olga.text


async def test_what_is_decided_is_decided(of: Browsers, dispute: int) -> None:
    olga = of("olga")
    await olga.get(f"{QUEUE}/{dispute}")
    token = olga.token
    for once, status in (("0" * 32, 303), ("1" * 32, 409)):
        fields = {"csrf": token, "once": once, "answer": "再来", "do": "dismiss"}
        assert (await olga.send(f"{QUEUE}/{dispute}", {**fields})).status_code == status
