"""Logging in by password, with the second factor for an office's roles."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.api.entering import ALICE, NOBODY, PASSWORD, WEN, Door


async def _log_in(door: Door, phone: str, password: str = PASSWORD, totp: str | None = None) -> Any:
    return await door.post("login/passwords", phone=phone, password=password, totp=totp)


async def test_a_volunteer_needs_no_second_factor(door: Door) -> None:
    alice = await door.give_phone("alice", ALICE)
    await door.set_password(ALICE)
    answer = await _log_in(door, ALICE)
    assert answer.status_code == 200
    assert (await door.call(answer.json(), "GET", "me")).json()["person_id"] == str(alice)


async def test_the_same_password_from_another_keyboard_is_right(door: Door) -> None:
    await door.give_phone("alice", ALICE)
    await door.set_password(ALICE)
    fullwidth = PASSWORD.replace("4", "４").replace("2", "２")
    assert (await _log_in(door, ALICE, fullwidth)).status_code == 200


async def test_nothing_is_wrong_in_more_than_one_way(door: Door) -> None:
    await door.give_phone("alice", ALICE)
    await door.set_password(ALICE)
    await door.give_phone("bob", "19900000003")  # has no password
    wrong = [
        await _log_in(door, ALICE, "not-the-password"),
        await _log_in(door, NOBODY),
        await _log_in(door, "19900000003"),
    ]
    assert {(a.status_code, a.json()["code"], tuple(sorted(a.json()))) for a in wrong} == {
        (401, "login_failed", ("code", "detail", "detail_en", "request_id", "status", "title", "type"))
    }


async def test_an_unknown_phone_costs_a_hash_too(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    await door.give_phone("alice", ALICE)
    await door.set_password(ALICE)
    hasher = door.service.passwords._hasher
    verified: list[str] = []
    verify = hasher.verify

    def counting(password: str, hash_: str) -> bool:
        verified.append(hash_[:30])
        return verify(password, hash_)

    monkeypatch.setattr(hasher, "verify", counting)
    await _log_in(door, ALICE, "not-the-password")
    await _log_in(door, NOBODY)
    # The same algorithm with the same parameters, once each.
    assert len(verified) == 2
    assert verified[0] == verified[1]


async def test_guesses_are_slowed_for_known_and_unknown_alike_and_a_right_one_must_wait_too(
    door: Door,
) -> None:
    await door.give_phone("alice", ALICE)
    await door.set_password(ALICE)
    for phone in (ALICE, NOBODY):
        statuses = [(await _log_in(door, phone, "not-the-password")).status_code for _ in range(6)]
        assert statuses == [401] * 5 + [429]
    assert (await _log_in(door, ALICE)).status_code == 429
    door.clock.pass_(seconds=60)
    assert (await _log_in(door, ALICE)).status_code == 200


async def test_many_guesses_at_once_are_no_way_round(door: Door) -> None:
    await door.give_phone("alice", ALICE)
    await door.set_password(ALICE)
    answers = await asyncio.gather(*(_log_in(door, ALICE, "not-the-password") for _ in range(9)))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 4


async def test_right_passwords_are_not_slowed(door: Door) -> None:
    await door.give_phone("alice", ALICE)
    await door.set_password(ALICE)
    assert [(await _log_in(door, ALICE)).status_code for _ in range(7)] == [200] * 7


class TestAnOffice:
    """Wen, a community worker."""

    async def test_has_no_roles_without_the_second_factor(self, door: Door) -> None:
        await door.give_phone("wen", WEN)
        by_code = await door.set_password(WEN)
        by_password = (await _log_in(door, WEN)).json()
        for tokens in (by_code, by_password):
            assert tokens["needs_totp"] is True
            me = (await door.call(tokens, "GET", "me")).json()
            assert me["roles"] == []
            assert "people.find" not in me["permissions"]
            assert "credentials.own" in me["permissions"]

    async def test_has_them_with_it(self, door: Door) -> None:
        await door.give_phone("wen", WEN)
        totp = await door.set_up_totp(await door.set_password(WEN))
        door.clock.pass_(seconds=30)
        answer = await _log_in(door, WEN, totp=totp.at(door.clock.at))
        assert answer.json()["needs_totp"] is False
        me = (await door.call(answer.json(), "GET", "me")).json()
        assert [grant["role"] for grant in me["roles"]] == ["community_worker"]
        assert "people.find" in me["permissions"]

    async def test_is_told_that_the_code_is_missing_only_after_the_right_password(self, door: Door) -> None:
        await door.give_phone("wen", WEN)
        await door.set_up_totp(await door.set_password(WEN))
        right, wrong = await _log_in(door, WEN), await _log_in(door, WEN, "not-the-password")
        assert (right.status_code, right.json()["code"]) == (401, "totp_required")
        assert (wrong.status_code, wrong.json()["code"]) == (401, "login_failed")

    async def test_uses_each_code_once_also_at_the_same_moment(self, door: Door) -> None:
        await door.give_phone("wen", WEN)
        totp = await door.set_up_totp(await door.set_password(WEN))
        assert (await _log_in(door, WEN, totp=totp.at(door.clock.at))).status_code == 401
        door.clock.pass_(seconds=30)
        answers = await asyncio.gather(*(_log_in(door, WEN, totp=totp.at(door.clock.at)) for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [200, 401, 401]

    async def test_wrong_codes_count_as_guesses(self, door: Door) -> None:
        await door.give_phone("wen", WEN)
        totp = await door.set_up_totp(await door.set_password(WEN))
        door.clock.pass_(seconds=90)
        right = {totp.at(door.clock.at + timedelta(seconds=30 * steps)) for steps in (-1, 0, 1)}
        wrong = next(code for code in ("111111", "222222", "333333", "444444") if code not in right)
        statuses = [(await _log_in(door, WEN, totp=wrong)).status_code for _ in range(6)]
        assert statuses == [401] * 5 + [429]

    async def test_is_out_after_twelve_hours_however_often_it_refreshes(self, door: Door) -> None:
        await door.give_phone("wen", WEN)
        totp = await door.set_up_totp(await door.set_password(WEN))
        door.clock.pass_(seconds=30)
        tokens = (await _log_in(door, WEN, totp=totp.at(door.clock.at))).json()
        door.clock.pass_(hours=11)
        answer = await door.post("login/refresh", refresh_token=tokens["refresh_token"])
        assert answer.status_code == 200
        assert answer.json()["session_expires_at"] == tokens["session_expires_at"]
        door.clock.pass_(hours=1)
        again = await door.post("login/refresh", refresh_token=answer.json()["refresh_token"])
        assert (again.status_code, again.json()["code"]) == (401, "refresh_refused")
