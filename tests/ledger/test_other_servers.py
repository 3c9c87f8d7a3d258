"""The ledger on the other servers it may meet: PostgreSQL 16 from the wheel and 15 where the system has one."""

import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from ledger.audit import audit
from ledger.balances import (
    account_balances,
    balance,
    balance_effective_at,
    balance_recorded_at,
    trial_balance,
    wallet,
)
from ledger.clearing import Crossing, cross
from ledger.expiry import ExpiryCursor, expire_lots
from ledger.folding import fold
from ledger.holds import capture, hold, lapsed_holds, release_lapsed, reversal
from ledger.periods import close_period
from ledger.proof.note import SigningKey
from ledger.proof.sealing import seal
from ledger.statements import open_statement, wallet_statement
from ledger.values import CLEARING, ISSUANCE, TAKINGS, WALLET, Conflict, Place, Posted, Settlement
from tests.conftest import END_OF_2026, FAST, SPRING, new_bank
from tests.ledger.drafts import award, codes, post_all, post_one, refusal_of, spend
from tests.ledger.proof.history import until_decided
from timebank.database import Address, Bank, Database
from timebank.migrations import HEAD
from timebank.migrations.runner import migrate
from timebank.postgres import EmbeddedServer, system_server_bin

KEY = SigningKey.generate("timebank.test")


@pytest_asyncio.fixture(scope="module", params=[16, 15])
async def other(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """Return a migrated database on a server of that version."""
    version = int(request.param)
    bin_dir = None if version == 16 else system_server_bin()
    if version == 15 and (bin_dir is None or bin_dir.parent.name != "15"):
        pytest.skip("this machine has no PostgreSQL 15")
    with (
        tempfile.TemporaryDirectory(prefix="timebank-") as home,
        EmbeddedServer(Path(home), version=version, settings=FAST, bin_dir=bin_dir) as server,
    ):
        address = Address(
            host=str(server.socket_dir), port=server.port, database="postgres", user=server.superuser
        )
        assert (await migrate(address, logins=True))[-1] == HEAD
        assert await migrate(address, logins=True) == []
        async with Database.connect(address, max_size=4) as database:
            assert int(await database.pool.fetchval("show server_version_num")) // 10_000 == version
            yield database


async def points(database: Database, bank: Bank, place: Place) -> int:
    return await database.read(bank, lambda tx: balance(tx, place, "point"))


async def test_the_whole_round_of_a_point(other: Database) -> None:
    database, bank, owner = other, await new_bank(other), uuid4()
    noon = SPRING + timedelta(days=1)

    # Earned in two lots, spent oldest first, too much refused, a key told apart.
    await post_all(database, bank, award(owner, 30), award(owner, 50, expires_on=None))
    spend_id = await post_one(database, bank, spend(owner, 40, key="s"))
    assert await refusal_of(database, bank, spend(owner, 41)) == "insufficient"
    (replayed, conflict) = await post_all(
        database, bank, spend(owner, 40, key="s"), spend(owner, 39, key="s")
    )
    assert isinstance(replayed, Posted)
    assert replayed.replayed
    assert conflict == Conflict(spend_id, "moves")
    before_refund = await database.pool.fetchval("select clock_timestamp()")

    # Refunded: each lot has what it gave.
    refund = reversal("r", transaction_id=spend_id, effective_at=noon, actor="test")
    await post_one(database, bank, refund)
    lots = await database.read(bank, lambda tx: wallet(tx, owner, "point"))
    assert [(lot.expires_on, lot.balance) for lot in lots] == [(END_OF_2026, 30), (None, 50)]
    recorded = await database.read(
        bank, lambda tx: balance_recorded_at(tx, Place(TAKINGS), "point", before_refund)
    )
    effective = await database.read(
        bank, lambda tx: balance_effective_at(tx, Place(TAKINGS), "point", noon - timedelta(hours=1))
    )
    assert (recorded, effective, await points(database, bank, Place(TAKINGS))) == (40, 40, 0)

    # Held twice: one captured in part, one left to lapse.
    until = noon + timedelta(hours=1)
    held = {"owner": owner, "unit": "point", "until": until, "effective_at": noon, "actor": "test"}
    hold_id = await post_one(database, bank, hold("h1", amount=20, **held))  # type: ignore[arg-type]  # arguments of many types
    await post_one(database, bank, hold("h2", amount=15, **held))  # type: ignore[arg-type]  # arguments of many types
    taken = capture(
        "c",
        hold_id=hold_id,
        settle=[Settlement("point", Place(TAKINGS), 12)],
        effective_at=noon,
        actor="test",
    )
    await post_one(database, bank, taken)
    (lapsed,) = await database.read(bank, lambda tx: lapsed_holds(tx, until + timedelta(seconds=1)))
    await post_one(database, bank, release_lapsed(lapsed, effective_at=until, actor="test"))
    assert await points(database, bank, Place(TAKINGS)) == 12

    # Expired, folded, sealed, closed, and read back in pages.
    expired = await database.write(
        bank,
        lambda tx: expire_lots(tx, as_of=END_OF_2026 + timedelta(days=1), actor="test", after=ExpiryCursor()),
    )
    assert expired.amounts == {"point": 18}
    await database.write(bank, fold)
    assert await points(database, bank, Place(ISSUANCE)) == -80
    await database.write(bank, lambda tx: close_period(tx, before=noon, actor="test"))
    assert await refusal_of(database, bank, spend(owner, 1)) == "period_closed"
    await until_decided(database, bank)  # the server counts rows in transactions of its own
    sealed = await database.write(
        bank, lambda tx: seal(tx, KEY, origin=f"timebank/{bank.code}", sealed_at=datetime.now(UTC))
    )
    assert sealed.transactions == 11
    page = await database.read(bank, lambda tx: wallet_statement(tx, owner, "point", limit=3))
    assert [line.balance for line in page.lines] == [50, 68, 63]
    assert page.next is not None
    issued = await database.read(bank, lambda tx: open_statement(tx, Place(ISSUANCE), "point"))
    assert [line.amount for line in issued.lines] == [-50, -30]
    past = await database.read(bank, lambda tx: account_balances(tx, before=noon))
    assert {(row.kind, row.expires_on): row.balance for row in past if row.balance} == {
        ("issuance", None): -80,
        ("takings", None): 40,
        ("wallet", None): 40,
    }
    assert (await database.read(bank, trial_balance))["point"] == {
        "issuance": -80,
        "wallet": 50,
        "held": 0,
        "takings": 12,
        "expired": 18,
    }
    assert await database.read(bank, lambda tx: audit(tx, verifier=KEY.verifier)) == []


async def test_it_goes_over_to_another_bank(other: Database) -> None:
    database, bank, neighbour, owner = other, await new_bank(other), await new_bank(other), uuid4()
    await post_one(database, bank, award(owner, 10))
    crossing = Crossing("k", owner, Place(WALLET, owner), "point", 4, SPRING, "test", {})
    outcomes = await database.write_between(bank, neighbour, lambda tx, its: cross(tx, its, crossing))
    assert codes([outcome for outcome in outcomes if outcome is not None]) == ["posted", "posted"]
    assert await points(database, bank, Place(CLEARING, neighbour.owner)) == 4
    assert await points(database, neighbour, Place(CLEARING, bank.owner)) == -4
    for each in (bank, neighbour):
        assert await database.read(each, audit) == []
