"""Granting and revoking roles over HTTP."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As

GRANTS = "/api/v1/role-grants"


async def grant(as_: As, cast: Cast, by: str, to: str, role: str, at: str, **more: str) -> Any:
    body = {
        "person_id": str(cast.people[to]),
        "role": role,
        "organisation_id": cast.organisations[at],
        **more,
    }
    return await as_(by).post(GRANTS, json=body)


async def told(as_: As, cast: Cast, name: str) -> list[tuple[str, dict[str, Any]]]:
    answer = await as_(name).get(f"/api/v1/people/{cast.people[name]}/notifications")
    return [(line["kind"], line["params"]) for line in answer.json()["items"]]


async def test_a_granted_role_counts_at_once_and_a_revoked_one_no_more(as_: As, cast: Cast) -> None:
    balances = f"/api/v1/people/{cast.people['alice']}/balances"
    assert (await as_("bob").get(balances)).status_code == 403
    answer = await grant(as_, cast, "adam", "bob", "community_worker", "apple")
    assert answer.status_code == 201
    made = answer.json()
    assert (made["role"], made["granted_by"]) == ("community_worker", f"person:{cast.people['adam']}")
    assert (await as_("bob").get(balances)).status_code == 200
    ended = await as_("adam").post(f"{GRANTS}/{made['id']}/revocation")
    assert (ended.status_code, ended.json()["revoked_by"]) == (200, f"person:{cast.people['adam']}")
    assert (await as_("bob").get(balances)).status_code == 403
    params = {"grant": made["id"], "role": "community_worker", "organisation": cast.organisations["apple"]}
    assert await told(as_, cast, "bob") == [("role_revoked", params), ("role_granted", params)]
    again = await as_("adam").post(f"{GRANTS}/{made['id']}/revocation")
    assert (again.status_code, again.json()["code"]) == (409, "already_revoked")


async def test_a_role_counts_only_in_its_time(as_: As, cast: Cast, service: Service) -> None:
    now = service.now()
    at = {
        "from_at": (now + timedelta(minutes=1)).isoformat(),
        "until_at": (now + timedelta(minutes=2)).isoformat(),
    }
    assert (await grant(as_, cast, "adam", "bob", "community_worker", "apple", **at)).status_code == 201
    balances = f"/api/v1/people/{cast.people['alice']}/balances"
    statuses = []
    for seconds in (0, 59, 60, 119, 120):
        service.now = lambda seconds=seconds: now + timedelta(seconds=seconds)  # type: ignore[misc]  # a lambda with a default has no type
        statuses.append((await as_("bob").get(balances)).status_code)
    assert statuses == [403, 403, 200, 200, 403]


@pytest.mark.parametrize(
    ("by", "at", "status"),
    [
        ("adam", "root", 201),
        ("adam", "grid", 201),
        ("ada", "north", 201),
        ("ada", "grid", 201),
        ("ada", "root", 404),
        ("ada", "south", 404),
        ("olga", "apple", 403),
        ("audrey", "apple", 403),
        ("wen", "apple", 403),
        ("alice", "apple", 403),
        ("till", "apple", 403),
        ("stranger", "apple", 401),
    ],
)
async def test_only_administrators_grant_and_only_within_reach(
    as_: As, cast: Cast, by: str, at: str, status: int
) -> None:
    answer = await grant(as_, cast, by, "bob", "auditor", at)
    assert answer.status_code == status
    if status == 404:
        assert answer.json()["code"] == "unknown_organisation"


async def test_nobody_grants_themselves(as_: As, cast: Cast) -> None:
    answer = await grant(as_, cast, "ada", "ada", "office", "north")
    assert (answer.status_code, answer.json()["code"]) == (422, "grant_to_oneself")


async def test_a_grant_is_made_once(as_: As, cast: Cast) -> None:
    assert (await grant(as_, cast, "adam", "bob", "steward", "apple")).status_code == 201
    answer = await grant(as_, cast, "ada", "bob", "steward", "apple")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_granted")
    assert (await grant(as_, cast, "adam", "bob", "steward", "birch")).status_code == 201


@pytest.mark.parametrize(
    "period",
    [
        {"from_at": "2020-01-01T00:00:00Z"},
        {"until_at": "2020-01-01T00:00:00Z"},
        {"from_at": "2990-01-02T00:00:00Z", "until_at": "2990-01-01T00:00:00Z"},
    ],
)
async def test_a_period_that_cannot_be_is_refused(as_: As, cast: Cast, period: dict[str, str]) -> None:
    answer = await grant(as_, cast, "adam", "bob", "steward", "apple", **period)
    assert (answer.status_code, answer.json()["code"]) == (422, "period_invalid")


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "volunteer"},
        {"organisation_id": 0},
        {"organisation_id": 2**63},
        {"person_id": "nobody"},
        {"from_at": "2026-01-01T00:00:00"},
        {"from_at": "0001-01-01T00:00:00Z"},
        {"more": 1},
    ],
)
async def test_what_is_no_grant_is_not_read(as_: As, cast: Cast, wrong: dict[str, Any]) -> None:
    answer = (
        await grant(as_, cast, "adam", "bob", "steward", "apple", **wrong)
        if "role" not in wrong
        else (await grant(as_, cast, "adam", "bob", wrong["role"], "apple"))
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


async def test_a_role_is_granted_to_somebody(as_: As, cast: Cast) -> None:
    answer = await as_("adam").post(
        GRANTS,
        json={
            "person_id": str(uuid4()),
            "role": "steward",
            "organisation_id": cast.organisations["apple"],
        },
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_person")


async def test_a_grant_out_of_reach_is_not_there(as_: As, cast: Cast) -> None:
    made = (await grant(as_, cast, "adam", "bob", "steward", "south")).json()
    for id_ in (made["id"], made["id"] + 1_000_000):
        answer = await as_("ada").post(f"{GRANTS}/{id_}/revocation")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_grant")
        assert (await as_("alice").post(f"{GRANTS}/{id_}/revocation")).status_code == 403


async def test_the_last_administrator_stays(as_: As, cast: Cast) -> None:
    listed = (await as_("adam").get(GRANTS, params={"role": "administrator"})).json()["items"]
    own = next(line["id"] for line in listed if line["person_id"] == str(cast.people["adam"]))
    answer = await as_("adam").post(f"{GRANTS}/{own}/revocation")
    assert (answer.status_code, answer.json()["code"]) == (422, "last_administrator")
    assert (await grant(as_, cast, "adam", "bob", "administrator", "root")).status_code == 201
    assert (await as_("adam").post(f"{GRANTS}/{own}/revocation")).status_code == 200
    assert (await as_("adam").get(GRANTS)).status_code == 403


@pytest.mark.parametrize(("name", "status"), [("audrey", 200), ("wen", 403), ("olga", 403), ("till", 403)])
async def test_who_may_see_the_grants(as_: As, name: str, status: int) -> None:
    assert (await as_(name).get(GRANTS)).status_code == status


async def test_the_list_ends_where_reach_does_and_can_be_filtered(as_: As, cast: Cast) -> None:
    await grant(as_, cast, "adam", "bob", "steward", "south")

    async def seen(by: str, **filters: object) -> list[str]:
        names = {str(id_): name for name, id_ in cast.people.items()}
        answer = await as_(by).get(GRANTS, params=filters)  # type: ignore[arg-type]  # arguments of many types
        return [names[line["person_id"]] for line in answer.json()["items"]]

    everybody = ["wen", "xu", "olga", "audrey", "adam", "ada", "carl", "stella", "mia", "max", "bob"]
    assert await seen("adam") == everybody
    assert await seen("ada") == ["wen", "xu", "ada", "carl", "stella", "mia", "max"]
    assert await seen("ada", organisation_id=cast.organisations["birch"]) == ["xu"]
    assert await seen("ada", organisation_id=cast.organisations["south"]) == []
    assert await seen("audrey", person_id=str(cast.people["bob"])) == ["bob"]
    first = (await as_("adam").get(GRANTS, params={"limit": 10})).json()
    rest = (await as_("adam").get(GRANTS, params={"limit": 10, "cursor": first["next_cursor"]})).json()
    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (10, 1, None)


async def test_one_sees_one_s_own_and_those_of_people_in_reach(as_: As, cast: Cast) -> None:
    await grant(as_, cast, "adam", "alice", "steward", "south")

    def path(name: str) -> str:
        return f"/api/v1/people/{cast.people[name]}/role-grants"

    own = (await as_("alice").get(path("alice"))).json()["items"]
    assert [(line["role"], line["revoked_at"]) for line in own] == [("steward", None)]
    assert (await as_("ada").get(path("alice"))).json()["items"] == own
    assert (await as_("alice").get(path("bob"))).status_code == 403
    assert (await as_("bob").get(path("alice"))).status_code == 403
    await as_("adam").post(f"{GRANTS}/{own[0]['id']}/revocation")
    assert len((await as_("alice").get(path("alice"))).json()["items"]) == 1
    assert (await as_("alice").get(path("alice"), params={"in_force": "true"})).json()["items"] == []
