"""Taking one's data along, and being erased, over HTTP."""

import asyncio
import io
import json
import zipfile
from uuid import uuid4

import pytest

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from timebank.database import Database
from timebank.vault.actions import replace_fields

FIELDS = {"name": "司徒测试甲", "phone": "19900007777"}


@pytest.fixture
async def alice_in_the_vault(database: Database, cast: Cast, service: Service) -> None:
    """Give Alice a name and a phone."""
    alice = cast.people["alice"]
    await database.write(cast.bank, lambda tx: replace_fields(tx, service.cipher, alice, FIELDS))


def export(cast: Cast, name: str) -> str:
    return f"/api/v1/people/{cast.people[name]}/export"


def erasure(cast: Cast, name: str) -> str:
    return f"/api/v1/people/{cast.people[name]}/erasure"


@pytest.mark.usefixtures("alice_in_the_vault")
async def test_everybody_takes_their_own_along_and_that_is_on_record(as_: As, cast: Cast) -> None:
    answer = await as_("alice").get(export(cast, "alice"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="timebank-export.zip"'
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    fields = json.loads(archive.read("data/fields.json"))
    assert {row["field"]: row["value"] for row in fields} == FIELDS
    assert "司徒测试甲" in archive.read("index.html").decode()
    await as_("adam").get(export(cast, "alice"))
    looks = (await as_("alice").get(f"/api/v1/people/{cast.people['alice']}/look-ups")).json()["items"]
    assert [(look["purpose"], look["fields"], look["is_own"]) for look in looks] == [
        ("privacy.export", ["all"], False),
        ("privacy.export", ["all"], True),
    ]


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("alice", 200),
        ("adam", 200),
        ("ada", 200),
        ("bob", 403),
        ("wen", 403),
        ("audrey", 403),
        ("olga", 403),
        ("station", 403),
        ("stranger", 401),
    ],
)
async def test_who_may_take_what_is_somebody_s(as_: As, cast: Cast, name: str, status: int) -> None:
    assert (await as_(name).get(export(cast, "alice"))).status_code == status


@pytest.mark.usefixtures("alice_in_the_vault")
async def test_who_is_erased_gets_nowhere_and_is_not_erased_again(as_: As, cast: Cast) -> None:
    answer = await as_("adam").post(erasure(cast, "alice"))
    assert answer.status_code == 200
    assert answer.json()["person_id"] == str(cast.people["alice"])
    assert (await as_("alice").get("/api/v1/me")).json()["code"] == "session_over"
    again = await as_("adam").post(erasure(cast, "alice"))
    assert (again.status_code, again.json()["code"]) == (409, "already_erased")
    archive = zipfile.ZipFile(io.BytesIO((await as_("adam").get(export(cast, "alice"))).content))
    assert json.loads(archive.read("data/fields.json")) == []
    consent = {"purpose": "location", "is_given": True, "text_version": "1"}
    refused = await as_("wen").post(f"/api/v1/people/{cast.people['alice']}/consents", json=consent)
    assert (refused.status_code, refused.json()["code"]) == (422, "person_erased")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("adam", 200),
        ("ada", 200),
        ("alice", 403),
        ("wen", 403),
        ("audrey", 403),
        ("olga", 403),
        ("till", 403),
        ("stranger", 401),
    ],
)
async def test_who_may_erase(as_: As, cast: Cast, name: str, status: int) -> None:
    assert (await as_(name).post(erasure(cast, "alice"))).status_code == status


async def test_out_of_reach_is_as_unknown_as_nobody(as_: As, cast: Cast) -> None:
    for who in (cast.people["olga"], uuid4()):
        for answer in (
            await as_("ada").post(f"/api/v1/people/{who}/erasure"),
            await as_("ada").get(f"/api/v1/people/{who}/export"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "unknown_person")
    answer = await as_("adam").post(f"/api/v1/people/{uuid4()}/erasure")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_person")


async def test_nobody_erases_themselves(as_: As, cast: Cast) -> None:
    answer = await as_("adam").post(erasure(cast, "adam"))
    assert (answer.status_code, answer.json()["code"]) == (422, "erasure_of_self")


async def test_erasing_is_no_way_to_take_away_roles_out_of_reach(as_: As, cast: Cast) -> None:
    for who in ("adam", "wen"):
        body = {"organisation_id": cast.organisations["apple"], "kind": "residence"}
        joined = await as_("adam").post(f"/api/v1/people/{cast.people[who]}/memberships", json=body)
        assert joined.status_code == 201
    answer = await as_("ada").post(erasure(cast, "adam"))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await as_("adam").get("/api/v1/me")).status_code == 200
    assert (await as_("ada").post(erasure(cast, "wen"))).status_code == 200


async def test_of_two_administrators_who_erase_each_other_one_stays(as_: As, cast: Cast) -> None:
    body = {"role": "administrator", "organisation_id": cast.organisations["root"]}
    granted = await as_("adam").post(
        "/api/v1/role-grants", json={**body, "person_id": str(cast.people["olga"])}
    )
    assert granted.status_code == 201
    answers = await asyncio.gather(
        as_("adam").post(erasure(cast, "olga")), as_("olga").post(erasure(cast, "adam"))
    )
    first, second = sorted(answer.status_code for answer in answers)
    assert (first, second) in {(200, 401), (200, 422)}
    left = [(await as_(name).get("/api/v1/role-grants")).status_code for name in ("adam", "olga")]
    assert sorted(left) == [200, 401]
