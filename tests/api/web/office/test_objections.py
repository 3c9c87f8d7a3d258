"""Objections at the desk: read, decided once, and the objector's contact only on asking."""

import pytest
import pytest_asyncio

from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browsers
from tests.timebank.notices.scene import LAST_EVENING, Scene
from timebank.notices.objections import Objection, raise_objection

LIST = "/office/notices/objections"


@pytest_asyncio.fixture
async def objection(records: Scene, door: Door) -> int:
    """Return Xu's objection to a line of a notice, with a contact."""
    door.clock.at = LAST_EVENING
    await records.record("alice")
    notice = await records.notice()
    said = Objection("当日未见其人", "19900000555")
    return await records.do(
        "xu",
        lambda tx, actor: raise_objection(
            tx, actor, door.service.cipher, notice_id=notice, line=1, objection=said, now=LAST_EVENING
        ),
    )


@pytest.mark.parametrize("name", ["alice", "wen", "audrey", "adam"])
async def test_is_not_for_others(of: Browsers, objection: int, name: str) -> None:
    assert (await of(name).get(LIST)).status_code == 403
    assert (await of(name).get(f"{LIST}/{objection}")).status_code == 403


@pytest.mark.parametrize(("do", "said"), [("dismissed", "Dismissed"), ("upheld", "Upheld, struck")])
async def test_is_decided_once(of: Browsers, objection: int, do: str, said: str) -> None:
    olga = of("olga")
    assert "当日未见其人" in (await olga.get(LIST)).text
    page = f"{LIST}/{objection}"
    await olga.get(page)
    fields: dict[str, object] = {
        "csrf": olga.token,
        "once": olga.hidden("once"),
        "do": do,
        "reason": "核对了签到",
    }
    for _ in range(2):
        assert (await olga.send(page, fields)).status_code == 303
    await olga.get(page)
    assert f"<h2>{said}</h2>" in olga.last.text
    assert "No objection waits" in (await olga.get(LIST)).text
    assert said in (await olga.get(f"{LIST}?show=decided")).text


async def test_a_reason_is_needed(of: Browsers, objection: int) -> None:
    olga = of("olga")
    await olga.get(f"{LIST}/{objection}")
    await olga.post(f"{LIST}/{objection}", once=olga.hidden("once"), do="upheld", reason="")
    assert "Please write the reason" in olga.text
    await olga.post(f"{LIST}/{objection}", once=olga.hidden("once"), do="burn", reason="x")
    assert "Please write the reason" in olga.text


async def test_the_contact_is_shown_on_asking_and_that_is_on_record(
    of: Browsers, cast: Cast, records: Scene, objection: int
) -> None:
    olga = of("olga")
    await olga.get(f"{LIST}/{objection}")
    assert "19900000555" not in olga.text
    await olga.post(f"{LIST}/{objection}", once=olga.hidden("once"), do="contact")
    assert "19900000555" in olga.text
    looks = await records.read(
        lambda tx: tx.connection.fetch(
            "select viewer_id, purpose from look_ups where bank_id = $1 and subject_id = $2",
            tx.bank_id,
            cast.people["xu"],
        )
    )
    assert [tuple(look) for look in looks] == [(cast.people["olga"], "objections.decide")]


async def test_the_dashboard_leads_there(of: Browsers, objection: int) -> None:
    assert objection
    olga = of("olga")
    assert (await olga.get("/office/notices?objections=open")).headers["location"] == LIST
