"""The audit as a page: run, read, and its proofs handed out."""

import json

import pytest

from api.service import Service
from ledger.session import WriteTx
from tests.api.books import adopt_pack, book, credit
from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browsers
from tests.sealing import seal_everything
from timebank.database import Database

PATH = "/office/audit"


@pytest.mark.parametrize("name", ["alice", "wen", "olga", "carl", "ada", "till"])
async def test_is_not_for_others(of: Browsers, name: str) -> None:
    browser = of(name)
    assert (await browser.get(PATH)).status_code == 403
    assert (await browser.get(f"{PATH}/checkpoints/1")).status_code == 403


async def test_all_is_well_and_the_sums_are_zero(
    of: Browsers, database: Database, cast: Cast, service: Service, door: Door
) -> None:
    await adopt_pack(database, cast)
    (transaction,) = await book(database, cast, credit("k", cast.people["alice"], minutes=12_345_678))
    await seal_everything(database, cast.bank, service.settings.home, now=door.clock.at)
    audrey = of("audrey")
    await audrey.get(PATH)
    assert ("12,345,678" in audrey.text, "-12,345,678" in audrey.text) == (True, True)
    await audrey.get(f"{PATH}?as_of=2024-12-31")
    assert "12,345,678" not in audrey.text
    await audrey.post(PATH)
    assert "All is as it must be." in audrey.text
    note = await audrey.get(f"{PATH}/checkpoints/1")
    assert note.text.startswith(f"timebank/{cast.bank.code}\n1\n")
    assert (await audrey.get(f"{PATH}/checkpoints/2")).status_code == 404
    await audrey.get(PATH)
    proof = await audrey.post(f"{PATH}/proofs", of="transaction", number=str(transaction))
    assert proof.headers["content-disposition"].endswith(f'"proof-transaction-{transaction}.json"')
    assert json.loads(proof.text)["tree_size"] == 1
    for of_, number in (("record", "99"), ("transaction", str(2**60)), ("transaction", "x")):
        await audrey.get(PATH)
        await audrey.post(f"{PATH}/proofs", of=of_, number=number)
        assert (audrey.last.status_code >= 400, 'role="alert"' in audrey.last.text) == (True, True)


async def test_what_was_tampered_with_is_named(of: Browsers, database: Database, cast: Cast) -> None:
    await adopt_pack(database, cast)
    await book(database, cast, credit("k", cast.people["alice"]))

    async def tamper(tx: WriteTx) -> None:
        await tx.connection.execute(
            "update accounts set balance = balance + 1 where bank_id = $1 and kind = 'wallet' and balance = 120",
            tx.bank_id,
        )

    await database.write(cast.bank, tamper)
    adam = of("adam")
    await adam.get(PATH)
    await adam.post(PATH)
    assert "things are not as they must be" in adam.text
    assert "a balance is not the replay of its postings" in adam.text
    assert (await adam.send(PATH, {"csrf": "0" * 64})).status_code == 403
