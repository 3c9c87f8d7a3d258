"""Asking for a recognition's pack over HTTP: of a round in reach that is approved, by its office."""

from collections.abc import Mapping

import pytest

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.timebank.notices.scene import Scene
from tests.timebank.recognition.listed import enter_list
from timebank.database import Database

EXPORTS = "/api/v1/exports"


async def asked(as_: As, who: str, **body: object) -> tuple[int, str | None]:
    answer = await as_(who).post(EXPORTS, json=body, headers={"Idempotency-Key": "pack"})
    return answer.status_code, answer.json().get("code")


async def test_is_for_the_office_of_its_round(as_: As, database: Database, cast: Cast) -> None:
    scene = Scene(database, cast)
    await scene.grant("xu", "office", "apple")
    round_id = await enter_list(database, cast, at="north")
    wanted = {"kind": "recognition_pdf", "round_id": round_id}
    assert await asked(as_, "olga", **wanted) == (202, None)
    assert await asked(as_, "xu", **wanted) == (404, "unknown_round")
    for who in ("adam", "audrey", "wen", "alice"):
        assert await asked(as_, who, **wanted) == (403, "forbidden"), who


@pytest.mark.parametrize("state", ["review", "revoked"])
async def test_is_not_there_before_approval(as_: As, database: Database, cast: Cast, state: str) -> None:
    round_id = await enter_list(database, cast, state=state)
    wanted = {"kind": "recognition_xlsx", "round_id": round_id}
    assert await asked(as_, "olga", **wanted) == (422, "pack_too_early")


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"kind": "recognition_xlsx"}, (422, "export_round_needed")),
        ({"kind": "recognition_xlsx", "round_id": 2**40}, (404, "unknown_round")),
        ({"kind": "records_xlsx", "round_id": 1}, (422, "export_round_unwanted")),
        (
            {"kind": "recognition_pdf", "round_id": 1, "purpose": "inspection"},
            (422, "export_purpose_unwanted"),
        ),
    ],
)
async def test_what_does_not_fit_is_refused(
    as_: As, body: Mapping[str, object], refusal: tuple[int, str]
) -> None:
    assert await asked(as_, "olga", **body) == refusal
