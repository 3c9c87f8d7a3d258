"""A check for Schemathesis: the same request once more as each role, and its answer is held to the same.

`SCHEMATHESIS_HOOKS` names this module and `TIMEBANK_TEST_BEARERS` gives the roles' tokens. So what is sent is made up
once and not once for each role, which takes far longer than sending it.
"""

import json
import os
from typing import Any

import requests
import schemathesis
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.failures import FailureGroup

BEARERS: dict[str, str] = json.loads(os.environ["TIMEBANK_TEST_BEARERS"])
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

session = requests.Session()


@schemathesis.check
def every_role(
    _context: schemathesis.CheckContext, _response: schemathesis.Response, case: schemathesis.Case[Any]
) -> None:
    """Send it as each of them.

    Raises:
        AssertionError: an answer is not as documented; it says whose.
    """
    for role, bearer in BEARERS.items():
        headers = {"Authorization": f"Bearer {bearer}"}
        try:
            case.call_and_validate(session=session, headers=headers, checks=CHECKS)
        except FailureGroup as failures:
            raise AssertionError(f"as {role}: {failures}") from failures
