"""A list over HTTP: opened, reviewed, noticed, objected to, approved and published; its files; what others see."""

import hashlib
import io
import json
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.ledger.proof.history import until_decided
from tests.timebank.recognition.stage import CIPHER, NEW_YEAR, Stage, set_stage
from timebank.database import Bank, Database
from timebank.recognition.recompute import recompute

ROUNDS, LISTS = "/api/v1/recognition-rounds", "/api/v1/recognition-lists"
A_WEEK_AGO = "update recognition_rounds set notice_closes_on = '2026-01-05' where bank_id = $1"
OBJECTIONS = "/api/v1/recognition-objections"


@pytest.fixture
async def stage(database: Database, bank: Bank, tmp_path: Path) -> Stage:
    """Return the stage, whose cast the clients are of."""
    return await set_stage(database, bank, tmp_path)


@pytest.fixture
def cast(stage: Stage) -> Cast:
    """Return the stage's cast."""
    return stage.cast


@pytest.fixture(autouse=True)
def _clock(service: Service) -> None:
    """Set the service's clock, and the key of the stage's names."""
    service.cipher = CIPHER
    service.now = lambda: NEW_YEAR


def keyed() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}


def body(stage: Stage, **changes: object) -> dict[str, object]:
    wanted = {
        "organisation_id": stage.cast.organisations["root"],
        "scheme": "good",
        "from_on": "2025-01-01",
        "until_on": "2025-12-31",
        "title": "测试名单",
    }
    return wanted | changes


async def opened(as_: As, stage: Stage) -> str:
    await until_decided(stage.database, stage.cast.bank)
    answer = await as_("olga").post(ROUNDS, json=body(stage), headers=keyed())
    assert answer.status_code == 201, answer.text
    return f"{ROUNDS}/{answer.json()['round_id']}"


async def read(as_: As, path: str) -> tuple[dict[str, Any], dict[str, str]]:
    answer = await as_("olga").get(path)
    return answer.json(), {"If-Match": answer.headers["ETag"]}


async def test_the_way_of_a_list(as_: As, stage: Stage) -> None:
    path = await opened(as_, stage)
    found, version = await read(as_, path)
    assert (found["state"], found["candidates"], found["lines"]) == ("review", 2, {"proposed": 2})
    off = {"decision": "exclude", "reason": "declined", "note": "本人不愿"}
    done = await as_("olga").post(f"{path}/candidates/2/decisions", json=off, headers=version)
    assert (done.status_code, done.json()["state"]) == (200, "excluded")
    stale = await as_("olga").post(f"{path}/candidates/2/decisions", json=off, headers=version)
    assert (stale.status_code, stale.json()["code"]) == (412, "version_differs")
    one, version = await read(as_, f"{path}/candidates/2")
    assert [(each["reason"], each["note"]) for each in one["decisions"]] == [("declined", "本人不愿")]
    noticed = await as_("olga").post(f"{path}/notice", headers=version)
    assert noticed.json()["notice_closes_on"] == "2026-01-12"

    # Everybody sees the masked name, and objects.
    shown = f"{LISTS}/{found['id']}"
    assert (await as_("bob").get(shown)).json()["label"] == "年度嘉许"
    (line,) = (await as_("bob").get(f"{shown}/lines")).json()["items"]
    assert (line["name"], line["level"], line["minutes"]) == ("测*明", 2, 360)
    said = {"ground": "不实", "contact": "19900000002"}
    raised = await as_("bob").post(f"{shown}/lines/1/objections", json=said, headers=keyed())
    objection = f"{OBJECTIONS}/{raised.json()['objection_id']}"
    assert (await as_("wen").get(objection)).json()["contact"] == "19900000002"
    assert len((await as_("wen").get(f"{OBJECTIONS}?open=true")).json()["items"]) == 1
    words = {"decision": "dismissed", "reason": "核实"}
    decided = await as_("olga").post(f"{objection}/decision", json=words, headers=keyed())
    assert decided.json()["state"] == "proposed"

    await stage.write(lambda tx: tx.connection.execute(A_WEEK_AGO, tx.bank_id))
    any_version = {"If-Match": "*"}
    early = await as_("olga").post(f"{path}/publication", headers=any_version)
    assert (early.status_code, early.json()["code"]) == (422, "round_at_other_step")
    assert (await as_("wen").post(f"{path}/approval", headers=any_version)).json()["state"] == "approved"
    published = await as_("olga").post(f"{path}/publication", headers=any_version)
    assert (published.json()["state"], published.json()["digest"]) == ("published", found["digest"])
    assert [one["id"] for one in (await as_("alice").get(LISTS)).json()["items"]] == [found["id"]]
    gone = await as_("wen").post(
        f"{path}/candidates/1/revocation", json={"reason": "mistake"}, headers=any_version
    )
    assert gone.json()["state"] == "revoked"
    (line,) = (await as_("alice").get(f"{shown}/lines")).json()["items"]
    assert line["state"] == "revoked"
    ended = await as_("wen").post(f"{path}/revocation", json={"reason": "mistake"}, headers=any_version)
    assert ended.json()["state"] == "revoked"


async def test_its_files_give_the_same_bytes_elsewhere(as_: As, stage: Stage) -> None:
    path = await opened(as_, stage)
    found, _ = await read(as_, path)
    document = (await as_("audrey").get(f"{path}/document")).content
    basis = (await as_("audrey").get(f"{path}/basis")).content
    assert hashlib.sha256(document).hexdigest() == found["digest"]
    assert b"".join(recompute(partial(io.BytesIO, basis))) == document
    assert json.loads(basis.splitlines()[0])["checkpoint"] == found["checkpoint"]
    await stage.credit("record:late", "bob", 60)
    later = (await as_("audrey").get(f"{path}/differences?limit=1")).json()
    assert [(one["kind"], one["frozen"]["minutes"], one["now"]["minutes"]) for one in later["items"]] == [
        ("changed", 180, 240)
    ]
    assert later["next_after"] is None
    assert (await as_("audrey").get(f"{path}/document")).content == document


async def test_a_list_in_review_is_nobody_s_to_see(as_: As, stage: Stage) -> None:
    path = await opened(as_, stage)
    number = path.rsplit("/", 1)[-1]
    assert (await as_("alice").get(LISTS)).json()["items"] == []
    for hidden in (f"{LISTS}/{number}", f"{LISTS}/{number}/lines"):
        assert (await as_("alice").get(hidden)).json()["code"] == "unknown_round"
    said = {"ground": "不实"}
    objected = await as_("alice").post(f"{LISTS}/{number}/lines/1/objections", json=said, headers=keyed())
    assert objected.json()["code"] == "unknown_line"
    for name, status in (("alice", 403), ("carl", 403), ("xu", 404), ("stella", 404), ("audrey", 200)):
        assert (await as_(name).get(path)).status_code == status
    withdrawn = await as_("olga").post(
        f"{path}/withdrawal", json={"reason": "criteria"}, headers={"If-Match": "*"}
    )
    assert withdrawn.json()["state"] == "withdrawn"


async def test_opening_is_refused_before_anything_is_sealed(as_: As, stage: Stage) -> None:
    for changes, code in (
        ({"scheme": "other"}, "unknown_scheme"),
        ({"until_on": "2026-01-08"}, "period_not_over"),
        ({"organisation_id": 10**9}, "unknown_organisation"),
    ):
        answer = await as_("olga").post(ROUNDS, json=body(stage, **changes), headers=keyed())
        assert answer.json()["code"] == code
    assert (await as_("adam").post(ROUNDS, json=body(stage), headers=keyed())).status_code == 403
    sealed = "select count(*) from checkpoints where bank_id = $1"
    assert await stage.read(lambda tx: tx.connection.fetchval(sealed, tx.bank_id)) == 0
    key = keyed()
    await until_decided(stage.database, stage.cast.bank)
    first = await as_("olga").post(ROUNDS, json=body(stage), headers=key)
    again = await as_("olga").post(ROUNDS, json=body(stage), headers=key)
    assert again.json() == first.json()
    assert len((await as_("olga").get(ROUNDS)).json()["items"]) == 1
