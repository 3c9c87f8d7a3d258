"""Policy packs over HTTP."""

from datetime import date

import pytest

from tests.api.books import adopt_pack
from tests.api.cast import Cast
from tests.api.conftest import As
from timebank.database import Database

PACKS = "/api/v1/policy-packs"


@pytest.fixture
async def _packs(database: Database, cast: Cast) -> None:
    await adopt_pack(database, cast, effective_from=date(2021, 1, 1))
    await adopt_pack(database, cast, effective_from=date(2098, 1, 1))


@pytest.mark.usefixtures("_packs")
async def test_everybody_reads_the_rules(as_: As) -> None:
    first = (await as_("alice").get(PACKS, params={"limit": 1})).json()
    assert [(line["version"], line["effective_from"]) for line in first["items"]] == [(1, "2021-01-01")]
    rest = (await as_("wen").get(PACKS, params={"cursor": first["next_cursor"]})).json()
    assert [line["version"] for line in rest["items"]] == [2]
    one = (await as_("alice").get(f"{PACKS}/2")).json()
    assert (one["version"], one["effective_from"]) == (2, "2098-01-01")
    assert one["pack"]["crediting"]["points_per_hour"] == 10
    assert one["pack"]["units"][0]["class"] == "honour"
    assert (await as_("till").get(PACKS)).status_code == 403
    assert (await as_("stranger").get(PACKS)).status_code == 401


@pytest.mark.usefixtures("_packs")
@pytest.mark.parametrize(
    ("on", "version"), [("2021-01-01", 1), ("2097-12-31", 1), ("2098-01-01", 2), (None, 1)]
)
async def test_one_is_in_force_on_each_day(as_: As, on: str | None, version: int) -> None:
    answer = await as_("alice").get(f"{PACKS}/in-force", params={"on": on} if on else {})
    assert answer.json()["version"] == version


@pytest.mark.usefixtures("_packs")
async def test_there_is_none_before_the_first(as_: As) -> None:
    answer = await as_("alice").get(f"{PACKS}/in-force", params={"on": "2020-12-31"})
    assert (answer.status_code, answer.json()["code"]) == (422, "policy_missing")
    unknown = await as_("alice").get(f"{PACKS}/3")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_policy_version")
