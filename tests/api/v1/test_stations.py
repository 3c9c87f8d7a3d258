"""Stations over HTTP: opened where one may, found by everybody, edited by version, closed for good."""

from datetime import UTC, datetime
from uuid import uuid4

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.meeting import STATIONS, station_at

POSITION = {"latitude_e6": 25_000_000, "longitude_e6": 119_000_000, "radius_metres": 200}


async def test_a_station_is_opened_and_found_by_everybody(as_: As, cast: Cast) -> None:
    body = {
        "code": "APPLE-1",
        "name": "苹果社区邻里服务站",
        "kind": "neighbourhood",
        "place": "东门路 1 号",
        "hours": "08:30-18:00",
        "organisation_id": cast.organisations["apple"],
        "steward_id": str(cast.people["stella"]),
        "position": POSITION,
    }
    made = await as_("wen").post(STATIONS, json=body)
    assert made.status_code == 201, made.text
    assert made.json() == {
        **body,
        "id": made.json()["id"],
        "poster_serial": 1,
        "closed_on": None,
        "version": 1,
    }
    for by in ("alice", "bob", "stella", "station", "audrey"):
        found = await as_(by).get(f"{STATIONS}/{made.json()['id']}")
        assert (found.json(), found.headers["ETag"]) == (made.json(), '"1"'), by
    assert (await as_("till").get(STATIONS)).status_code == 403
    again = await as_("wen").post(STATIONS, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "already_taken_station_code")


async def test_a_station_is_opened_only_in_reach(as_: As, cast: Cast) -> None:
    body = {"code": "X", "name": "站", "kind": "other", "place": "东", "hours": "全天"}
    for by, place, status in (
        ("wen", "apple", 201),
        ("wen", "birch", 404),
        ("ada", "birch", 201),
        ("ada", "south", 404),
        ("stella", "apple", 403),
        ("alice", "apple", 403),
        ("olga", "apple", 403),
        ("station", "apple", 403),
    ):
        place_id = cast.organisations[place]
        answer = await as_(by).post(
            STATIONS, json=body | {"code": uuid4().hex[:9], "organisation_id": place_id}
        )
        assert answer.status_code == status, (by, place, answer.text)


async def test_the_list_is_filtered_and_paged(as_: As, cast: Cast) -> None:
    apple = [await station_at(as_, cast) for _ in range(3)]
    birch = await station_at(as_, cast, "birch", by="xu", kind="health")
    first = (await as_("alice").get(STATIONS, params={"limit": 2})).json()
    assert [item["id"] for item in first["items"]] == apple[:2]
    rest = (await as_("alice").get(STATIONS, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert ([item["id"] for item in rest["items"]], rest["next_cursor"]) == ([apple[2], birch], None)
    of_birch = await as_("alice").get(STATIONS, params={"organisation_id": cast.organisations["birch"]})
    assert [item["id"] for item in of_birch.json()["items"]] == [birch]
    assert [item["id"] for item in (await as_("alice").get(f"{STATIONS}?kind=health")).json()["items"]] == [
        birch
    ]


async def test_an_edit_names_the_version_it_saw(as_: As, cast: Cast) -> None:
    station = (
        f"{STATIONS}/{await station_at(as_, cast, position=POSITION, steward_id=str(cast.people['stella']))}"
    )
    edited = await as_("wen").patch(station, json={"name": "新站名"}, headers={"If-Match": '"1"'})
    assert (edited.status_code, edited.headers["ETag"]) == (200, '"2"')
    assert (edited.json()["name"], edited.json()["position"]) == ("新站名", POSITION)
    late = await as_("wen").patch(station, json={"name": "又一个"}, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "version_differs")
    blind = await as_("wen").patch(station, json={"name": "又一个"})
    assert (blind.status_code, blind.json()["code"]) == (428, "version_missing")
    without = await as_("wen").patch(
        station, json={"position": None, "steward_id": None, "name": None}, headers={"If-Match": "*"}
    )
    said = without.json()
    assert (said["position"], said["steward_id"], said["name"]) == (None, None, "新站名")
    assert (
        await as_("wen").patch(station, json={"name": None}, headers={"If-Match": "*"})
    ).status_code == 422


async def test_an_edit_needs_both_organisations_in_reach(as_: As, cast: Cast) -> None:
    station = f"{STATIONS}/{await station_at(as_, cast)}"
    to_birch = {"organisation_id": cast.organisations["birch"]}
    answers = {
        by: await as_(by).patch(station, json=to_birch, headers={"If-Match": "*"})
        for by in ("wen", "xu", "stella", "ada")
    }
    assert {by: (answer.status_code, answer.json().get("title")) for by, answer in answers.items()} == {
        "wen": (404, "unknown_organisation"),
        "xu": (404, "unknown_station"),
        "stella": (403, "forbidden"),
        "ada": (200, None),
    }


async def test_a_steward_is_one_of_that_organisation(as_: As, cast: Cast) -> None:
    station = f"{STATIONS}/{await station_at(as_, cast)}"
    for who, status in (("stella", 200), ("wen", 200), ("xu", 404), ("alice", 404), ("carl", 404)):
        answer = await as_("wen").patch(
            station, json={"steward_id": str(cast.people[who])}, headers={"If-Match": "*"}
        )
        assert (answer.status_code, answer.json().get("title")) == (
            status,
            None if status == 200 else "unknown_steward",
        ), who


async def test_a_closed_station_is_listed_no_longer_and_changes_no_more(as_: As, cast: Cast) -> None:
    id_ = await station_at(as_, cast)
    station = f"{STATIONS}/{id_}"
    closed = await as_("wen").post(f"{station}/close", headers={"If-Match": '"1"'})
    assert closed.status_code == 200
    assert closed.json()["closed_on"] is not None
    assert (await as_("alice").get(STATIONS)).json()["items"] == []
    assert [item["id"] for item in (await as_("alice").get(f"{STATIONS}?closed=true")).json()["items"]] == [
        id_
    ]
    again = await as_("wen").post(f"{station}/close", headers={"If-Match": "*"})
    assert (again.status_code, again.json()["code"]) == (409, "already_closed_station")
    edit = await as_("wen").patch(station, json={"name": "再开"}, headers={"If-Match": "*"})
    assert (edit.status_code, edit.json()["code"]) == (422, "station_closed")


async def test_nothing_opens_at_a_closed_organisation(as_: As, cast: Cast) -> None:
    today = datetime.now(UTC).date().isoformat()
    grid = cast.organisations["grid"]
    closing = await as_("adam").post(f"/api/v1/organisations/{grid}/close", json={"closed_on": today})
    assert closing.status_code == 200, closing.text
    body = {
        "code": "G",
        "name": "站",
        "kind": "other",
        "place": "东",
        "hours": "全天",
        "organisation_id": grid,
    }
    answer = await as_("wen").post(STATIONS, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "organisation_closed")


async def test_an_erased_steward_is_one_no_longer(as_: As, cast: Cast) -> None:
    station = f"{STATIONS}/{await station_at(as_, cast, steward_id=str(cast.people['stella']))}"
    assert (await as_("alice").get(station)).json()["steward_id"] == str(cast.people["stella"])
    erased = await as_("adam").post(f"/api/v1/people/{cast.people['stella']}/erasure")
    assert erased.status_code in {200, 201}, erased.text
    found = (await as_("alice").get(station)).json()
    assert (found["steward_id"], found["version"]) == (None, 2)
