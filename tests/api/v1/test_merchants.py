"""Merchants over HTTP: two people let one in, everybody sees those that are active, an office all in its reach."""

import pytest

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.bazaar import (
    ANY,
    MERCHANTS,
    application,
    open_merchant,
    said,
    second_of_office,
    step,
)
from timebank.database import Database


async def test_two_people_let_a_merchant_in(as_: As, database: Database, cast: Cast) -> None:
    await second_of_office(database, cast)
    body = application(cast)
    entered = await as_("wen").post(MERCHANTS, json=body)
    assert (entered.status_code, entered.headers["ETag"]) == (201, '"1"')
    assert entered.json() == {**body, "id": entered.json()["id"], "state": "applied", "version": 1}
    id_ = entered.json()["id"]
    assert said(await as_("wen").post(MERCHANTS, json=body)) == (409, "already_known_licence")
    assert said(await as_("alice").get(f"{MERCHANTS}/{id_}")) == (404, "unknown_merchant")
    assert (await step(as_, id_, "vetted")).json()["state"] == "vetted"
    assert said(await step(as_, id_, "activated")) == (422, "activation_by_vetter")
    assert said(await step(as_, id_, "resumed", by="adam")) == (422, "merchant_state_refused")
    assert (await step(as_, id_, "activated", by="adam")).json()["state"] == "active"
    for by in ("alice", "bob", "carl"):
        seen = (await as_(by).get(f"{MERCHANTS}/{id_}")).json()
        assert (seen["name"], seen["licence"]) == (body["name"], None), by
    assert (await as_("olga").get(f"{MERCHANTS}/{id_}")).json()["licence"] == body["licence"]
    found = (await as_("audrey").get(f"{MERCHANTS}/{id_}/entries")).json()["items"]
    assert [entry["kind"] for entry in found] == ["applied", "vetted", "activated"]


@pytest.mark.parametrize(
    ("by", "place", "status"),
    [("wen", "apple", 201), ("wen", "birch", 404), ("olga", "birch", 201), ("max", "apple", 403),
     ("mia", "apple", 403), ("adam", "apple", 403), ("till", "apple", 403)],
)  # fmt: skip
async def test_one_is_entered_in_reach_only(as_: As, cast: Cast, by: str, place: str, status: int) -> None:
    answer = await as_(by).post(MERCHANTS, json=application(cast, place))
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("by", "status"), [("wen", 403), ("max", 403), ("alice", 403), ("audrey", 403), ("station", 403)]
)
async def test_only_an_office_takes_steps(as_: As, cast: Cast, by: str, status: int) -> None:
    entered = (await as_("wen").post(MERCHANTS, json=application(cast))).json()
    assert (await step(as_, entered["id"], "vetted", by=by)).status_code == status


async def test_lists_show_active_ones_and_to_an_office_the_others(
    as_: As, database: Database, cast: Cast
) -> None:
    await second_of_office(database, cast)
    active = [await open_merchant(as_, cast, staff=False) for _ in range(2)]
    waiting = (await as_("wen").post(MERCHANTS, json=application(cast))).json()["id"]
    page = (await as_("bob").get(MERCHANTS, params={"limit": 1})).json()
    assert [(one["id"], one["licence"]) for one in page["items"]] == [(active[0], None)]
    rest = (await as_("bob").get(MERCHANTS, params={"cursor": page["next_cursor"]})).json()
    assert ([one["id"] for one in rest["items"]], rest["next_cursor"]) == ([active[1]], None)
    applied = {"state": "applied"}
    found = (await as_("wen").get(MERCHANTS, params=applied)).json()["items"]
    assert [one["id"] for one in found] == [waiting]
    assert found[0]["licence"] is not None
    assert (await as_("xu").get(MERCHANTS, params=applied)).json()["items"] == []
    assert (await as_("alice").get(MERCHANTS, params=applied)).status_code == 403


async def test_an_edit_names_the_version_it_saw(as_: As, cast: Cast) -> None:
    one = f"{MERCHANTS}/{(await as_('wen').post(MERCHANTS, json=application(cast))).json()['id']}"
    edited = await as_("wen").patch(one, json={"name": "新店名"}, headers={"If-Match": '"1"'})
    assert (edited.json()["name"], edited.headers["ETag"]) == ("新店名", '"2"')
    late = await as_("wen").patch(one, json={"name": "旧"}, headers={"If-Match": '"1"'})
    assert said(late) == (412, "version_differs")
    assert said(await as_("wen").patch(one, json={"name": "旧"})) == (428, "version_missing")
    assert (await as_("wen").patch(one, json={}, headers=ANY)).status_code == 422
    assert said(await as_("xu").patch(one, json={"name": "旧"}, headers=ANY)) == (404, "unknown_merchant")
    vetting = {"kind": "vetted", "reason": "测试"}
    stale = await as_("olga").post(f"{one}/entries", json=vetting, headers={"If-Match": '"1"'})
    assert said(stale) == (412, "version_differs")


async def test_what_was_vetted_is_entered_without_words_in_the_acts(as_: As, cast: Cast) -> None:
    id_ = (await as_("wen").post(MERCHANTS, json=application(cast))).json()["id"]
    await step(as_, id_, "rejected")
    acts = (await as_("audrey").get("/api/v1/acts")).json()["items"]
    found = {(act["action"], act["subject"]) for act in acts}
    assert {("merchants.enter", str(id_)), ("merchants.rejected", str(id_))} <= found
