"""The tree of organisations over HTTP: who may shape it, and how it was on a day."""

import asyncio
from datetime import date
from typing import Any

import pytest

from tests.api.cast import Cast
from tests.api.conftest import As

BASE = "/api/v1/organisations"


async def made(as_: As, by: str = "adam", **wanted: object) -> Any:
    body = {"code": "new", "name": "新社区", "level": "community", "opened_on": "2025-01-01", **wanted}
    answer = await as_(by).post(BASE, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_is_listed_by_level_and_parent_and_in_pages(as_: As, cast: Cast) -> None:
    nodes = cast.organisations
    below = (await as_("alice").get(BASE, params={"parent_id": nodes["north"]})).json()
    assert [(item["code"], item["level"]) for item in below["items"]] == [
        ("apple", "community"),
        ("birch", "community"),
    ]
    streets = (await as_("station").get(BASE, params={"level": "street", "limit": 1})).json()
    assert [item["code"] for item in streets["items"]] == ["north"]
    rest = (
        await as_("till").get(BASE, params={"level": "street", "limit": 1, "cursor": streets["next_cursor"]})
    ).json()
    assert [item["code"] for item in rest["items"]] == ["south"]
    assert rest["next_cursor"] is None


async def test_one_has_ancestors_and_a_subtree(as_: As, cast: Cast) -> None:
    nodes = cast.organisations
    above = (await as_("bob").get(f"{BASE}/{nodes['grid']}/ancestors")).json()
    assert [item["code"] for item in above] == ["root", "north", "apple"]
    below = (await as_("bob").get(f"{BASE}/{nodes['north']}/subtree")).json()
    assert [(item["code"], item["depth"]) for item in below["items"]] == [
        ("north", 0),
        ("apple", 1),
        ("birch", 1),
        ("grid", 2),
    ]
    for path in ("", "/ancestors", "/subtree", "/moves"):
        answer = await as_("bob").get(f"{BASE}/{2**62}{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_organisation")


async def test_is_founded_within_reach_only(as_: As, cast: Cast) -> None:
    nodes = cast.organisations
    new = await made(as_, "ada", parent_id=nodes["north"])
    assert (new["parent_id"], new["version"]) == (nodes["north"], 1)
    body = {"code": "other", "name": "新社区", "level": "community"}
    for by, parent, status, code in (
        ("ada", nodes["south"], 404, "unknown_organisation"),
        ("ada", None, 403, "forbidden"),
        ("wen", nodes["apple"], 403, "forbidden"),
        ("alice", nodes["apple"], 403, "forbidden"),
        ("station", nodes["apple"], 403, "forbidden"),
        ("stranger", nodes["apple"], 401, "token_missing"),
    ):
        answer = await as_(by).post(BASE, json={**body, "parent_id": parent})
        assert (answer.status_code, answer.json()["code"]) == (status, code), by
    assert (await made(as_, "adam", code="top", level="district", parent_id=None))["parent_id"] is None


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"code": "apple"}, 409, "already_taken_code"),
        ({"level": "street"}, 422, "level_not_held"),
        ({"opened_on": "2999-12-31"}, 422, "day_in_future"),
        ({"opened_on": 86400}, 422, "request_invalid"),
        ({"name": "a\0b"}, 422, "request_invalid"),
    ],
)
async def test_is_not_founded_when(
    change: dict[str, object], status: int, code: str, as_: As, cast: Cast
) -> None:
    body = {"code": "new", "name": "新", "level": "community", "parent_id": cast.organisations["north"]}
    answer = await as_("adam").post(BASE, json={**body, **change})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_is_renamed_by_who_saw_its_last_version(as_: As, cast: Cast) -> None:
    path = f"{BASE}/{cast.organisations['apple']}"
    seen = await as_("ada").get(path)
    assert seen.headers["etag"] == '"1"'
    renamed = await as_("ada").patch(path, json={"name": "苹果社区"}, headers={"If-Match": '"1"'})
    assert (renamed.status_code, renamed.headers["etag"]) == (200, '"2"')
    assert (renamed.json()["name"], renamed.json()["code"]) == ("苹果社区", "apple")
    again = await as_("ada").patch(path, json={"code": "APPLE"}, headers={"If-Match": '"1"'})
    assert (again.status_code, again.json()["code"]) == (412, "version_differs")
    blind = await as_("ada").patch(path, json={"code": "APPLE"})
    assert (blind.status_code, blind.json()["code"]) == (428, "version_missing")
    taken = await as_("ada").patch(path, json={"code": "birch"}, headers={"If-Match": "*"})
    assert (taken.status_code, taken.json()["code"]) == (409, "already_taken_code")
    assert (await as_("ada").patch(path, json={}, headers={"If-Match": "*"})).status_code == 422
    refused = await as_("wen").patch(path, json={"code": "x"}, headers={"If-Match": "*"})
    assert refused.status_code == 403


async def test_a_move_is_dated_and_the_tree_is_known_as_it_was(as_: As, cast: Cast) -> None:
    nodes = cast.organisations
    path = f"{BASE}/{nodes['apple']}"
    moved = await as_("adam").post(
        f"{path}/move", json={"parent_id": nodes["south"], "moved_on": "2025-06-01"}
    )
    assert (moved.status_code, moved.json()["parent_id"]) == (200, nodes["south"])
    for on, street in (("2025-05-31", "north"), ("2025-06-01", "south"), (None, "south")):
        params = {"on": on} if on else {}
        above = (await as_("alice").get(f"{BASE}/{nodes['grid']}/ancestors", params=params)).json()
        assert [item["code"] for item in above] == ["root", street, "apple"]
        below = (await as_("alice").get(f"{BASE}/{nodes[street]}/subtree", params=params)).json()
        assert {"apple", "grid"} < {item["code"] for item in below["items"]}
        listed = (await as_("alice").get(BASE, params={"parent_id": nodes[street], **params})).json()
        assert "apple" in [item["code"] for item in listed["items"]]
    (move,) = (await as_("alice").get(f"{path}/moves")).json()["items"]
    assert (move["from_parent_id"], move["to_parent_id"]) == (nodes["north"], nodes["south"])
    # North's administrator has lost it with the move, and gets nothing else by one.
    lost = await as_("ada").post(f"{path}/move", json={"parent_id": nodes["north"], "moved_on": "2025-06-02"})
    assert (lost.status_code, lost.json()["code"]) == (404, "unknown_organisation")
    out = await as_("ada").post(
        f"{BASE}/{nodes['birch']}/move", json={"parent_id": nodes["south"], "moved_on": "2025-06-02"}
    )
    assert (out.status_code, out.json()["code"]) == (404, "unknown_organisation")


async def test_a_move_is_refused_when(as_: As, cast: Cast) -> None:
    nodes = cast.organisations

    async def refused(node: str, parent: str, on: str) -> tuple[int, str]:
        answer = await as_("adam").post(
            f"{BASE}/{nodes[node]}/move", json={"parent_id": nodes[parent], "moved_on": on}
        )
        return answer.status_code, answer.json().get("code")

    assert await refused("apple", "north", "2025-06-01") == (409, "already_there")
    assert await refused("apple", "south", "2999-06-01") == (422, "day_in_future")
    assert await refused("north", "apple", "2025-06-01") == (422, "level_not_held")
    team = await made(as_, level="other", parent_id=nodes["grid"])
    inner = await made(as_, code="inner", level="other", parent_id=team["id"])
    answer = await as_("adam").post(
        f"{BASE}/{team['id']}/move", json={"parent_id": inner["id"], "moved_on": "2025-06-01"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "tree_ring")
    assert (await refused("apple", "south", "2025-06-01"))[0] == 200
    assert await refused("apple", "north", "2025-05-31") == (422, "moves_in_order")


async def test_a_move_entered_late_makes_no_ring_in_between(as_: As, cast: Cast) -> None:
    top = cast.organisations["root"]
    one = (await made(as_, code="one", level="other", parent_id=top))["id"]
    two = (await made(as_, code="two", level="other", parent_id=one))["id"]

    async def move(node: int, parent: int, on: str) -> int:
        answer = await as_("adam").post(f"{BASE}/{node}/move", json={"parent_id": parent, "moved_on": on})
        return answer.status_code

    assert await move(two, top, "2025-06-10") == 200
    # From the 5th to the 9th, two still stood below one.
    assert await move(one, two, "2025-06-05") == 422
    assert await move(one, two, "2025-06-10") == 200


async def test_two_moves_at_once_make_no_ring(as_: As, cast: Cast) -> None:
    top = cast.organisations["root"]
    for turn in range(5):
        one, two = [
            (await made(as_, code=f"{name}{turn}", level="other", parent_id=top))["id"] for name in "ab"
        ]
        answers = await asyncio.gather(
            *(
                as_("adam").post(f"{BASE}/{node}/move", json={"parent_id": to, "moved_on": "2025-06-01"})
                for node, to in ((one, two), (two, one))
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200, 422]


async def test_closes_when_it_is_empty_and_opens_again(as_: As, cast: Cast) -> None:
    nodes = cast.organisations

    async def close(node: str, on: str = "2025-06-01") -> tuple[int, str | None]:
        answer = await as_("adam").post(f"{BASE}/{nodes[node]}/close", json={"closed_on": on})
        return answer.status_code, answer.json().get("code")

    assert await close("apple") == (422, "has_children")
    assert await close("birch") == (422, "has_members")
    assert await close("grid", "2999-01-01") == (422, "day_in_future")
    assert await close("grid") == (200, "grid")
    assert await close("grid") == (409, "already_closed")
    listed = (await as_("alice").get(BASE, params={"level": "grid"})).json()
    assert listed["items"] == []
    for params in ({"closed": True}, {"on": "2025-05-31"}):
        found = (await as_("alice").get(BASE, params={"level": "grid", **params})).json()["items"]
        assert [item["closed_on"] for item in found] == ["2025-06-01"]
    below = await as_("adam").post(
        BASE, json={"code": "b1", "name": "一号楼", "level": "building", "parent_id": nodes["grid"]}
    )
    assert below.json()["code"] == "parent_closed"
    moved = await as_("adam").post(
        f"{BASE}/{nodes['grid']}/move", json={"parent_id": nodes["birch"], "moved_on": "2025-07-01"}
    )
    assert moved.json()["code"] == "organisation_closed"
    reopened = await as_("adam").post(f"{BASE}/{nodes['grid']}/reopen")
    assert (reopened.status_code, reopened.json()["closed_on"]) == (200, None)
    again = await as_("adam").post(f"{BASE}/{nodes['grid']}/reopen")
    assert (again.status_code, again.json()["code"]) == (409, "already_open")


async def test_nothing_opens_below_what_is_closed_or_closes_before_it_opened(as_: As, cast: Cast) -> None:
    upper = await made(as_, code="upper", level="other", parent_id=cast.organisations["root"])
    lower = await made(as_, code="lower", level="other", parent_id=upper["id"], opened_on="2025-03-01")
    early = await as_("adam").post(f"{BASE}/{lower['id']}/close", json={"closed_on": "2025-02-28"})
    assert early.json()["code"] == "closed_before_opened"
    for node in (lower, upper):
        answer = await as_("adam").post(
            f"{BASE}/{node['id']}/close", json={"closed_on": str(date(2025, 6, 1))}
        )
        assert answer.status_code == 200
    refused = await as_("adam").post(f"{BASE}/{lower['id']}/reopen")
    assert refused.json()["code"] == "parent_closed"


async def test_closing_and_reopening_are_for_administrators_in_reach(as_: As, cast: Cast) -> None:
    nodes = cast.organisations
    for by, node, status in (("wen", "grid", 403), ("olga", "grid", 403), ("ada", "south", 404)):
        for path, body in (("close", {"closed_on": "2025-06-01"}), ("reopen", {})):
            answer = await as_(by).post(f"{BASE}/{nodes[node]}/{path}", json=body)
            assert answer.status_code == status, (by, path)
