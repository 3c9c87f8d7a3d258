"""Where people belong over HTTP: homes, teams, and the two reports of a party member."""

import asyncio
from typing import Any
from uuid import UUID

import pytest_asyncio

from api.service import Service
from ledger.session import ReadTx
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.residents import PEOPLE, enrolled, registered


@pytest_asyncio.fixture
async def places(as_: As, cast: Cast) -> dict[str, int]:
    """Return the cast's organisations, with a team in apple and work units in the north and in the south."""
    found = dict(cast.organisations)
    for code, level, parent in (
        ("helpers", "team", "apple"),
        ("singers", "team", "apple"),
        ("bureau", "work_unit", "south"),
        ("factory", "partner_unit", "north"),
    ):
        body = {"code": code, "name": f"测试{code}", "level": level, "parent_id": found[parent]}
        answer = await as_("adam").post("/api/v1/organisations", json={**body, "opened_on": "2024-01-01"})
        found[code] = answer.json()["id"]
    return found


async def join(
    as_: As, who: UUID, place: int, kind: str, on: str = "2025-03-01", *, by: str = "wen"
) -> tuple[int, Any]:
    body = {"organisation_id": place, "kind": kind, "from_on": on}
    answer = await as_(by).post(f"{PEOPLE}/{who}/memberships", json=body)
    return answer.status_code, answer.json() if answer.status_code == 201 else answer.json()["code"]


async def current(as_: As, who: UUID, *, by: str = "wen") -> dict[str, list[int]]:
    answer = await as_(by).get(f"{PEOPLE}/{who}/memberships")
    found: dict[str, list[int]] = {}
    for item in answer.json()["items"]:
        if item["until_on"] is None:
            found.setdefault(item["kind"], []).append(item["organisation_id"])
    return found


async def test_a_party_member_reports_at_the_work_unit_and_at_the_community(
    as_: As, cast: Cast, places: dict[str, int]
) -> None:
    who = await enrolled(as_, cast, "P1", party=True)
    path = f"{PEOPLE}/{who}/memberships"
    assert (await join(as_, who, places["bureau"], "party_unit"))[0] == 201
    assert (await as_("wen").get(path)).json()["has_reported"] is False
    assert (await join(as_, who, places["apple"], "party_community"))[0] == 201
    both = (await as_("wen").get(path)).json()
    assert both["has_reported"] is True
    assert await current(as_, who) == {
        "residence": [places["apple"]],
        "party_unit": [places["bureau"]],
        "party_community": [places["apple"]],
    }
    # The unit changes, and the one before ends with it: one report of each kind.
    assert (await join(as_, who, places["factory"], "party_unit", "2025-06-01"))[0] == 201
    ended = [item for item in (await as_("wen").get(path)).json()["items"] if item["until_on"]]
    assert [(item["organisation_id"], item["until_on"]) for item in ended] == [
        (places["bureau"], "2025-06-01")
    ]
    kept = await as_("wen").patch(
        f"{PEOPLE}/{who}", json={"is_party_member": False}, headers={"If-Match": "*"}
    )
    assert (kept.status_code, kept.json()["code"]) == (422, "party_reports_open")


async def test_a_report_is_refused_when(as_: As, cast: Cast, places: dict[str, int]) -> None:
    plain, resident = await enrolled(as_, cast, "P2"), await registered(as_, cast)
    for who in (plain, resident):
        assert await join(as_, who, places["bureau"], "party_unit") == (422, "not_a_party_member")
    party = await enrolled(as_, cast, "P3", party=True)
    for place, kind in (
        ("apple", "party_unit"),
        ("helpers", "party_unit"),
        ("bureau", "party_community"),
        ("north", "party_community"),
    ):
        by = "adam"
        assert await join(as_, party, places[place], kind, by=by) == (422, "level_differs")
    assert await current(as_, party) == {"residence": [places["apple"]]}


async def test_who_moves_house_lives_in_the_new_one_from_that_day(
    as_: As, cast: Cast, places: dict[str, int]
) -> None:
    who = await enrolled(as_, cast, "P4")
    moved = await join(as_, who, places["birch"], "residence", "2025-06-01", by="ada")
    assert (moved[0], moved[1]["until_on"]) == (201, None)
    assert await current(as_, who, by="ada") == {"residence": [places["birch"]]}
    read = await as_("ada").get(f"{PEOPLE}/{who}", params={"purpose": "service"})
    assert read.json()["volunteer"]["organisation_id"] == places["birch"]
    # With the home the reach has moved.
    assert (await as_("wen").get(f"{PEOPLE}/{who}/memberships")).status_code == 404
    assert (await as_("xu").get(f"{PEOPLE}/{who}/memberships")).status_code == 200


async def test_a_person_may_be_in_several_teams_and_leaves_each(
    as_: As, cast: Cast, places: dict[str, int]
) -> None:
    who = await enrolled(as_, cast, "P5")

    async def team() -> int | None:
        read = await as_("wen").get(f"{PEOPLE}/{who}", params={"purpose": "service"})
        found: int | None = read.json()["volunteer"]["team_id"]
        return found

    joined = [(await join(as_, who, places[code], "team"))[1]["id"] for code in ("helpers", "singers")]
    assert (await current(as_, who))["team"] == [places["helpers"], places["singers"]]
    assert await team() == places["singers"]

    async def leave(membership: int, on: str) -> tuple[int, str | None]:
        answer = await as_("wen").post(f"{PEOPLE}/{who}/memberships/{membership}/end", json={"until_on": on})
        return answer.status_code, answer.json().get("code")

    assert await leave(joined[1], "2025-02-28") == (422, "left_before_joined")
    assert await leave(joined[1], "2990-01-01") == (422, "day_in_future")
    assert await leave(joined[1], "2025-05-01") == (200, None)
    assert await team() == places["helpers"]
    assert await leave(joined[1], "2025-05-01") == (409, "already_left")
    assert await leave(2**62, "2025-05-01") == (404, "unknown_membership")
    assert await join(as_, who, places["singers"], "team", "2025-04-30") == (422, "memberships_in_order")
    assert (await join(as_, who, places["singers"], "team", "2025-05-01"))[0] == 201
    other = await enrolled(as_, cast, "P6")
    answer = await as_("wen").post(f"{PEOPLE}/{other}/memberships/{joined[0]}/end", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_membership")


async def test_a_membership_is_refused_when(as_: As, cast: Cast, places: dict[str, int]) -> None:
    who = await enrolled(as_, cast, "P7")
    assert await join(as_, who, places["apple"], "residence") == (409, "already_a_member")
    assert await join(as_, who, places["grid"], "residence", "2024-12-31") == (422, "memberships_in_order")
    assert await join(as_, who, places["helpers"], "team", "2990-01-01") == (422, "day_in_future")
    assert await join(as_, who, places["helpers"], "team", "2023-12-31") == (422, "organisation_closed")
    assert await join(as_, who, places["helpers"], "residence") == (422, "level_differs")
    assert await join(as_, who, places["apple"], "friend") == (422, "request_invalid")
    assert await join(as_, who, 2**62, "work_unit") == (404, "unknown_organisation")
    closed = await as_("adam").post(
        f"/api/v1/organisations/{places['helpers']}/close", json={"closed_on": "2025-02-01"}
    )
    assert closed.status_code == 200
    assert await join(as_, who, places["helpers"], "team") == (422, "organisation_closed")


async def test_a_membership_is_recorded_within_reach(as_: As, cast: Cast, places: dict[str, int]) -> None:
    alice = cast.people["alice"]
    for by, place, kind, status in (
        ("xu", "birch", "residence", 404),  # Alice is not in reach
        ("wen", "birch", "residence", 404),  # the place is not
        ("olga", "helpers", "team", 403),
        ("alice", "helpers", "team", 403),
        ("stranger", "helpers", "team", 401),
        ("wen", "bureau", "work_unit", 201),  # a work unit may lie anywhere
        ("ada", "helpers", "team", 201),
    ):
        assert (await join(as_, alice, places[place], kind, by=by))[0] == status, (by, place)
    for by, status in (("alice", 200), ("olga", 200), ("bob", 403), ("xu", 404), ("carl", 403)):
        assert (await as_(by).get(f"{PEOPLE}/{alice}/memberships")).status_code == status, by


async def test_an_organisation_with_members_is_not_closed_even_at_the_same_moment(
    as_: As, cast: Cast, places: dict[str, int], service: Service
) -> None:
    crowd = [await enrolled(as_, cast, f"C{number}") for number in range(6)]
    close = as_("adam").post(
        f"/api/v1/organisations/{places['singers']}/close", json={"closed_on": "2025-03-01"}
    )
    closed, *_ = await asyncio.gather(close, *(join(as_, who, places["singers"], "team") for who in crowd))

    async def members(tx: ReadTx) -> int:
        found: int = await tx.connection.fetchval(
            "select count(*) from memberships where bank_id = $1 and organisation_id = $2",
            tx.bank_id,
            places["singers"],
        )
        return found

    count = await service.database.read(cast.bank, members)
    assert (closed.status_code, count) == (200, 0) or (closed.status_code == 422 and count > 0)


async def test_who_was_erased_is_no_member_that_holds_a_place_open(
    as_: As, cast: Cast, places: dict[str, int]
) -> None:
    who = await registered(as_, cast)
    await join(as_, who, places["singers"], "team")
    close = f"/api/v1/organisations/{places['singers']}/close"
    held = await as_("adam").post(close, json={"closed_on": "2025-06-01"})
    assert (held.status_code, held.json()["code"]) == (422, "has_members")
    assert (await as_("adam").post(f"{PEOPLE}/{who}/erasure")).status_code == 200
    assert (await as_("adam").post(close, json={"closed_on": "2025-06-01"})).status_code == 200
    assert await join(as_, who, places["helpers"], "team", by="adam") == (404, "unknown_person")
