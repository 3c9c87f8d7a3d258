"""The page of the API's reference: complete, and with nothing on it from anywhere else."""

import base64
import hashlib
import re

from fastapi import FastAPI

from api.reference import POLICY, STYLE, render
from tests.api.conftest import As


async def test_names_every_operation_and_every_schema(as_: As, app: FastAPI) -> None:
    answer = await as_("stranger").get("/api/v1/docs")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    schema = app.openapi()
    operations = [each for path in schema["paths"].values() for each in path.values()]
    assert len(operations) > 5
    for operation in operations:
        assert f'id="{operation["operationId"]}"' in answer.text
    for name in schema["components"]["schemas"]:
        assert f'id="schema-{name}"' in answer.text
    targets = set(re.findall(r'href="#([^"]+)"', answer.text))
    assert targets <= set(re.findall(r'id="?([^" >]+)', answer.text))


async def test_fetches_nothing_and_runs_nothing(as_: As) -> None:
    answer = await as_("stranger").get("/api/v1/docs")
    assert "<script" not in answer.text
    assert not re.search(r"(src|href)=.?https?:", answer.text)
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    assert answer.headers["content-security-policy"] == POLICY
    assert f"style-src 'sha256-{digest}'" in POLICY
    assert f"<style>{STYLE}</style>" in answer.text


def test_what_a_schema_says_is_text_and_never_markup() -> None:
    bad = "<b onclick=x>&"
    schema = {
        "info": {"title": bad, "description": bad},
        "paths": {
            f"/{bad}": {
                "get": {
                    "operationId": bad,
                    "tags": [bad],
                    "description": bad,
                    "parameters": [{"name": bad, "in": bad, "schema": {"enum": [bad]}, "description": bad}],
                    "responses": {"200": {"description": bad}},
                }
            }
        },
        "components": {"schemas": {bad: {"properties": {bad: {"type": bad, "pattern": bad}}}}},
    }
    page = "".join(render(schema))
    assert "<b " not in page
    assert page.count("&lt;b onclick=x&gt;&amp;") > 10
