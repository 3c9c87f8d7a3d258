"""Signing up over HTTP: places and the queue, ages and guardians, teams, and giving a place back."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from api.service import Service
from ledger.session import WriteTx
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.planning import SESSIONS, at, drafted, edited, published, session_of, stepped, told
from tests.api.v1.residents import enrolled, registered
from timebank.organisations.rules import TEAM
from timebank.people.memberships import join

YEAR = datetime.now(UTC).year
CHILD, ADULT = f"{YEAR - 12}-01-01", "1980-01-01"


async def signs_up(as_: As, session: Any, name: str, person: UUID | None = None) -> tuple[int, str]:
    """Return the status, and the state of the sign-up or the code of the refusal."""
    body = {} if person is None else {"person_id": str(person)}
    answer = await as_(name).post(f"{SESSIONS}/{session['id']}/sign-ups", json=body)
    found = answer.json()
    return answer.status_code, found.get("state") or found["code"]


async def register(as_: As, session: Any, by: str = "wen", **params: str | int) -> list[Any]:
    answer = await as_(by).get(f"{SESSIONS}/{session['id']}/sign-ups", params=params)
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["items"]
    return items


async def log_in(cast: Cast, service: Service, name: str, person: UUID) -> None:
    """Let somebody who was registered in a test have a session, as `name` of the cast."""
    session = uuid4()

    async def work(tx: WriteTx) -> None:
        now = datetime.now(UTC)
        await tx.connection.execute(
            "insert into sessions (bank_id, id, person_id, method, began_at, seen_at, expires_at)"
            " values ($1, $2, $3, 'password_totp', $4, $4, $5)",
            tx.bank_id,
            session,
            person,
            now,
            now + timedelta(days=1),
        )

    await service.database.write(cast.bank, work)
    cast.sessions[name] = session  # type: ignore[index]  # a dict, which the cast shows as a mapping
    cast.people[name] = person  # type: ignore[index]  # the same


async def test_twice_is_as_good_as_once(as_: As, cast: Cast) -> None:
    _, session = await published(as_, cast, capacity=2)
    first, second = [
        (await as_("alice").post(f"{SESSIONS}/{session['id']}/sign-ups", json={})).json() for _ in range(2)
    ]
    assert first == second
    assert (first["state"], first["position"], first["warnings"]) == ("signed_up", None, [])
    assert len(await register(as_, session)) == 1


async def test_who_finds_no_place_waits_and_moves_up(as_: As, cast: Cast) -> None:
    _, session = await published(as_, cast, capacity=1)
    carol = await enrolled(as_, cast, "CAROL")
    assert await signs_up(as_, session, "alice") == (200, "signed_up")
    assert await signs_up(as_, session, "bob") == (200, "waiting")
    assert await signs_up(as_, session, "wen", carol) == (200, "waiting")
    line = await register(as_, session)
    assert [(one["person_id"], one["position"]) for one in line] == [
        (str(cast.people["alice"]), None),
        (str(cast.people["bob"]), 1),
        (str(carol), 2),
    ]
    withdrawn = await as_("alice").post(f"/api/v1/sign-ups/{line[0]['id']}/withdrawal")
    assert (withdrawn.status_code, withdrawn.json()["state"]) == (200, "withdrawn")
    assert await told(as_, cast, "bob") == ["sign_up_moved_up"]
    line = await register(as_, session)
    assert [(one["state"], one["position"]) for one in line] == [
        ("withdrawn", None),
        ("signed_up", None),
        ("waiting", 1),
    ]
    # Withdrawing twice frees no second place, and coming back is at the end of the queue.
    assert (await as_("alice").post(f"/api/v1/sign-ups/{line[0]['id']}/withdrawal")).status_code == 200
    assert await signs_up(as_, session, "alice") == (200, "waiting")
    assert [one["position"] for one in await register(as_, session, state="waiting")] == [1, 2]
    assert (await register(as_, session))[-1]["person_id"] == str(cast.people["alice"])
    # More places are given to the first who wait.
    assert (await edited(as_, f"{SESSIONS}/{session['id']}", capacity=2))[0] == 200
    assert [one["state"] for one in await register(as_, session)] == ["signed_up", "signed_up", "waiting"]
    assert (await edited(as_, f"{SESSIONS}/{session['id']}", capacity=None))[0] == 200
    assert await told(as_, cast, "alice") == ["sign_up_moved_up"]


async def test_who_may_sign_whom_up(as_: As, cast: Cast) -> None:
    _, session = await published(as_, cast)
    alice, bob = cast.people["alice"], cast.people["bob"]
    assert await signs_up(as_, session, "stella", alice) == (200, "signed_up")
    assert await signs_up(as_, session, "wen", bob) == (404, "unknown_person")
    assert await signs_up(as_, session, "alice", bob) == (403, "forbidden")
    assert await signs_up(as_, session, "olga", bob) == (403, "forbidden")
    assert await signs_up(as_, session, "station") == (403, "forbidden")
    assert await signs_up(as_, session, "station", alice) == (403, "forbidden")
    assert await signs_up(as_, session, "wen") == (422, "not_a_volunteer")
    assert await signs_up(as_, {"id": 2**62}, "alice") == (404, "unknown_activity_session")
    proxy = {"agent_id": str(alice), "scopes": ["sign_ups"], "reason": "代办", "until_at": at(48)}
    assert (await as_("bob").post(f"/api/v1/people/{bob}/proxies", json=proxy)).status_code == 201
    assert await signs_up(as_, session, "alice", bob) == (200, "signed_up")
    line = await register(as_, session)
    withdrawal = f"/api/v1/sign-ups/{line[1]['id']}/withdrawal"
    for by, status, code in (
        ("wen", 404, "unknown_sign_up"),
        ("carl", 403, "forbidden"),
        ("station", 403, "forbidden"),
    ):
        answer = await as_(by).post(withdrawal)
        assert (answer.status_code, answer.json()["code"]) == (status, code), by
    assert (await as_("alice").post(withdrawal)).json()["state"] == "withdrawn"
    nowhere = await as_("wen").post(f"/api/v1/sign-ups/{2**62}/withdrawal")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "unknown_sign_up")


async def test_the_register_is_for_who_has_the_activity_in_reach(as_: As, cast: Cast) -> None:
    _, session = await published(as_, cast)
    someone = await enrolled(as_, cast, "CAROL", name="示例丙")
    await signs_up(as_, session, "wen", someone)
    await signs_up(as_, session, "alice")
    for by in ("wen", "stella", "olga", "audrey", "station"):
        assert [one["masked_name"] for one in await register(as_, session, by)] == ["示*", None]
    for by, status, code in (("xu", 404, "unknown_activity_session"), ("alice", 403, "forbidden")):
        answer = await as_(by).get(f"{SESSIONS}/{session['id']}/sign-ups")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    path = f"{SESSIONS}/{session['id']}/sign-ups"
    page = (await as_("wen").get(path, params={"limit": 1})).json()
    rest = (await as_("wen").get(path, params={"cursor": page["next_cursor"]})).json()
    assert [one["person_id"] for one in rest["items"]] == [str(cast.people["alice"])]


async def test_drafts_and_what_is_over_take_nobody(as_: As, cast: Cast, service: Service) -> None:
    draft = await drafted(as_, cast, starts_at=at(1), ends_at=at(3))
    session = await session_of(as_, draft, starts_at=at(1), ends_at=at(3))
    assert await signs_up(as_, session, "alice") == (404, "unknown_activity_session")
    assert await stepped(as_, draft, "publish") == (200, "published")
    assert await signs_up(as_, session, "alice") == (200, "signed_up")
    (line,) = await register(as_, session)
    service.now = lambda: datetime.fromisoformat(at(3))
    assert await signs_up(as_, session, "bob") == (422, "sign_up_closed")
    late = await as_("stella").post(f"/api/v1/sign-ups/{line['id']}/withdrawal")
    assert (late.status_code, late.json()["code"]) == (422, "sign_up_closed")


async def test_nobody_is_at_two_places_at_once(as_: As, cast: Cast) -> None:
    _, one = await published(as_, cast)
    activity, same_time = await published(as_, cast, skills=["急救"])
    later = await session_of(as_, activity, starts_at=at(26), ends_at=at(28))
    assert await signs_up(as_, one, "alice") == (200, "signed_up")
    assert await signs_up(as_, same_time, "alice") == (422, "sign_up_overlap")
    assert await signs_up(as_, later, "alice") == (200, "signed_up")
    flood = await drafted(as_, cast, kind="emergency", capacity=1)
    await stepped(as_, flood, "publish")
    (session,) = (await as_("alice").get(SESSIONS, params={"activity_id": flood["id"]})).json()["items"]
    answer = await as_("alice").post(f"{SESSIONS}/{session['id']}/sign-ups", json={})
    assert (answer.json()["state"], answer.json()["warnings"]) == ("signed_up", ["sign_up_overlap"])
    # In an emergency nobody waits.
    assert await signs_up(as_, session, "bob") == (200, "signed_up")
    (first, *_) = await register(as_, one)
    assert (await as_("alice").post(f"/api/v1/sign-ups/{first['id']}/withdrawal")).status_code == 200
    (line,) = (await register(as_, session, state="signed_up"))[:1]
    await as_("alice").post(f"/api/v1/sign-ups/{line['id']}/withdrawal")
    skilled = await as_("alice").post(f"{SESSIONS}/{same_time['id']}/sign-ups", json={})
    assert (skilled.json()["warnings"], skilled.json()["skills"]) == (["skills_wanted"], ["急救"])


async def test_age_is_asked_for_on_the_day_of_the_session(as_: As, cast: Cast) -> None:
    _, any_age = await published(as_, cast)
    _, sixteen = await published(as_, cast, min_age=16, starts_at=at(30))
    _, danger = await published(as_, cast, is_dangerous=True, insurance="测试保险 1 号", starts_at=at(36))
    child = await enrolled(as_, cast, "CHILD", born_on=CHILD)
    adult = await enrolled(as_, cast, "ADULT", born_on=ADULT)
    assert await signs_up(as_, any_age, "alice") == (200, "signed_up")
    for session in (sixteen, danger):
        assert await signs_up(as_, session, "alice") == (422, "age_unknown")
        assert await signs_up(as_, session, "wen", adult) == (200, "signed_up")
    assert await signs_up(as_, sixteen, "wen", child) == (422, "age_too_low")
    assert await signs_up(as_, danger, "wen", child) == (422, "minor_in_danger")
    assert await signs_up(as_, any_age, "wen", child) == (422, "guardian_consent_missing")


async def test_a_guardian_agrees_by_signing_up_or_by_a_consent(as_: As, cast: Cast, service: Service) -> None:
    _, session = await published(as_, cast)
    _, other = await published(as_, cast, starts_at=at(30))
    child = await enrolled(as_, cast, "CHILD", born_on=CHILD)
    guardian = await registered(as_, cast, born_on=ADULT)
    await as_("wen").post(
        f"/api/v1/people/{child}/guardianships", json={"guardian_id": str(guardian), "relation": "parent"}
    )
    await log_in(cast, service, "child", child)
    await log_in(cast, service, "guardian", guardian)
    assert await signs_up(as_, session, "child") == (422, "guardian_consent_missing")
    assert await signs_up(as_, session, "guardian", child) == (200, "signed_up")

    async def consents(is_given: bool) -> None:
        body = {"purpose": "guardian", "is_given": is_given, "text_version": "1"}
        answer = await as_("guardian").post(f"/api/v1/people/{child}/consents", json=body)
        assert answer.status_code == 201, answer.text

    await consents(is_given=True)
    assert await signs_up(as_, other, "child") == (200, "signed_up")
    await consents(is_given=False)
    _, third = await published(as_, cast, starts_at=at(36))
    assert await signs_up(as_, third, "wen", child) == (422, "guardian_consent_missing")


async def team_of(cast: Cast, service: Service, *people: UUID) -> int:
    """Return a team of apple with members."""

    async def work(tx: WriteTx) -> int:
        team: int = await tx.connection.fetchval(
            "insert into organisations (bank_id, code, name, level, parent_id) values ($1, $2, '队', 'team', $3)"
            " returning id",
            tx.bank_id,
            uuid4().hex[:8],
            cast.organisations["apple"],
        )
        for person in people:
            today = tx.day(datetime.now(UTC))
            await join(tx, person, organisation_id=team, kind=TEAM, from_on=today, today=today, actor="test")
        return team

    return await service.database.write(cast.bank, work)


async def team_signs_up(
    as_: As, session: Any, team: int, people: list[UUID], mode: str, by: str = "wen"
) -> Any:
    body = {"team_id": team, "person_ids": [str(person) for person in people], "mode": mode}
    answer = await as_(by).post(f"{SESSIONS}/{session['id']}/team-sign-ups", json=body)
    return answer.json()


async def test_a_team_signs_up_whole_or_as_far_as_it_fits(as_: As, cast: Cast, service: Service) -> None:
    people = [await enrolled(as_, cast, f"T{number}") for number in range(4)]
    stranger = people.pop()
    team = await team_of(cast, service, *people)
    _, session = await published(as_, cast, capacity=2)

    async def outcomes(named: list[UUID], mode: str) -> list[str]:
        found = await team_signs_up(as_, session, team, named, mode)
        return [item["outcome"] for item in found["items"]]

    assert await outcomes(people, "all") == ["held_back", "held_back", "activity_session_full"]
    assert await register(as_, session) == []
    assert await outcomes([stranger, uuid4(), people[0]], "all") == ["not_a_team_member"] * 2 + ["held_back"]
    found = await team_signs_up(as_, session, team, [stranger, *people], "fit")
    assert [item["outcome"] for item in found["items"]] == [
        "not_a_team_member",
        "signed_up",
        "signed_up",
        "activity_session_full",
    ]
    assert found["signed_up"] == 2
    lines = await register(as_, session)
    assert [(line["person_id"], line["team_id"]) for line in lines] == [
        (str(one), team) for one in people[:2]
    ]
    assert await outcomes(people[:2], "all") == ["signed_up", "signed_up"]
    for by, code in (("xu", "unknown_organisation"), ("alice", "forbidden"), ("station", "forbidden")):
        assert (await team_signs_up(as_, session, team, people, "fit", by))["code"] == code


async def test_a_person_sees_what_they_signed_up_for_and_who_looked(as_: As, cast: Cast) -> None:
    _, one = await published(as_, cast)
    _, two = await published(as_, cast, starts_at=at(30))
    for session in (one, two):
        await signs_up(as_, session, "alice")
    (line, _) = (await as_("alice").get(f"/api/v1/people/{cast.people['alice']}/sign-ups")).json()["items"]
    assert line["activity_session"]["activity_name"] == "清洁日"
    assert line["sign_up"]["activity_session_id"] == one["id"]
    await as_("alice").post(f"/api/v1/sign-ups/{line['sign_up']['id']}/withdrawal")

    async def listed(by: str, person: str = "alice", **params: str | int) -> tuple[int, int]:
        answer = await as_(by).get(f"/api/v1/people/{cast.people[person]}/sign-ups", params=params)
        return answer.status_code, len(answer.json().get("items", []))

    assert await listed("alice") == (200, 2)
    assert await listed("alice", coming=True) == (200, 1)
    assert await listed("alice", limit=1) == (200, 1)
    assert await listed("stella") == (200, 2)
    assert await listed("bob") == (403, 0)
    assert await listed("xu") == (404, 0)
    looks = (await as_("alice").get(f"/api/v1/people/{cast.people['alice']}/look-ups")).json()["items"]
    assert [(look["purpose"], look["fields"]) for look in looks] == [("sign_ups.own", ["sign_ups"])]


async def test_an_erased_person_gives_their_places_back(as_: As, cast: Cast) -> None:
    _, session = await published(as_, cast, capacity=1)
    await signs_up(as_, session, "alice")
    await signs_up(as_, session, "bob")
    answer = await as_("adam").post(f"/api/v1/people/{cast.people['alice']}/erasure")
    assert answer.status_code == 200, answer.text
    assert [line["state"] for line in await register(as_, session)] == ["withdrawn", "signed_up"]
    assert await told(as_, cast, "bob") == ["sign_up_moved_up"]
