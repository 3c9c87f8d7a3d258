"""Proofs, checkpoints and the key that checks them, over HTTP."""

from base64 import b64decode

import pytest

from api.service import Service
from ledger.proof.document import verify_document
from ledger.proof.merkle import verify_consistency
from ledger.proof.note import VerifierKey, open_note
from tests.api.books import add_activity, add_record, adopt_pack, book, credit
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.sealing import seal_everything
from timebank.database import Database


@pytest.fixture
async def booked(database: Database, cast: Cast) -> tuple[int, int]:
    """Credit a record of Alice; return its number and the transaction's."""
    await adopt_pack(database, cast)
    activity = await add_activity(database, cast, "A1", "apple")
    record = await add_record(database, cast, activity, "alice")
    (transaction,) = await book(database, cast, credit(f"record:{record}", cast.people["alice"]))
    return record, transaction


async def verifier_of(as_: As, cast: Cast) -> VerifierKey:
    answer = await as_("stranger").get(f"/api/v1/banks/{cast.bank.code}/verifier")
    assert answer.json()["origin"] == f"timebank/{cast.bank.code}"
    return VerifierKey.parse(answer.json()["verifier"])


async def test_one_s_own_record_is_proven_to_anybody_with_the_key(
    as_: As, cast: Cast, database: Database, service: Service, booked: tuple[int, int]
) -> None:
    record, transaction = booked
    paths = (f"/api/v1/records/{record}/proof", f"/api/v1/transactions/{transaction}/proof")
    codes = [(await as_("alice").get(path)).json()["code"] for path in paths]
    assert codes == ["not_sealed_yet", "transaction_not_sealed_yet"]
    await seal_everything(database, cast.bank, service.settings.home, now=service.now())
    key = await verifier_of(as_, cast)
    for path in paths:
        answer = await as_("alice").get(path)
        assert answer.status_code == 200
        verified = verify_document(answer.text, key, origin=key.name)
        assert verified.transaction.id == transaction


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("alice", (200, 200)),
        ("audrey", (200, 200)),
        ("ada", (200, 200)),
        ("bob", (403, 403)),
        ("wen", (403, 403)),
        ("olga", (403, 403)),
        ("till", (403, 403)),
        ("stranger", (401, 401)),
    ],
)
async def test_who_gets_a_proof(  # noqa: PLR0917 -- each is a fixture
    as_: As,
    cast: Cast,
    database: Database,
    service: Service,
    booked: tuple[int, int],
    name: str,
    statuses: tuple[int, int],
) -> None:
    record, transaction = booked
    await seal_everything(database, cast.bank, service.settings.home, now=service.now())
    found = (
        (await as_(name).get(f"/api/v1/records/{record}/proof")).status_code,
        (await as_(name).get(f"/api/v1/transactions/{transaction}/proof")).status_code,
    )
    assert found == statuses


async def test_a_transaction_out_of_reach_is_not_there(as_: As, cast: Cast, booked: tuple[int, int]) -> None:
    body = {
        "person_id": str(cast.people["bob"]),
        "role": "auditor",
        "organisation_id": cast.organisations["birch"],
    }
    await as_("adam").post("/api/v1/role-grants", json=body)
    for id_ in (booked[1], 2**62):
        answer = await as_("bob").get(f"/api/v1/transactions/{id_}/proof")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_transaction")


async def test_what_was_not_credited_has_no_proof(
    as_: As, cast: Cast, database: Database, booked: tuple[int, int]
) -> None:
    del booked
    activity = await add_activity(database, cast, "A2", "apple")
    record = await add_record(database, cast, activity, "alice", outcome="too_short")
    answer = await as_("alice").get(f"/api/v1/records/{record}/proof")
    assert (answer.status_code, answer.json()["code"]) == (422, "record_not_credited")


@pytest.mark.usefixtures("booked")
async def test_anybody_keeps_the_checkpoints_and_sees_that_one_continues_the_other(
    as_: As, cast: Cast, database: Database, service: Service
) -> None:
    bank = f"/api/v1/banks/{cast.bank.code}"
    for what in ("checkpoint", "verifier"):
        none = await as_("stranger").get(f"{bank}/{what}")
        assert (none.status_code, none.json()["code"]) == (404, "unknown_checkpoint")
    await seal_everything(database, cast.bank, service.settings.home, now=service.now())
    old = (await as_("stranger").get(f"{bank}/checkpoint")).json()
    await book(database, cast, *(credit(key, cast.people["bob"]) for key in "abcde"))
    await seal_everything(database, cast.bank, service.settings.home, now=service.now())
    new = (await as_("stranger").get(f"{bank}/checkpoint")).json()
    assert (old["tree_size"], new["tree_size"]) == (1, 6)
    assert (await as_("stranger").get(f"{bank}/checkpoint", params={"tree_size": 1})).json() == old
    assert open_note(new["note"], [await verifier_of(as_, cast)]).startswith(
        f"timebank/{cast.bank.code}\n6\n"
    )
    sizes = {"old_size": 1, "new_size": 6}
    path = (await as_("stranger").get(f"{bank}/consistency", params=sizes)).json()["path"]
    siblings = [b64decode(sibling) for sibling in path]
    assert verify_consistency(1, b64decode(old["root"]), 6, b64decode(new["root"]), siblings)
    for wrong in (
        {"old_size": 6, "new_size": 1},
        {"old_size": 2, "new_size": 6},
        {"old_size": 1, "new_size": 9},
    ):
        answer = await as_("stranger").get(f"{bank}/consistency", params=wrong)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_checkpoint")
    nowhere = await as_("stranger").get("/api/v1/banks/no-such-bank/checkpoint")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "unknown_bank")
