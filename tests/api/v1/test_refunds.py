"""Refunds and printed receipts over HTTP: who may, once for the key, and what a cashier sees of it."""

import asyncio
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.markets import once, said
from tests.api.v1.residents import PEOPLE
from tests.timebank.reservations.scene import STOCK
from tests.timebank.shops.scene import NOW
from tests.timebank.tills.scene import Desk, open_desk
from timebank.database import Database
from timebank.redemptions.requests import Receipt
from timebank.tills.queries import Till
from timebank.vault.actions import put_fields

PDFTOTEXT = shutil.which("pdftotext")
NAME = "示例购物者"


@pytest.fixture
async def desk(database: Database, cast: Cast, service: Service) -> Desk:
    """Return a shop at 10 o'clock on a Saturday, and Alice, who has a name and 300 points."""
    service.now = lambda: NOW
    desk = await open_desk(database, cast)
    await desk.market.write(lambda tx: put_fields(tx, service.cipher, [(cast.people["alice"], "name", NAME)]))
    return desk


@pytest.fixture
async def till(desk: Desk) -> Till:
    """Return Carl's till."""
    return await desk.open()


@pytest.fixture
async def receipt(desk: Desk, till: Till) -> Receipt:
    """Return what Alice redeemed: two bags of rice."""
    answer = await desk.redeem(till, (desk.market.rice, 2), cents=250)
    assert answer.receipt is not None
    return answer.receipt


async def at_till(
    as_: As, till: Till, number: str, *, by: str = "carl", key: str | None = None, **changes: Any
) -> httpx2.Response:
    body = {"receipt": number, "reason": "damaged", **changes}
    return await as_(by).post(f"/api/v1/tills/{till.id}/refunds", json=body, headers=once(key))


async def later(as_: As, receipt: Receipt, *, by: str = "mia", key: str | None = None) -> httpx2.Response:
    path = f"/api/v1/redemptions/{receipt.redemption_id}/refund"
    return await as_(by).post(path, json={"reason": "not_wanted"}, headers=once(key))


async def printed(as_: As, receipt: Receipt, by: str, **params: str) -> httpx2.Response:
    path = f"/api/v1/redemptions/{receipt.redemption_id}/receipt.pdf"
    return await as_(by).get(path, params=params)


async def test_a_cashier_refunds_by_the_receipts_number(
    as_: As, cast: Cast, desk: Desk, till: Till, receipt: Receipt
) -> None:
    done = await at_till(as_, till, receipt.number)
    assert done.status_code == 201, done.text
    body = done.json()
    assert (body["points"], body["cash_cents"], body["by_manager"]) == (60, 250, False)
    assert str(cast.people["alice"]) not in done.text
    assert await desk.points() == 300
    assert await desk.market.stock(desk.market.rice) == STOCK
    told = await as_("alice").get(f"{PEOPLE}/{cast.people['alice']}/notifications")
    assert [line["kind"] for line in told.json()["items"]] == ["refunded", "redeemed"]
    (shown,) = (await as_("alice").get(f"{PEOPLE}/{cast.people['alice']}/redemptions")).json()["items"]
    assert shown["refunded_at"] is not None
    acts = (await as_("audrey").get("/api/v1/acts", params={"action": "refunds.make"})).json()["items"]
    assert [act["subject"] for act in acts] == [receipt.number]


async def test_the_same_key_refunds_once_and_another_is_a_conflict(
    as_: As, desk: Desk, till: Till, receipt: Receipt
) -> None:
    answers = await asyncio.gather(*(at_till(as_, till, receipt.number, key="k1") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert said(await at_till(as_, till, receipt.number, key="k2")) == (409, "already_refunded")
    assert said(await later(as_, receipt)) == (409, "already_refunded")
    other = await at_till(as_, till, receipt.number, key="k1", reason="mistake")
    assert said(other) == (409, "idempotency_conflict")
    assert await desk.points() == 300


async def test_a_manager_refunds_a_redemption(as_: As, desk: Desk, receipt: Receipt) -> None:
    done = await later(as_, receipt, key="m1")
    assert (done.status_code, done.json()["by_manager"], done.json()["receipt"]) == (
        201,
        True,
        receipt.number,
    )
    assert (await later(as_, receipt, key="m1")).json() == done.json()
    assert await desk.points() == 300


@pytest.mark.parametrize(
    ("by", "status"),
    [("alice", 403), ("mia", 403), ("max", 403), ("olga", 403), ("till", 403), ("stranger", 401)],
)
async def test_nobody_but_a_cashier_refunds_at_a_till(
    as_: As, till: Till, receipt: Receipt, by: str, status: int
) -> None:
    assert (await at_till(as_, till, receipt.number, by=by)).status_code == status


@pytest.mark.parametrize(
    ("by", "status"),
    [
        ("alice", 403),
        ("carl", 403),
        ("max", 403),
        ("olga", 403),
        ("adam", 403),
        ("till", 403),
        ("stranger", 401),
    ],
)
async def test_nobody_but_who_keeps_the_shop_refunds_later(
    as_: As, receipt: Receipt, by: str, status: int
) -> None:
    assert (await later(as_, receipt, by=by)).status_code == status


async def test_what_is_not_refunded(as_: As, till: Till, receipt: Receipt) -> None:
    assert said(await at_till(as_, till, "S1-20260509-9999")) == (404, "unknown_receipt")
    assert said(await at_till(as_, till, receipt.number, reason="because")) == (422, "request_invalid")
    assert said(await at_till(as_, till, " ")) == (422, "request_invalid")
    nowhere = await as_("mia").post(
        "/api/v1/redemptions/999999999/refund", json={"reason": "other"}, headers=once()
    )
    assert said(nowhere) == (404, "unknown_redemption")
    closed = await as_("carl").post(
        "/api/v1/tills/999999999/refunds", json={"receipt": "x", "reason": "other"}, headers=once()
    )
    assert said(closed) == (404, "unknown_till")


async def test_an_administrator_takes_no_redemption_back_past_its_refund(
    as_: As, desk: Desk, receipt: Receipt
) -> None:
    id_ = await desk.market.read(
        lambda tx: tx.connection.fetchval(
            "select transaction_id from redemptions where bank_id = $1 and id = $2",
            tx.bank_id,
            receipt.redemption_id,
        )
    )
    answer = await as_("adam").post(
        f"/api/v1/transactions/{id_}/reversal", json={"reason": "mistake"}, headers=once()
    )
    assert said(answer) == (422, "reversal_of_redemption")
    assert (await later(as_, receipt)).status_code == 201


@pytest.mark.parametrize("by", ["alice", "carl", "mia", "audrey", "adam"])
async def test_its_member_its_cashier_and_its_keepers_print_the_receipt(
    as_: As, receipt: Receipt, by: str, tmp_path: Path
) -> None:
    narrow, answer = [await printed(as_, receipt, by, paper=paper) for paper in ("58", "80")]
    for sheet in (narrow, answer):
        assert (sheet.status_code, sheet.headers["content-type"]) == (200, "application/pdf")
        assert sheet.content.startswith(b"%PDF")
    if PDFTOTEXT is None:
        pytest.skip("pdftotext is not on this machine")
    path = tmp_path / "receipt.pdf"
    path.write_bytes(answer.content)
    done = subprocess.run([PDFTOTEXT, str(path), "-"], check=True, capture_output=True, timeout=120)
    text = done.stdout.decode()
    assert receipt.number in text
    assert "示*" in text
    assert NAME not in re.sub(r"\s", "", text)


@pytest.mark.parametrize(
    ("by", "status"),
    [("bob", 404), ("max", 404), ("wen", 404), ("olga", 404), ("till", 403), ("stranger", 401)],
)
async def test_nobody_else_prints_it(as_: As, receipt: Receipt, by: str, status: int) -> None:
    assert (await printed(as_, receipt, by)).status_code == status


async def test_another_cashier_does_not_print_it(as_: As, desk: Desk, receipt: Receipt) -> None:
    await desk.enter_cashier("max")
    assert said(await printed(as_, receipt, "max")) == (404, "unknown_redemption")
    assert said(await printed(as_, receipt, "carl", paper="210")) == (422, "request_invalid")


async def test_that_somebody_else_printed_it_is_on_record(as_: As, cast: Cast, receipt: Receipt) -> None:
    await printed(as_, receipt, "alice")
    looks = f"{PEOPLE}/{cast.people['alice']}/look-ups"
    before = len((await as_("alice").get(looks)).json()["items"])
    await printed(as_, receipt, "mia")
    items = (await as_("alice").get(looks)).json()["items"]
    assert len(items) == before + 1
    assert items[0]["purpose"] == "receipt"
