"""A route that reads its own request answers as the framework's own way would, whatever it is asked."""

from typing import Any

import pytest
from fastapi import FastAPI

from api.v1.scans import ScanOut, scan
from tests.api.conftest import As

GOOD = b'{"kind": "in", "code": "NONSENSE"}'
JSON = {"Content-Type": "application/json"}
PHONE = {"X-Phone": "0" * 32}

REQUESTS: dict[str, tuple[bytes, dict[str, str]]] = {
    "good": (GOOD, JSON | PHONE),
    "with a charset": (GOOD, {"Content-Type": "application/json; charset=utf-8"} | PHONE),
    "a suffix of JSON": (GOOD, {"Content-Type": "application/x+json"} | PHONE),
    "of no type": (GOOD, PHONE),
    "of another type": (GOOD, {"Content-Type": "text/plain"} | PHONE),
    "in another encoding": (GOOD.decode().encode("utf-16"), JSON | PHONE),
    "no body": (b"", JSON | PHONE),
    "no JSON": (b"{", JSON | PHONE),
    "no UTF-8": (b'{"kind": "\xff"}', JSON | PHONE),
    "JSON too deep": (b"[" * 100_000, JSON | PHONE),
    "a list": (b"[]", JSON | PHONE),
    "null": (b"null", JSON | PHONE),
    "no kind": (b'{"code": "NONSENSE"}', JSON | PHONE),
    "another kind": (b'{"kind": "across", "code": "NONSENSE"}', JSON | PHONE),
    "the last of two": (b'{"kind": "across", "kind": "in", "code": "NONSENSE"}', JSON | PHONE),
    "neither code nor receipt": (b'{"kind": "in"}', JSON | PHONE),
    "a field too many": (b'{"kind": "in", "code": "NONSENSE", "more": 1}', JSON | PHONE),
    "half a character": (b'{"kind": "in", "code": "\\ud800"}', JSON | PHONE),
    "a session by a text": (b'{"kind": "in", "code": "NONSENSE", "activity_session_id": "1"}', JSON | PHONE),
    "no session": (b'{"kind": "in", "code": "NONSENSE", "activity_session_id": true}', JSON | PHONE),
    "a place without an end": (
        b'{"kind": "in", "code": "NONSENSE", "location": {"latitude": NaN, "longitude": 1}}',
        JSON | PHONE,
    ),
    "nobody's id": (b'{"kind": "in", "code": "NONSENSE", "person_id": "alice"}', JSON | PHONE),
    "no phone": (GOOD, JSON),
    "a short phone": (GOOD, JSON | {"X-Phone": "0" * 31}),
    "a loud phone": (GOOD, JSON | {"X-Phone": "A" * 32}),
    "no phone and no JSON": (b"{", JSON),
}


@pytest.fixture(autouse=True)
def twin(app: FastAPI) -> None:
    """Add the same route as the framework would serve it."""
    app.add_api_route("/usual", scan, methods=["POST"], status_code=201, response_model=ScanOut)


async def _answers(as_: As, name: str, kind: str) -> tuple[tuple[int, Any], tuple[int, Any]]:
    content, headers = REQUESTS[kind]
    direct = await as_(name).post("/api/v1/scans", content=content, headers=headers)
    usual = await as_(name).post("/usual", content=content, headers=headers)
    return (direct.status_code, _said(direct.json())), (usual.status_code, _said(usual.json()))


def _said(problem: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in problem.items() if name != "request_id"}


@pytest.mark.parametrize("kind", REQUESTS)
async def test_it_answers_as_usual(as_: As, kind: str) -> None:
    direct, usual = await _answers(as_, "alice", kind)
    assert direct == usual
    assert direct[0] in {400, 422}


@pytest.mark.parametrize("kind", REQUESTS)
async def test_it_tells_a_stranger_the_same(as_: As, kind: str) -> None:
    direct, usual = await _answers(as_, "stranger", kind)
    assert direct == usual
    assert direct[0] in {400, 401, 422}


async def test_what_is_well_formed_goes_directly(as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    async def usual(**_: object) -> object:
        raise AssertionError("the framework was asked")

    monkeypatch.setattr("fastapi.routing.solve_dependencies", usual)
    content, headers = REQUESTS["good"]
    answer = await as_("alice").post("/api/v1/scans", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "code_unreadable")
