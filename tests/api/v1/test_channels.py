"""Choosing by which channels one is told, over HTTP."""

from datetime import timedelta
from uuid import uuid4

import pytest

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.timebank.messages.conftest import ADDRESS, Spy
from timebank.database import Database
from timebank.messages.sending import Outbox, send_due
from timebank.notifications.actions import tell

CHANNELS = "/api/v1/me/channels"


@pytest.fixture(autouse=True)
def offered(service: Service) -> None:
    """Let the installation have e-mail and WeChat, and no short messages."""
    service.offered = frozenset({"email", "wechat"})


async def mailed(service: Service, cast: Cast, to: str = ADDRESS) -> str:
    """Send the mail that waits, and return the digits in it."""
    spy = Spy("email")
    outbox = Outbox(service.database, service.cipher, {"email": spy}, service.now)
    await send_due(outbox, cast.bank)
    (mail,) = spy.sent
    assert (mail.kind, mail.to) == ("address_code", to)
    return str(mail.params["digits"])


async def with_address(as_: As, cast: Cast, email: str | None = ADDRESS) -> None:
    answer = await as_("alice").patch(
        f"/api/v1/people/{cast.people['alice']}", json={"email": email}, headers={"If-Match": "*"}
    )
    assert answer.status_code == 200, answer.text


async def choices(as_: As) -> dict[str, tuple[bool, bool, bool]]:
    items = (await as_("alice").get(CHANNELS)).json()["items"]
    return {
        item["channel"]: (item["is_offered"], item["has_address"], item["chosen_at"] is not None)
        for item in items
    }


async def test_a_mail_address_counts_once_its_code_was_typed_in(
    as_: As, service: Service, cast: Cast, database: Database
) -> None:
    await with_address(as_, cast, "alice@MAIL.example.org")
    assert (await choices(as_))["email"] == (True, True, False)
    sent = await as_("alice").post(f"{CHANNELS}/email/code")
    assert sent.status_code == 202
    code = {"code_id": sent.json()["code_id"], "code": await mailed(service, cast)}
    wrong = code | {"code": f"{(int(code['code']) + 1) % 10**6:06d}"}
    refused = await as_("alice").put(f"{CHANNELS}/email", json=wrong)
    assert (refused.status_code, refused.json()["code"]) == (422, "channel_code_wrong")
    chosen = await as_("alice").put(f"{CHANNELS}/email", json=code)
    assert (chosen.status_code, chosen.json()["chosen_at"] is not None) == (200, True)
    # Chosen already: nothing to confirm, nothing to change.
    assert (await as_("alice").put(f"{CHANNELS}/email", json={})).json() == chosen.json()
    spy = Spy("email")
    await database.write(cast.bank, lambda tx: tell(tx, [cast.people["alice"]], "pin_set"))
    await send_due(Outbox(database, service.cipher, {"email": spy}, service.now), cast.bank)
    assert [each.kind for each in spy.sent] == ["pin_set"]


async def test_guesses_are_counted_and_a_code_is_good_once_for_one_address(
    as_: As, service: Service, cast: Cast
) -> None:
    await with_address(as_, cast)
    code_id = (await as_("alice").post(f"{CHANNELS}/email/code")).json()["code_id"]
    digits = await mailed(service, cast)
    for _ in range(5):
        wrong = {"code_id": code_id, "code": f"{(int(digits) + 1) % 10**6:06d}"}
        assert (await as_("alice").put(f"{CHANNELS}/email", json=wrong)).status_code == 422
    right = {"code_id": code_id, "code": digits}
    assert (await as_("alice").put(f"{CHANNELS}/email", json=right)).json()["code"] == "channel_code_wrong"
    code_id = (await as_("alice").post(f"{CHANNELS}/email/code")).json()["code_id"]
    right = {"code_id": code_id, "code": await mailed(service, cast)}
    await with_address(as_, cast, "another@mail.example.org")
    assert (await as_("alice").put(f"{CHANNELS}/email", json=right)).json()["code"] == "channel_code_wrong"
    assert (await choices(as_))["email"][2] is False
    assert (await as_("alice").post(f"{CHANNELS}/email/code")).status_code == 429


async def test_a_code_is_no_way_to_log_in(as_: As, service: Service, cast: Cast) -> None:
    await with_address(as_, cast)
    code_id = (await as_("alice").post(f"{CHANNELS}/email/code")).json()["code_id"]
    body = {"bank": cast.bank.code, "code_id": code_id, "code": await mailed(service, cast)}
    answer = await as_("stranger").post("/api/v1/login/codes/verify", json=body)
    assert (answer.status_code, answer.json()["code"]) == (401, "login_failed")


async def test_another_address_is_not_mailed_until_it_is_confirmed(
    as_: As, service: Service, cast: Cast
) -> None:
    await with_address(as_, cast)
    code_id = (await as_("alice").post(f"{CHANNELS}/email/code")).json()["code_id"]
    await as_("alice").put(
        f"{CHANNELS}/email", json={"code_id": code_id, "code": await mailed(service, cast)}
    )
    await with_address(as_, cast, ADDRESS)
    assert (await choices(as_))["email"][2] is True
    await with_address(as_, cast, "other@mail.example.org")
    assert (await choices(as_))["email"] == (True, True, False)
    await with_address(as_, cast, None)
    assert (await choices(as_))["email"] == (True, False, False)
    answer = await as_("alice").post(f"{CHANNELS}/email/code")
    assert (answer.status_code, answer.json()["code"]) == (422, "channel_without_address")


async def test_a_code_that_comes_too_late_is_not_mailed(as_: As, service: Service, cast: Cast) -> None:
    await with_address(as_, cast)
    await as_("alice").post(f"{CHANNELS}/email/code")
    spy, later = Spy("email"), service.now() + timedelta(minutes=6)
    outbox = Outbox(service.database, service.cipher, {"email": spy}, lambda: later)
    assert await send_due(outbox, cast.bank) == {"dropped": 1}
    assert spy.sent == []


async def test_other_channels_are_chosen_and_left(as_: As) -> None:
    assert (await choices(as_)) == {
        "email": (True, False, False),
        "sms": (False, False, False),
        "wechat": (True, True, False),
    }
    for _ in range(2):
        chosen = await as_("alice").put(f"{CHANNELS}/wechat", json={})
        assert (chosen.status_code, chosen.json()["chosen_at"] is not None) == (200, True)
    refused = await as_("alice").put(f"{CHANNELS}/sms", json={})
    assert (refused.status_code, refused.json()["code"]) == (422, "channel_not_offered")
    for _ in range(2):
        assert (await as_("alice").delete(f"{CHANNELS}/wechat")).status_code == 204
    assert (await choices(as_))["wechat"][2] is False
    missing = await as_("alice").put(f"{CHANNELS}/email", json={})
    assert (missing.status_code, missing.json()["code"]) == (422, "channel_code_missing")


async def test_each_chooses_for_themselves_and_a_device_for_nobody(as_: As, cast: Cast) -> None:
    await as_("alice").put(f"{CHANNELS}/wechat", json={})
    assert [item["chosen_at"] for item in (await as_("bob").get(CHANNELS)).json()["items"]] == [None] * 3
    for name, status in (("till", 403), ("stranger", 401)):
        assert (await as_(name).get(CHANNELS)).status_code == status
        assert (await as_(name).put(f"{CHANNELS}/wechat", json={})).status_code == status
        assert (await as_(name).delete(f"{CHANNELS}/wechat")).status_code == status
        assert (await as_(name).post(f"{CHANNELS}/email/code")).status_code == status
    wrong = await as_("alice").put(f"{CHANNELS}/email", json={"code_id": str(uuid4()), "code": "123456"})
    assert wrong.json()["code"] == "channel_without_address"
    assert cast.people["alice"] != cast.people["bob"]


@pytest.mark.parametrize("email", ["none", "a@b", "a@b.c\nBcc: d@e.fg", "a b@c.example", "@c.example"])
async def test_what_is_no_address_is_refused(as_: As, cast: Cast, email: str) -> None:
    answer = await as_("alice").patch(
        f"/api/v1/people/{cast.people['alice']}", json={"email": email}, headers={"If-Match": "*"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "email_invalid")


async def test_the_outbox_is_the_auditors_and_names_nobody(
    as_: As, service: Service, cast: Cast, database: Database
) -> None:
    await as_("alice").put(f"{CHANNELS}/wechat", json={})
    alice = [cast.people["alice"]]
    await database.write(cast.bank, lambda tx: tell(tx, alice, "pin_set"))
    await database.write(cast.bank, lambda tx: tell(tx, alice, "reversed"))
    spy = Spy("wechat")
    await send_due(Outbox(database, service.cipher, {"wechat": spy}, service.now), cast.bank)
    answer = await as_("audrey").get("/api/v1/messages", params={"state": "sent", "limit": 1})
    (last,) = answer.json()["items"]
    assert (last["kind"], last["state"], last["attempts"]) == ("reversed", "sent", 1)
    assert last["reference"] == str(spy.sent[1].reference)
    assert str(cast.people["alice"]) not in answer.text
    rest = {"cursor": answer.json()["next_cursor"], "channel": "wechat"}
    (first,) = (await as_("adam").get("/api/v1/messages", params=rest)).json()["items"]
    assert first["kind"] == "pin_set"
    assert (await as_("adam").get("/api/v1/messages", params={"channel": "sms"})).json()["items"] == []
    assert (await as_("adam").get("/api/v1/messages", params={"endpoint_id": 1})).json()["items"] == []
    for name in ("alice", "wen", "olga", "ada", "till"):
        assert (await as_(name).get("/api/v1/messages")).status_code == 403


async def test_what_is_told_has_its_words(as_: As, cast: Cast, database: Database) -> None:
    alice = cast.people["alice"]
    await database.write(cast.bank, lambda tx: tell(tx, [alice], "awarded", unit="point", amount=5))
    (item,) = (await as_("alice").get(f"/api/v1/people/{alice}/notifications")).json()["items"]
    assert item["title"] == {"zh": "获得奖励", "en": "Award"}
    assert item["text"] == {"zh": "您获得奖励：5 积分。", "en": "You were awarded 5 points."}
