"""Sessions: carried on by tokens that are good once, seen by their owner, ended by whoever may."""

import asyncio
from typing import Any

import pytest

from ledger.session import WriteTx
from tests.api.conftest import As
from tests.api.entering import ALICE, WEN, Door


async def _refresh(door: Door, token: str) -> Any:
    return await door.post("login/refresh", refresh_token=token)


async def _is_in(door: Door, tokens: dict[str, Any]) -> bool:
    answer = await door.call(tokens, "GET", "me")
    return bool(answer.status_code == 200)


class TestRefresh:
    """Rotating refresh tokens."""

    async def test_goes_on_with_the_same_session_and_slides(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        first = await door.enter(ALICE)
        door.clock.pass_(days=29)
        second = (await _refresh(door, first["refresh_token"])).json()
        assert second["session_id"] == first["session_id"]
        assert second["refresh_token"] != first["refresh_token"]
        door.clock.pass_(days=29)
        third = await _refresh(door, second["refresh_token"])
        assert third.status_code == 200
        assert await _is_in(door, third.json())

    async def test_is_late_after_thirty_days(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        tokens = await door.enter(ALICE)
        door.clock.pass_(days=30)
        answer = await _refresh(door, tokens["refresh_token"])
        assert (answer.status_code, answer.json()["code"]) == (401, "refresh_refused")

    async def test_a_used_token_that_comes_back_ends_the_session(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        first = await door.enter(ALICE)
        second = (await _refresh(door, first["refresh_token"])).json()
        assert await _is_in(door, second)
        replayed = await _refresh(door, first["refresh_token"])
        assert (replayed.status_code, replayed.json()["code"]) == (401, "refresh_refused")
        # The thief's and the owner's are gone alike, and at once.
        assert not await _is_in(door, first)
        assert not await _is_in(door, second)
        assert (await _refresh(door, second["refresh_token"])).status_code == 401

    async def test_two_at_once_are_a_replay(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        tokens = await door.enter(ALICE)
        answers = await asyncio.gather(*(_refresh(door, tokens["refresh_token"]) for _ in range(2)))
        assert sorted(answer.status_code for answer in answers) == [200, 401]
        assert not await _is_in(door, tokens)

    async def test_replaying_one_leaves_other_sessions_alone(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        one, other = await door.enter(ALICE), await door.enter(ALICE)
        for _ in range(2):
            await _refresh(door, one["refresh_token"])
        assert await _is_in(door, other)

    @pytest.mark.parametrize("token", ["nonsense", "x" * 43])
    async def test_an_unknown_one_is_refused(self, door: Door, token: str) -> None:
        answer = await _refresh(door, token)
        assert (answer.status_code, answer.json()["code"]) == (401, "refresh_refused")

    async def test_an_access_token_is_none(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        tokens = await door.enter(ALICE)
        assert (await _refresh(door, tokens["access_token"])).status_code in (401, 422)
        assert await _is_in(door, tokens)

    async def test_a_token_kept_in_the_database_is_none(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        await door.enter(ALICE)

        async def work(tx: WriteTx) -> bytes:
            digest: bytes = await tx.connection.fetchval(
                "select digest from refresh_tokens where bank_id = $1", tx.bank_id
            )
            return digest

        assert (await _refresh(door, (await door.write(work)).hex())).status_code == 401

    async def test_a_session_granted_a_role_later_ends_as_one_with_it(self, door: Door) -> None:
        """A link carries an office's roles here, so its session lives no longer than twelve hours."""
        tokens = (await door.post("login/links", token=await door.link("alice"))).json()
        door.clock.pass_(hours=13)

        async def grant(tx: WriteTx) -> None:
            await tx.connection.execute(
                "insert into role_grants (bank_id, person_id, role, organisation_id, from_at, granted_by)"
                " values ($1, $2, 'office', $3, $4, 'test')",
                tx.bank_id,
                door.cast.people["alice"],
                door.cast.organisations["root"],
                door.clock(),
            )

        await door.write(grant)
        door.clock.pass_(seconds=1)
        assert (await _refresh(door, tokens["refresh_token"])).status_code == 401
        assert not await _is_in(door, tokens)


class TestOwn:
    """What anybody may see and end."""

    async def test_sees_ones_own_sessions_and_no_others(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        await door.give_phone("bob", "19900000003")
        await door.enter("19900000003")
        tokens = await door.enter(ALICE)
        items = (await door.call(tokens, "GET", "sessions")).json()["items"]
        assert {item["id"] for item in items} == {
            tokens["session_id"],
            str(door.cast.sessions["alice"]),
        }
        (current,) = [item for item in items if item["is_current"]]
        assert (current["id"], current["method"]) == (tokens["session_id"], "code")
        assert current["client"] == "other"

    async def test_ends_one_and_only_once(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        one, other = await door.enter(ALICE), await door.enter(ALICE)
        path = f"sessions/{one['session_id']}"
        assert (await door.call(other, "DELETE", path)).status_code == 204
        assert not await _is_in(door, one)
        assert (await _refresh(door, one["refresh_token"])).status_code == 401
        again = await door.call(other, "DELETE", path)
        assert (again.status_code, again.json()["code"]) == (404, "unknown_session")

    async def test_cannot_end_anothers(self, door: Door, as_: As) -> None:
        bob = door.cast.sessions["bob"]
        for name in ("alice", "adam", "till"):
            answer = await as_(name).delete(f"/api/v1/sessions/{bob}")
            assert (answer.status_code, answer.json()["code"]) == (404, "unknown_session")
        assert (await as_("bob").get("/api/v1/me")).status_code == 200

    async def test_ends_all_others(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        one, other = await door.enter(ALICE), await door.enter(ALICE)
        ended = await door.call(other, "POST", "sessions/end-others")
        assert ended.json() == {"ended": 2}  # one of the cast and `one`
        assert [await _is_in(door, tokens) for tokens in (one, other)] == [False, True]

    async def test_logs_out(self, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        tokens = await door.enter(ALICE)
        assert (await door.call(tokens, "POST", "logout")).status_code == 204
        assert (await door.call(tokens, "POST", "logout")).json()["code"] == "session_over"
        assert (await _refresh(door, tokens["refresh_token"])).status_code == 401

    async def test_has_fifty_at_most(self, door: Door) -> None:
        tokens = [(await door.post("login/links", token=await door.link("alice"))).json() for _ in range(50)]
        # The cast's own session is the one not seen for longest.
        assert (await door.as_("alice").get("/api/v1/me")).status_code == 401
        assert await _is_in(door, tokens[0])

    async def test_a_stranger_has_none(self, as_: As) -> None:
        assert (await as_("stranger").get("/api/v1/sessions")).status_code == 401


class TestAnAdministrator:
    """Ends the sessions of people in reach."""

    @pytest.mark.parametrize(
        ("who", "status", "code"),
        [
            ("adam", 200, None),
            ("ada", 200, None),
            ("wen", 403, "forbidden"),
            ("audrey", 403, "forbidden"),
            ("bob", 403, "forbidden"),
            ("station", 403, "forbidden"),
        ],
    )
    async def test_may(self, door: Door, as_: As, who: str, status: int, code: str | None) -> None:
        await door.give_phone("alice", ALICE)
        tokens = await door.enter(ALICE)
        answer = await as_(who).post(f"/api/v1/people/{door.cast.people['alice']}/sessions/end")
        assert (answer.status_code, answer.json().get("code")) == (status, code)
        assert await _is_in(door, tokens) is (status != 200)

    async def test_may_not_out_of_reach(self, door: Door, as_: As) -> None:
        # Olga belongs nowhere in the north.
        answer = await as_("ada").post(f"/api/v1/people/{door.cast.people['olga']}/sessions/end")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_person")


class TestLinks:
    """Printed login links."""

    async def test_is_good_once(self, door: Door) -> None:
        token = await door.link("alice")
        answers = await asyncio.gather(*(door.post("login/links", token=token) for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [200, 401, 401]

    async def test_is_good_for_its_lifetime(self, door: Door) -> None:
        token = await door.link("alice", minutes=10)
        door.clock.pass_(minutes=10)
        answer = await door.post("login/links", token=token)
        assert (answer.status_code, answer.json()["code"]) == (401, "login_failed")

    async def test_is_of_one_bank(self, door: Door) -> None:
        assert (await door.post("login/links", token="x" * 32)).json()["code"] == "login_failed"

    @pytest.mark.parametrize("allowed", [True, False])
    async def test_opens_an_offices_roles_only_where_that_is_set(self, door: Door, *, allowed: bool) -> None:
        await door.give_phone("wen", WEN)
        door.service.settings.office_links = allowed
        tokens = (await door.post("login/links", token=await door.link("wen"))).json()
        assert tokens["needs_totp"] is not allowed
        me = (await door.call(tokens, "GET", "me")).json()
        assert [grant["role"] for grant in me["roles"]] == (["community_worker"] if allowed else [])
