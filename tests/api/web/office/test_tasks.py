"""Imports and exports as pages: handed in once, done by a worker, answered row by row, fetched by whom it is for."""

import io
import re
from typing import Any

import openpyxl
import pytest

from tests.api.cast import Cast
from tests.api.web.browser import Browser, Browsers
from timebank.database import Database
from timebank.tasks.worker import Worker
from timebank.workbook.sheets import FORMS

IMPORTS, EXPORTS = "/office/imports", "/office/exports"

pytestmark = pytest.mark.usefixtures("priced")


async def hand_in(browser: Browser, content: bytes, do: str = "rehearse", **fields: str) -> Any:
    """Send the form of the last page with a file."""
    data = {"csrf": browser.token, "once": browser.hidden("once"), "do": do, **fields}
    browser.last = await browser.client.post(IMPORTS, data=data, files={"file": ("张三.xlsx", content)})
    return browser.last


@pytest.mark.parametrize("name", ["alice", "wen", "carl", "mia", "till"])
async def test_are_not_for_others(of: Browsers, name: str) -> None:
    browser = of(name)
    for path in (IMPORTS, EXPORTS, f"{IMPORTS}/form.xlsx"):
        assert (await browser.get(path)).status_code == 403


async def test_a_workbook_is_handed_in_once_and_answered_row_by_row(
    of: Browsers, cast: Cast, database: Database, worker: Worker, workbook: bytes
) -> None:
    adam = of("adam")
    await adam.get(IMPORTS)
    page = adam.last
    places = set()
    for _ in range(2):  # a double click
        adam.last = page
        places.add((await hand_in(adam, workbook)).headers["location"])
    (place,) = places
    await adam.get(place)
    assert ("In line" in adam.text, "<progress" in adam.last.text) == (True, True)
    assert await worker.work([cast.bank.code], until_empty=True) == 1
    await adam.get(place)
    assert "This was a rehearsal: nothing was booked." in adam.text
    assert re.search(r"<td><strong>Volunteers</strong></td><td>.*Registered", adam.last.text)
    assert re.search(
        r'<strong>Attendance</strong></td><td class="number" data-name="Row">\d+</td>', adam.last.text
    )
    assert "张三" not in adam.text
    answer = await adam.get(f"{place}/file")
    assert "签到" in openpyxl.load_workbook(io.BytesIO(answer.content)).sheetnames
    records = await database.read(
        cast.bank,
        lambda tx: tx.connection.fetchval(
            "select count(*) from service_records where bank_id = $1", tx.bank_id
        ),
    )
    assert records == 0
    for name, status in (
        ("audrey", 200),
        ("olga", 200),
        ("ada", 404),
    ):  # who reads all tasks looks, and fetches not
        assert (await of(name).get(place)).status_code == status
        assert (await of(name).get(f"{place}/file")).status_code in {403, 404}
    assert (await adam.get(place.replace("imports", "exports"))).status_code == 404


async def test_what_is_no_workbook_is_said_so(of: Browsers, cast: Cast, worker: Worker) -> None:
    adam = of("adam")
    await adam.get(IMPORTS)
    place = (await hand_in(adam, b"no workbook", "book")).headers["location"]
    await worker.work([cast.bank.code], until_empty=True)
    await adam.get(place)
    assert ("It did not work" in adam.text, ".xlsx" in adam.text) == (True, True)
    await adam.get(IMPORTS)
    assert (await hand_in(adam, b"")).status_code == 422
    assert "Choose the file" in adam.text
    assert (await hand_in(adam, b"x", do="dance")).status_code == 422
    await adam.get(IMPORTS)
    assert (await hand_in(adam, b"x", csrf="0" * 64)).status_code == 403


async def test_only_an_administrator_of_the_bank_imports(of: Browsers, workbook: bytes) -> None:
    olga = of("olga")
    await olga.get(IMPORTS)
    assert 'id="file"' not in olga.last.text
    data = {"csrf": olga.token, "once": "0" * 32, "do": "book"}
    answer = await olga.client.post(IMPORTS, data=data, files={"file": ("x.xlsx", workbook)})
    assert answer.status_code == 403


async def test_the_empty_form_has_every_sheet(of: Browsers) -> None:
    answer = await of("adam").get(f"{IMPORTS}/form.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == list(FORMS)
    assert [cell.value for cell in book["签到"][1]][:2] == ["活动编号", "志愿者编号"]


async def ask(browser: Browser, kind: str, **fields: str) -> Any:
    """Ask for an export as the page does."""
    await browser.get(EXPORTS)
    return await browser.post(EXPORTS, kind=kind, once=browser.hidden("once"), **fields)


async def test_a_file_is_made_once_and_fetched(of: Browsers, cast: Cast, worker: Worker) -> None:
    olga = of("olga")
    place = (await ask(olga, "records_xlsx")).headers["location"]
    await worker.work([cast.bank.code], until_empty=True)
    await olga.get(place)
    assert "The file is there." in olga.text
    assert (await olga.get(f"{place}/file")).headers["content-type"].endswith("sheet")
    await olga.get(EXPORTS)
    assert f'href="{place}/file"' in olga.last.text


@pytest.mark.parametrize(
    ("name", "kinds", "status"),
    [("olga", {"records_xlsx", "solvency_xlsx"}, 403), ("audrey", 5, 403), ("adam", 6, 422)],
)
async def test_each_is_offered_what_may_be_had(
    of: Browsers, name: str, kinds: set[str] | int, status: int
) -> None:
    browser = of(name)
    await browser.get(EXPORTS)
    offered = set(re.findall(r'name="kind" value="(\w+)"', browser.last.text))
    assert offered == kinds or len(offered) == kinds
    assert (
        await ask(browser, "dossiers_xlsx")
    ).status_code == status  # of an administrator the purpose is asked


async def test_what_an_export_cannot_be_asked_with_is_said_beside_the_form(of: Browsers) -> None:
    adam = of("adam")
    for wrong in ({"kind": "secrets"}, {"kind": "dossiers_xlsx", "from_on": "2026-13-40"}):
        await adam.get(EXPORTS)
        typed = {"purpose": "inspection", "until_on": "2026-03-31", "once": adam.hidden("once"), **wrong}
        await adam.post(EXPORTS, **typed)
        assert (adam.last.status_code, "Choose a file" in adam.text) == (422, True)
        assert 'value="inspection" selected' in adam.last.text
        assert 'type="date" value="2026-03-31"' in adam.last.text
    assert 'value="dossiers_xlsx" required checked' in adam.last.text
