"""Trial balance, totals, audit and acts over HTTP."""

from typing import TYPE_CHECKING

import pytest

from tests.api.books import adopt_pack, book, credit
from tests.api.cast import Cast
from tests.api.conftest import As
from timebank.database import Database

if TYPE_CHECKING:
    import asyncpg


@pytest.fixture(autouse=True)
async def booked(database: Database, cast: Cast) -> None:
    await adopt_pack(database, cast)
    await book(database, cast, credit("a", cast.people["alice"]), credit("b", cast.people["bob"], points=5))


async def test_each_unit_of_the_trial_balance_adds_up_to_nothing(as_: As) -> None:
    found = (await as_("olga").get("/api/v1/reports/trial-balance")).json()
    assert found["units"]["point"] == {"issuance": -25, "wallet": 25}
    assert found["units"]["minute"] == {"issuance": -240, "wallet": 240}
    on_the_day = await as_("olga").get("/api/v1/reports/trial-balance", params={"as_of": "2025-03-05"})
    assert on_the_day.json()["units"] == found["units"]
    before = await as_("olga").get("/api/v1/reports/trial-balance", params={"as_of": "2025-03-04"})
    assert before.json() == {"as_of": "2025-03-04", "units": {}}


async def test_the_totals_are_those_of_the_books(as_: As) -> None:
    found = (await as_("audrey").get("/api/v1/reports/totals")).json()["totals"]
    assert (found["volunteers"], found["minutes_credited"], found["points_issued"]) == (2, 240, 25)


async def test_an_audit_finds_nothing_in_sound_books_and_a_stolen_point_in_others(
    as_: As, cast: Cast, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    sound = await as_("audrey").get("/api/v1/audit")
    assert (sound.status_code, sound.json()["violations"]) == (200, [])
    await superuser.execute("set session_replication_role = replica")
    await superuser.execute(
        "update accounts set balance = balance + 1 where bank_id = $1 and owner = $2 and kind = 'wallet'",
        cast.bank.id,
        cast.people["alice"],
    )
    found = (await as_("adam").get("/api/v1/audit")).json()["violations"]
    assert "balance_differs" in {violation["code"] for violation in found}


@pytest.mark.parametrize("what", ["reports/trial-balance", "reports/totals", "audit", "acts"])
@pytest.mark.parametrize(
    "name", ["olga", "audrey", "adam", "ada", "wen", "carl", "alice", "till", "station", "stranger"]
)
async def test_who_sees_what_concerns_the_whole_bank(as_: As, what: str, name: str) -> None:
    allowed = {"audrey", "adam"} | ({"olga"} if what.startswith("reports") else set())
    expected = 200 if name in allowed else 401 if name == "stranger" else 403
    assert (await as_(name).get(f"/api/v1/{what}")).status_code == expected


async def test_acts_say_who_did_what(as_: As, cast: Cast) -> None:
    body = {
        "person_id": str(cast.people["bob"]),
        "role": "steward",
        "organisation_id": cast.organisations["apple"],
    }
    for at in ("apple", "birch"):
        await as_("adam").post(
            "/api/v1/role-grants", json={**body, "organisation_id": cast.organisations[at]}
        )

    async def found(**params: str | int) -> list[dict[str, object]]:
        lines: list[dict[str, object]] = (await as_("audrey").get("/api/v1/acts", params=params)).json()[
            "items"
        ]
        return lines

    latest, first = await found()
    assert latest["id"] > first["id"]  # type: ignore[operator]  # JSON
    assert (first["action"], first["person_id"]) == ("role.grant", str(cast.people["adam"]))
    assert first["session_id"] == str(cast.sessions["adam"])
    assert await found(person_id=str(cast.people["adam"]), action="role.grant") == [latest, first]
    assert await found(person_id=str(cast.people["olga"])) == []
    assert await found(device_id=str(cast.devices["till"])) == []
    assert await found(action="award") == []
    assert await found(until="2020-01-01") == []
    assert await found(limit=1) == [latest]
