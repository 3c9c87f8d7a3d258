"""Endpoints over HTTP: made and shown their secret once, changed, tried out, ended."""

import pytest

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.timebank.messages.conftest import Spy
from timebank.messages.sending import Outbox, send_due

PATH = "/api/v1/webhook-endpoints"
URL = "https://hooks.example.org/in"
ANY = {"If-Match": "*"}


@pytest.fixture
async def made(as_: As) -> dict[str, object]:
    """Let Adam make an endpoint."""
    answer = await as_("adam").post(PATH, json={"url": URL, "kinds": ["pin_set", "awarded", "pin_set"]})
    assert answer.status_code == 201
    found: dict[str, object] = answer.json()
    return found


async def test_the_secret_is_shown_once(as_: As, made: dict[str, object], cast: Cast) -> None:
    assert str(made["secret"]).startswith("whsec_")
    assert (made["kinds"], made["made_by"]) == (["awarded", "pin_set"], f"person:{cast.people['adam']}")
    for answer in (await as_("adam").get(PATH), await as_("adam").get(f"{PATH}/{made['id']}")):
        assert answer.status_code == 200
        assert "secret" not in answer.text
    renewed = (await as_("adam").post(f"{PATH}/{made['id']}/secret", headers=ANY)).json()
    assert renewed["secret"] not in {made["secret"], None}
    assert renewed["version"] == 2


async def test_an_endpoint_is_changed_by_who_saw_it(as_: As, made: dict[str, object]) -> None:
    path = f"{PATH}/{made['id']}"
    answer = await as_("adam").patch(path, json={"kinds": ["*", "awarded"]}, headers={"If-Match": '"1"'})
    assert (answer.json()["kinds"], answer.json()["url"], answer.headers["ETag"]) == (["*"], URL, '"2"')
    stale = await as_("adam").patch(path, json={"url": f"{URL}/2"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_differs")
    assert (await as_("adam").patch(path, json={"url": f"{URL}/2"})).status_code == 428
    assert (await as_("adam").patch(path, json={}, headers=ANY)).status_code == 422


async def test_an_endpoint_is_tried_out_and_ended(
    as_: As, made: dict[str, object], service: Service, cast: Cast
) -> None:
    path, spy = f"{PATH}/{made['id']}", Spy("webhook")
    tried = await as_("adam").post(f"{path}/test")
    assert tried.status_code == 202
    outbox = Outbox(service.database, service.cipher, {"webhook": spy}, service.now)
    assert await send_due(outbox, cast.bank) == {"sent": 1}
    (sent,) = spy.sent
    assert (str(sent.reference), sent.kind, sent.to) == (tried.json()["reference"], "endpoint_test", URL)
    assert (sent.secret, sent.person_id) == (made["secret"], None)
    ended = await as_("adam").post(f"{path}/end", headers={"If-Match": '"1"'})
    assert (ended.status_code, ended.json()["ended_at"] is not None) == (200, True)
    for again in (f"{path}/end", f"{path}/secret", f"{path}/test"):
        answer = await as_("adam").post(again, headers=ANY)
        assert (answer.status_code, answer.json()["code"]) == (409, "already_ended_endpoint")
    assert (await as_("adam").get(PATH)).json()["items"] == []
    assert len((await as_("adam").get(PATH, params={"ended": "true"})).json()["items"]) == 1
    assert (await as_("adam").post(PATH, json={"url": URL, "kinds": ["*"]})).status_code == 201


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "https://user:word@hooks.example.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://127.1/",
        "https://0x7f000001/",
        "https://localhost/",
        "https://hooks.example.org/#x",
        "https://hooks.example.org:port/",
        "https:///x",
        "hooks.example.org",
        "https://钩.example.org/",
    ],
)
async def test_an_address_that_will_not_do_is_refused(as_: As, url: str) -> None:
    answer = await as_("adam").post(PATH, json={"url": url, "kinds": ["*"]})
    assert (answer.status_code, answer.json()["code"]) == (422, "webhook_url_invalid")


async def test_one_endpoint_an_address_and_known_kinds_only(as_: As, made: dict[str, object]) -> None:
    again = await as_("adam").post(PATH, json={"url": URL, "kinds": ["*"]})
    assert (again.status_code, again.json()["code"]) == (409, "already_an_endpoint")
    other = (await as_("adam").post(PATH, json={"url": f"{URL}/2", "kinds": ["*"]})).json()
    moved = await as_("adam").patch(f"{PATH}/{other['id']}", json={"url": URL}, headers=ANY)
    assert (moved.status_code, moved.json()["code"]) == (409, "already_an_endpoint")
    unknown = await as_("adam").post(PATH, json={"url": f"{URL}/3", "kinds": ["of_tomorrow"]})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "webhook_kind_unknown")
    assert made["id"] != other["id"]


async def test_only_the_bank_s_administrators_have_them(as_: As, made: dict[str, object]) -> None:
    path = f"{PATH}/{made['id']}"
    for name in ("alice", "wen", "olga", "audrey", "ada", "till"):
        assert (await as_(name).get(PATH)).status_code == 403
        assert (await as_(name).get(path)).status_code == 403
        assert (await as_(name).post(f"{path}/end", headers=ANY)).status_code == 403
    missing = await as_("adam").get(f"{PATH}/999999")
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_endpoint")
