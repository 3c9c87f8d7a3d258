"""Setting one's own password and second factor."""

import pytest

from tests.api.conftest import As
from tests.api.entering import ALICE, PASSWORD, WEN, Door

OTHER, WRONG = "quiet-lantern-77", "not-the-password"


async def test_says_which_credentials_one_has(door: Door) -> None:
    await door.give_phone("wen", WEN)
    tokens = await door.enter(WEN)
    before = (await door.call(tokens, "GET", "me/credentials")).json()
    assert before == {"has_password": False, "has_totp": False, "needs_totp": True, "changed_at": None}
    tokens = await door.set_password(WEN)
    await door.set_up_totp(tokens)
    after = (await door.call(tokens, "GET", "me/credentials")).json()
    assert (after["has_password"], after["has_totp"], after["needs_totp"]) == (True, True, True)


async def test_a_device_has_no_credentials(as_: As) -> None:
    for answer in (
        await as_("till").get("/api/v1/me/credentials"),
        await as_("till").put("/api/v1/me/password", json={"new_password": PASSWORD}),
        await as_("till").post("/api/v1/me/totp", json={}),
        await as_("till").post("/api/v1/me/totp/confirm", json={"code": "123456"}),
        await as_("till").post("/api/v1/me/totp/remove", json={"code": "123456", "password": PASSWORD}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("password", "code"), [("short-1", "password_short"), ("password123!", "password_common")]
)
async def test_a_poor_password_is_refused(door: Door, password: str, code: str) -> None:
    await door.give_phone("alice", ALICE)
    tokens = await door.enter(ALICE)
    answer = await door.call(tokens, "PUT", "me/password", new_password=password)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert password not in answer.text


class TestProof:
    """Who changes a password proves who is there."""

    async def test_a_fresh_login_by_code_is_proof_for_ten_minutes(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        tokens = await door.set_password(ALICE)
        door.clock.pass_(minutes=9)
        assert (await door.call(tokens, "PUT", "me/password", new_password=OTHER)).status_code == 204
        door.clock.pass_(seconds=59)
        assert (await door.call(tokens, "POST", "me/totp", password=None)).status_code == 201
        fresh = (await door.post("login/refresh", refresh_token=tokens["refresh_token"])).json()
        door.clock.pass_(seconds=1)
        for method, path, body in (
            ("PUT", "me/password", {"new_password": OTHER}),
            ("POST", "me/totp", {"password": None}),
        ):
            answer = await door.call(fresh, method, path, **body)
            assert (answer.status_code, answer.json()["code"]) == (422, "proof_needed")

    async def test_a_login_by_password_is_none(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        await door.set_password(ALICE)
        tokens = (await door.post("login/passwords", phone=ALICE, password=PASSWORD)).json()
        answer = await door.call(tokens, "PUT", "me/password", new_password=OTHER)
        assert answer.json()["code"] == "proof_needed"

    async def test_the_old_password_is_proof_and_a_wrong_one_is_counted(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        await door.set_password(ALICE)
        tokens = (await door.post("login/passwords", phone=ALICE, password=PASSWORD)).json()
        for _ in range(5):
            wrong = await door.call(tokens, "PUT", "me/password", new_password=OTHER, password=WRONG)
            assert (wrong.status_code, wrong.json()["code"]) == (422, "password_wrong")
        locked = await door.call(tokens, "PUT", "me/password", new_password=OTHER, password=PASSWORD)
        assert (locked.status_code, locked.headers["retry-after"]) == (429, "60")
        door.clock.pass_(minutes=1)
        right = await door.call(tokens, "PUT", "me/password", new_password=OTHER, password=PASSWORD)
        assert right.status_code == 204
        assert (await door.post("login/passwords", phone=ALICE, password=PASSWORD)).status_code == 401
        assert (await door.post("login/passwords", phone=ALICE, password=OTHER)).status_code == 200


async def test_a_new_password_ends_the_other_sessions(door: Door) -> None:
    await door.give_phone("alice", ALICE)
    other = await door.enter(ALICE)
    tokens = await door.set_password(ALICE)
    assert (await door.call(other, "GET", "me")).json()["code"] == "session_over"
    assert (await door.call(tokens, "GET", "me")).status_code == 200


async def test_who_sets_one_password_after_another_has_to_wait(door: Door) -> None:
    await door.give_phone("alice", ALICE)
    tokens = await door.enter(ALICE)
    statuses = [
        (await door.call(tokens, "PUT", "me/password", new_password=f"{PASSWORD}{number}")).status_code
        for number in range(6)
    ]
    assert statuses == [204] * 5 + [429]
    door.clock.pass_(minutes=1)
    assert (await door.call(tokens, "PUT", "me/password", new_password=PASSWORD)).status_code == 204


async def test_a_phone_has_one_password(door: Door) -> None:
    alice = await door.give_phone("alice", ALICE)
    await door.give_phone("bob", ALICE)
    statuses = []
    for person in ("alice", "bob"):
        answer = await door.post("login/links", token=await door.link(person))
        statuses.append(await door.call(answer.json(), "PUT", "me/password", new_password=PASSWORD))
    assert [answer.status_code for answer in statuses] == [204, 409]
    assert statuses[1].json()["code"] == "already_password_of_phone"
    tokens = (await door.post("login/passwords", phone=ALICE, password=PASSWORD)).json()
    assert (await door.call(tokens, "GET", "me")).json()["person_id"] == str(alice)


async def test_with_another_phone_the_password_goes_and_locks_nobody_out_there(door: Door) -> None:
    alice = await door.give_phone("alice", ALICE)
    await door.set_password(ALICE, "marble-harbour-17")
    xu = await door.give_phone("xu", WEN)
    await door.set_password(WEN)
    for phone in (ALICE, WEN):
        edited = await door.as_("adam").patch(
            f"/api/v1/people/{alice}", json={"phone": phone}, headers={"If-Match": "*"}
        )
        assert edited.status_code == 200
        at_home = await door.post("login/passwords", phone=ALICE, password="marble-harbour-17")
        assert at_home.status_code == (200 if phone == ALICE else 401)
    assert (await door.post("login/passwords", phone=WEN, password="marble-harbour-17")).status_code == 401
    tokens = (await door.post("login/passwords", phone=WEN, password=PASSWORD)).json()
    assert (await door.call(tokens, "GET", "me")).json()["person_id"] == str(xu)


async def test_without_a_phone_there_is_no_password(door: Door) -> None:
    tokens = (await door.post("login/links", token=await door.link("alice"))).json()
    answer = await door.call(tokens, "PUT", "me/password", new_password=PASSWORD)
    assert (answer.status_code, answer.json()["code"]) == (422, "phone_missing")


class TestWhoWasInvitedWithoutAPhone:
    """A bank's first administrator, on a server where links open no office's roles."""

    async def test_names_one_and_gets_the_roles_by_password_and_second_factor(self, door: Door) -> None:
        door.service.settings.office_links = False
        tokens = (await door.post("login/links", token=await door.link("adam"))).json()
        named = await door.call(tokens, "PUT", "me/password", new_password=PASSWORD, phone=ALICE)
        assert named.status_code == 204, named.text
        totp = await door.set_up_totp(tokens)
        door.clock.pass_(seconds=30)
        code = totp.at(door.clock.at)
        entered = await door.post("login/passwords", phone=ALICE, password=PASSWORD, totp=code)
        me = (await door.call(entered.json(), "GET", "me")).json()
        assert [grant["role"] for grant in me["roles"]] == ["administrator"]

    async def test_names_none_that_somebody_has_nor_a_second_one(self, door: Door) -> None:
        await door.give_phone("bob", WEN)
        tokens = (await door.post("login/links", token=await door.link("adam"))).json()
        codes = []
        for phone in (WEN, "123456", ALICE, "19900000005"):
            answer = await door.call(tokens, "PUT", "me/password", new_password=PASSWORD, phone=phone)
            codes.append((answer.status_code, answer.json()["code"] if answer.content else None))
        assert codes == [
            (409, "already_phone_of_another"),
            (422, "phone_invalid"),
            (204, None),
            (409, "already_phone"),
        ]

    async def test_is_no_way_for_who_has_no_office(self, door: Door) -> None:
        tokens = (await door.post("login/links", token=await door.link("alice"))).json()
        answer = await door.call(tokens, "PUT", "me/password", new_password=PASSWORD, phone=ALICE)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


class TestTheSecondFactor:
    """TOTP."""

    async def test_is_not_asked_for_before_it_is_confirmed(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        tokens = await door.set_password(ALICE)
        first = await door.call(tokens, "POST", "me/totp", password=None)
        second = await door.call(tokens, "POST", "me/totp", password=None)
        assert first.json()["uri"] != second.json()["uri"]
        assert ALICE not in first.text
        assert (await door.post("login/passwords", phone=ALICE, password=PASSWORD)).status_code == 200
        wrong = await door.call(tokens, "POST", "me/totp/confirm", code="000000")
        assert (wrong.status_code, wrong.json()["code"]) == (422, "totp_wrong")

    async def test_is_not_replaced_while_it_is_there(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        tokens = await door.set_password(ALICE)
        totp = await door.set_up_totp(tokens)
        for path, body in (("me/totp", {"password": None}), ("me/totp/confirm", {"code": totp.now()})):
            answer = await door.call(tokens, "POST", path, **body)
            assert (answer.status_code, answer.json()["code"]) == (409, "already_totp")

    async def test_goes_by_password_and_code(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        tokens = await door.set_password(ALICE)
        totp = await door.set_up_totp(tokens)
        door.clock.pass_(seconds=30)
        code = totp.at(door.clock.at)
        remove = "me/totp/remove"
        wrong = await door.call(tokens, "POST", remove, password=WRONG, code=code)
        assert wrong.json()["code"] == "password_wrong"
        other = "111111" if code != "111111" else "222222"
        wrong = await door.call(tokens, "POST", remove, password=PASSWORD, code=other)
        assert wrong.json()["code"] == "totp_wrong"
        assert (await door.call(tokens, "POST", remove, password=PASSWORD, code=code)).status_code == 204
        over = await door.call(tokens, "POST", "me/totp", password=PASSWORD)
        assert (over.status_code, over.json()["code"]) == (401, "session_over")
        assert (await door.post("login/passwords", phone=ALICE, password=PASSWORD)).status_code == 200

    async def test_cannot_be_guessed_away(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        tokens = await door.set_password(ALICE)
        totp = await door.set_up_totp(tokens)
        door.clock.pass_(minutes=5)
        right = {totp.at(door.clock.at, counter_offset=steps) for steps in (-1, 0, 1)}
        wrong = [code for code in (f"{n:06d}" for n in range(9)) if code not in right][:6]
        statuses = [
            (await door.call(tokens, "POST", "me/totp/remove", password=PASSWORD, code=code)).status_code
            for code in wrong
        ]
        assert statuses == [422] * 5 + [429]
