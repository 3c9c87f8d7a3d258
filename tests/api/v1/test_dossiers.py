"""Dossiers over HTTP: the fields of the law, for who may read these people, and known to everybody in them."""

import io
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import pytest_asyncio

from api.service import Service
from ledger.session import WriteTx
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.timebank.notices.scene import SERVICE, Scene, earning_pack
from timebank.dossiers import export
from timebank.privacy.queries import look_ups_of
from timebank.tasks.worker import Worker
from timebank.vault.actions import put_fields

EXPORTS, TASKS = "/api/v1/exports", "/api/v1/tasks"
WANTED = {"kind": "dossiers_xlsx", "purpose": "annual_report"}
FIELDS = {
    "name": "测小明",
    "gender": "女",
    "born_on": "1990-01-01",
    "id_number": "990000199001010017",
    "area": "测试小区",
    "phone": "19900000301",
    "skills": "急救",
    "employer": "测试单位",
}
LAST = 2**63 - 1


@pytest.fixture
def worker(scene: Scene, service: Service, tmp_path: Path) -> Worker:
    return Worker(scene.database, service.cipher, tmp_path / "tasks", service.now)


@pytest_asyncio.fixture
async def scene(database: Any, cast: Cast, service: Service) -> Scene:
    """Return records of Alice, in apple, with all her fields, and of Bob, in birch."""
    scene = Scene(database, cast)
    await scene.adopt(earning_pack())
    alice, stella = cast.people["alice"], cast.people["stella"]

    async def work(tx: WriteTx) -> None:
        named = [(alice, field, value) for field, value in FIELDS.items()]
        await put_fields(tx, service.cipher, [*named, (stella, "name", "测站长")])

    await scene.write(work)
    return scene


async def credited(scene: Scene, who: str, *, leader: str | None = None, **more: Any) -> int:
    id_ = await scene.record(who, state="credited", **more)
    if leader:
        await run(
            scene,
            "update activities a set leader_id = $2, content = '测试内容' from service_records r"
            " where a.bank_id = $1 and r.bank_id = $1 and r.id = $3 and a.id = r.activity_id",
            scene.cast.people[leader],
            id_,
        )
    return id_


async def run(scene: Scene, statement: str, *values: object) -> None:
    await scene.write(lambda tx: tx.connection.execute(statement, tx.bank_id, *values))


async def exported(as_: As, worker: Worker, cast: Cast, who: str, **more: object) -> dict[str, list[Any]]:
    """Return the sheets of an export, and its file to nobody else."""
    headers = {"Idempotency-Key": f"dossiers-{who}"}
    asked = await as_(who).post(EXPORTS, json={**WANTED, **more}, headers=headers)
    assert asked.status_code == 202, asked.text
    await worker.work([cast.bank.code], until_empty=True)
    answer = await as_(who).get(f"{TASKS}/{asked.json()['id']}/report")
    assert answer.status_code == 200, answer.text
    for other in {"adam", "audrey"} - {who}:
        refused = await as_(other).get(f"{TASKS}/{asked.json()['id']}/report")
        assert refused.status_code == 404
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


async def looks(scene: Scene, who: str) -> list[tuple[str, tuple[str, ...]]]:
    found = await scene.read(lambda tx: look_ups_of(tx, scene.cast.people[who], before=LAST, limit=50))
    return [(look.purpose, look.fields) for look in found]


async def test_hold_the_fields_of_the_law(as_: As, worker: Worker, scene: Scene, cast: Cast) -> None:
    record = await credited(scene, "alice", minutes=90, leader="stella")
    await run(scene, "update service_records set evaluation = 'good' where bank_id = $1 and id = $2", record)
    await run(
        scene,
        "insert into record_entries (bank_id, record_id, kind, actor, detail, entered_at)"
        " values ($1, $2, 'evaluated', 'test', '{}', $3)",
        record,
        datetime(2025, 10, 3, 17, tzinfo=UTC),  # the 4th in the bank's zone
    )
    await run(
        scene,
        "insert into awards (bank_id, digest, volunteer_id, title, points, awarded_on, outcome)"
        " select $1, '\\x01', v.id, '测试标兵', 5, $2::date, 'accepted' from volunteers v"
        " where v.bank_id = $1 and v.code = 'ALICE'",
        date(2025, 10, 5),
    )
    await run(
        scene,
        "insert into star_changes (bank_id, volunteer_id, from_level, to_level, minutes, as_of, policy_version,"
        " changed_by, changed_at) select $1, v.id, 0, 1, 6000, $2::date, 1, 'test', $3 from volunteers v"
        " where v.bank_id = $1 and v.code = 'ALICE'",
        date(2025, 10, 6),
        SERVICE,
    )
    sheets = await exported(as_, worker, cast, "adam")
    assert list(sheets) == ["说明", "基本信息", "服务信息", "表彰奖励", "评价"]
    assert sheets["基本信息"][1:] == [
        (
            "ALICE",
            "测小明",
            "女",
            "1990-01-01",
            "990000199001010017",
            "测试小区",
            "19900000301",
            "急救",
            "环境",
        )
    ]
    day = datetime(2025, 9, 26)  # noqa: DTZ001 -- a workbook's day has no zone
    assert sheets["服务信息"][1:] == [
        ("ALICE", "清洁日", day, "广场", "测试内容", 1.5, 90, "测试apple", "测站长", record)
    ]
    assert sheets["表彰奖励"][1:] == [("ALICE", "测试标兵", datetime(2025, 10, 5), "测试时间银行")]  # noqa: DTZ001 -- the same
    assert [(row[0], row[1].split(" / ")[0], row[2].day) for row in sheets["评价"][1:]] == [
        ("ALICE", "良好", 4),
        ("ALICE", "星级：1 星", 6),
    ]
    assert "测试单位" not in str(sheets)  # an employer is none of the law's fields


async def test_everybody_named_sees_who_had_them_exported(
    as_: As, worker: Worker, scene: Scene, cast: Cast
) -> None:
    for _ in range(2):
        await credited(scene, "alice", leader="stella")
    await credited(scene, "bob")
    await exported(as_, worker, cast, "adam")
    fields = ("area", "born_on", "gender", "id_number", "name", "phone", "skills")
    assert await looks(scene, "alice") == [("export.annual_report", fields)]
    assert await looks(scene, "bob") == []  # nothing is known of him
    assert await looks(scene, "stella") == [("export.annual_report", ("name",))]


async def test_count_only_credited_service_of_the_days_asked_for(
    as_: As, worker: Worker, scene: Scene, cast: Cast
) -> None:
    kept = await credited(scene, "alice")
    await credited(scene, "alice", starts_at=SERVICE.replace(month=8))
    await credited(scene, "alice", minutes=0)
    await scene.record("alice", state="approved")
    await scene.record("bob", state="pending")
    other = await credited(scene, "alice")
    await run(
        scene,
        "update activities a set is_volunteer_service = false from service_records r"
        " where a.bank_id = $1 and r.bank_id = $1 and r.id = $2 and a.id = r.activity_id",
        other,
    )
    sheets = await exported(as_, worker, cast, "adam", from_on="2025-09-26", until_on="2025-09-26")
    assert [row[-1] for row in sheets["服务信息"][1:]] == [kept]
    assert [row[0] for row in sheets["基本信息"][1:]] == ["ALICE"]


async def test_of_a_part_the_rest_is_not_there_and_its_leaders_are_masked(
    as_: As, worker: Worker, scene: Scene, cast: Cast
) -> None:
    await credited(scene, "alice", leader="stella")
    await run(scene, "update volunteers set organisation_id = $2 where bank_id = $1 and code = 'BOB'",
              cast.organisations["south"])  # fmt: skip
    await credited(scene, "bob")
    sheets = await exported(as_, worker, cast, "ada")
    assert [row[0] for row in sheets["基本信息"][1:]] == ["ALICE"]
    # Stella has a role in apple and belongs to nothing there.
    assert [row[8] for row in sheets["服务信息"][1:]] == ["测*"]
    assert await looks(scene, "stella") == []


async def test_of_who_was_erased_only_the_code_is_left(
    as_: As, worker: Worker, scene: Scene, cast: Cast
) -> None:
    await credited(scene, "alice")
    alice = cast.people["alice"]
    erased = await as_("adam").post(f"/api/v1/people/{alice}/erasure", headers={"Idempotency-Key": "gone"})
    assert erased.status_code == 200, erased.text
    sheets = await exported(as_, worker, cast, "adam")
    assert [row[0] for row in sheets["服务信息"][1:]] == ["ALICE"]
    assert sheets["基本信息"][1][:2] == ("ALICE", "已按本人要求删除 / erased at the wish of the person")
    assert not any(value in str(sheets) for value in FIELDS.values() if len(value) > 2)


async def test_many_come_in_pages(
    as_: As, worker: Worker, scene: Scene, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE_PEOPLE", 1)
    for who in ("alice", "bob"):
        await credited(scene, who)
    sheets = await exported(as_, worker, cast, "adam")
    assert [row[0] for row in sheets["基本信息"][1:]] == ["ALICE", "BOB"]
    assert len(sheets["服务信息"]) == 3


async def test_more_lines_than_a_sheet_holds_are_refused_and_not_cut(
    as_: As, worker: Worker, scene: Scene, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MOST_LINES", 1)
    for _ in range(2):
        await credited(scene, "alice")
    asked = await as_("adam").post(EXPORTS, json=WANTED, headers={"Idempotency-Key": "long"})
    await worker.work([cast.bank.code], until_empty=True)
    found = (await as_("adam").get(f"{TASKS}/{asked.json()['id']}")).json()
    assert (found["state"], found["problem"], found["report"]) == ("failed", "export_too_large", None)


@pytest.mark.parametrize("who", ["olga", "audrey", "wen", "alice"])
async def test_are_not_for_who_may_not_read_these_people(as_: As, who: str) -> None:
    answer = await as_(who).post(EXPORTS, json=WANTED, headers={"Idempotency-Key": "no"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"kind": "dossiers_xlsx"}, "export_purpose_needed"),
        ({"kind": "records_xlsx", "purpose": "inspection"}, "export_purpose_unwanted"),
        ({"kind": "records_xlsx", "from_on": "2025-01-01"}, "export_purpose_unwanted"),
        ({**WANTED, "from_on": "2025-02-01", "until_on": "2025-01-31"}, "export_span_invalid"),
        ({**WANTED, "purpose": "marketing"}, "request_invalid"),
    ],
)
async def test_need_a_purpose_that_the_law_knows(as_: As, asked: Mapping[str, str], code: str) -> None:
    answer = await as_("adam").post(EXPORTS, json=asked, headers={"Idempotency-Key": "why"})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
