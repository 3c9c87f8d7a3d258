"""Who the caller is."""

from tests.api.cast import Cast
from tests.api.conftest import As


async def test_says_who_calls_and_with_which_roles(as_: As, cast: Cast) -> None:
    answer = await as_("wen").get("/api/v1/me")
    assert answer.status_code == 200
    assert answer.json()["person_id"] == str(cast.people["wen"])
    assert answer.json()["roles"] == [
        {"role": "community_worker", "organisation_id": cast.organisations["apple"]}
    ]
    assert "people.find" in answer.json()["permissions"]
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.headers["x-request-id"]) == 32


async def test_a_stranger_gets_nowhere(as_: As) -> None:
    answer = await as_("stranger").get("/api/v1/me")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "token_missing"
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_device_is_an_actor_of_its_own(as_: As, cast: Cast) -> None:
    me = (await as_("till").get("/api/v1/me")).json()
    assert (me["person_id"], me["device_id"]) == (None, str(cast.devices["till"]))
    assert "shops.read" in me["permissions"]
    assert "people.list" not in me["permissions"]
