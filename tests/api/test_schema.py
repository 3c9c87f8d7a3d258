"""Schemathesis over the whole OpenAPI, logged in as each role: no 5xx, no undocumented status, no schema mismatch."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.api.cast import Cast
from tests.served import served, token
from timebank.database import Address

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)
ROLES = ("stranger", "alice", "wen", "carl", "olga", "audrey", "adam", "mia", "station", "till")
EVERYTHING = ("examples,coverage,fuzzing,stateful", 4)
LITTLE = ("fuzzing", 1)
TRIED = {"stranger": LITTLE, "alice": EVERYTHING, "adam": EVERYTHING}
"""Phases and examples: who may do most is tried most; the others mostly learn that they may not."""

OWN_SESSION = ("log_out", "end_other_sessions", "end_session")
"""What would end the session that the run is logged in by; their own tests have them."""


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", ROLES)
async def test_every_answer_is_as_documented(name: str, address: Address, cast: Cast, tmp_path: Path) -> None:
    login = (
        [] if name == "stranger" else ["-H", f"Authorization: Bearer {token(cast.bank, cast.sessions[name])}"]
    )
    phases, examples = TRIED.get(name, LITTLE)
    async with served(address) as port:
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            f"http://127.0.0.1:{port}/api/v1/openapi.json",
            *login,
            f"--checks={CHECKS}",
            f"--phases={phases}",
            f"--max-examples={examples}",
            f"--exclude-operation-id-regex=^({'|'.join(OWN_SESSION)})$",
            "--suppress-health-check=all",
            "--warnings=off",
            "--no-shrink",
            "--continue-on-failure",
            "--generation-deterministic",
            "--output-sanitize=true",
            "--no-color",
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()[-20_000:]
