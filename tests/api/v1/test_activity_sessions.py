"""Sessions over HTTP: one, a series, another time or place, stations, none after all."""

import secrets
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from api.cursors import encode
from api.service import Service
from ledger.session import WriteTx
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.planning import (
    ACTIVITIES,
    SESSIONS,
    TODAY,
    at,
    drafted,
    edited,
    published,
    session_of,
    stepped,
    told,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")


async def station(service: Service, cast: Cast, code: str, closed_on: date | None = None) -> int:
    """Return a station of apple."""

    async def work(tx: WriteTx) -> int:
        found: int = await tx.connection.fetchval(
            "insert into stations (bank_id, code, name, kind, place, hours, organisation_id, closed_on)"
            " values ($1, $2, '站', 'other', '站', '', $3, $4) returning id",
            tx.bank_id,
            code,
            cast.organisations["apple"],
            closed_on,
        )
        return found

    return await service.database.write(cast.bank, work)


async def scanned(service: Service, cast: Cast, session_id: int, person: UUID) -> None:
    """Check somebody in to a session."""

    async def work(tx: WriteTx) -> None:
        await tx.connection.execute(
            "insert into scans (bank_id, digest, session_id, volunteer_id, kind, mode, outcome, happened_at,"
            " received_at, actor) select $1, $2, $3, v.id, 'in', 'roll_call', 'accepted', $4, $4, 'test'"
            " from volunteers v where v.bank_id = $1 and v.owner = $5",
            tx.bank_id,
            secrets.token_bytes(32),
            session_id,
            TODAY,
            person,
        )

    await service.database.write(cast.bank, work)


async def test_a_session_is_as_its_activity_unless_it_says_otherwise(as_: As, cast: Cast) -> None:
    draft = await drafted(as_, cast, rest_minutes=10, capacity=5)
    plain = await session_of(as_, draft)
    assert (plain["place"], plain["rest_minutes"], plain["capacity"]) == ("广场", 10, 5)
    other = await session_of(
        as_, draft, starts_at=at(48), ends_at=at(50), place="东门", rest_minutes=0, capacity=9
    )
    assert (other["place"], other["rest_minutes"], other["capacity"]) == ("东门", 0, 9)
    assert (other["activity_id"], other["state"], other["stations"]) == (draft["id"], "planned", [])


@pytest.mark.parametrize(
    ("begins", "ends", "status", "code"),
    [
        (24, 26, 409, "already_planned"),
        (23, 26, 422, "activity_session_outside"),
        (30, 30, 422, "activity_session_span_invalid"),
        (30, 55, 422, "activity_session_span_invalid"),
        (-3, -2, 422, "activity_session_over"),
    ],
)
async def test_a_session_is_not_planned_when(
    begins: int, ends: int, status: int, code: str, as_: As, cast: Cast
) -> None:
    draft = await drafted(as_, cast)
    await session_of(as_, draft)
    path = f"{ACTIVITIES}/{draft['id']}/sessions"
    answer = await as_("wen").post(path, json={"starts_at": at(begins), "ends_at": at(ends)})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    await stepped(as_, draft, "cancel")
    answer = await as_("wen").post(path, json={"starts_at": at(30), "ends_at": at(32)})
    assert (answer.status_code, answer.json()["code"]) == (422, "activity_state_refused")


async def test_a_series_is_on_each_of_its_weekdays_by_the_clock_of_the_bank(as_: As, cast: Cast) -> None:
    first = TODAY.astimezone(SHANGHAI).date() + timedelta(days=2)
    activity = await drafted(as_, cast, starts_at=at(24), ends_at=at(24 * 40))
    series = {
        "weekdays": [first.isoweekday()],
        "first": str(first),
        "last": str(first + timedelta(days=14)),
        "begins": "08:30",
        "ends": "10:00",
        "capacity": 3,
    }
    path = f"{ACTIVITIES}/{activity['id']}/session-series"
    answer = await as_("wen").post(path, json=series)
    assert answer.status_code == 201, answer.text
    starts = [
        datetime.fromisoformat(item["starts_at"]).astimezone(SHANGHAI) for item in answer.json()["items"]
    ]
    assert [one.date() for one in starts] == [first + timedelta(days=days) for days in (0, 7, 14)]
    assert {(one.hour, one.minute) for one in starts} == {(8, 30)}
    assert {item["capacity"] for item in answer.json()["items"]} == {3}

    async def refused(**change: object) -> tuple[int, str]:
        found = await as_("wen").post(path, json={**series, **change})
        return found.status_code, found.json()["code"]

    # All or none: the second week is planned already, the first one is not left behind.
    assert await refused(weekdays=[1, 2, 3, 4, 5, 6, 7]) == (409, "already_planned")
    listed = (await as_("wen").get(SESSIONS, params={"activity_id": activity["id"]})).json()["items"]
    assert len(listed) == 3
    assert await refused(last=str(first - timedelta(days=1))) == (422, "series_empty")
    every_day = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "begins": "11:00", "ends": "12:00"}
    assert await refused(**every_day, last="2999-12-31") == (422, "series_too_long")
    assert await refused(weekdays=[8]) == (422, "request_invalid")
    assert await refused(begins=830) == (422, "request_invalid")
    assert await refused(begins="08:30+08:00") == (422, "request_invalid")


async def test_are_listed_near_a_time_with_their_places(as_: As, cast: Cast) -> None:
    activity, early = await published(as_, cast, capacity=1)
    late = await session_of(as_, activity, starts_at=at(48), ends_at=at(50))
    await as_("alice").post(f"{SESSIONS}/{early['id']}/sign-ups", json={})
    await as_("bob").post(f"{SESSIONS}/{early['id']}/sign-ups", json={})

    async def listed(by: str = "alice", **params: str | int) -> list[Any]:
        answer = await as_(by).get(SESSIONS, params=params)
        assert answer.status_code == 200, answer.text
        items: list[Any] = answer.json()["items"]
        return items

    first, second = await listed()
    assert [first["id"], second["id"]] == [early["id"], late["id"]]
    assert (first["signed_up"], first["waiting"], first["free"]) == (1, 1, 0)
    assert (second["signed_up"], second["free"]) == (0, None)
    assert [one["id"] for one in await listed(from_at=at(25), until_at=at(30))] == [early["id"]]
    assert [one["id"] for one in await listed(from_at=at(26))] == [late["id"]]
    assert await listed(until_at=at(24)) == []
    assert [one["id"] for one in await listed("station", free=True)] == [late["id"]]
    assert await listed(organisation_id=cast.organisations["south"]) == []
    assert len(await listed(organisation_id=cast.organisations["north"], state="planned")) == 2
    page = (await as_("alice").get(SESSIONS, params={"limit": 1})).json()
    assert [one["id"] for one in await listed(cursor=page["next_cursor"])] == [late["id"]]
    made_up = [encode(text, 1) for text in ("2026-05-09T09:00:00", "0001-01-01T00:00:00+00:00")]
    for cursor in ("WyJ4IiwxXQ", "WzEsMV0", "x", *made_up):
        answer = await as_("alice").get(SESSIONS, params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


async def test_another_time_or_place_is_told(as_: As, cast: Cast) -> None:
    _, session = await published(as_, cast)
    path = f"{SESSIONS}/{session['id']}"
    await as_("alice").post(f"{path}/sign-ups", json={})
    assert (await as_("alice").get(path)).headers["etag"] == '"1"'
    assert (await edited(as_, path, rest_minutes=5, capacity=9))[0] == 200
    assert await told(as_, cast, "alice") == []
    assert (await edited(as_, path, place="东门"))[1]["place"] == "东门"
    status, moved = await edited(as_, path, starts_at=at(25), ends_at=at(27))
    assert (status, moved["version"], moved["capacity"]) == (200, 4, 9)
    assert await told(as_, cast, "alice") == ["activity_session_changed"] * 2
    late = await as_("wen").patch(path, json={"capacity": 8}, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "version_differs")
    assert (await as_("wen").patch(path, json={"capacity": 8})).status_code == 428
    assert (await edited(as_, path, place=None))[0] == 422
    for by, status, code in (("xu", 404, "unknown_activity_session"), ("alice", 403, "forbidden")):
        refused, problem = await edited(as_, path, by, place="西门")
        assert (refused, problem["code"]) == (status, code)
        answer = await as_(by).post(f"{path}/cancel")
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_clash_of_starts_and_a_time_outside_are_refused(as_: As, cast: Cast) -> None:
    draft = await drafted(as_, cast)
    one = await session_of(as_, draft)
    await session_of(as_, draft, starts_at=at(30), ends_at=at(32))
    status, problem = await edited(as_, f"{SESSIONS}/{one['id']}", starts_at=at(30), ends_at=at(32))
    assert (status, problem["code"]) == (409, "already_planned")
    status, problem = await edited(as_, f"{SESSIONS}/{one['id']}", ends_at=at(24))
    assert (status, problem["code"]) == (422, "activity_session_span_invalid")
    status, problem = await edited(as_, f"{SESSIONS}/{one['id']}", starts_at=at(20))
    assert (status, problem["code"]) == (422, "activity_session_outside")


async def test_a_cancelled_session_tells_and_takes_nothing_more(as_: As, cast: Cast) -> None:
    _, session = await published(as_, cast)
    path = f"{SESSIONS}/{session['id']}"
    await as_("alice").post(f"{path}/sign-ups", json={})
    assert (await as_("wen").post(f"{path}/cancel")).json()["state"] == "cancelled"
    assert await told(as_, cast, "alice") == ["activity_session_cancelled"]
    again = await as_("wen").post(f"{path}/cancel")
    assert (again.status_code, again.json()["code"]) == (422, "activity_session_state_refused")
    assert (await edited(as_, path, place="西门"))[0] == 422
    refused = await as_("bob").post(f"{path}/sign-ups", json={})
    assert (refused.status_code, refused.json()["code"]) == (422, "sign_up_closed")


async def test_what_somebody_was_checked_in_to_is_not_replanned_or_cancelled(
    as_: As, cast: Cast, service: Service
) -> None:
    activity, session = await published(as_, cast)
    await scanned(service, cast, session["id"], cast.people["alice"])
    path = f"{SESSIONS}/{session['id']}"
    for change in ({"ends_at": at(28)}, {"place": "东门"}, {"rest_minutes": 0, "starts_at": at(23)}):
        status, problem = await edited(as_, path, **change)
        assert (status, problem["code"]) == (422, "activity_session_attended")
    assert (await edited(as_, path, capacity=50))[0] == 200
    answer = await as_("wen").post(f"{path}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (422, "activity_session_attended")
    assert await stepped(as_, activity, "cancel") == (422, "activity_session_attended")


async def test_has_stations_that_are_open(as_: As, cast: Cast, service: Service) -> None:
    one, two = await station(service, cast, "S1"), await station(service, cast, "S2")
    gone = await station(service, cast, "S3", date(2025, 1, 1))
    draft = await drafted(as_, cast)
    session = await session_of(as_, draft, station_ids=[two, one, two])
    path = f"{SESSIONS}/{session['id']}"
    assert session["stations"] == [one, two]
    assert (await edited(as_, path, station_ids=[two]))[1]["stations"] == [two]
    assert (await edited(as_, path, capacity=3))[1]["stations"] == [two]
    for unknown in ([gone], [2**62]):
        status, problem = await edited(as_, path, station_ids=unknown)
        assert (status, problem["code"]) == (404, "unknown_station")
    assert (await edited(as_, path, station_ids=[]))[1]["stations"] == []


async def test_what_was_cancelled_leaves_its_hour_to_another(as_: As, cast: Cast) -> None:
    draft = await drafted(as_, cast)
    one, path = await session_of(as_, draft), f"{ACTIVITIES}/{draft['id']}/sessions"
    again = {"starts_at": one["starts_at"], "ends_at": one["ends_at"]}
    assert (await as_("wen").post(f"{SESSIONS}/{one['id']}/cancel")).status_code == 200
    assert (await as_("wen").post(path, json=again)).status_code == 201
    assert (await as_("wen").post(path, json=again)).json()["code"] == "already_planned"
