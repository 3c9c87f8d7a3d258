"""A member's certificates: asking for one, keeping it, checking it."""

from pathlib import Path

import pytest

from api.service import Service
from tests.api.cast import Cast
from tests.api.web.browser import Browser, Browsers
from tests.timebank.certificates.scene import Scene, enter_scene
from timebank.certificates.verifying import verify
from timebank.database import Database

PATH = "/me/certificates"


@pytest.fixture
async def scene(database: Database, cast: Cast, service: Service) -> Scene:
    """Return Alice, who served three times in 2025, and her bank with its key."""
    return await enter_scene(database, cast, Path(service.settings.home))


async def asked(alice: Browser, **fields: object) -> int:
    """Ask by the page's form and return the status."""
    await alice.get(PATH)
    (form,) = [form for form in alice.forms() if "once" in form]
    return int((await alice.post(PATH, **{"once": form["once"], "period": "all", **fields})).status_code)


async def test_who_did_not_serve_yet_is_told_so(of: Browsers) -> None:
    bob = of("bob")
    assert (await bob.get(PATH)).status_code == 200
    assert "As soon as a service of yours is credited" in bob.text
    assert [form for form in bob.forms() if "once" in form] == []


async def test_one_is_issued_downloaded_and_checked(of: Browsers, scene: Scene) -> None:
    alice = of("alice")
    assert await asked(alice) == 303
    issued = alice.last.headers["location"]
    await alice.get(issued)
    assert "Your certificate is here" in alice.text
    assert "3 records, 6 hours" in alice.text
    number = alice.text.split('href="/V/')[1].split('"')[0]
    id_ = issued.partition("issued=")[2]
    pdf = await alice.get(f"{PATH}/{id_}/pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    document = await alice.get(f"{PATH}/{id_}/document")
    for content in (pdf.content, document.content):
        assert verify(content, [scene.key.verifier]).code == "valid"
    assert (await alice.get(f"/V/{number}")).status_code == 200
    for name, status in (("bob", 404), ("station", 403)):
        assert (await of(name).get(f"{PATH}/{id_}/pdf")).status_code == status


@pytest.mark.usefixtures("scene")
async def test_a_form_that_is_sent_twice_is_one_certificate(of: Browsers) -> None:
    alice = of("alice")
    await alice.get(PATH)
    (form,) = [form for form in alice.forms() if "once" in form]
    fields: dict[str, object] = {"csrf": alice.token, "once": form["once"], "period": "all"}
    places = {(await alice.send(PATH, fields)).headers["location"] for _ in range(2)}
    assert len(places) == 1


@pytest.mark.usefixtures("scene")
@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"period": "days"}, 422, "choose the first and the last day"),
        ({"period": "days", "from_on": "2025-02-30", "until_on": "2025-03-01"}, 422, "choose the first"),
        ({"period": "days", "from_on": "2025-12-31", "until_on": "2025-01-01"}, 422, "before"),
        ({"period": "days", "from_on": "2024-01-01", "until_on": "2024-12-31"}, 422, "no credited service"),
        ({"period": "odd"}, 422, "choose the first"),
    ],
)
async def test_a_wish_that_cannot_be_is_refused_in_words(
    of: Browsers, fields: dict[str, object], status: int, words: str
) -> None:
    alice = of("alice")
    assert await asked(alice, **fields) == status
    assert words in alice.text
    if str(fields.get("from_on", "")).startswith("2025-12"):
        assert 'value="2025-12-31"' in alice.last.text
    assert "None was issued yet" in alice.text


async def test_one_that_was_revoked_says_why(of: Browsers, scene: Scene) -> None:
    done = await scene.issue()
    revoke = "update certificates set revoked_at = now(), revoked_by = 'test', revoke_reason = 'replaced'"
    await scene.database.write(scene.cast.bank, lambda tx: tx.connection.execute(revoke))
    alice = of("alice")
    await alice.get(PATH)
    assert done.number in alice.text
    assert "Replaced" in alice.text
