"""The solvency board over HTTP: who sees which, and as a file."""

import io
from pathlib import Path

import openpyxl
import pytest

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.timebank.notices.scene import Scene
from tests.timebank.solvency.scene import NOW, District, make_district
from timebank.database import Database
from timebank.policy.rules import default_pack
from timebank.tasks.worker import Worker


@pytest.fixture
async def district(database: Database, cast: Cast, service: Service) -> District:
    """Return the cast's bank after everything happened, on a day in June."""
    await Scene(database, cast).adopt(default_pack())
    service.now = lambda: NOW
    return await make_district(database, cast)


async def test_the_board_of_the_bank_and_of_a_community(as_: As, cast: Cast, district: District) -> None:
    answer = await as_("olga").get("/api/v1/solvency", params={"months": 3})
    assert answer.status_code == 200, answer.text
    whole = answer.json()
    assert whole["organisation_id"] is None
    place = cast.organisations["apple"]
    apple = (await as_("audrey").get(f"/api/v1/organisations/{place}/solvency")).json()
    point = next(one for one in apple["units"] if one["unit"] == "point")
    assert {name: point[name] for name in ("issued", "spent", "expired", "outstanding", "pace")} == {
        "issued": 340,
        "spent": 50,
        "expired": 5,
        "outstanding": 285,
        "pace": 15,
    }
    assert point["expiring"] == [
        {"month_on": "2025-06-01", "amount": 75},
        {"month_on": "2025-12-01", "amount": 200},
        {"month_on": None, "amount": 10},
    ]
    assert len(point["forecast"]) == 6
    assert point["forecast"][0] == {"month_on": "2025-06-01", "spent": 7, "expired": 68, "left": 210}
    assert point["budgets"] == {"ceiling": 900, "left": 560, "waiting_records": 0, "waiting_amount": 0}
    assert point["payer_id"] == place
    assert (apple["stock_cents"], apple["fund_cents"], apple["cover_permille"]) == (1_000, 1_234, 709)
    assert whole["units"][1]["issued"] > point["issued"]
    assert district.cast is cast


async def test_who_sees_it(as_: As, cast: Cast, district: District) -> None:
    assert district.cast is cast
    for who in ("alice", "wen", "carl", "mia", "max", "stella"):
        for path in ("solvency", f"organisations/{cast.organisations['apple']}/solvency"):
            assert (await as_(who).get(f"/api/v1/{path}")).status_code == 403
    assert (await as_("ada").get("/api/v1/solvency")).status_code == 403
    for at, status in (("north", 200), ("apple", 200), ("root", 404), ("south", 404)):
        answer = await as_("ada").get(f"/api/v1/organisations/{cast.organisations[at]}/solvency")
        assert answer.status_code == status
    assert (await as_("olga").get("/api/v1/organisations/999999999/solvency")).status_code == 404
    assert (await as_("olga").get("/api/v1/solvency", params={"months": 25})).status_code == 422


async def test_it_is_exported_as_a_workbook(
    as_: As, cast: Cast, district: District, service: Service, tmp_path: Path
) -> None:
    assert district.cast is cast
    for who, titles in (
        ("olga", ["总览", "预测", "发放与结余", "到期分布"]),
        ("ada", ["发放与结余", "到期分布"]),
    ):
        asked = await as_(who).post(
            "/api/v1/exports", json={"kind": "solvency_xlsx"}, headers={"Idempotency-Key": "solvency"}
        )
        assert asked.status_code == 202, asked.text
        worker = Worker(service.database, service.cipher, tmp_path / who, service.now)
        await worker.work([cast.bank.code], until_empty=True)
        file = await as_(who).get(f"/api/v1/tasks/{asked.json()['id']}/report")
        assert openpyxl.load_workbook(io.BytesIO(file.content)).sheetnames == titles
