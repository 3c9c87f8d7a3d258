"""A member's own records: the list, one of them, its proof, and saying that it is wrong."""

import json

import pytest

from api.service import Service
from tests.api.cast import Cast
from tests.api.web.browser import Browsers
from tests.sealing import seal_everything
from tests.timebank.certificates.scene import NOW
from tests.timebank.records.scene import NINE, Scene
from timebank.database import Database

PATH = "/me/records"
WRONG = "测试：我十一点半才走"


@pytest.fixture
async def scene(database: Database, cast: Cast) -> Scene:
    """Return the cast with the default pack adopted."""
    scene = Scene(database, cast)
    await scene.adopt()
    return scene


async def test_who_has_none_is_told_how_they_come(of: Browsers) -> None:
    alice = of("alice")
    assert (await alice.get(PATH)).status_code == 200
    assert "Take part once" in alice.text
    assert (await alice.get(f"{PATH}?which=odd")).status_code == 422


async def test_lists_the_newest_service_first_by_how_far_it_is(of: Browsers, scene: Scene) -> None:
    late = await scene.served("alice", starts_at=NINE.replace(day=12))
    early = await scene.served("alice")
    await scene.review("olga", early)
    await scene.credit(early)
    alice = of("alice")
    await alice.get(PATH)
    page = alice.last.text
    assert page.index(f'{PATH}/{late}"') < page.index(f'{PATH}/{early}"')
    assert "1 credited, 2 hours in all" in alice.text
    await alice.get(f"{PATH}?which=waiting")
    assert f"{PATH}/{late}" in alice.text
    assert f'{PATH}/{early}"' not in alice.last.text
    await alice.get(f"{PATH}?which=closed")
    assert "There are none of this kind" in alice.text


async def test_goes_on_to_older_ones(of: Browsers, scene: Scene) -> None:
    ids = [await scene.served("alice", starts_at=NINE.replace(day=day)) for day in range(1, 22)]
    alice = of("alice")
    await alice.get(PATH)
    assert f'{PATH}/{ids[1]}"' in alice.last.text
    assert f'{PATH}/{ids[0]}"' not in alice.last.text
    older = alice.text.split("?which=all&cursor=")[1].split('"')[0]
    await alice.get(f"{PATH}?which=all&cursor={older}")
    assert f'{PATH}/{ids[0]}"' in alice.last.text
    assert (await alice.get(f"{PATH}?cursor=nonsense")).status_code == 422


async def test_says_what_happened_and_what_comes_next(of: Browsers, scene: Scene) -> None:
    record = await scene.served("alice")
    alice = of("alice")
    await alice.get(f"{PATH}/{record}")
    for words in ("清洁日", "09:00–11:00", "广场东", "清扫广场", "Record made", "Next: review"):
        assert words in alice.text, words
    await scene.review("olga", record, decision="reject", reason="not_there")
    await alice.get(f"{PATH}/{record}")
    assert "Next:" not in alice.text
    assert "Not approved" in alice.text


async def test_a_record_is_nobody_else_s(of: Browsers, scene: Scene) -> None:
    record = await scene.served("alice")
    for name, status in (("bob", 404), ("olga", 404), ("station", 403)):
        assert (await of(name).get(f"{PATH}/{record}")).status_code == status
        assert (await of(name).get(f"{PATH}/{record}/proof")).status_code == status
    assert (await of("alice").get(f"{PATH}/999999")).status_code == 404


async def test_a_dispute_is_received_once_and_answered(of: Browsers, scene: Scene) -> None:
    record = await scene.served("alice")
    alice = of("alice")
    await alice.get(f"{PATH}/{record}")
    token = alice.token
    for _ in range(2):
        answer = await alice.send(f"{PATH}/{record}", {"csrf": token, "statement": WRONG})
        assert answer.headers["location"] == f"{PATH}/{record}?done=disputed"
    await alice.get(f"{PATH}/{record}?done=disputed")
    assert "It was received" in alice.text
    assert alice.text.count(WRONG) == 1
    assert "Waiting to be decided" in alice.text
    assert "Is something wrong?" not in alice.text
    answer = await alice.send(f"{PATH}/{record}", {"csrf": token, "statement": "测试：另外"})
    assert answer.status_code == 409
    assert await scene.review("olga", record) == ["record_disputed"]


async def test_an_empty_dispute_is_refused_in_words(of: Browsers, scene: Scene) -> None:
    record = await scene.served("alice")
    alice = of("alice")
    await alice.get(f"{PATH}/{record}")
    assert (await alice.post(f"{PATH}/{record}", statement="  ")).status_code == 422
    assert "Please say what is wrong" in alice.text
    bob = of("bob")
    await bob.get("/me/more")
    assert (await bob.post(f"{PATH}/{record}", statement=WRONG)).status_code == 404


async def test_a_proof_is_kept_once_the_books_are_sealed(
    of: Browsers, scene: Scene, service: Service
) -> None:
    record = await scene.served("alice")
    await scene.review("olga", record)
    await scene.credit(record)
    alice = of("alice")
    await alice.get(f"{PATH}/{record}")
    assert "Get the proof file" in alice.text
    assert (await alice.get(f"{PATH}/{record}/proof")).status_code == 422
    assert "sealed" in alice.text
    await seal_everything(scene.database, scene.cast.bank, service.settings.home, now=NOW)
    answer = await alice.get(f"{PATH}/{record}/proof")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    assert json.loads(answer.text)["transaction"]["kind"] == "credit"
