"""Kinships over HTTP: declared by one, confirmed by a worker who is neither, ended by either."""

from typing import Any

import pytest

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.timecoins import let_act, make_kin, refusal, told
from timebank.database import Database


def path(cast: Cast, name: str, *steps: object) -> str:
    return "/".join(["/api/v1/people", str(cast.people[name]), "kinships", *map(str, steps)])


async def declare(
    as_: As, cast: Cast, by: str, of: str = "alice", kin: str = "bob", relation: str = "parent"
) -> Any:
    return await as_(by).post(path(cast, of), json={"kin_id": str(cast.people[kin]), "relation": relation})


async def test_each_side_sees_what_the_other_is_to_them(as_: As, cast: Cast, database: Database) -> None:
    declared = await declare(as_, cast, "alice")
    assert declared.status_code == 201
    assert declared.json()["confirmed_at"] is None
    id_ = declared.json()["id"]
    confirmed = await as_("wen").post(path(cast, "alice", id_, "confirm"))
    assert confirmed.status_code == 200
    assert confirmed.json()["confirmed_at"] is not None
    (hers,) = (await as_("alice").get(path(cast, "alice"))).json()["items"]
    (his,) = (await as_("bob").get(path(cast, "bob"))).json()["items"]
    assert (hers["relation"], hers["kin_id"]) == ("parent", str(cast.people["bob"]))
    assert (his["relation"], his["kin_id"]) == ("child", str(cast.people["alice"]))
    assert hers["id"] == his["id"] == id_
    for name in ("alice", "bob"):
        assert await told(database, cast, name) == ["kinship_declared", "kinship_confirmed"]


async def test_at_a_desk_both_are_in_reach(as_: As, cast: Cast) -> None:
    assert refusal(await declare(as_, cast, "wen")) == (404, "unknown_person")  # Bob lives in birch
    assert refusal(await declare(as_, cast, "wen", of="bob", kin="alice")) == (404, "unknown_person")
    body = {"organisation_id": cast.organisations["apple"], "kind": "residence"}
    joined = await as_("adam").post(f"/api/v1/people/{cast.people['bob']}/memberships", json=body)
    assert joined.status_code == 201
    assert (await declare(as_, cast, "wen")).status_code == 201


async def test_nobody_confirms_their_own_or_of_whom_they_act_for(
    as_: As, cast: Cast, database: Database
) -> None:
    id_ = (await declare(as_, cast, "alice", kin="wen", relation="child")).json()["id"]
    assert refusal(await as_("wen").post(path(cast, "alice", id_, "confirm"))) == (422, "kinship_of_own")
    other = (await declare(as_, cast, "alice")).json()["id"]
    assert refusal(await as_("alice").post(path(cast, "alice", other, "confirm"))) == (403, "forbidden")
    await let_act(database, cast, "wen", "bob", "standing")
    assert refusal(await as_("wen").post(path(cast, "alice", other, "confirm"))) == (422, "kinship_of_own")
    assert (await as_("xu").post(path(cast, "bob", other, "confirm"))).status_code == 200


async def test_a_worker_confirms_what_one_side_in_reach_has(as_: As, cast: Cast) -> None:
    id_ = (await declare(as_, cast, "alice")).json()["id"]
    assert refusal(await as_("xu").post(path(cast, "alice", id_, "confirm"))) == (404, "unknown_person")
    assert refusal(await as_("xu").post(path(cast, "bob", 999_999, "confirm"))) == (404, "unknown_kinship")
    assert (await as_("xu").post(path(cast, "bob", id_, "confirm"))).status_code == 200
    again = await as_("wen").post(path(cast, "alice", id_, "confirm"))
    assert refusal(again) == (409, "already_confirmed")


async def test_two_are_kin_once_at_a_time_whoever_says_so(as_: As, cast: Cast) -> None:
    id_ = (await declare(as_, cast, "alice")).json()["id"]
    assert refusal(await declare(as_, cast, "alice", relation="spouse")) == (409, "already_kin")
    assert refusal(await declare(as_, cast, "bob", of="bob", kin="alice")) == (409, "already_kin")
    ended = await as_("bob").post(path(cast, "bob", id_, "end"))
    assert ended.status_code == 200
    assert ended.json()["ended_at"] is not None
    assert refusal(await as_("bob").post(path(cast, "bob", id_, "end"))) == (409, "already_ended")
    assert refusal(await as_("wen").post(path(cast, "alice", id_, "confirm"))) == (409, "already_ended")
    assert (await declare(as_, cast, "bob", of="bob", kin="alice", relation="spouse")).status_code == 201
    assert [one["relation"] for one in (await as_("alice").get(path(cast, "alice"))).json()["items"]] == [
        "parent",
        "spouse",
    ]


async def test_nobody_has_two_confirmed_spouses(as_: As, cast: Cast, database: Database) -> None:
    await make_kin(database, cast, "carl", "alice")
    id_ = (await declare(as_, cast, "alice", relation="spouse")).json()["id"]
    assert refusal(await as_("wen").post(path(cast, "alice", id_, "confirm"))) == (409, "already_married")


@pytest.mark.parametrize(
    ("by", "of", "kin", "relation", "status"),
    [
        ("alice", "alice", "alice", "spouse", 422),
        ("alice", "bob", "alice", "spouse", 403),
        ("carl", "alice", "bob", "spouse", 403),
        ("max", "alice", "bob", "spouse", 403),
        ("till", "alice", "bob", "spouse", 403),
        ("alice", "alice", "bob", "sibling", 422),
        ("alice", "alice", "bob", "friend", 422),
    ],
)
async def test_what_is_no_kinship_is_refused(  # noqa: PLR0917 -- a row of the table
    as_: As, cast: Cast, by: str, of: str, kin: str, relation: str, status: int
) -> None:
    assert (await declare(as_, cast, by, of, kin, relation)).status_code == status


async def test_who_is_not_there_is_nobodys_kin(as_: As, cast: Cast) -> None:
    body = {"kin_id": "00000000-0000-0000-0000-000000000007", "relation": "child"}
    assert refusal(await as_("alice").post(path(cast, "alice"), json=body)) == (404, "unknown_person")


async def test_pages_follow_one_another_and_others_looks_are_recorded(
    as_: As, cast: Cast, database: Database
) -> None:
    for name in ("bob", "carl", "mia"):
        await make_kin(database, cast, name, "alice", "parent", is_confirmed=False)
    first = (await as_("wen").get(path(cast, "alice"), params={"limit": 2})).json()
    rest = (await as_("wen").get(path(cast, "alice"), params={"cursor": first["next_cursor"]})).json()
    kin = [one["kin_id"] for one in first["items"] + rest["items"]]
    assert kin == [str(cast.people[name]) for name in ("bob", "carl", "mia")]
    assert rest["next_cursor"] is None
    looks = (await as_("alice").get(f"/api/v1/people/{cast.people['alice']}/look-ups")).json()["items"]
    assert [look["purpose"] for look in looks] == ["kinships.own", "kinships.own"]
