"""Certificates of a published list over HTTP: the office issues and prints them, page by page."""

import io
import zipfile
from pathlib import Path

import pytest

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.timebank.certificates.rounds import publish
from tests.timebank.certificates.scene import Scene, enter_scene
from timebank.certificates.verifying import verify
from timebank.database import Database

MISSING, FORBIDDEN, REFUSED = 404, 403, 422


@pytest.fixture
async def scene(database: Database, cast: Cast, service: Service) -> Scene:
    """Return Alice, who served, and her bank with its key in the service's home."""
    return await enter_scene(database, cast, Path(service.settings.home))


async def test_the_office_issues_lists_and_prints_them(as_: As, scene: Scene) -> None:
    at = f"/api/v1/recognition-rounds/{await publish(scene)}/certificates"
    done = await as_("olga").post(at, json={"head": "测试主任"})
    assert done.json() == {"issued": 2, "nameless": 0, "next": None}
    assert (await as_("olga").post(at, json={})).json()["issued"] == 0
    first = (await as_("audrey").get(f"{at}?limit=1")).json()
    second = (await as_("audrey").get(f"{at}?limit=1&cursor={first['next_cursor']}")).json()
    listed = first["items"] + second["items"]
    assert [(one["candidate_number"], one["kind"]) for one in listed] == [
        (1, "recognition"),
        (2, "recognition"),
    ]
    assert second["next_cursor"] is None
    answer = await as_("olga").get(f"{at}/zip")
    assert answer.headers["next-after"] == "2"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    for name in archive.namelist():
        assert verify(archive.read(name), [scene.key.verifier]).code == "valid"
    last = await as_("olga").get(f"{at}/zip?after_number=2")
    assert ("next-after" in last.headers, zipfile.ZipFile(io.BytesIO(last.content)).namelist()) == (False, [])
    looks = (await as_("alice").get(f"/api/v1/people/{scene.person}/look-ups")).json()["items"]
    assert [look["fields"] for look in looks] == [["name"]]
    told = (await as_("alice").get(f"/api/v1/people/{scene.person}/notifications")).json()["items"]
    assert [item["kind"] for item in told] == ["certificate_awarded"]
    own = (await as_("alice").get(f"/api/v1/people/{scene.person}/certificates")).json()["items"]
    assert [one["number"] for one in own] == [listed[0]["number"]]


async def test_nobody_else_does(as_: As, scene: Scene) -> None:
    at = f"/api/v1/recognition-rounds/{await publish(scene)}/certificates"
    for name in ("wen", "alice", "audrey", "adam"):
        assert (await as_(name).post(at, json={})).status_code == FORBIDDEN
        assert (await as_(name).get(f"{at}/zip")).status_code == FORBIDDEN
    unknown = await as_("olga").post("/api/v1/recognition-rounds/999999/certificates", json={})
    assert (unknown.status_code, unknown.json()["code"]) == (MISSING, "unknown_round")


async def test_before_it_is_published_there_are_none(as_: As, scene: Scene) -> None:
    at = f"/api/v1/recognition-rounds/{await publish(scene, state='notice')}/certificates"
    answer = await as_("olga").post(at, json={})
    assert (answer.status_code, answer.json()["code"]) == (REFUSED, "round_not_published")
