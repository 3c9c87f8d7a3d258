"""A merchant's monthly statements over HTTP: listed and downloaded by its own staff, and by nobody else."""

import io

import openpyxl

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.entering import Door
from tests.api.v1.test_settlements import BASE, merchant_that_took
from tests.api.web.browser import Browsers
from timebank.database import Database


async def test_the_staff_finds_its_months_and_their_files(
    of: Browsers, as_: As, cast: Cast, database: Database, door: Door
) -> None:
    del door  # which sets the clock
    merchant = await merchant_that_took(database, cast, 40)
    path = f"/merchant/{merchant}/statements"
    max_ = of("max")
    await max_.get("/merchant")
    assert f'href="{path}"' in max_.last.text
    await max_.get(path)
    assert "No statement yet" in max_.text
    (id_,) = (await as_("olga").post(f"{BASE}/drafts", json={"month": "2026-03"})).json()["drafted"]
    await max_.get(path)
    for shown in ("2026-03", "40 fufen", "4.00"):
        assert shown in max_.text
    file = await max_.get(f"/merchant/statements/{id_}/file")
    head, lines = openpyxl.load_workbook(io.BytesIO(file.content)).worksheets
    assert ("收款方 Payee", "测试理发店") in list(head.iter_rows(values_only=True))
    assert [row[4] for row in lines.iter_rows(min_row=2, values_only=True)] == [40]
    for name in ("alice", "carl", "wen"):
        browser = of(name)
        assert (await browser.get(path)).status_code == 403
        assert (await browser.get(f"/merchant/statements/{id_}/file")).status_code == 403
    stop = "update merchant_staff set until_at = since_at + interval '1 day' where bank_id = $1"
    await database.write(cast.bank, lambda tx: tx.connection.execute(stop, tx.bank_id))
    for left in (path, f"/merchant/statements/{id_}/file"):
        assert (await max_.get(left)).status_code == 404
