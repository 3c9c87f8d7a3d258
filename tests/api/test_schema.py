"""Schemathesis over the whole OpenAPI, logged in as each role: no 5xx, no undocumented status, no schema mismatch."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.api.cast import Cast
from tests.api.permissions import PERMISSIONS, ROUTES
from tests.served import served, token
from tests.wire import Wire
from timebank.database import Address
from timebank.permissions import Whom

ROOT = Path(__file__).parents[2]
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)
MANY = ("alice", "wen", "carl", "olga", "audrey", "adam", "mia", "station", "till")
"""Who mostly learns that it may not: each is tried with what a stranger is tried with."""

RUNS = {
    "alice": ("positive", "examples,coverage,stateful", 1),
    "adam": ("all", "examples,coverage,fuzzing,stateful", 4),
}
"""Who is tried by everything that Schemathesis has. What is not well formed is refused before it matters who sent it:
the systematic faults, thousands of them, are sent by one; the other has some by chance, like every role. She asks for
what a volunteer may ask for; that she may not ask for the rest is tried as each role is."""

CONFIG = """
[phases.coverage]
unexpected-methods = ["DELETE", "QUERY"]
[phases.coverage.generation]
mode = "{mode}"
"""
OWN_SESSION = ("logout", "end_other_sessions", "end_session", "end_sessions_of_person")
"""What would end the session that the run is logged in by; their own tests have them."""


@pytest_asyncio.fixture(scope="module")
async def port(address: Address, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[int]:
    """Return where the service answers."""
    async with served(address, log=tmp_path_factory.mktemp("service") / "log") as answering:
        yield answering


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", RUNS)
async def test_every_answer_is_as_documented(name: str, port: int, cast: Cast, tmp_path: Path) -> None:
    bearer = token(cast.bank, cast.sessions[name])
    mode, phases, examples = RUNS[name]
    only = await open_to_volunteers(port) if name == "alice" else [".*"]
    (tmp_path / "schemathesis.toml").write_text(CONFIG.format(mode=mode))
    await run(
        port,
        tmp_path,
        "-H",
        f"Authorization: Bearer {bearer}",
        f"--checks={CHECKS}",
        f"--phases={phases}",
        f"--max-examples={examples}",
        f"--include-operation-id-regex=^({'|'.join(only)})$",
        SCHEMATHESIS_HOOKS="tests.api.one_of_a_kind",
    )
    assert await logged_in(port, {name: bearer}) == [name]


@pytest.mark.timeout(600)
async def test_every_answer_to_each_role_is_as_documented(port: int, cast: Cast, tmp_path: Path) -> None:
    bearers = {name: token(cast.bank, cast.sessions[name]) for name in MANY}
    await run(
        port,
        tmp_path,
        f"--checks={CHECKS},every_role",
        "--phases=fuzzing",
        "--max-examples=1",
        SCHEMATHESIS_HOOKS="tests.api.every_role",
        TIMEBANK_TEST_BEARERS=json.dumps(bearers),
    )
    assert await logged_in(port, bearers) == list(bearers)


async def open_to_volunteers(port: int) -> list[str]:
    """Return the operations that nobody needs a role for."""
    wire = Wire("127.0.0.1", port)
    paths: Any = (await wire.request("GET", "/api/v1/openapi.json")).json["paths"]
    wire.close()
    return [
        paths[route.path][route.method.lower()]["operationId"]
        for route in ROUTES
        if route.permission in {"public", "login"} or PERMISSIONS[route.permission].whom is not Whom.NOBODY
    ]


async def run(port: int, folder: Path, *arguments: str, **environment: str) -> None:
    """Run Schemathesis on a service; it must find nothing.

    It has next to no environment: it goes through that for each request.
    """
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"http://127.0.0.1:{port}/api/v1/openapi.json",
        *arguments,
        f"--exclude-operation-id-regex=^({'|'.join(OWN_SESSION)})$",
        "--suppress-health-check=all",
        "--warnings=off",
        "--no-shrink",
        "--continue-on-failure",
        "--generation-deterministic",
        # Its own ten seconds are less than the service may take, and than a machine may be held up.
        "--wait-for-schema=60",
        "--request-timeout=60",
        "--output-sanitize=true",
        "--no-color",
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()[-20_000:]


async def logged_in(port: int, bearers: Mapping[str, str]) -> list[str]:
    """Return who of them still is: whom the run has logged out was tried by nothing from there on."""
    found = []
    for name, bearer in bearers.items():
        wire = Wire("127.0.0.1", port, bearer)
        answer = await wire.request("GET", "/api/v1/sessions")
        wire.close()
        if answer.status != 401:
            found.append(name)
    return found
