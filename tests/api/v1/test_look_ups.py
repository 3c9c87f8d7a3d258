"""The register of looks over HTTP: the person sees what the viewer was, the auditor sees who."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.api.cast import Cast
from tests.api.conftest import As


def place(cast: Cast, name: str) -> str:
    return f"/api/v1/people/{cast.people[name]}/look-ups"


@pytest.fixture
async def looked(as_: As, cast: Cast) -> None:
    """Let Wen look at Alice, and Adam at Bob."""
    await as_("wen").get(f"/api/v1/people/{cast.people['alice']}/consents")
    await as_("adam").get(f"/api/v1/people/{cast.people['bob']}/consents/history")


@pytest.mark.usefixtures("looked")
async def test_the_person_sees_what_the_viewer_was_and_not_who(as_: As, cast: Cast) -> None:
    answer = await as_("alice").get(place(cast, "alice"))
    (look,) = answer.json()["items"]
    assert look["roles"] == [
        {
            "role": "community_worker",
            "organisation_id": cast.organisations["apple"],
            "organisation": "测试apple",
        }
    ]
    assert not look["is_own"]
    assert str(cast.people["wen"]) not in answer.text


@pytest.mark.usefixtures("looked")
async def test_the_auditor_sees_who_and_filters(as_: As, cast: Cast) -> None:
    audrey = as_("audrey")
    both = (await audrey.get("/api/v1/look-ups", params={"limit": 1})).json()
    rest = (await audrey.get("/api/v1/look-ups", params={"cursor": both["next_cursor"]})).json()
    found = [*both["items"], *rest["items"]]
    assert [look["viewer_id"] for look in found] == [str(cast.people[name]) for name in ("adam", "wen")]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for params, count in (
        ({"viewer_id": str(cast.people["wen"])}, 1),
        ({"subject_id": str(cast.people["wen"])}, 0),
        ({"purpose": "consents.read"}, 2),
        ({"since": tomorrow}, 0),
        ({"before": tomorrow}, 2),
    ):
        answer = await audrey.get("/api/v1/look-ups", params=params)
        assert (answer.status_code, len(answer.json()["items"])) == (200, count)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("alice", 200),
        ("audrey", 200),
        ("adam", 200),
        ("ada", 200),
        ("wen", 403),
        ("bob", 403),
        ("station", 403),
        ("stranger", 401),
    ],
)
async def test_who_may_read_about_a_person(as_: As, cast: Cast, name: str, status: int) -> None:
    assert (await as_(name).get(place(cast, "alice"))).status_code == status


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("audrey", 200),
        ("adam", 200),
        ("ada", 403),
        ("alice", 403),
        ("wen", 403),
        ("till", 403),
        ("stranger", 401),
    ],
)
async def test_who_may_read_all(as_: As, name: str, status: int) -> None:
    assert (await as_(name).get("/api/v1/look-ups")).status_code == status


async def test_nobody_has_no_register(as_: As) -> None:
    answer = await as_("adam").get(f"/api/v1/people/{uuid4()}/look-ups")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_person")


@pytest.mark.parametrize(
    "params", [{"cursor": "x"}, {"purpose": "A B"}, {"since": "0001-01-01T00:00:00Z"}, {"limit": "0"}]
)
async def test_what_cannot_be_asked_is_refused(as_: As, params: dict[str, str]) -> None:
    assert (await as_("adam").get("/api/v1/look-ups", params=params)).status_code == 422
