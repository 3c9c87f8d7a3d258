"""Imports and exports over HTTP: asked for, done by a worker, fetched, and by whom."""

import io
import zipfile
from datetime import timedelta

import openpyxl
import pytest

from api import cursors
from api.service import Service
from ledger.session import WriteTx
from tests.api.cast import Cast
from tests.api.conftest import As, Client
from timebank.database import Database
from timebank.tasks.worker import Worker

IMPORTS, EXPORTS, TASKS = "/api/v1/imports", "/api/v1/exports", "/api/v1/tasks"


pytestmark = pytest.mark.usefixtures("priced")


async def hand_in(client: Client, content: bytes, key: str = "one", **form: str) -> "dict[str, object]":
    answer = await client.post(
        IMPORTS, files={"file": ("张三.xlsx", content)}, data=form, headers={"Idempotency-Key": key}
    )
    assert answer.status_code == 202, answer.text
    task: dict[str, object] = answer.json()
    return task


async def test_a_workbook_is_booked_by_a_worker_and_answered_row_by_row(
    as_: As, cast: Cast, workbook: bytes, worker: Worker, database: Database
) -> None:
    adam = as_("adam")
    task = await hand_in(adam, workbook)
    assert (task["kind"], task["state"], task["dry_run"], task["report"]) == (
        "import",
        "waiting",
        False,
        None,
    )
    place = f"{TASKS}/{task['id']}"
    missing = await adam.get(f"{place}/report")
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_report")

    assert await worker.work([cast.bank.code], until_empty=True) == 1

    found = (await adam.get(place)).json()
    assert (found["state"], found["problem"], found["report"]) == ("succeeded", None, "report.xlsx")
    assert found["done"] == found["total"] >= 1
    assert found["counts"]["志愿者"]["registered"] == 6
    report = await adam.get(f"{place}/report")
    assert report.headers["content-disposition"] == 'attachment; filename="report.xlsx"'
    assert report.headers["cache-control"] == "no-store"
    sheets = openpyxl.load_workbook(io.BytesIO(report.content), read_only=True)
    assert {"志愿者", "签到", "汇总 Summary"} <= set(sheets.sheetnames)
    assert {row[1].value for row in list(sheets["志愿者"].rows)[1:]} == {"***"}
    sheets.close()
    assert list(worker.folder.glob("*/*")) == []

    async def files(tx: WriteTx) -> list[tuple[str, str]]:
        rows = await tx.connection.fetch("select role, name from task_files where bank_id = $1", tx.bank_id)
        return [(row["role"], row["name"]) for row in rows]

    assert await database.write(cast.bank, files) == [("report", "report.xlsx")]


async def test_the_same_key_is_the_same_task_and_another_file_a_conflict(
    as_: As, cast: Cast, workbook: bytes, worker: Worker
) -> None:
    adam = as_("adam")
    first = await hand_in(adam, workbook)
    assert await hand_in(adam, workbook) == first
    other = await adam.post(IMPORTS, files={"file": b"other"}, headers={"Idempotency-Key": "one"})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    second = await hand_in(adam, workbook, "two")
    assert await worker.work([cast.bank.code], until_empty=True) == 2
    counts = [(await adam.get(f"{TASKS}/{task['id']}")).json()["counts"] for task in (first, second)]
    assert counts[0] == counts[1]


async def test_a_rehearsal_books_nothing(as_: As, cast: Cast, workbook: bytes, worker: Worker) -> None:
    adam = as_("adam")
    rehearsed = await hand_in(adam, workbook, "rehearsal", dry_run="true")
    booked = await hand_in(adam, workbook, "booking")
    await worker.work([cast.bank.code], until_empty=True)
    counts = [(await adam.get(f"{TASKS}/{task['id']}")).json()["counts"] for task in (rehearsed, booked)]
    assert counts[0] == counts[1]
    assert rehearsed["dry_run"] is True


async def test_a_file_that_is_no_workbook_fails_with_its_reason(as_: As, cast: Cast, worker: Worker) -> None:
    adam = as_("adam")
    task = await hand_in(adam, b"not a workbook")
    await worker.work([cast.bank.code], until_empty=True)
    found = (await adam.get(f"{TASKS}/{task['id']}")).json()
    assert (found["state"], found["problem"], found["counts"]) == ("failed", "not_a_workbook", None)
    reason = await adam.get(f"{TASKS}/{task['id']}/report")
    assert reason.headers["content-type"] == "text/plain; charset=utf-8"
    assert "xlsx" in reason.text


@pytest.mark.parametrize("name", ["ada", "olga", "audrey", "wen", "alice", "carl", "station"])
async def test_only_an_administrator_of_the_whole_bank_imports(as_: As, workbook: bytes, name: str) -> None:
    answer = await as_(name).post(IMPORTS, files={"file": workbook}, headers={"Idempotency-Key": "one"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_stranger_is_refused_before_the_file_is_read(as_: As) -> None:
    answer = await as_("stranger").post(
        IMPORTS,
        content=b"\0" * 100,
        headers={"Idempotency-Key": "one", "Content-Type": "multipart/form-data"},
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"files": {"other": b"x"}}, 422),
        ({"data": {"file": "x"}}, 422),
        ({"files": {"file": b"x"}, "data": {"dry_run": "perhaps"}}, 422),
        ({"files": {"file": b"x"}, "data": {"more": "x"}}, 422),
        ({"files": [("file", b"x"), ("file", b"y")]}, 400),
        ({"content": b"no form"}, 422),
        ({"content": b"broken", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, 400),
        ({"files": {"file": b"\0" * (30 * 2**20 + 1)}}, 413),
        ({"files": {"file": b"\0" * (33 * 2**20)}}, 413),
    ],
)
async def test_what_is_no_such_form_is_refused(as_: As, form: "dict[str, object]", status: int) -> None:
    form["headers"] = {"Idempotency-Key": "one", **(form.get("headers") or {})}  # type: ignore[dict-item]  # JSON
    answer = await as_("adam").post(IMPORTS, **form)  # type: ignore[arg-type]  # arguments of many types
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_journals_are_for_who_reads_all_transactions(as_: As, cast: Cast, worker: Worker) -> None:
    for number, kind in enumerate(("journal_hledger", "journal_beancount", "journal_csv")):
        headers = {"Idempotency-Key": f"j{number}"}
        assert (await as_("olga").post(EXPORTS, json={"kind": kind}, headers=headers)).status_code == 403
        assert (await as_("ada").post(EXPORTS, json={"kind": kind}, headers=headers)).status_code == 403
        asked = await as_("audrey").post(EXPORTS, json={"kind": kind}, headers=headers)
        assert asked.status_code == 202, asked.text
        await worker.work([cast.bank.code], until_empty=True)
        place = f"{TASKS}/{asked.json()['id']}"
        assert (await as_("audrey").get(place)).json()["state"] == "succeeded"
        file = await as_("audrey").get(f"{place}/report")
        assert file.headers["content-type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
            assert archive.namelist() == [kind.replace("_", ".")]
            assert len(archive.read(archive.namelist()[0])) > 0
        # Olga sees that there is such a task, and not what she could not have asked for.
        assert (await as_("olga").get(place)).status_code == 200
        assert (await as_("olga").get(f"{place}/report")).status_code == 403
        assert (await as_("adam").get(f"{place}/report")).status_code == 200


async def test_records_are_those_in_reach_and_name_nobody(
    as_: As, cast: Cast, workbook: bytes, worker: Worker, database: Database
) -> None:
    await hand_in(as_("adam"), workbook)
    await worker.work([cast.bank.code], until_empty=True)

    async def settle(tx: WriteTx) -> int:
        """Move one volunteer to north street, which is Ada's."""
        code = await tx.connection.fetchval(
            "select v.code from service_records r join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id"
            " where r.bank_id = $1 group by 1 order by count(*) desc, 1 limit 1",
            tx.bank_id,
        )
        await tx.connection.execute(
            "update volunteers set organisation_id = $3 where bank_id = $1 and code = $2",
            tx.bank_id,
            code,
            cast.organisations["apple"],
        )
        count: int = await tx.connection.fetchval(
            "select count(*) from service_records r join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id"
            " where r.bank_id = $1 and v.code = $2",
            tx.bank_id,
            code,
        )
        return count

    hers = await database.write(cast.bank, settle)
    lines = {}
    for name in ("ada", "olga"):
        headers = {"Idempotency-Key": "records"}
        asked = (await as_(name).post(EXPORTS, json={"kind": "records_xlsx"}, headers=headers)).json()
        await worker.work([cast.bank.code], until_empty=True)
        lines[name] = (await as_(name).get(f"{TASKS}/{asked['id']}")).json()["lines"]
        file = await as_(name).get(f"{TASKS}/{asked['id']}/report")
        rows = list(openpyxl.load_workbook(io.BytesIO(file.content))["服务记录"].iter_rows(values_only=True))
        assert len(rows) == lines[name] + 1
        assert not any("1990000" in str(cell) or "990000" in str(cell) for row in rows for cell in row)
        if name == "olga":  # Ada does not see what is not hers, nor Wen at all
            assert (await as_("ada").get(f"{TASKS}/{asked['id']}")).status_code == 404
            assert (await as_("ada").get(f"{TASKS}/{asked['id']}/report")).status_code == 404
            assert (await as_("wen").get(f"{TASKS}/{asked['id']}")).status_code == 403
    assert 0 < hers == lines["ada"] < lines["olga"]
    refused = await as_("wen").post(EXPORTS, json={"kind": "records_xlsx"}, headers={"Idempotency-Key": "w"})
    assert refused.status_code == 403
    strange = await as_("olga").post(EXPORTS, json={"kind": "people"}, headers={"Idempotency-Key": "p"})
    assert strange.status_code == 422


async def test_tasks_are_listed_newest_first_by_pages(as_: As, cast: Cast, service: Service) -> None:
    begun = service.now()
    made = []
    for number in range(5):
        service.now = lambda number=number: begun + timedelta(seconds=number)  # type: ignore[misc]  # a lambda with a default has no type
        asked = await as_("audrey").post(
            EXPORTS, json={"kind": "journal_csv"}, headers={"Idempotency-Key": str(number)}
        )
        made.append(asked.json()["id"])
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = (await as_("adam").get(TASKS, params={"limit": "2", **cursor})).json()
        seen += [task["id"] for task in answer["items"]]
        if answer["next_cursor"] is None:
            break
        cursor = {"cursor": answer["next_cursor"]}
    assert seen == made[::-1]
    assert (await as_("ada").get(TASKS)).json() == {"items": [], "next_cursor": None}
    assert (await as_("wen").get(TASKS)).status_code == 403
    ends = [
        cursors.encode(moment, made[0])
        for moment in ("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59")
    ]
    for wrong in ("x", "WzEsMl0", "WyJhIiwiYiJd", *ends):
        refused = await as_("adam").get(TASKS, params={"cursor": wrong})
        assert (refused.status_code, refused.json()["code"]) == (422, "cursor_invalid")
    assert (await as_("adam").get(f"{TASKS}/{cast.people['adam']}")).status_code == 404
    assert (await as_("adam").get(f"{TASKS}/nothing")).status_code == 422
