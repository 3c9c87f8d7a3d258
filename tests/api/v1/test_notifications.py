"""What a person was told, over HTTP."""

from uuid import uuid4

import pytest

from ledger.session import WriteTx
from tests.api.cast import Cast
from tests.api.conftest import As
from timebank.database import Database
from timebank.notifications.actions import tell


@pytest.fixture
async def path(database: Database, cast: Cast) -> str:
    """Tell Alice three things, and return where she finds them."""

    async def work(tx: WriteTx) -> None:
        for number in (1, 2, 3):
            await tell(tx, [cast.people["alice"], uuid4()], "noted", number=number)

    await database.write(cast.bank, work)
    return f"/api/v1/people/{cast.people['alice']}/notifications"


async def test_the_newest_comes_first_page_by_page(as_: As, path: str) -> None:
    first = (await as_("alice").get(path, params={"limit": 2})).json()
    assert [line["params"] for line in first["items"]] == [{"number": 3}, {"number": 2}]
    rest = (await as_("alice").get(path, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [line["params"] for line in rest["items"]] == [{"number": 1}]
    assert rest["next_cursor"] is None


async def test_what_was_read_is_no_longer_unread(as_: As, path: str) -> None:
    third, second, first = (await as_("alice").get(path)).json()["items"]
    read = (await as_("alice").post(f"{path}/{second['id']}/read")).json()
    assert read["read_at"] is not None
    unread = (await as_("alice").get(path, params={"unread": "true"})).json()["items"]
    assert unread == [third, first]
    assert (await as_("alice").post(f"{path}/{second['id']}/read")).json() == read
    up_to = await as_("alice").post(f"{path}/read", json={"last_id": second["id"]})
    assert (up_to.status_code, up_to.json()) == (200, {"marked": 1})
    assert (await as_("alice").get(path, params={"unread": "true"})).json()["items"] == [third]


async def test_they_are_nobody_else_s(as_: As, cast: Cast, path: str) -> None:
    own = (await as_("alice").get(path)).json()["items"][0]["id"]
    for name, status in (("bob", 403), ("wen", 403), ("adam", 403), ("till", 403), ("stranger", 401)):
        assert (await as_(name).get(path)).status_code == status
        assert (await as_(name).post(f"{path}/{own}/read")).status_code == status
        assert (await as_(name).post(f"{path}/read", json={"last_id": own})).status_code == status
    elsewhere = f"/api/v1/people/{cast.people['bob']}/notifications/{own}/read"
    answer = await as_("bob").post(elsewhere)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_notification")
    assert (await as_("alice").get(path, params={"unread": "true"})).json()["items"][0]["id"] == own


@pytest.mark.parametrize("cursor", ["x", "WyJhIl0", "WzksOV0", "é"])
async def test_a_cursor_that_is_none_of_ours_is_refused(as_: As, path: str, cursor: str) -> None:
    answer = await as_("alice").get(path, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")
