"""Notices over HTTP: from approved records to credit, by a clock that the test sets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from api.service import Service
from tests.api.cast import STAFF, Cast
from tests.api.conftest import As
from tests.timebank.notices.scene import LAST_EVENING, NAMES, OPENED, OVER, SERVICE, Scene, earning_pack
from tests.timebank.offices import assert_sound
from timebank.database import Database
from timebank.vault.actions import put_fields

NOTICES, OBJECTIONS = "/api/v1/notices", "/api/v1/objections"


@dataclass(slots=True)
class Board:
    """The way in for each of the cast at any time, and what they find there."""

    as_: As
    cast: Cast
    service: Service
    scene: Scene

    def at(self, now: datetime) -> None:
        """Make it that time."""
        self.service.now = lambda: now

    async def ask(self, who: str, method: str, path: str, *, key: str = "", **arguments: Any) -> Any:
        """Send a request with a token of this very time."""
        client = self.as_(who)
        if who != "stranger":
            session = self.cast.sessions[who]
            token, _ = self.service.tokens.issue(self.cast.bank.code, session, now=self.service.now())
            client.headers["Authorization"] = f"Bearer {token}"
        return await client.request(
            method, path, headers={"Idempotency-Key": key or uuid4().hex}, **arguments
        )

    async def get(self, who: str, path: str, **params: Any) -> Any:
        """Return what is read."""
        answer = await self.ask(who, "GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def open(self, who: str = "wen", *, key: str = "") -> Any:
        """Open a notice of apple's."""
        body = {"organisation_id": self.cast.organisations["apple"]}
        return await self.ask(who, "POST", NOTICES, json=body, key=key)

    async def object_to(
        self, notice_id: int, line: int, who: str = "bob", *, key: str = "", **more: str
    ) -> Any:
        """Object to a line."""
        path = f"{NOTICES}/{notice_id}/lines/{line}/objections"
        return await self.ask(who, "POST", path, json={"ground": "测试：当日未见其人", **more}, key=key)

    async def decide(self, objection_id: int, decision: str, who: str = "olga", *, key: str = "") -> Any:
        """Decide an objection."""
        body = {"decision": decision, "reason": "测试：查实"}
        return await self.ask(who, "POST", f"{OBJECTIONS}/{objection_id}/decision", json=body, key=key)


@pytest_asyncio.fixture
async def board(as_: As, cast: Cast, service: Service, database: Database) -> Board:
    """Return the board on the Tuesday before the National Day, with the cast's roles in force by then."""
    scene = Scene(database, cast)
    await scene.adopt(earning_pack())
    fields = [(cast.people[who], "name", name) for who, name in NAMES.items()]
    await scene.write(lambda tx: put_fields(tx, service.cipher, fields))
    for who, (role, at) in STAFF.items():
        await scene.grant(who, role, at)
    board = Board(as_, cast, service, scene)
    board.at(OPENED)
    return board


async def test_from_approval_over_a_holiday_to_the_books(board: Board) -> None:
    contested = await board.scene.record("alice")
    struck = await board.scene.record("bob")
    plain = await board.scene.record("alice", starts_at=SERVICE.replace(hour=14), minutes=60, points=10)
    made = await board.open(key="open")
    assert (made.status_code, made.json()) == (
        201,
        {
            "notice_id": made.json()["notice_id"],
            "closes_on": "2025-10-11",
            "lines": 3,
            "credited": 0,
            "waiting": 0,
        },
    )
    assert (await board.open(key="open")).json() == made.json()
    notice_id = made.json()["notice_id"]

    board.at(LAST_EVENING)
    first = (await board.object_to(notice_id, 1, contact="19900007009")).json()["objection_id"]
    second = (await board.object_to(notice_id, 2, "carl")).json()["objection_id"]
    early = await board.ask("wen", "POST", f"{NOTICES}/{notice_id}/close")
    assert (early.status_code, early.json()["code"]) == (422, "notice_still_open")
    waiting = (await board.get("olga", OBJECTIONS, open=True))["items"]
    assert [(one["id"], one["line"], one["has_contact"]) for one in waiting] == [
        (first, 1, True),
        (second, 2, False),
    ]
    assert (await board.get("olga", f"{OBJECTIONS}/{first}"))["contact"] == "19900007009"
    assert (await board.decide(second, "upheld")).json()["is_credited"] is False

    board.at(OVER)
    closed = await board.ask("wen", "POST", f"{NOTICES}/{notice_id}/close", key="close")
    assert closed.json() == {"credited": 1, "refused": 0, "waiting": 0}
    assert (
        await board.ask("wen", "POST", f"{NOTICES}/{notice_id}/close", key="close")
    ).json() == closed.json()
    states = [(await board.scene.state(record))[0] for record in (contested, struck, plain)]
    assert states == ["objected", "rejected", "credited"]
    decided = await board.decide(first, "dismissed", key="once")
    assert decided.json() == {"objection_id": first, "decision": "dismissed", "is_credited": True}
    assert (await board.decide(first, "dismissed", key="once")).json() == decided.json()

    # 120 and 60 minutes; 20 and 10 points; a fufen and a half an hour: 3, and 1.5 half up.
    person = board.cast.people["alice"]
    balances = (await board.get("alice", f"/api/v1/people/{person}/balances"))["balances"]
    found = {one["unit"]: one["total"] for one in balances}
    assert found == {"minute": 180, "point": 30, "fufen": 5}
    notice = await board.get("alice", f"{NOTICES}/{notice_id}")
    assert notice["lines"] == {"credited": 2, "struck": 1}
    assert notice["closed_at"] is not None
    assert await board.get("olga", OBJECTIONS, open=True) == {"items": [], "next_cursor": None}
    await assert_sound(board.scene.database, board.cast.bank)


async def test_lines_are_masked_and_paged_for_everybody_logged_in(board: Board) -> None:
    await board.scene.record("alice")
    await board.scene.record("bob", starts_at=SERVICE.replace(hour=14))
    notice_id = (await board.open()).json()["notice_id"]
    first = await board.get("max", f"{NOTICES}/{notice_id}/lines", limit=1)
    second = await board.get("max", f"{NOTICES}/{notice_id}/lines", limit=1, cursor=first["next_cursor"])
    assert first["items"] == [
        {
            "line": 1,
            "name": "测*明",
            "state": "shown",
            "minutes": 120,
            "activity": "清洁日",
            "organisation": "测试apple",
            "served_on": "2025-09-26",
        }
    ]
    assert [line["name"] for line in second["items"]] == ["测*"]
    assert second["next_cursor"] is None
    (listed,) = (await board.get("max", NOTICES, open=True))["items"]
    assert (listed["id"], listed["working_days"], listed["opened_on"]) == (notice_id, 3, "2025-09-30")
    apple, birch = (board.cast.organisations[code] for code in ("apple", "birch"))
    assert len((await board.get("max", NOTICES, organisation_id=apple))["items"]) == 1
    assert (await board.get("max", NOTICES, organisation_id=birch))["items"] == []


async def test_the_board_is_read_without_login_while_the_notice_is_open(board: Board) -> None:
    await board.scene.record("alice")
    await board.scene.record("bob", starts_at=SERVICE.replace(hour=14))
    notice_id = (await board.open()).json()["notice_id"]
    path = f"/api/v1/banks/{board.cast.bank.code}/notices"
    board.at(LAST_EVENING)
    assert [one["id"] for one in (await board.get("stranger", path))["items"]] == [notice_id]
    shown = await board.get("stranger", f"{path}/{notice_id}", limit=1)
    assert (shown["closes_on"], [line["name"] for line in shown["lines"]["items"]]) == (
        "2025-10-11",
        ["测*明"],
    )
    rest = await board.get("stranger", f"{path}/{notice_id}", cursor=shown["lines"]["next_cursor"])
    assert [line["name"] for line in rest["lines"]["items"]] == ["测*"]
    assert not any(name in str((shown, rest)) for name in NAMES.values())
    board.at(OVER)
    assert (await board.get("stranger", path))["items"] == []
    over = await board.ask("stranger", "GET", f"{path}/{notice_id}")
    assert (over.status_code, over.json()["code"]) == (404, "unknown_notice")
    assert (await board.get("alice", f"{NOTICES}/{notice_id}"))["lines"] == {"shown": 2}


async def test_who_may_not_is_refused(board: Board) -> None:
    await board.scene.record("alice")
    for who, status in (("xu", 404), ("alice", 403), ("adam", 403), ("station", 403)):
        assert (await board.open(who)).status_code == status
    notice_id = (await board.open()).json()["notice_id"]
    objection = (await board.object_to(notice_id, 1)).json()["objection_id"]
    for who, status in (("wen", 403), ("bob", 403), ("adam", 403), ("till", 403)):
        assert (await board.ask(who, "GET", OBJECTIONS)).status_code == status
        assert (await board.ask(who, "GET", f"{OBJECTIONS}/{objection}")).status_code == status
        assert (await board.decide(objection, "upheld", who)).status_code == status
    board.at(OVER)
    for who, status in (("xu", 404), ("alice", 403), ("audrey", 403), ("station", 403)):
        answer = await board.ask(who, "POST", f"{NOTICES}/{notice_id}/close")
        assert answer.status_code == status
    assert (await board.object_to(notice_id, 1, "station")).status_code == 403
    late = await board.object_to(notice_id, 1, "carl")
    assert (late.status_code, late.json()["code"]) == (422, "notice_over")


async def test_that_a_contact_was_read_is_on_record_and_answers_say_nothing_of_it(board: Board) -> None:
    await board.scene.record("alice")
    notice_id = (await board.open()).json()["notice_id"]
    raised = await board.object_to(notice_id, 1, contact="19900007009", key="k")
    assert raised.json() == {
        "objection_id": raised.json()["objection_id"],
        "notice_id": notice_id,
        "line": 1,
    }
    assert (await board.object_to(notice_id, 1, contact="19900007009", key="k")).json() == raised.json()
    again = await board.object_to(notice_id, 1)
    assert (again.status_code, again.json()["code"]) == (409, "already_objected")
    await board.get("olga", f"{OBJECTIONS}/{raised.json()['objection_id']}")
    looks = await board.get("bob", f"/api/v1/people/{board.cast.people['bob']}/look-ups")
    assert [(look["purpose"], look["fields"]) for look in looks["items"]] == [
        ("objections.decide", ["contact"])
    ]


async def test_what_is_not_there_is_unknown(board: Board) -> None:
    for method, path, body, code in (
        ("GET", f"{NOTICES}/999999", None, "unknown_notice"),
        ("GET", f"{NOTICES}/999999/lines", None, "unknown_notice"),
        ("POST", f"{NOTICES}/999999/close", None, "unknown_notice"),
        ("POST", f"{NOTICES}/999999/lines/1/objections", {"ground": "测试"}, "unknown_line"),
        ("GET", f"{OBJECTIONS}/999999", None, "unknown_objection"),
        (
            "POST",
            f"{OBJECTIONS}/999999/decision",
            {"decision": "upheld", "reason": "测试"},
            "unknown_objection",
        ),
    ):
        answer = await board.ask("olga", method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, code)
    nothing = await board.open()
    assert (nothing.status_code, nothing.json()["code"]) == (422, "nothing_to_notice")


@pytest.mark.parametrize(
    "bad", [{}, {"ground": ""}, {"ground": "x", "contact": ""}, {"ground": "x", "by": 1}]
)
async def test_bodies_that_are_none_are_refused(board: Board, bad: dict[str, Any]) -> None:
    answer = await board.ask("alice", "POST", f"{NOTICES}/1/lines/1/objections", json=bad)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
