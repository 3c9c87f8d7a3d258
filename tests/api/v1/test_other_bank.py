"""Who administers one bank sees, and can do, nothing in another."""

from typing import TYPE_CHECKING

from tests.api.books import add_activity, add_record, add_shop, adopt_pack, book, credit
from tests.api.cast import Cast, enter
from tests.api.conftest import As
from tests.conftest import new_bank

if TYPE_CHECKING:
    from timebank.database import Database


async def test_what_is_another_bank_s_is_not_there(as_: As, database: "Database") -> None:
    other: Cast = await enter(database, await new_bank(database))
    await adopt_pack(database, other)
    alice = other.people["alice"]
    activity = await add_activity(database, other, "A1", "apple")
    record = await add_record(database, other, activity, "alice")
    (transaction,) = await book(database, other, credit(f"record:{record}", alice))
    shop = await add_shop(database, other, stock=1)
    paths = {
        f"people/{alice}/balances": "unknown_person",
        f"people/{alice}/statements/point": "unknown_person",
        f"people/{alice}/standing": "unknown_person",
        f"people/{alice}/records": "unknown_person",
        f"people/{alice}/role-grants": "unknown_person",
        f"people/{alice}/proxies": "unknown_person",
        f"people/{alice}/notifications": "forbidden",
        f"activities/{activity}": "unknown_activity",
        f"records/{record}": "unknown_record",
        f"records/{record}/proof": "unknown_record",
        f"transactions/{transaction}": "unknown_transaction",
        f"transactions/{transaction}/proof": "unknown_transaction",
        f"shops/{shop}/goods": "unknown_shop",
        "policy-packs/1": "unknown_policy_version",
    }
    found = {path: (await as_("adam").get(f"/api/v1/{path}")).json()["code"] for path in paths}
    assert found == paths
    for path in ("activities", "records", "transactions", "shops", "policy-packs", "acts", "awards"):
        assert (await as_("adam").get(f"/api/v1/{path}")).json()["items"] == []
    assert (await as_("adam").get("/api/v1/reports/trial-balance")).json()["units"] == {}


async def test_nobody_is_given_anything_in_another_bank(as_: As, cast: Cast, database: "Database") -> None:
    other: Cast = await enter(database, await new_bank(database))
    await adopt_pack(database, cast)
    key = {"Idempotency-Key": "k"}
    award = {"person_id": str(other.people["alice"]), "unit": "point", "amount": 1, "reason": "x"}
    refused = await as_("olga").post("/api/v1/awards", json=award, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (404, "unknown_person")
    (transaction,) = await book(database, other, credit("a", other.people["alice"]))
    path = f"/api/v1/transactions/{transaction}/reversal"
    refused = await as_("adam").post(path, json={"reason": "mistake"}, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (404, "unknown_transaction")
    grants = (
        {"person_id": str(other.people["bob"]), "organisation_id": cast.organisations["apple"]},
        {"person_id": str(cast.people["bob"]), "organisation_id": other.organisations["apple"]},
    )
    codes = [
        (await as_("adam").post("/api/v1/role-grants", json={"role": "steward", **grant})).json()["code"]
        for grant in grants
    ]
    assert codes == ["unknown_person", "unknown_organisation"]
