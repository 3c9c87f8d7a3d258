"""From a published activity to credited hours and their proof, over HTTP, with codes read off pictures."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.service import Service
from ledger.proof.document import verify_document
from ledger.proof.note import VerifierKey
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.sealing import seal_everything
from tests.timebank.codes.decoding import ZBAR, decode_zbar, decode_zxing
from tests.timebank.offices import assert_sound
from timebank.database import Database
from timebank.jobs.running import run_now
from timebank.policy.actions import adopt
from timebank.policy.rules import PolicyPack, default_pack, parse_pack
from timebank.vault.actions import put_fields

API = "/api/v1"
# A Monday. The next National Day holiday is far, so three working days end on Thursday.
MORNING = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
STARTS_AT = MORNING + timedelta(hours=1)
NAME = "测试甲"
PHONE = {"X-Phone": "0123456789abcdef" * 2}


@dataclass(slots=True)
class Clock:
    """A clock that is set."""

    at: datetime = MORNING

    def __call__(self) -> datetime:
        return self.at


@dataclass(slots=True)
class District:
    """The cast at their phones and desks, at a time that is set."""

    as_: As
    cast: Cast
    service: Service
    clock: Clock
    key: int = 0

    async def call(self, who: str, method: str, path: str, status: int, **arguments: Any) -> Any:
        """Request as one of the cast with a fresh token; the status is as told."""
        client = self.as_("stranger" if who == "public" else who)
        headers = dict(arguments.pop("headers", {}))
        if who != "public":
            token, _ = self.service.tokens.issue(
                self.cast.bank.code, self.cast.sessions[who], now=self.clock()
            )
            headers["Authorization"] = f"Bearer {token}"
        self.key += 1
        headers.setdefault("Idempotency-Key", f"story-{self.key}")
        answer = await client.request(method, f"{API}{path}", headers=headers, **arguments)
        assert answer.status_code == status, (method, path, answer.text)
        if answer.headers["content-type"].startswith("image/"):
            return answer.content
        return answer.json()


@pytest.fixture
async def district(as_: As, cast: Cast, service: Service, database: Database) -> District:
    """Give the cast names and a pack in which an hour earns ten points and two fufen, and two hours a star."""
    clock = Clock()
    service.now = clock
    pack = _pack()
    cipher = service.cipher

    async def work(tx: Any) -> None:
        await adopt(tx, pack, effective_from=date(2026, 1, 1), actor="test")
        await tx.connection.execute(
            "update sessions set expires_at = $2 where bank_id = $1",
            tx.bank_id,
            MORNING + timedelta(days=400),
        )
        await put_fields(
            tx,
            cipher,
            [(cast.people["alice"], "name", NAME), (cast.people["bob"], "name", "测试乙")],
        )

    await database.write(cast.bank, work)
    return District(as_, cast, service, clock)


def _pack() -> PolicyPack:
    body = json.loads(default_pack().model_dump_json(by_alias=True))
    body["earned"] = [{"unit": "fufen", "per_hour_permille": 2000, "party_members_only": False}]
    body["star_hours"] = [2, 300]
    return parse_pack(json.dumps(body))


def read_picture(png: bytes, folder: Path) -> str:
    """Read the QR of a picture with two programs that agree; zbar where there is one."""
    (found,) = decode_zxing(png)
    if ZBAR is not None:
        assert decode_zbar(png, folder) == [found]
    return found


async def test_from_an_activity_to_a_proof(district: District, tmp_path: Path, database: Database) -> None:
    call, alice = district.call, district.cast.people["alice"]
    station, session = await publish_and_sign_up(district)
    await serve_and_close(district, station, session, tmp_path)
    record = await review(district)
    await show_and_object(district)

    # 150 minutes at ten an hour are 25 points, at two an hour 5 fufen; two hours are the first star, the day after.
    tomorrow = district.service.now() + timedelta(days=1)
    bank = district.cast.bank
    await run_now(database, bank, "recognise", as_of=tomorrow.astimezone(bank.zone).date(), now=tomorrow)
    standing = await call("alice", "GET", f"/people/{alice}/standing", 200)
    assert (standing["minutes"], standing["points"], standing["star"]) == (150, 25, 1)
    balances = (await call("alice", "GET", f"/people/{alice}/balances", 200))["balances"]
    assert {one["unit"]: (one["total"], one["lots"][0]["expires_on"]) for one in balances} == {
        "fufen": (5, "2027-03-31"),
        "minute": (150, None),
        "point": (25, "2027-12-31"),
    }
    (line,) = (await call("alice", "GET", f"/people/{alice}/statements/minute", 200))["items"]
    assert (line["amount"], line["balance"], line["metadata"]["record"]) == (150, 150, record)

    await seal_everything(
        database, district.cast.bank, district.service.settings.home, now=district.service.now()
    )
    proof = await call("alice", "GET", f"/records/{record}/proof", 200)
    verifier = await call("public", "GET", f"/banks/{district.cast.bank.code}/verifier", 200)
    key = VerifierKey.parse(verifier["verifier"])
    assert verify_document(json.dumps(proof), key, origin=key.name).transaction.kind == "credit"
    await assert_sound(database, district.cast.bank)


async def publish_and_sign_up(district: District) -> tuple[int, int]:
    """Wen plans three hours with one place; Alice has it, Bob waits."""
    call, cast = district.call, district.cast
    apple = cast.organisations["apple"]
    hours = {"starts_at": STARTS_AT.isoformat(), "ends_at": (STARTS_AT + timedelta(hours=3)).isoformat()}
    station = await call(
        "wen",
        "POST",
        "/stations",
        201,
        json={
            "code": "APPLE-1",
            "name": "邻里服务站",
            "kind": "neighbourhood",
            "place": "东门",
            "hours": "08:30-18:00",
            "organisation_id": apple,
        },
    )
    activity = await call(
        "wen",
        "POST",
        "/activities",
        201,
        json={
            "code": "CLEAN-1",
            "organisation_id": apple,
            "name": "清洁家园",
            "category": "environment",
            "place": "东门广场",
            "content": "打扫公共楼道",
            "leader_id": str(cast.people["wen"]),
            **hours,
        },
    )
    planned = {**hours, "capacity": 1, "station_ids": [station["id"]]}
    session = await call("wen", "POST", f"/activities/{activity['id']}/sessions", 201, json=planned)
    sign_ups = f"/activity-sessions/{session['id']}/sign-ups"
    await call("alice", "POST", sign_ups, 404, json={})
    await call("wen", "POST", f"/activities/{activity['id']}/publish", 200)
    assert (await call("alice", "POST", sign_ups, 200, json={}))["state"] == "signed_up"
    assert (await call("bob", "POST", sign_ups, 200, json={}))["state"] == "waiting"
    return station["id"], session["id"]


async def serve_and_close(district: District, station: int, session: int, folder: Path) -> None:
    """Alice is there from five to ten till two and forty minutes later; ten past the end Wen closes the session."""
    call, clock = district.call, district.clock

    async def scan(kind: str) -> str:
        picture = f"/stations/{station}/code.png?activity_session_id={session}"
        code = read_picture(await call("stella", "GET", picture, 200), folder)
        assert code.startswith("HTTP")
        assert code == code.upper()
        touch = {"bank": district.cast.bank.code, "code": code, "kind": kind}
        receipt = await call("public", "POST", "/scans/receipts", 201, json=touch, headers=PHONE)
        # Logging in takes a minute; the receipt of the first touch stands for the code that is over by then.
        clock.at += timedelta(minutes=1)
        body = {"kind": kind, "receipt": receipt["receipt"]}
        answer = await call("alice", "POST", "/scans", 201, json=body, headers=PHONE)
        return str(answer["outcome"])

    clock.at = STARTS_AT - timedelta(minutes=5)
    assert [await scan("in"), await scan("in")] == ["accepted", "repeat"]
    clock.at = STARTS_AT + timedelta(hours=2, minutes=40)
    assert await scan("out") == "accepted"
    clock.at = STARTS_AT + timedelta(hours=3, minutes=10)
    await call("wen", "POST", f"/activity-sessions/{session}/close", 200)


async def review(district: District) -> int:
    """Wen created the activity and does not approve its record; Olga does."""
    (waits,) = (await district.call("olga", "GET", "/reviews", 200))["items"]
    record: int = waits["record"]["id"]
    # 2 h 40 min are 150 whole minutes of half hours.
    assert (waits["record"]["minutes"], waits["record"]["grade"]) == (150, "B")
    decision = {"decisions": [{"record_id": record, "decision": "approve"}]}
    (own,) = (await district.call("wen", "POST", "/reviews", 200, json=decision))["answers"]
    assert own["refusal"] == "review_by_creator"
    (done,) = (await district.call("olga", "POST", "/reviews", 200, json=decision))["answers"]
    assert done["state"] == "approved"
    return record


async def show_and_object(district: District) -> None:
    """The notice of Monday ends with Thursday. Bob objects; of the office Mia decides, who did not approve."""
    call, cast = district.call, district.cast
    apple, alice = cast.organisations["apple"], cast.people["alice"]
    notice = await call("wen", "POST", "/notices", 201, json={"organisation_id": apple})
    assert (notice["lines"], notice["closes_on"]) == (1, "2026-03-12")
    shown = f"/notices/{notice['notice_id']}"
    board = await call("public", "GET", f"/banks/{cast.bank.code}{shown}", 200)
    assert NAME not in json.dumps(board, ensure_ascii=False)
    objecting = {"ground": "没有见到"}
    objection = await call("bob", "POST", f"{shown}/lines/1/objections", 201, json=objecting)
    district.clock.at = datetime(2026, 3, 13, 0, 0, tzinfo=UTC)
    await call("wen", "POST", f"{shown}/close", 200)
    standing = await call("alice", "GET", f"/people/{alice}/standing", 200)
    assert standing["minutes"] == 0, "an objection freezes its line"
    grant = {"person_id": str(cast.people["mia"]), "role": "office", "organisation_id": apple}
    await call("adam", "POST", "/role-grants", 201, json=grant)
    ruling = {"decision": "dismissed", "reason": "照片与签到一致"}
    deciding = f"/objections/{objection['objection_id']}/decision"
    await call("audrey", "POST", deciding, 403, json=ruling)
    await call("mia", "POST", deciding, 200, json=ruling)
