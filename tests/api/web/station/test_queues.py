"""A tablet that is a station device: made once with its own key, its queue taken and answered."""

import base64
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browser, Browsers
from tests.timebank.scans.scene import Scene
from timebank.scans.client import StationQueue


def shown(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


async def prepared(of: Browsers, scene: Scene) -> str:
    """Return the code that a worker makes for a new tablet."""
    wen = of("wen")
    await wen.get("/stations/offline")
    await wen.post("/stations/offline", station=scene.stations[0], name="Tablet 1")
    assert "Shown this once" in wen.text
    found = re.search(r"TBD:[A-Z0-9]+:[A-Z2-7]+", wen.text)
    assert found is not None
    return found[0]


async def enrolled(stella: Browser, code: str, key: Ed25519PrivateKey) -> UUID:
    await stella.get("/stations/offline")
    answer = await stella.post("/stations/enrol", token=code, key=shown(key))
    assert answer.status_code == 200
    assert answer.json()["name"] == "Tablet 1"
    return UUID(answer.json()["device_id"])


async def upload(browser: Browser, batch: dict[str, object], *, token: str | None = None) -> Any:
    await browser.get("/stations/offline") if token is None else None
    headers = {"x-csrf-token": token or browser.token, "content-type": "application/json"}
    return await browser.client.post("/stations/queue", content=json.dumps(batch), headers=headers)


async def test_a_queue_is_taken_and_answered_and_again_the_same(
    of: Browsers, scene: Scene, cast: Cast, door: Door, tmp_path: Path
) -> None:
    await scene.sign_up([cast.people["alice"]])
    card, key = await scene.card_of(cast.people["alice"]), Ed25519PrivateKey.generate()
    stella = of("stella")
    device = await enrolled(stella, await prepared(of, scene), key)
    queue = StationQueue(tmp_path / "queue", device, key)
    at = door.clock.at + timedelta(minutes=1)
    for number, text in enumerate((card, "TBC-" + "X" * 16)):
        queue.add(
            kind="in",
            activity_session_id=scene.session,
            now=at + timedelta(seconds=number),
            offset_ms=0,
            station_id=scene.stations[0],
            card=text,
        )
    door.clock.pass_(hours=1)
    (batch,) = queue.batches()
    for _ in range(2):
        answer = await upload(stella, batch)
        assert answer.status_code == 200
        first, second = answer.json()["entries"]
        assert first == {"seq": 1, "outcome": "accepted", "sentence": ""}
        assert (second["outcome"], "card" in second["sentence"]) == ("card_unknown", True)
    assert sorted(outcome for outcome, _ in await scene.kept()) == ["accepted", "card_unknown"]
    (attendance,) = await scene.attendances()
    assert (attendance.check_in_at, attendance.is_doubtful) == (at, False)

    # Nobody brings another community's queue, nothing that is no queue, and no other site sends one.
    assert (await upload(of("alice"), batch, token="0.0")).status_code == 403
    xu = of("xu")
    assert (await upload(xu, batch)).status_code == 404
    assert (await upload(stella, {"device_id": str(device), "entries": []})).status_code == 422
    assert (await upload(stella, batch, token="0.0")).status_code == 403
    door.clock.pass_(days=40)
    assert (await upload(stella, batch, token=stella.token)).status_code in {401, 403}


async def test_a_code_makes_one_tablet(of: Browsers, scene: Scene) -> None:
    code, stella = await prepared(of, scene), of("stella")
    await enrolled(stella, code, Ed25519PrivateKey.generate())
    await stella.get("/stations/offline")
    again = await stella.post("/stations/enrol", token=code, key=shown(Ed25519PrivateKey.generate()))
    assert (again.status_code, bool(again.json()["sentence"])) == (422, True)


async def test_a_steward_who_leaves_leaves_the_tablet_its_queue(of: Browsers, scene: Scene) -> None:
    """The key and what is not sent yet are kept in the browser's own store: clearing it would lose members' time."""
    code, stella, wen = await prepared(of, scene), of("stella"), of("wen")
    await enrolled(stella, code, Ed25519PrivateKey.generate())
    for browser in (stella, wen):
        await browser.get("/stations/offline")
    cleared = [(await each.post("/logout")).headers["clear-site-data"] for each in (stella, wen)]
    assert cleared == ['"cache"', '"cache", "storage"']


@pytest.mark.parametrize(
    "fields", [{"token": "TBD:X:NONE", "key": "short"}, {"token": "?", "key": "A" * 43 + "="}]
)
async def test_what_is_no_code_is_said(of: Browsers, fields: dict[str, object]) -> None:
    stella = of("stella")
    await stella.get("/stations/offline")
    answer = await stella.post("/stations/enrol", **fields)
    assert (answer.status_code, bool(answer.json()["sentence"])) == (422, True)


async def test_who_may(of: Browsers, scene: Scene) -> None:
    for name, status, prepares in (
        ("wen", 200, 200),
        ("stella", 200, 403),
        ("xu", 200, 404),
        ("alice", 403, 403),
        ("adam", 403, 403),
    ):
        browser = of(name)
        await browser.get("/stations/offline")
        assert browser.last.status_code == status, name
        assert ('action="/stations/offline"' in browser.last.text) is (name == "wen"), name
        await browser.get("/me")
        answer = await browser.post("/stations/offline", station=scene.stations[0], name="T")
        assert answer.status_code == prepares, name


async def test_the_screen_that_a_tablet_keeps_has_nobody_in_it(
    of: Browsers, scene: Scene, cast: Cast
) -> None:
    await scene.sign_up([cast.people["alice"]])
    card = await scene.card_of(cast.people["alice"])
    stella, path = of("stella"), f"/stations/{scene.stations[0]}/screen?session={scene.session}"
    await stella.get(path)
    await stella.post(path, once=stella.hidden("once"), kind="in", shown=card)
    await stella.get(path)
    assert 'class="plainlist here"' in stella.text
    await stella.get(f"{path}&shell=true")
    assert 'class="plainlist here"' not in stella.text
    assert "data-desk" in stella.text


async def test_the_worker_answers_for_the_stations_only(of: Browsers) -> None:
    answer = await of("stella").get("/stations/worker.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    assert "service-worker-allowed" not in answer.headers
