"""Stations and tills: enrolled once, listed in reach, gone when revoked."""

import asyncio
import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.api.conftest import As
from tests.api.entering import Door


def _key() -> str:
    return base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()


async def _prepare(door: Door, who: str = "wen", at: str = "apple") -> Any:
    return await door.as_(who).post(
        "/api/v1/devices/enrolments",
        json={"kind": "station", "name": "北门", "organisation_id": door.cast.organisations[at]},
    )


async def _enrol(door: Door, token: str) -> Any:
    return await door.post("devices/enrol", token=token, public_key=_key())


@pytest.mark.parametrize(
    ("who", "at", "status", "code"),
    [
        ("wen", "apple", 201, None),
        ("wen", "grid", 201, None),
        ("mia", "apple", 201, None),
        ("adam", "root", 201, None),
        ("ada", "birch", 201, None),
        ("wen", "birch", 404, "unknown_organisation"),
        ("wen", "north", 404, "unknown_organisation"),
        ("ada", "south", 404, "unknown_organisation"),
        ("audrey", "apple", 403, "forbidden"),
        ("olga", "apple", 403, "forbidden"),
        ("carl", "apple", 403, "forbidden"),
        ("alice", "apple", 403, "forbidden"),
        ("station", "apple", 403, "forbidden"),
        ("stranger", "apple", 401, "token_missing"),
    ],
)
async def test_who_prepares_a_device_where(
    door: Door, who: str, at: str, status: int, code: str | None
) -> None:
    answer = await _prepare(door, who, at)
    assert (answer.status_code, answer.json().get("code")) == (status, code)


async def test_enrols_by_a_short_qr_and_becomes_an_actor(door: Door) -> None:
    made = (await _prepare(door)).json()
    assert made["qr"] == f"TBD:{door.cast.bank.code.upper()}:{made['token']}"
    assert made["qr"] == made["qr"].upper()
    assert len(made["qr"]) <= 60
    device = (await _enrol(door, made["token"])).json()
    assert (device["kind"], device["name"]) == ("station", "北门")
    me = (await door.call(device["tokens"], "GET", "me")).json()
    assert (me["device_id"], me["person_id"]) == (device["device_id"], None)
    door.clock.pass_(days=89)
    again = await door.post("login/refresh", refresh_token=device["tokens"]["refresh_token"])
    assert again.status_code == 200


async def test_one_device_for_one_qr_even_of_two_at_once(door: Door) -> None:
    token = (await _prepare(door)).json()["token"]
    answers = await asyncio.gather(*(_enrol(door, token) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422]
    assert (await _enrol(door, token)).json()["code"] == "enrolment_refused"


async def test_a_qr_is_good_for_ten_minutes(door: Door) -> None:
    token = (await _prepare(door)).json()["token"]
    door.clock.pass_(minutes=10)
    late, unknown = await _enrol(door, token), await _enrol(door, "A" * 32)
    assert late.status_code == unknown.status_code == 422
    assert late.json()["code"] == unknown.json()["code"] == "enrolment_refused"


async def test_a_key_is_thirty_two_bytes(door: Door) -> None:
    token = (await _prepare(door)).json()["token"]
    short = base64.b64encode(b"k" * 31).decode()
    answer = await door.post("devices/enrol", token=token, public_key=short)
    assert answer.status_code == 422
    assert (await _enrol(door, token)).status_code == 201


async def test_a_revoked_device_is_out_at_once(door: Door) -> None:
    made = (await _prepare(door)).json()
    device = (await _enrol(door, made["token"])).json()
    path = f"/api/v1/devices/{device['device_id']}/revoke"
    assert (await door.as_("wen").post(path)).status_code == 204
    assert (await door.call(device["tokens"], "GET", "me")).json()["code"] == "session_over"
    refreshed = await door.post("login/refresh", refresh_token=device["tokens"]["refresh_token"])
    assert refreshed.status_code == 401
    again = await door.as_("wen").post(path)
    assert (again.status_code, again.json()["code"]) == (409, "already_revoked_device")


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        ("wen", 204, None),
        ("mia", 204, None),
        ("adam", 204, None),
        ("xu", 404, "unknown_device"),
        ("audrey", 403, "forbidden"),
        ("alice", 403, "forbidden"),
        ("till", 403, "forbidden"),
    ],
)
async def test_who_revokes(as_: As, door: Door, who: str, status: int, code: str | None) -> None:
    answer = await as_(who).post(f"/api/v1/devices/{door.cast.devices['station']}/revoke")
    assert answer.status_code == status
    assert code is None or answer.json()["code"] == code


async def test_an_unknown_device_is_as_unknown_as_one_out_of_reach(as_: As, door: Door) -> None:
    unknown = await as_("xu").post("/api/v1/devices/00000000-0000-4000-8000-000000000000/revoke")
    out_of_reach = await as_("xu").post(f"/api/v1/devices/{door.cast.devices['station']}/revoke")
    assert unknown.json()["detail"] == out_of_reach.json()["detail"]
    assert unknown.status_code == out_of_reach.status_code == 404


class TestTheList:
    """The devices in reach."""

    @pytest.mark.parametrize(
        ("who", "count"), [("wen", 2), ("mia", 2), ("audrey", 2), ("adam", 2), ("ada", 2), ("xu", 0)]
    )
    async def test_shows_those_in_reach(self, as_: As, who: str, count: int) -> None:
        answer = await as_(who).get("/api/v1/devices")
        assert answer.status_code == 200
        assert len(answer.json()["items"]) == count

    @pytest.mark.parametrize("who", ["alice", "olga", "carl", "station"])
    async def test_is_not_for_everybody(self, as_: As, who: str) -> None:
        assert (await as_(who).get("/api/v1/devices")).status_code == 403

    async def test_has_pages_and_filters(self, as_: As, door: Door) -> None:
        wen = as_("wen")
        for _ in range(3):
            await _enrol(door, (await _prepare(door)).json()["token"])
        seen: list[str] = []
        query: dict[str, str | int] = {"limit": 2}
        while True:
            answer = (await wen.get("/api/v1/devices", params=query)).json()
            seen += [item["id"] for item in answer["items"]]
            if answer["next_cursor"] is None:
                break
            query["cursor"] = answer["next_cursor"]
        assert len(seen) == len(set(seen)) == 5
        tills = (await wen.get("/api/v1/devices", params={"kind": "till"})).json()["items"]
        assert [item["id"] for item in tills] == [str(door.cast.devices["till"])]
        await wen.post(f"/api/v1/devices/{door.cast.devices['till']}/revoke")
        assert (await wen.get("/api/v1/devices", params={"kind": "till"})).json()["items"] == []
        with_revoked = await wen.get("/api/v1/devices", params={"kind": "till", "with_revoked": True})
        assert with_revoked.json()["items"][0]["revoked_at"] is not None

    async def test_refuses_a_cursor_of_another_list(self, as_: As) -> None:
        for cursor in ("WzFd", "WyJ4Il0"):
            answer = await as_("wen").get("/api/v1/devices", params={"cursor": cursor})
            assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")
