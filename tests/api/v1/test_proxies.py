"""Proxies over HTTP: making and ending them, and what an agent may do meanwhile."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As


@pytest.fixture(autouse=True)
def clock(service: Service, cast: Cast) -> None:
    """Stop the clock once the cast is there, so that a year from now is one."""
    del cast
    now = service.now()
    service.now = lambda: now


async def name_agent(as_: As, cast: Cast, service: Service, by: str, **changes: Any) -> Any:
    """Let Bob act for Alice for a year, as somebody says."""
    body = {
        "agent_id": str(cast.people["bob"]),
        "scopes": ["standing", "notifications"],
        "reason": "行动不便",
        "until_at": (service.now() + timedelta(days=365)).isoformat(),
        **changes,
    }
    return await as_(by).post(f"/api/v1/people/{cast.people['alice']}/proxies", json=body)


async def kinds_told(as_: As, cast: Cast, name: str) -> list[str]:
    answer = await as_(name).get(f"/api/v1/people/{cast.people[name]}/notifications")
    return [line["kind"] for line in answer.json()["items"]]


@pytest.mark.parametrize(
    ("by", "status"),
    [
        ("alice", 201),
        ("wen", 201),
        ("adam", 201),
        ("ada", 201),
        ("xu", 404),
        ("bob", 403),
        ("olga", 403),
        ("carl", 403),
        ("station", 403),
        ("stranger", 401),
    ],
)
async def test_the_principal_or_a_worker_in_reach_names_the_agent(
    as_: As, cast: Cast, service: Service, by: str, status: int
) -> None:
    answer = await name_agent(as_, cast, service, by)
    assert answer.status_code == status
    if status == 201:
        assert answer.json()["scopes"] == ["notifications", "standing"]
        assert answer.json()["made_by"] == f"person:{cast.people[by]}"
        assert await kinds_told(as_, cast, "alice") == await kinds_told(as_, cast, "bob") == ["proxy_made"]


async def test_an_agent_acts_within_the_scope_and_it_is_on_record(
    as_: As, cast: Cast, service: Service
) -> None:
    alice = f"/api/v1/people/{cast.people['alice']}"
    assert (await as_("bob").get(f"{alice}/balances")).status_code == 403
    await name_agent(as_, cast, service, "alice")
    assert (await as_("bob").get(f"{alice}/balances")).status_code == 200
    assert (await as_("bob").get(f"{alice}/proxies")).status_code == 403
    told = (await as_("bob").get(f"{alice}/notifications")).json()["items"]
    marked = await as_("bob").post(f"{alice}/notifications/{told[0]['id']}/read")
    assert (marked.status_code, marked.json()["read_at"] is not None) == (200, True)
    assert await kinds_told(as_, cast, "alice") == ["acted_for_you", "proxy_made"]
    acts = (
        await as_("audrey").get("/api/v1/acts", params={"principal_id": str(cast.people["alice"])})
    ).json()
    (act,) = acts["items"]
    assert (act["action"], act["subject"]) == ("notification.read", str(told[0]["id"]))
    assert (act["person_id"], act["principal_id"]) == (str(cast.people["bob"]), str(cast.people["alice"]))


async def test_an_agent_is_refused_outside_the_scope(as_: As, cast: Cast, service: Service) -> None:
    await name_agent(as_, cast, service, "alice", scopes=["notifications"])
    alice = f"/api/v1/people/{cast.people['alice']}"
    assert (await as_("bob").get(f"{alice}/notifications")).status_code == 200
    for what in ("balances", "statements/point", "standing", "records", "role-grants", "proxies"):
        assert (await as_("bob").get(f"{alice}/{what}")).status_code == 403


async def test_an_agent_is_refused_before_the_beginning_and_after_the_end(
    as_: As, cast: Cast, service: Service
) -> None:
    now = service.now()
    begin, end = now + timedelta(minutes=1), now + timedelta(minutes=2)
    await name_agent(as_, cast, service, "alice", from_at=begin.isoformat(), until_at=end.isoformat())
    statuses = []
    for seconds in (0, 59, 60, 119, 120):
        service.now = lambda seconds=seconds: now + timedelta(seconds=seconds)  # type: ignore[misc]  # a lambda with a default has no type
        answer = await as_("bob").get(f"/api/v1/people/{cast.people['alice']}/standing")
        statuses.append(answer.status_code)
    assert statuses == [403, 403, 200, 200, 403]


@pytest.mark.parametrize(
    ("by", "status"),
    [("alice", 200), ("bob", 200), ("wen", 200), ("adam", 200), ("xu", 404), ("olga", 403), ("till", 403)],
)
async def test_either_or_the_worker_ends_it(
    as_: As, cast: Cast, service: Service, by: str, status: int
) -> None:
    made = (await name_agent(as_, cast, service, "wen")).json()
    ended = await as_(by).post(f"/api/v1/proxies/{made['id']}/end")
    assert ended.status_code == status
    balances = await as_("bob").get(f"/api/v1/people/{cast.people['alice']}/balances")
    if status == 200:
        assert balances.status_code == 403
        assert await kinds_told(as_, cast, "alice") == ["proxy_ended", "proxy_made"]
        assert await kinds_told(as_, cast, "bob") == ["proxy_ended", "proxy_made"]
        again = await as_(by).post(f"/api/v1/proxies/{made['id']}/end")
        assert (again.status_code, again.json()["code"]) == (409, "already_ended")
    else:
        assert balances.status_code == 200
        unknown = await as_(by).post(f"/api/v1/proxies/{made['id'] + 1_000_000}/end")
        assert unknown.status_code == status


@pytest.mark.parametrize(
    ("by", "changes", "code"),
    [
        ("alice", {"scopes": ["everything"]}, "proxy_scope_invalid"),
        ("alice", {"days": 367}, "proxy_too_long"),
        ("alice", {"days": -1}, "period_invalid"),
        ("alice", {"from_at": "2020-01-01T00:00:00Z"}, "period_invalid"),
        ("alice", {"agent": "alice"}, "proxy_of_oneself"),
        ("wen", {"agent": "wen"}, "proxy_to_oneself"),
        ("alice", {"scopes": []}, "request_invalid"),
        ("alice", {"reason": ""}, "request_invalid"),
        ("alice", {"reason": "\0"}, "request_invalid"),
    ],
)
async def test_a_proxy_without_bounds_is_refused(
    as_: As, cast: Cast, service: Service, by: str, changes: dict[str, Any], code: str
) -> None:
    if "days" in changes:
        changes = {"until_at": (service.now() + timedelta(days=changes["days"])).isoformat()}
    if "agent" in changes:
        changes = {"agent_id": str(cast.people[changes["agent"]])}
    answer = await name_agent(as_, cast, service, by, **changes)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_the_agent_is_somebody(as_: As, cast: Cast, service: Service) -> None:
    answer = await name_agent(as_, cast, service, "alice", agent_id=str(uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_person")


async def test_both_find_it_in_their_lists(as_: As, cast: Cast, service: Service) -> None:
    made = (await name_agent(as_, cast, service, "alice")).json()
    for name in ("alice", "bob"):
        path = f"/api/v1/people/{cast.people[name]}/proxies"
        assert (await as_(name).get(path)).json()["items"] == [made]
    await as_("bob").post(f"/api/v1/proxies/{made['id']}/end")
    path = f"/api/v1/people/{cast.people['bob']}/proxies"
    assert (await as_("bob").get(path, params={"current": "true"})).json()["items"] == []
    assert len((await as_("xu").get(path)).json()["items"]) == 1
    assert (await as_("wen").get(path)).status_code == 404
