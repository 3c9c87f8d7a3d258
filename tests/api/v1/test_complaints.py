"""Complaints over HTTP: from what the member says to the fufen that come back."""

import pytest

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.bazaar import PEOPLE, Bazaar, once, open_bazaar, said
from timebank.database import Database

STATEMENT = {"statement": "测试：没有给我打折"}
UPHELD = {"decision": "upheld", "answer": "测试：属实，退还"}


@pytest.fixture
async def bazaar(as_: As, cast: Cast, database: Database) -> Bazaar:
    """Return a merchant with an offer, and Alice with 100 fufen."""
    return await open_bazaar(as_, cast, database)


@pytest.fixture
async def acceptance(bazaar: Bazaar) -> int:
    """Return an acceptance of 20 of Alice's."""
    done = await bazaar.confirm(await bazaar.shown_by_merchant())
    assert done.status_code == 201, done.text
    id_: int = done.json()["id"]
    return id_


async def test_from_statement_to_refund(as_: As, cast: Cast, bazaar: Bazaar, acceptance: int) -> None:
    path = f"/api/v1/acceptances/{acceptance}/complaints"
    raised = await as_("alice").post(path, json=STATEMENT)
    assert raised.status_code == 201, raised.text
    complaint = raised.json()["id"]
    assert said(await as_("alice").post(path, json=STATEMENT)) == (409, "already_complained")
    (open_,) = (await as_("olga").get("/api/v1/complaints", params={"is_open": True})).json()["items"]
    assert (open_["id"], open_["statement"], open_["fufen"]) == (complaint, STATEMENT["statement"], 20)
    assert str(cast.people["alice"]) not in str(open_)
    decision = f"/api/v1/complaints/{complaint}/decision"
    done = await as_("olga").post(decision, json=UPHELD, headers=once("k"))
    assert (done.status_code, done.json()["acceptance_id"]) == (201, acceptance)
    assert done.json()["refund_id"] is not None
    assert await bazaar.fufen() == 100
    repeated = await as_("olga").post(decision, json=UPHELD, headers=once("k"))
    assert repeated.json() == done.json()
    assert said(await as_("olga").post(decision, json=UPHELD, headers=once())) == (409, "already_decided")
    assert said(await as_("alice").post(path, json=STATEMENT)) == (409, "already_refunded")
    own = f"{PEOPLE}/{cast.people['alice']}"
    (line,) = (await as_("alice").get(f"{own}/complaints")).json()["items"]
    assert (line["decision"], line["answer"], line["is_refunded"]) == ("upheld", UPHELD["answer"], True)
    (given,) = (await as_("alice").get(f"{own}/acceptances")).json()["items"]
    assert given["refunded_at"] is not None
    told = (await as_("alice").get(f"{own}/notifications")).json()["items"]
    assert {one["kind"] for one in told} == {"fufen_taken", "complaint_decided"}
    # What was said stays out of the answer kept for repetition: an erasure could not reach it there.
    assert "属实" not in done.text


@pytest.mark.parametrize(
    ("by", "status"), [("bob", 404), ("max", 404), ("olga", 404), ("till", 403), ("stranger", 401)]
)
async def test_only_about_ones_own(as_: As, acceptance: int, by: str, status: int) -> None:
    path = f"/api/v1/acceptances/{acceptance}/complaints"
    assert (await as_(by).post(path, json=STATEMENT)).status_code == status


@pytest.mark.parametrize(
    ("by", "status"), [("wen", 403), ("max", 403), ("alice", 403), ("adam", 409), ("till", 403)]
)
async def test_only_an_office_decides(as_: As, acceptance: int, by: str, status: int) -> None:
    path = f"/api/v1/acceptances/{acceptance}/complaints"
    complaint = (await as_("alice").post(path, json=STATEMENT)).json()["id"]
    decision = f"/api/v1/complaints/{complaint}/decision"
    if by == "adam":  # of the office, too: he comes second
        dismissed = {"decision": "dismissed", "answer": "测试"}
        assert (await as_("olga").post(decision, json=dismissed, headers=once())).status_code == 201
    assert (await as_(by).post(decision, json=UPHELD, headers=once())).status_code == status


async def test_an_erased_member_has_said_nothing(as_: As, cast: Cast, acceptance: int) -> None:
    path = f"/api/v1/acceptances/{acceptance}/complaints"
    complaint = (await as_("alice").post(path, json=STATEMENT)).json()["id"]
    await as_("olga").post(f"/api/v1/complaints/{complaint}/decision", json=UPHELD, headers=once())
    erased = await as_("adam").post(f"{PEOPLE}/{cast.people['alice']}/erasure", headers=once())
    assert erased.status_code in {200, 201}, erased.text
    (line,) = (await as_("olga").get("/api/v1/complaints")).json()["items"]
    assert (line["statement"], line["answer"], line["is_refunded"]) == ("—", "—", True)
