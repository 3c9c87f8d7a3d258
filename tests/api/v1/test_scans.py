"""Checking in over HTTP: by one's own phone, by a steward or a station, by roll call, from papers, and offline."""

import secrets
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from api.service import Service
from ledger.session import WriteTx
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.timebank.scans.scene import Scene, open_scene
from timebank.database import Database
from timebank.scans.client import StationQueue
from timebank.throttles.rules import KEPT_REFUSALS
from timebank.vault.actions import put_fields

MINUTE = timedelta(minutes=1)


@pytest_asyncio.fixture
async def scene(database: Database, cast: Cast) -> Scene:
    """Return a session in apple that began a moment ago; Alice signed up."""
    scene = await open_scene(database, cast, starts=datetime.now(UTC) - MINUTE)
    await scene.sign_up([cast.people["alice"]])
    return scene


def phone() -> dict[str, str]:
    return {"X-Phone": secrets.token_hex(16)}


def code_of(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def at(service: Service, moment: datetime) -> Callable[[], datetime]:
    service.now = lambda: moment
    return service.now


async def test_in_and_out_by_one_s_own_phone(as_: As, scene: Scene, service: Service) -> None:
    mine = phone()
    now = service.now()
    at(service, now)
    first = await as_("alice").post(
        "/api/v1/scans", json={"kind": "in", "code": scene.shown(now)}, headers=mine
    )
    assert first.status_code == 201, first.text
    assert first.json()["outcome"] == "accepted"
    again = await as_("alice").post(
        "/api/v1/scans", json={"kind": "in", "code": scene.shown(now)}, headers=mine
    )
    assert (again.json()["outcome"], again.json()["check_in_at"]) == ("repeat", first.json()["happened_at"])
    link = f"https://time.example/q/{scene.shown(now).lower()}"
    at(service, now + timedelta(seconds=5))
    out = await as_("alice").post("/api/v1/scans", json={"kind": "out", "code": link}, headers=mine)
    assert out.json() | {"happened_at": None, "check_out_at": None} == {
        "outcome": "accepted",
        "kind": "out",
        "activity_session_id": scene.session,
        "happened_at": None,
        "check_in_at": first.json()["happened_at"],
        "check_out_at": None,
    }


async def test_who_may_not_scan(as_: As, scene: Scene, service: Service, cast: Cast) -> None:
    at(service, service.now())
    body = {"kind": "in", "code": scene.shown(service.now())}
    assert code_of(await as_("station").post("/api/v1/scans", json=body, headers=phone())) == (
        403,
        "forbidden",
    )
    assert code_of(await as_("carl").post("/api/v1/scans", json=body, headers=phone())) == (
        422,
        "no_volunteer",
    )
    for other in (str(cast.people["bob"]), str(uuid4())):
        answer = await as_("alice").post("/api/v1/scans", json={**body, "person_id": other}, headers=phone())
        assert code_of(answer) == (403, "forbidden")
    await scene.do(
        "update sessions set ended_at = $2, ended_for = 'logout' where bank_id = $1 and id = $3",
        service.now(),
        cast.sessions["alice"],
    )
    assert code_of(await as_("alice").post("/api/v1/scans", json=body, headers=phone())) == (
        401,
        "session_over",
    )
    assert await scene.kept() == [("no_volunteer", scene.session)]


async def test_a_refused_scan_is_a_problem_and_on_record_for_the_steward(
    as_: As, scene: Scene, service: Service
) -> None:
    now = service.now()
    old = await as_("alice").post(
        "/api/v1/scans", json={"kind": "in", "code": scene.shown(now - MINUTE)}, headers=phone()
    )
    assert code_of(old) == (422, "code_expired")
    assert old.json()["detail"] != old.json()["detail_en"]
    there = f"/api/v1/activity-sessions/{scene.session}"
    counted = await as_("stella").get(f"{there}/scan-refusals")
    assert counted.json() == {"refusals": [{"code": "code_expired", "times": 1}]}
    (line,) = (await as_("stella").get(f"{there}/scans")).json()["items"]
    assert (line["outcome"], line["mode"]) == ("code_expired", "station_code")
    for path in ("scans", "scan-refusals"):
        assert code_of(await as_("xu").get(f"{there}/{path}")) == (404, "unknown_activity_session")


async def test_a_receipt_outlasts_a_slow_login(as_: As, scene: Scene, service: Service, cast: Cast) -> None:
    touched, mine = service.now(), phone()
    body = {"bank": cast.bank.code, "code": scene.shown(touched)}
    at(service, touched)
    made = await as_("stranger").post("/api/v1/scans/receipts", json=body, headers=mine)
    assert made.status_code == 201, made.text
    assert (made.json()["activity_session_id"], made.json()["station_id"]) == (
        scene.session,
        scene.stations[0],
    )
    at(service, touched + 4 * MINUTE)
    scan = {"kind": "in", "receipt": made.json()["receipt"]}
    assert code_of(await as_("bob").post("/api/v1/scans", json=scan, headers=phone())) == (
        422,
        "code_replayed",
    )
    done = await as_("alice").post("/api/v1/scans", json=scan, headers=mine)
    assert done.status_code == 201, done.text
    assert datetime.fromisoformat(done.json()["happened_at"]) == touched
    late = await as_("stranger").post("/api/v1/scans/receipts", json=body, headers=mine)
    assert code_of(late) == (422, "code_expired")
    assert (await scene.kept())[-1] == ("code_expired", scene.session)


async def test_wrong_codes_from_one_address_are_slowed_and_right_ones_are_not(
    as_: As, scene: Scene, service: Service, cast: Cast
) -> None:
    at(service, service.now())
    wrong = {"bank": cast.bank.code, "code": "A" * 40}
    answers = [
        await as_("stranger").post("/api/v1/scans/receipts", json=wrong, headers=phone()) for _ in range(61)
    ]
    assert {code_of(answer) for answer in answers[:60]} == {(422, "code_unreadable")}
    assert code_of(answers[60]) == (429, "throttled")
    right = {"bank": cast.bank.code, "code": scene.shown(service.now())}
    good = await as_("stranger").post("/api/v1/scans/receipts", json=right, headers=phone())
    assert good.status_code == 201
    assert len(await scene.kept()) == 60


async def test_an_agent_checks_in_for_a_principal_who_is_told(
    as_: As, scene: Scene, service: Service, cast: Cast, database: Database
) -> None:
    now, alice = service.now(), cast.people["alice"]
    at(service, now)
    await scene.do(
        "insert into proxies (bank_id, principal_id, agent_id, scopes, reason, from_at, until_at, made_by)"
        " values ($1, $2, $3, '{scans}', '代办', $4, $5, 'test')",
        alice,
        cast.people["bob"],
        now - MINUTE,
        now + MINUTE,
    )
    body = {"kind": "in", "code": scene.shown(now), "person_id": str(alice)}
    done = await as_("bob").post("/api/v1/scans", json=body, headers=phone())
    assert done.status_code == 201, done.text
    (attendance,) = await scene.attendances()
    assert attendance.owner == alice
    told = await database.read(
        cast.bank,
        lambda tx: tx.connection.fetchval(
            "select count(*) from notifications where bank_id = $1 and person_id = $2", tx.bank_id, alice
        ),
    )
    assert told == 1


async def test_a_steward_sees_the_masked_name_and_the_times_only(
    as_: As, scene: Scene, service: Service, cast: Cast, database: Database
) -> None:
    at(service, service.now())
    alice = cast.people["alice"]

    async def work(tx: WriteTx) -> None:
        await put_fields(tx, service.cipher, [(alice, "name", "测试甲")])

    await database.write(cast.bank, work)
    card, there = await scene.card_of(alice), f"/api/v1/activity-sessions/{scene.session}/scans"
    body = {"kind": "in", "card": card, "confirmed_by": "photo", "station_id": scene.stations[0]}
    done = await as_("stella").post(there, json=body)
    assert done.status_code == 201, done.text
    assert done.json()["masked_name"] == "测*"
    assert set(done.json()) == {
        "outcome", "kind", "activity_session_id", "happened_at", "check_in_at", "check_out_at", "masked_name",
    }  # fmt: skip
    shown = (await scene.pass_of(alice)).code(service.now())
    out = await as_("station").post(there, json={"kind": "out", "member_code": shown})
    assert out.status_code == 201, out.text
    looks = await database.read(
        cast.bank,
        lambda tx: tx.connection.fetchval("select count(*) from look_ups where bank_id = $1", tx.bank_id),
    )
    assert looks == 2
    for name in ("carl", "alice", "till", "olga"):
        assert code_of(await as_(name).post(there, json=body)) == (403, "forbidden")
    assert code_of(await as_("xu").post(there, json=body)) == (404, "unknown_activity_session")
    unsure = await as_("stella").post(there, json={"kind": "in", "card": card})
    assert code_of(unsure) == (422, "request_invalid")


async def test_a_roll_call_is_answered_row_by_row_and_once(as_: As, scene: Scene, cast: Cast) -> None:
    there, key = f"/api/v1/activity-sessions/{scene.session}/roll-call", {"Idempotency-Key": "a"}
    alice, bob = str(cast.people["alice"]), str(cast.people["bob"])
    body = {"rows": [{"person_id": person, "kind": "in"} for person in (alice, bob, alice)]}
    for _ in range(2):
        done = await as_("stella").post(there, json=body, headers=key)
        assert done.status_code == 201, done.text
        assert [row["outcome"] for row in done.json()["rows"]] == ["accepted", "no_volunteer", "repeat"]
    assert len(await scene.kept()) == 3
    other = await as_("stella").post(there, json={"rows": body["rows"][:1]}, headers=key)
    assert code_of(other) == (409, "idempotency_conflict")
    assert code_of(await as_("xu").post(there, json=body, headers=key)) == (404, "unknown_activity_session")


async def test_papers_are_entered_by_a_worker(as_: As, scene: Scene, service: Service, cast: Cast) -> None:
    there, key = f"/api/v1/activity-sessions/{scene.session}/late-entries", {"Idempotency-Key": "b"}
    now = service.now()
    alice = str(cast.people["alice"])

    def row(start: datetime, end: datetime) -> dict[str, str]:
        times = {"check_in_at": start.isoformat(), "check_out_at": end.isoformat()}
        return {"person_id": alice, "evidence": "SHEET-1/7", **times}

    begun = now - MINUTE
    rows = [row(begun, begun), row(begun, now + timedelta(hours=1)), row(begun, now), row(begun, now)]
    # Of a row that is wrong nothing is left behind, not even the half that could be true.
    early = {"rows": [row(begun - timedelta(days=1), now)]}
    refused = await as_("wen").post(there, json=early, headers={"Idempotency-Key": "a"})
    assert refused.json()["rows"][0]["outcome"] == "session_not_open"
    assert await scene.attendances() == []
    assert code_of(await as_("stella").post(there, json={"rows": rows}, headers=key)) == (403, "forbidden")
    done = await as_("wen").post(there, json={"rows": rows}, headers=key)
    assert done.status_code == 201, done.text
    assert [line["outcome"] for line in done.json()["rows"]] == [
        "check_out_before_check_in", "clock_in_future", "accepted", "repeat",
    ]  # fmt: skip
    (attendance,) = await scene.attendances()
    assert (attendance.check_in_at, attendance.check_out_at) == (begun, now)
    named = await as_("wen").post(
        there, json={"rows": [{**rows[2], "evidence": "见测试甲的条子"}]}, headers={"Idempotency-Key": "c"}
    )
    assert code_of(named) == (422, "request_invalid")


async def test_a_queue_is_uploaded_by_the_station_or_a_steward(
    as_: As, scene: Scene, service: Service, cast: Cast, tmp_path: Path
) -> None:
    key, device = Ed25519PrivateKey.generate(), uuid4()
    now = service.now()
    await scene.do(
        "insert into devices (bank_id, id, kind, name, organisation_id, public_key, enrolled_at, enrolled_by)"
        " values ($1, $2, 'station', '站', $3, $4, $5, 'test')",
        device,
        scene.organisation,
        key.public_key().public_bytes_raw(),
        now,
    )
    shown = (await scene.pass_of(cast.people["alice"])).code(now)
    with StationQueue(tmp_path / "queue", device, key) as queue:
        for _ in range(2):
            queue.add(kind="in", activity_session_id=scene.session, now=now, offset_ms=0, member_code=shown)
        (body,) = queue.batches()
        entries = [asdict(entry) for entry in queue.entries()]
    answers = [{"seq": 1, "outcome": "accepted"}, {"seq": 2, "outcome": "repeat"}]
    for _ in range(2):
        done = await as_("stella").post("/api/v1/scans/batch", json=body)
        assert done.status_code == 201, done.text
        assert done.json() == {"entries": answers}
    bad = {"device_id": str(device), "entries": [entries[0] | {"kind": "out"}]}
    forged = await as_("stella").post("/api/v1/scans/batch", json=bad)
    assert forged.json() == {"entries": [{"seq": 1, "outcome": "signature_invalid"}]}
    # Another station brings nothing of this one's, nor does a steward of another place; a till has no queue.
    for name in ("station", "xu"):
        answer = await as_(name).post("/api/v1/scans/batch", json=body)
        assert code_of(answer) == (404, "unknown_device")
    till = body | {"device_id": str(cast.devices["till"])}
    assert code_of(await as_("stella").post("/api/v1/scans/batch", json=till)) == (404, "unknown_device")
    assert code_of(await as_("till").post("/api/v1/scans/batch", json=body)) == (403, "forbidden")


async def test_wrong_codes_at_a_gate_lock_nobody_out_of_the_login(
    as_: As, service: Service, cast: Cast
) -> None:
    """The town that shares an address scans a screen that was a moment too old, and then logs in."""
    at(service, service.now())
    wrong = {"bank": cast.bank.code, "code": "A" * 40}
    answers = [
        await as_("stranger").post("/api/v1/scans/receipts", json=wrong, headers=phone()) for _ in range(61)
    ]
    assert code_of(answers[-1]) == (429, "throttled")
    login = {"bank": cast.bank.code, "phone": "19900000999", "password": "x" * 12}
    answer = await as_("stranger").post("/api/v1/login/passwords", json=login)
    assert answer.json()["code"] == "login_failed", answer.text


async def test_wrong_codes_from_everywhere_fill_no_table(
    app: FastAPI, scene: Scene, service: Service, cast: Cast
) -> None:
    now = service.now()
    at(service, now)
    wrong = {"bank": cast.bank.code, "code": scene.shown(now - MINUTE)}
    for n in range(int(KEPT_REFUSALS.capacity) + 20):
        transport = httpx2.ASGITransport(app=app, client=(f"2001:db8:{n:x}::1", 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            answer = await client.post("/api/v1/scans/receipts", json=wrong, headers=phone())
        assert code_of(answer) == (422, "code_expired")
    assert len(await scene.kept()) == KEPT_REFUSALS.capacity


async def test_who_scans_nonsense_again_and_again_waits(as_: As, scene: Scene, service: Service) -> None:
    now = service.now()
    at(service, now)
    own = str((await as_("alice").get("/api/v1/me")).json()["person_id"])
    mine = phone()
    good = {"kind": "in", "code": scene.shown(now)}
    assert (await as_("alice").post("/api/v1/scans", json=good, headers=mine)).status_code == 201
    before = len(await scene.kept())
    answers = []
    for n in range(100):
        body = {"kind": "in", "code": "A" * 40} | ({"person_id": own} if n % 2 else {})
        answers.append(await as_("alice").post("/api/v1/scans", json=body, headers=mine))
    assert code_of(answers[0]) == (422, "code_unreadable")
    assert code_of(answers[-1]) == (429, "throttled")
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert len(await scene.kept()) - before < 50
    # Others do not wait.
    assert (await as_("bob").post("/api/v1/scans", json=good, headers=phone())).status_code == 201


async def test_a_station_that_nobody_watches_calls_no_roll(as_: As, scene: Scene, cast: Cast) -> None:
    there = f"/api/v1/activity-sessions/{scene.session}/roll-call"
    body = {"rows": [{"person_id": str(cast.people["alice"]), "kind": "in"}]}
    answer = await as_("station").post(there, json=body, headers={"Idempotency-Key": "r"})
    assert code_of(answer) == (403, "forbidden")
