"""One story over HTTP through all of spending, from a ceiling to the solvency board; every sum can be followed by hand.

Alice is awarded 250 points under apple's ceiling. She redeems rice at a till, brings some back, picks some up, turns
points into fufen, spends those at a merchant, and is right with a complaint. A month later shop and merchant are paid.
"""

import base64
import io
import shutil
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from PIL import Image

from api.service import Service
from tests.api.cast import Cast
from tests.api.entering import Clock
from tests.api.story import Story
from tests.api.v1.bazaar import HAIRCUT, application, second_of_office
from tests.timebank.conversions.scene import pack_of
from timebank.database import Database
from timebank.jobs.running import run_now
from timebank.policy.actions import adopt
from timebank.vouchers.client import Issuer, VoucherQueue

MAY = datetime(2026, 5, 9, 2, 0, tzinfo=UTC)
JUNE = datetime(2026, 6, 2, 2, 0, tzinfo=UTC)
PDFTOTEXT = shutil.which("pdftotext")


@pytest.fixture
async def story(app: FastAPI, service: Service, cast: Cast, database: Database) -> Story:
    """Return the beginning: a pack that turns a point into a fufen, and Adam as a second one of the office."""
    clock = Clock(MAY)
    service.now = clock
    pack = pack_of({"from_unit": "point", "to_unit": "fufen", "from_amount": 1, "to_amount": 1})
    await database.write(cast.bank, lambda tx: adopt(tx, pack, effective_from=date(2021, 1, 1), actor="test"))
    await second_of_office(database, cast)
    later = "update sessions set expires_at = $2 where bank_id = $1"
    until = JUNE + timedelta(days=999)
    await database.write(cast.bank, lambda tx: tx.connection.execute(later, tx.bank_id, until))
    return Story(app, service, cast, database, clock)


async def test_from_a_ceiling_to_the_solvency_board(story: Story, tmp_path: Path) -> None:
    await points_under_a_ceiling(story)
    await a_shop_with_rice(story)
    await a_till_that_sells(story, tmp_path)
    await a_reservation(story)
    await a_merchant(story)
    await fufen_both_ways(story)
    await a_voucher_without_network(story, tmp_path)
    await the_month_is_paid(story)
    await the_board(story)


async def points_under_a_ceiling(story: Story) -> None:
    apple = story.cast.organisations["apple"]
    raised = {"organisation_id": apple, "unit": "point", "change": 200, "reason": "测试：1 号"}
    assert (await story.do("adam", "ceilings", raised))["left"] == 200
    award = {"person_id": str(story.cast.people["alice"]), "unit": "point", "reason": "抢险"}
    await story.do("olga", "awards", award | {"amount": 150})
    assert await story.refused("olga", "awards", award | {"amount": 100}) == "budget_exhausted"
    assert (await story.do("adam", "ceilings", raised | {"change": 300}))["left"] == 350
    await story.do("olga", "awards", award | {"amount": 100})
    assert await story.has("point") == (250, 0)


async def a_shop_with_rice(story: Story) -> None:
    apple = story.cast.organisations["apple"]
    shop = {"code": "S1", "name": "东门积分超市", "organisation_id": apple}
    story.ids["shop"] = (await story.do("adam", "shops", shop))["id"]
    rice = {
        "sku": "RICE",
        "name": "大米 5kg",
        "price_points": 30,
        "barcode": "6900000000011",
        "low_stock_at": 3,
    }
    story.ids["rice"] = (await story.do("mia", f"shops/{story.ids['shop']}/goods", rice))["id"]
    picture = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(picture, "PNG")
    path = f"goods/{story.ids['rice']}/picture"
    put = await story.ask("mia", "PUT", path, picture.getvalue(), headers={"Content-Type": "image/png"})
    assert put.status_code == 200, put.text
    assert (await story.ask("alice", "GET", path)).headers["Content-Type"] == "image/png"
    fund = {"code": "F1", "name": "社区公益金", "kind": "money", "organisation_id": apple}
    story.ids["fund"] = (await story.do("adam", "funds", fund))["id"]
    await story.do(
        "adam", f"funds/{story.ids['fund']}/deposits", {"amount_cents": 100_000, "reference": "T-1"}
    )
    came = {"quantity": 5, "unit_cost_cents": 1_200, "fund_id": story.ids["fund"]}
    await story.do("mia", f"goods/{story.ids['rice']}/receipts", came)
    assert await story.on_shelf() == 5
    assert await story.refused("carl", f"goods/{story.ids['rice']}/receipts", came) == "forbidden"


async def a_till_that_sells(story: Story, tmp_path: Path) -> None:
    at = {"kind": "till", "name": "一号台", "organisation_id": story.cast.organisations["apple"]}
    scanned = (await story.do("mia", "devices/enrolments", at))["token"]
    key = base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    enrolling = {"bank": story.cast.bank.code, "token": scanned, "public_key": key}
    device = await story.do("alice", "devices/enrol", enrolling)
    opening = {"shop_id": story.ids["shop"], "opening_cash_cents": 5_000}
    opened = await story.do("carl", "tills", opening | {"device_token": device["tokens"]["access_token"]})
    story.ids["till"] = opened["id"]
    told = await story.do("alice", f"{story.alice}/passes")
    story.seed, story.pass_id = base64.b32decode(told["seed"]), told["pass_id"]
    receipt = await redeem(story, 2, cents=250)
    assert (receipt["number"], receipt["points"]) == ("S1-20260509-0001", 60)
    sheet = await story.ask("alice", "GET", f"redemptions/{receipt['redemption_id']}/receipt.pdf")
    assert sheet.content.startswith(b"%PDF")
    if PDFTOTEXT is not None:
        (tmp_path / "receipt.pdf").write_bytes(sheet.content)
        command = [PDFTOTEXT, str(tmp_path / "receipt.pdf"), "-"]
        text = subprocess.run(command, capture_output=True, check=True).stdout.decode()
        assert all(word in text for word in ("S1-20260509-0001", "大米 5kg", "60"))
    (low,) = (await story.get("mia", "low-stock"))["items"]
    assert (low["sku"], low["on_shelf"]) == ("RICE", 3)
    ran = await run_now(
        story.database, story.cast.bank, "low_stock", as_of=date(2026, 5, 9), now=story.clock.at
    )
    assert ran["told"] == 1
    back = {"receipt": receipt["number"], "reason": "not_wanted"}
    await story.do("carl", f"tills/{story.ids['till']}/refunds", back)
    assert await story.refused("carl", f"tills/{story.ids['till']}/refunds", back) == "already_refunded"
    assert (await story.has("point"), await story.on_shelf()) == ((250, 0), 5)
    await redeem(story, 1)


async def redeem(story: Story, quantity: int, *, cents: int = 0, shown: Any = None) -> Any:
    """Quote so many bags, or what is picked up, and confirm it."""
    basket: dict[str, object] = {"shown": shown or {"code": story.phone()}}
    if shown is None:
        basket["lines"] = [{"barcode": "6900000000011", "quantity": quantity}]
    quoted = await story.do("carl", f"tills/{story.ids['till']}/quotes", basket)
    assert (quoted["points"], quoted["refusals"]) == (30 * quantity, [])
    done = await story.do("carl", f"quotes/{quoted['id']}/confirm", {"cash_cents": cents})
    assert done["balance_points"] == (await story.has("point"))[0]
    return done["receipt"]


async def a_reservation(story: Story) -> None:
    wanted = {"shop_id": story.ids["shop"], "lines": [{"goods_id": story.ids["rice"], "quantity": 1}]}
    made = await story.do("alice", f"{story.alice}/reservations", wanted)
    assert (await story.has("point"), await story.on_shelf()) == ((190, 30), 3)
    code = (await story.get("alice", f"{story.alice}/reservations/{made['id']}/code"))["code"]
    await redeem(story, 1, shown={"pick_up": code})
    assert (await story.has("point"), await story.on_shelf()) == ((190, 0), 3)
    picked = {"shown": {"pick_up": code}}
    assert await story.refused("carl", f"tills/{story.ids['till']}/quotes", picked) == "reservation_over"
    closing = {"cash_cents": 5_010, "counts": [{"goods_id": story.ids["rice"], "counted": 3}]}
    report = await story.do("carl", f"tills/{story.ids['till']}/close", closing)
    assert (report["expected_cash_cents"], report["closing"]["variance_cents"]) == (5_000, 10)
    assert (report["taken"]["points"], report["taken"]["refunded_points"]) == (120, 60)
    assert report["counts"][0]["variance"] == 0


async def a_merchant(story: Story) -> None:
    turned = {"from_unit": "point", "to_unit": "fufen", "amount": 100}
    assert (await story.do("alice", f"{story.alice}/conversions", turned))["to_amount"] == 100
    assert (await story.has("point"), await story.has("fufen")) == ((90, 0), (100, 0))
    for which in ("merchant", "second"):
        id_ = (await story.do("wen", "merchants", application(story.cast)))["id"]
        await story.do("wen", f"merchants/{id_}/staff", {"person_id": str(story.cast.people["max"])})
        for by, kind in (("olga", "vetted"), ("adam", "activated")):
            await story.do(by, f"merchants/{id_}/entries", {"kind": kind, "reason": "测试"})
        story.ids[which] = id_
    id_ = (await story.do("max", f"merchants/{story.ids['merchant']}/offers", HAIRCUT))["id"]
    assert await story.refused("alice", f"{story.alice}/vouchers", {"offer_id": id_}) == "offer_not_published"
    await story.do("max", f"offers/{id_}/publish")
    story.ids["offer"] = id_


async def fufen_both_ways(story: Story) -> None:
    path, code = f"offers/{story.ids['offer']}/acceptances", {"code": story.phone()}
    scanned = await story.do("max", path, code)
    assert await story.refused("max", path, code) == "code_used"
    shown = (await story.get("max", f"offers/{story.ids['offer']}/code"))["link"]
    await story.do("alice", f"{story.alice}/acceptances", {"code": shown})
    assert await story.has("fufen") == (60, 0)
    path = f"acceptances/{scanned['id']}/complaints"
    raised = await story.do("alice", path, {"statement": "没有理发"})
    upheld = {"decision": "upheld", "answer": "属实"}
    assert (await story.do("olga", f"complaints/{raised['id']}/decision", upheld))["refund_id"]
    assert await story.has("fufen") == (80, 0)


async def a_voucher_without_network(story: Story, tmp_path: Path) -> None:
    made = await story.do("alice", f"{story.alice}/vouchers", {"offer_id": story.ids["offer"]})
    assert await story.has("fufen") == (60, 20)
    keys = await story.get("alice", f"banks/{story.cast.bank.code}/voucher-keys")
    public = [base64.b64decode(key) for key in keys["keys"]]
    zone, merchant, second = ZoneInfo(keys["zone"]), story.ids["merchant"], story.ids["second"]
    queue = VoucherQueue(tmp_path / "queue", Issuer(keys["bank_id"], zone, public, merchant))
    other = VoucherQueue(tmp_path / "other", Issuer(keys["bank_id"], zone, public, second))
    said = queue.use(made["text"], now=story.clock.at)
    assert not isinstance(said, str)
    assert (said.number, said.fufen) == (made["id"], 20)
    assert queue.use(made["text"], now=story.clock.at) == "voucher_used_here"
    assert other.use(made["text"], now=story.clock.at) == "voucher_of_other_merchant"
    (batch,) = queue.batches()
    for outcome in ("honoured", "repeat"):
        answer = (await story.do("max", "vouchers/uses", batch.body))["uses"]
        assert [use["outcome"] for use in answer] == [outcome]
    stolen = {**batch.body, "merchant_id": second}
    answer = (await story.do("max", "vouchers/uses", stolen))["uses"]
    assert [use["outcome"] for use in answer] == ["voucher_of_other_merchant"]
    assert await story.has("fufen") == (60, 0)


async def the_month_is_paid(story: Story) -> None:
    story.clock.at = JUNE
    await run_now(story.database, story.cast.bank, "settle", as_of=date(2026, 6, 1), now=JUNE)
    drafted = (await story.get("olga", "settlements"))["items"]
    sums = {one["unit"]: (one["amount"], one["cents"]) for one in drafted}
    assert sums == {"point": (60, 600), "fufen": (40, 400)}
    for one in drafted:
        await story.do("olga", f"settlements/{one['id']}/approve")
        paid = await story.do("adam", f"settlements/{one['id']}/pay", {"fund_id": story.ids["fund"]})
        assert paid["state"] == "paid"
    assert (await story.get("adam", f"funds/{story.ids['fund']}"))["balance"] == 99_000
    own = (await story.get("max", f"merchants/{story.ids['merchant']}/settlements"))["items"]
    assert [(one["state"], one["cents"]) for one in own] == [("paid", 400)]


async def the_board(story: Story) -> None:
    for path in ("solvency", f"organisations/{story.cast.organisations['apple']}/solvency"):
        board = await story.get("olga", path)
        units = {one["unit"]: one for one in board["units"]}
        names = ("issued", "spent", "expired", "converted", "outstanding")
        assert [units["point"][name] for name in names] == [250, 60, 0, -100, 90]
        assert [units["fufen"][name] for name in names] == [0, 40, 0, 100, 60]
        assert (board["stock_cents"], board["fund_cents"], board["owed_cents"]) == (3_600, 99_000, 0)
        assert (board["liability_cents"], board["cover_permille"]) == (1_500, 102_600 * 1000 // 1_500)
        assert [units["point"]["budgets"][name] for name in ("ceiling", "left")] == [500, 250]
    assert (await story.get("audrey", "reports/totals"))["totals"]["points_spent"] == 60
    assert (await story.get("audrey", "audit"))["violations"] == []
