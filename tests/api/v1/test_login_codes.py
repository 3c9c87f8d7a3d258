"""Logging in by a code that comes by phone."""

import asyncio

import pytest
from structlog.testing import capture_logs

from tests.api.entering import ALICE, NOBODY, Door
from timebank.login.senders import LogSender, Message, Outgoing, default_sender
from timebank.settings import Settings


async def test_a_right_code_opens_a_session(door: Door) -> None:
    alice = await door.give_phone("alice", ALICE)
    tokens = await door.enter(ALICE)
    assert tokens["needs_totp"] is False
    me = (await door.call(tokens, "GET", "me")).json()
    assert (me["person_id"], me["session_id"]) == (str(alice), tokens["session_id"])


async def test_the_way_a_phone_is_written_makes_no_difference(door: Door) -> None:
    await door.give_phone("alice", ALICE)
    assert await door.enter("+86 199-0000-0001")


async def test_a_known_and_an_unknown_phone_are_answered_alike(door: Door) -> None:
    await door.give_phone("alice", ALICE)
    known = await door.post("login/codes", phone=ALICE)
    unknown = await door.post("login/codes", phone=NOBODY)
    await door.service.outgoing.settle()
    assert known.status_code == unknown.status_code == 202
    assert known.json().keys() == unknown.json().keys()
    assert known.json()["expires_in_seconds"] == unknown.json()["expires_in_seconds"] == 300
    assert [message.phone for message in door.phones.messages] == [ALICE]


async def test_nothing_is_wrong_in_more_than_one_way(door: Door) -> None:
    await door.give_phone("alice", ALICE)
    code_id, code = await door.ask_for_code(ALICE)
    wrong = "111111" if code != "111111" else "222222"
    nobodys, _ = await door.ask_for_code(NOBODY)
    answers = [
        await door.post("login/codes/verify", code_id=id_, code=wrong)
        for id_ in (code_id, nobodys, "00000000-0000-4000-8000-000000000000")
    ]
    shapes = {(a.status_code, a.json()["code"], tuple(sorted(a.json())), a.json()["detail"]) for a in answers}
    assert len(shapes) == 1
    assert shapes.pop()[:2] == (401, "login_failed")


async def test_a_code_is_good_once(door: Door) -> None:
    await door.give_phone("alice", ALICE)
    code_id, code = await door.ask_for_code(ALICE)
    answers = await asyncio.gather(
        *(door.post("login/codes/verify", code_id=code_id, code=code) for _ in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401]


async def test_a_code_is_good_for_five_minutes(door: Door) -> None:
    await door.give_phone("alice", ALICE)
    code_id, code = await door.ask_for_code(ALICE)
    door.clock.pass_(minutes=5)
    assert (await door.post("login/codes/verify", code_id=code_id, code=code)).status_code == 401


async def test_a_code_allows_five_tries_and_the_count_survives_the_refusals(door: Door) -> None:
    await door.give_phone("alice", ALICE)
    code_id, code = await door.ask_for_code(ALICE)
    wrong = "111111" if code != "111111" else "222222"
    for _ in range(4):
        assert (await door.post("login/codes/verify", code_id=code_id, code=wrong)).status_code == 401
    door.clock.pass_(seconds=61)
    assert (await door.post("login/codes/verify", code_id=code_id, code=wrong)).status_code == 401
    refused = await door.post("login/codes/verify", code_id=code_id, code=code)
    assert refused.json()["code"] == "login_failed"


async def test_guessing_goes_on_more_and_more_slowly_for_anybody_alike(door: Door) -> None:
    await door.give_phone("alice", ALICE)
    outcomes = []
    for phone in (ALICE, NOBODY):
        tries = []
        code_ids = [(await door.ask_for_code(phone))[0] for _ in range(2)]
        for code_id in (*code_ids * 3,):
            answer = await door.post("login/codes/verify", code_id=code_id, code="000000")
            tries.append((answer.status_code, answer.headers.get("retry-after")))
        outcomes.append(tries)
    assert outcomes[0] == outcomes[1] == [(401, None)] * 5 + [(429, "60")]


async def test_codes_to_one_phone_are_few_whether_anybody_has_it_or_not(door: Door) -> None:
    await door.give_phone("alice", ALICE)
    for phone in (ALICE, NOBODY):
        answers = [await door.post("login/codes", phone=phone) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [202, 202, 429]
        assert answers[-1].json()["code"] == "throttled"
        assert answers[-1].headers["retry-after"] == "60"


async def test_another_banks_code_is_good_for_nothing_here(door: Door) -> None:
    await door.give_phone("alice", ALICE)
    code_id, code = await door.ask_for_code(ALICE)
    answer = await door.as_("stranger").post(
        "/api/v1/login/codes/verify", json={"bank": "no-such-bank", "code_id": code_id, "code": code}
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_bank")


async def test_without_a_sender_everybody_is_refused(door: Door) -> None:
    await door.give_phone("alice", ALICE)
    door.service.sender = None
    for phone in (ALICE, NOBODY):
        answer = await door.post("login/codes", phone=phone)
        assert (answer.status_code, answer.json()["code"]) == (503, "sender_missing")


class TestWhoSharesAPhone:
    """Several people of one household."""

    async def test_is_asked_who_it_is_after_a_right_code(self, door: Door) -> None:
        alice = await door.give_phone("alice", ALICE, "王小明")
        bob = await door.give_phone("bob", ALICE, "王芳")
        code_id, code = await door.ask_for_code(ALICE)
        answer = (await door.post("login/codes/verify", code_id=code_id, code=code)).json()
        assert answer["tokens"] is None
        names = {line["person_id"]: line["masked_name"] for line in answer["choice"]["people"]}
        assert names == {str(alice): "**明", str(bob): "*芳"}
        chosen = await door.post("login/codes/choose", ticket=answer["choice"]["ticket"], person_id=str(bob))
        me = (await door.call(chosen.json(), "GET", "me")).json()
        assert me["person_id"] == str(bob)

    async def test_chooses_once_in_time_and_nobody_else(self, door: Door) -> None:
        alice = await door.give_phone("alice", ALICE)
        await door.give_phone("bob", ALICE)
        door.clock.pass_(minutes=2)

        async def ticket() -> str:
            door.clock.pass_(minutes=12)
            code_id, code = await door.ask_for_code(ALICE)
            answer = await door.post("login/codes/verify", code_id=code_id, code=code)
            found: str = answer.json()["choice"]["ticket"]
            return found

        async def choose(ticket: str, person: object) -> int:
            answer = await door.post("login/codes/choose", ticket=ticket, person_id=str(person))
            status: int = answer.status_code
            return status

        good = await ticket()
        assert [await choose(good, alice) for _ in range(2)] == [200, 401]
        assert await choose(await ticket(), door.cast.people["wen"]) == 401
        assert await choose("nonsense", alice) == 401
        late = await ticket()
        door.clock.pass_(minutes=5)
        assert await choose(late, alice) == 401

    async def test_is_not_asked_about_who_was_erased(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        bob = await door.give_phone("bob", ALICE)
        await door.write(
            lambda tx: tx.connection.execute(
                "update people set erased_at = $3 where bank_id = $1 and id = $2",
                tx.bank_id,
                bob,
                door.clock(),
            )
        )
        assert await door.enter(ALICE)


class TestSending:
    """What goes to a phone."""

    async def test_the_log_has_the_code_and_the_reference_and_no_phone(self) -> None:
        with capture_logs() as lines:
            await LogSender().send(Message(ALICE, "123456", "ABCD1234"))
        assert [(line["code"], line["reference"]) for line in lines] == [("123456", "ABCD1234")]
        assert ALICE not in str(lines)

    async def test_a_gateway_that_fails_is_a_line_in_the_log(self) -> None:
        class Broken:
            async def send(self, message: Message) -> None:
                raise ConnectionError(message.phone)

        outgoing = Outgoing()
        with capture_logs() as lines:
            outgoing.hand_over(Broken(), Message(ALICE, "123456", "ABCD1234"))
            await outgoing.settle()
        assert [(line["event"], line["error"]) for line in lines] == [("code_not_sent", "ConnectionError")]
        assert ALICE not in str(lines)
        assert "123456" not in str(lines)

    async def test_nobody_waits_for_a_slow_gateway(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        go = asyncio.Event()

        class Slow:
            async def send(self, message: Message) -> None:
                del message
                await go.wait()

        door.service.sender = Slow()
        answer = await asyncio.wait_for(door.post("login/codes", phone=ALICE), 60)
        assert answer.status_code == 202
        go.set()
        await door.service.outgoing.settle()

    @pytest.mark.parametrize(
        ("url", "kind"), [(None, LogSender), ("postgresql://db.example/bank", type(None))]
    )
    def test_only_the_embedded_server_writes_codes_to_the_log(self, url: str | None, kind: type) -> None:
        settings = Settings.model_validate({"database_url": url})
        assert isinstance(default_sender(settings), kind)
