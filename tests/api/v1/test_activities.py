"""Activities over HTTP: who plans and who sees them, from draft to closed, and emergencies."""

import json
from datetime import date

import pytest

from api.service import Service
from ledger.session import WriteTx
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.planning import (
    ACTIVITIES,
    SESSIONS,
    at,
    drafted,
    edited,
    published,
    session_of,
    stepped,
    told,
)
from timebank.policy.actions import adopt
from timebank.policy.rules import default_pack, parse_pack


async def seen_by(as_: As, name: str, activity_id: int) -> bool:
    answer = await as_(name).get(f"{ACTIVITIES}/{activity_id}")
    listed = (await as_(name).get(ACTIVITIES)).json()["items"]
    assert (answer.status_code == 200) == (activity_id in [item["id"] for item in listed])
    return answer.status_code == 200


async def adopted(service: Service, cast: Cast, **changes: object) -> None:
    """Adopt the default pack with changes."""
    text = default_pack().model_dump_json(by_alias=True)
    pack = parse_pack(json.dumps({**json.loads(text), **changes}))

    async def work(tx: WriteTx) -> None:
        await adopt(tx, pack, effective_from=date(2020, 1, 1), actor="test")

    await service.database.write(cast.bank, work)


async def test_a_draft_is_seen_by_who_may_write_it_only(as_: As, cast: Cast) -> None:
    draft = await drafted(as_, cast)
    assert (draft["state"], draft["created_by"], draft["version"]) == ("draft", str(cast.people["wen"]), 1)
    sees = {
        name: await seen_by(as_, name, draft["id"])
        for name in ("wen", "ada", "olga", "xu", "alice", "station")
    }
    assert sees == {"wen": True, "ada": True, "olga": True, "xu": False, "alice": False, "station": False}
    session = await session_of(as_, draft)
    for name, status in (("wen", 200), ("xu", 404), ("alice", 404)):
        assert (await as_(name).get(f"{SESSIONS}/{session['id']}")).status_code == status
        found = (await as_(name).get(SESSIONS)).json()["items"]
        assert len(found) == (status == 200)
    assert await stepped(as_, draft, "publish") == (200, "published")
    assert await seen_by(as_, "alice", draft["id"])
    assert (await as_("alice").get(f"{SESSIONS}/{session['id']}")).json()["free"] is None


async def test_what_was_never_published_stays_unseen_when_cancelled(as_: As, cast: Cast) -> None:
    draft = await drafted(as_, cast)
    assert await stepped(as_, draft, "cancel") == (200, "cancelled")
    assert not await seen_by(as_, "alice", draft["id"])
    shown, _ = await published(as_, cast)
    assert await stepped(as_, shown, "cancel") == (200, "cancelled")
    assert await seen_by(as_, "alice", shown["id"])


async def test_is_planned_within_reach_only(as_: As, cast: Cast) -> None:
    draft = await drafted(as_, cast)
    nodes = cast.organisations
    body = {
        "name": "清洁日",
        "category": "environment",
        "place": "广场",
        "starts_at": at(24),
        "ends_at": at(30),
    }
    for by, place, status, code in (
        ("wen", "birch", 404, "unknown_organisation"),
        ("alice", "apple", 403, "forbidden"),
        ("stella", "apple", 403, "forbidden"),
        ("station", "apple", 403, "forbidden"),
        ("stranger", "apple", 401, "token_missing"),
    ):
        answer = await as_(by).post(ACTIVITIES, json={**body, "code": "new", "organisation_id": nodes[place]})
        assert (answer.status_code, answer.json()["code"]) == (status, code), by
    for by, status, code in (("xu", 404, "unknown_activity"), ("alice", 403, "forbidden")):
        for step in ("publish", "start", "close", "cancel"):
            assert await stepped(as_, draft, step, by) == (status, code)
        refused, problem = await edited(as_, f"{ACTIVITIES}/{draft['id']}", by, name="改")
        assert (refused, problem["code"]) == (status, code)
        answer = await as_(by).post(
            f"{ACTIVITIES}/{draft['id']}/sessions", json={"starts_at": at(24), "ends_at": at(26)}
        )
        assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"ends_at": at(24)}, 422, "activity_span_invalid"),
        ({"ends_at": at(24 * 400)}, 422, "activity_span_invalid"),
        ({"leader_id": "00000000-0000-0000-0000-000000000007"}, 404, "unknown_person"),
        ({"team_id": 2**62}, 404, "unknown_organisation"),
        ({"starts_at": "2026-03-02T09:00:00"}, 422, "request_invalid"),
        ({"skills": ["急救"] * 21}, 422, "request_invalid"),
        ({"capacity": 0}, 422, "request_invalid"),
        ({"difficulty_permille": 3_001}, 422, "request_invalid"),
        ({"name": "a\0b"}, 422, "request_invalid"),
    ],
)
async def test_is_not_planned_when(
    change: dict[str, object], status: int, code: str, as_: As, cast: Cast
) -> None:
    body = {
        "code": "new",
        "organisation_id": cast.organisations["apple"],
        "name": "清洁日",
        "category": "environment",
        "place": "广场",
        "starts_at": at(24),
        "ends_at": at(30),
        **change,
    }
    answer = await as_("wen").post(ACTIVITIES, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_code_is_taken_once_and_a_team_is_a_team(as_: As, cast: Cast) -> None:
    draft = await drafted(as_, cast)
    body = {key: draft[key] for key in ("code", "name", "category", "place", "starts_at", "ends_at")}
    body["organisation_id"] = cast.organisations["apple"]
    answer = await as_("wen").post(ACTIVITIES, json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_taken_code")
    grid = cast.organisations["grid"]
    answer = await as_("wen").post(ACTIVITIES, json={**body, "code": "new", "team_id": grid})
    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_team")


async def test_the_pack_names_the_categories_and_says_what_is_service(
    as_: As, cast: Cast, service: Service
) -> None:
    meeting = {"code": "meeting", "label": {"zh": "例会", "en": "Meeting"}, "is_volunteer_service": False}
    label = {"zh": "拟单", "en": "Drafting"}
    await adopted(service, cast, categories=[meeting], labels={"draft": label})
    draft = await drafted(as_, cast, category="meeting", is_volunteer_service=True)
    assert draft["is_volunteer_service"] is False
    assert (draft["category_label"], draft["state_label"]) == (meeting["label"], label)
    assert (await as_("wen").get(ACTIVITIES)).json()["items"][0]["category_label"] == meeting["label"]
    status, problem = await edited(as_, f"{ACTIVITIES}/{draft['id']}", category="party")
    assert (status, problem["code"]) == (422, "category_unknown")


async def test_goes_from_draft_to_closed_and_not_otherwise(as_: As, cast: Cast) -> None:
    draft = await drafted(as_, cast)
    assert await stepped(as_, draft, "publish") == (422, "activity_without_sessions")
    session = await session_of(as_, draft)
    for step in ("start", "close"):
        assert await stepped(as_, draft, step) == (422, "activity_state_refused")
    assert await stepped(as_, draft, "publish") == (200, "published")
    assert await stepped(as_, draft, "publish") == (422, "activity_state_refused")
    assert await stepped(as_, draft, "close") == (422, "activity_state_refused")
    assert await stepped(as_, draft, "start") == (200, "running")
    assert await stepped(as_, draft, "close") == (422, "activity_sessions_open")
    assert (await as_("wen").post(f"{SESSIONS}/{session['id']}/cancel")).status_code == 200
    assert await stepped(as_, draft, "close") == (200, "closed")
    for step in ("publish", "start", "close", "cancel"):
        assert await stepped(as_, draft, step) == (422, "activity_state_refused")
    assert await stepped(as_, {"id": 2**62}, "publish") == (404, "unknown_activity")


async def test_what_the_law_asks_for_is_there_before_it_is_published(as_: As, cast: Cast) -> None:
    bare = await drafted(as_, cast, content="", leader_id=None)
    await session_of(as_, bare)
    answer = await as_("wen").post(f"{ACTIVITIES}/{bare['id']}/publish")
    assert (answer.status_code, answer.json()["code"]) == (422, "law_fields_missing")
    assert "content, leader_id" in answer.json()["detail_en"]
    path = f"{ACTIVITIES}/{bare['id']}"
    await edited(as_, path, content="打扫", leader_id=str(cast.people["wen"]), is_dangerous=True)
    assert await stepped(as_, bare, "publish") == (422, "insurance_missing")
    await edited(as_, path, insurance="测试保险 1 号")
    assert await stepped(as_, bare, "publish") == (200, "published")
    # Nor does it lose it afterwards.
    for change, code in (({"insurance": None}, "insurance_missing"), ({"content": ""}, "law_fields_missing")):
        status, problem = await edited(as_, path, **change)
        assert (status, problem["code"]) == (422, code)


async def test_is_edited_by_who_saw_its_last_version(as_: As, cast: Cast) -> None:
    draft = await drafted(as_, cast, capacity=5, skills=["急救"])
    path = f"{ACTIVITIES}/{draft['id']}"
    assert (await as_("wen").get(path)).headers["etag"] == '"1"'
    first = await as_("wen").patch(
        path, json={"name": "大清洁", "capacity": None, "skills": ["修理"]}, headers={"If-Match": '"1"'}
    )
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    assert (first.json()["name"], first.json()["capacity"], first.json()["skills"]) == (
        "大清洁",
        None,
        ["修理"],
    )
    assert first.json()["place"] == "广场"
    again = await as_("wen").patch(path, json={"name": "别的"}, headers={"If-Match": '"1"'})
    assert (again.status_code, again.json()["code"]) == (412, "version_differs")
    assert (await as_("wen").patch(path, json={"name": "别的"})).status_code == 428
    for nothing in ({}, {"name": None}, {"place": None}, {"code": "other"}):
        assert (await edited(as_, path, **nothing))[0] == 422


async def test_who_signed_up_is_told_what_they_relied_on_changes(as_: As, cast: Cast) -> None:
    activity, session = await published(as_, cast)
    assert (await as_("alice").post(f"{SESSIONS}/{session['id']}/sign-ups", json={})).status_code == 200
    path = f"{ACTIVITIES}/{activity['id']}"
    assert (await edited(as_, path, name="大清洁"))[0] == 200
    assert await told(as_, cast, "alice") == []
    for change in ({"place": "东门"}, {"ends_at": at(70)}, {"min_age": 16}):
        assert (await edited(as_, path, **change))[0] == 200
    assert await told(as_, cast, "alice") == ["activity_changed"] * 3
    assert await told(as_, cast, "bob") == []
    moved = (await as_("alice").get(f"{SESSIONS}/{session['id']}")).json()
    assert (moved["place"], moved["version"]) == ("东门", 2)
    status, problem = await edited(as_, path, ends_at=at(25))
    assert (status, problem["code"]) == (422, "activity_session_outside")
    status, problem = await edited(as_, path, is_dangerous=True, insurance="测试保险 1 号")
    assert (status, problem["code"]) == (422, "sign_ups_exist")
    assert await stepped(as_, activity, "start") == (200, "running")
    status, problem = await edited(as_, path, place="西门")
    assert (status, problem["code"]) == (422, "activity_state_refused")


async def test_cancelling_cancels_its_sessions_and_tells(as_: As, cast: Cast) -> None:
    activity, session = await published(as_, cast, capacity=1)
    for name in ("alice", "bob"):
        await as_(name).post(f"{SESSIONS}/{session['id']}/sign-ups", json={})
    assert await stepped(as_, activity, "cancel") == (200, "cancelled")
    assert await told(as_, cast, "alice") == await told(as_, cast, "bob") == ["activity_cancelled"]
    assert (await as_("alice").get(f"{SESSIONS}/{session['id']}")).json()["state"] == "cancelled"
    closed = await as_("alice").post(f"{SESSIONS}/{session['id']}/sign-ups", json={})
    assert (closed.status_code, closed.json()["code"]) == (422, "sign_up_closed")


async def test_an_emergency_is_published_at_once_and_approved_later_by_another(as_: As, cast: Cast) -> None:
    flood = await drafted(
        as_, cast, "olga", kind="emergency", content="", leader_id=None, starts_at=at(1), ends_at=at(60)
    )
    assert await stepped(as_, flood, "publish", "olga") == (200, "published")
    (session,) = (await as_("alice").get(SESSIONS, params={"activity_id": flood["id"]})).json()["items"]
    assert (session["starts_at"], session["kind"], session["place"]) == (
        flood["starts_at"],
        "emergency",
        "广场",
    )
    for name in ("alice", "bob"):
        answer = await as_(name).post(f"{SESSIONS}/{session['id']}/sign-ups", json={})
        assert answer.json()["state"] == "signed_up"
    assert await stepped(as_, flood, "start", "wen") == (200, "running")
    path = f"{ACTIVITIES}/{flood['id']}"

    assert await stepped(as_, flood, "approval", "olga") == (422, "approval_of_own")
    assert await stepped(as_, flood, "approval", "wen") == (403, "forbidden")
    mine = await drafted(as_, cast, kind="emergency", content="", leader_id=None)
    assert await stepped(as_, mine, "approval", "olga") == (422, "activity_state_refused")
    await stepped(as_, mine, "publish")
    assert await stepped(as_, mine, "approval", "olga") == (422, "law_fields_missing")
    path = f"{ACTIVITIES}/{mine['id']}"
    await stepped(as_, mine, "start")
    assert (await edited(as_, path, place="西门"))[0] == 422
    assert (await edited(as_, path, content="转移物资", leader_id=str(cast.people["wen"])))[0] == 200
    approved = await as_("olga").post(f"{path}/approval")
    assert (approved.status_code, approved.json()["approved_by"]) == (200, str(cast.people["olga"]))
    assert await stepped(as_, mine, "approval", "olga") == (409, "already_approved")
    assert await told(as_, cast, "wen") == ["activity_approved"]
    assert (await edited(as_, path, content="别的"))[0] == 422
    ordinary, _ = await published(as_, cast)
    assert await stepped(as_, ordinary, "approval", "olga") == (422, "not_an_emergency")


async def test_a_change_of_what_was_approved_is_to_be_approved_anew(as_: As, cast: Cast) -> None:
    flood = await drafted(as_, cast, kind="emergency")
    await stepped(as_, flood, "publish")
    await stepped(as_, flood, "approval", "olga")
    status, found = await edited(as_, f"{ACTIVITIES}/{flood['id']}", place="西门")
    assert (status, found["approved_by"]) == (200, None)


async def test_are_listed_by_state_kind_category_and_whether_they_are_open(as_: As, cast: Cast) -> None:
    shown, _ = await published(as_, cast)
    flood = await drafted(as_, cast, kind="emergency", category="rescue")
    draft = await drafted(as_, cast, category="rescue")
    over = await drafted(as_, cast)
    session = await session_of(as_, over)
    await stepped(as_, over, "publish")
    await as_("wen").post(f"{SESSIONS}/{session['id']}/cancel")

    async def listed(**params: str | int) -> list[int]:
        answer = await as_("wen").get(ACTIVITIES, params=params)
        return [item["id"] for item in answer.json()["items"]]

    assert await listed() == [shown["id"], flood["id"], draft["id"], over["id"]]
    assert await listed(state="draft") == [flood["id"], draft["id"]]
    assert await listed(kind="emergency") == [flood["id"]]
    assert await listed(category="rescue", kind="ordinary") == [draft["id"]]
    assert await listed(open=True) == [shown["id"]]
    assert await listed(organisation_id=cast.organisations["birch"]) == []
    page = (await as_("wen").get(ACTIVITIES, params={"limit": 1})).json()
    assert await listed(limit=1, cursor=page["next_cursor"]) == [flood["id"]]
