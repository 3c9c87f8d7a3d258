"""Sealing: each transaction once, however commits interleave, and on no tree that was changed."""

import asyncio
import random
from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from ledger.audit import audit
from ledger.balances import balance, balance_recorded_at
from ledger.folding import fold
from ledger.posting import post
from ledger.proof.checkpoints import (
    Coverage,
    checkpoints,
    latest_checkpoint,
    unverified,
)
from ledger.proof.note import Checkpoint, SigningKey, open_note
from ledger.proof.sealing import Sealed, TamperedTreeError, seal
from ledger.session import ReadTx, WriteTx
from ledger.values import (
    ISSUANCE,
    TAKINGS,
    WALLET,
    Draft,
    Move,
    Place,
    Posted,
    Refused,
    Wallet,
)
from tests.conftest import SPRING
from tests.ledger.busy_bank import BusyBank, fold_all, unsealed
from timebank.database import Bank, Database

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]
from tests.ledger.proof.history import (
    SEALED_AT,
    award,
    held_open,
    leaves,
    post_all,
    seal_now,
    spend,
    until_decided,
)


class KilledError(Exception):
    """What ends a sealer before it commits."""


async def test_it_seals_accepted_and_refused_in_the_order_of_writing(
    database: Database, bank: Bank, key: SigningKey
) -> None:
    first = await post_all(database, bank, award("a"), spend("b"))
    second = await post_all(database, bank, award("c"))
    await until_decided(database, bank)
    sealed = await seal_now(database, bank, key)
    assert (sealed.transactions, sealed.is_complete) == (3, True)
    assert await leaves(database, bank) == first + second
    assert sealed.checkpoint == await database.read(bank, latest_checkpoint)


async def test_the_note_says_what_the_checkpoint_says(
    database: Database, bank: Bank, key: SigningKey
) -> None:
    await post_all(database, bank, award("a"))
    await until_decided(database, bank)
    checkpoint = (await seal_now(database, bank, key)).checkpoint
    assert checkpoint is not None
    signed = Checkpoint.parse(open_note(checkpoint.note, [key.verifier]))
    assert (signed.origin, signed.size, signed.root) == (f"timebank/{bank.code}", 1, checkpoint.root)
    assert signed == unverified(checkpoint.note)
    coverage = Coverage.parse(signed.extensions)
    assert (coverage.sealed_at, coverage.sealed_before) == (SEALED_AT, checkpoint.sealed_before)
    lines = checkpoint.note.split("\n")
    assert lines[:5] == [
        f"timebank/{bank.code}",
        "1",
        b64encode(checkpoint.root).decode(),
        "sealed-at 2025-03-05T12:00:00.123456Z",
        f"sealed-before {checkpoint.sealed_before}",
    ]


async def test_nothing_new_makes_no_checkpoint(database: Database, bank: Bank, key: SigningKey) -> None:
    assert await seal_now(database, bank, key) == Sealed(None, 0, is_complete=True)
    await post_all(database, bank, award("a"))
    await until_decided(database, bank)
    await seal_now(database, bank, key)
    assert await seal_now(database, bank, key) == Sealed(None, 0, is_complete=True)
    assert len(await database.read(bank, checkpoints)) == 1


async def test_what_is_held_open_while_sealing_is_sealed_later_and_once(
    database: Database, bank: Bank, key: SigningKey
) -> None:
    before = await post_all(database, bank, award("before"))
    await until_decided(database, bank)
    async with held_open(database, bank, award("held")) as held:
        meanwhile = await post_all(database, bank, award("meanwhile"))
        sealed = await seal_now(database, bank, key)
        assert sealed.transactions == 1
        assert await leaves(database, bank) == before
        assert (await seal_now(database, bank, key)).checkpoint is None
        assert await unsealed(database, bank) == 1
    (outcome,) = held.result()
    await until_decided(database, bank)
    assert (await seal_now(database, bank, key)).transactions == 2
    assert sorted(await leaves(database, bank)) == sorted([*before, *meanwhile, outcome.transaction_id])
    assert await database.read(bank, lambda tx: audit(tx, verifier=key.verifier)) == []


async def test_what_is_held_open_while_folding_is_folded_later_and_once(
    database: Database, bank: Bank
) -> None:
    def issued(tx: ReadTx) -> Awaitable[int]:
        return balance(tx, Place(ISSUANCE), "point")

    await post_all(database, bank, award("before", points=1))
    async with held_open(database, bank, award("held", points=10)):
        await post_all(database, bank, award("meanwhile", points=100))
        await database.write(bank, fold)
        assert await database.read(bank, issued) == -101
    assert await database.read(bank, issued) == -111
    await fold_all(database, bank)
    assert await database.read(bank, issued) == -111
    assert await database.read(bank, audit) == []


async def test_a_balance_as_recorded_is_right_when_transactions_overlap(
    database: Database, bank: Bank
) -> None:
    place = Place(WALLET, uuid4())
    begun, go_on = asyncio.Event(), asyncio.Event()

    def gift(key: str, points: int) -> Draft:
        return Draft("award", key, SPRING, "test", (Move(Place(ISSUANCE), place, "point", points),))

    async def late(tx: WriteTx) -> object:
        # The transaction has its number and its now() before the other one even begins.
        await tx.connection.fetchval("select pg_current_xact_id()::text || now()")
        begun.set()
        await go_on.wait()
        return await post(tx, [gift("late", 1)])

    task = asyncio.create_task(database.write(bank, late))
    await begun.wait()
    await database.write(bank, lambda tx: post(tx, [gift("early", 100)]))
    moment = await database.pool.fetchval("select clock_timestamp()")
    go_on.set()
    await task
    after = await database.pool.fetchval("select clock_timestamp()")

    def recorded_at(at: datetime) -> Callable[[ReadTx], Awaitable[int]]:
        return lambda tx: balance_recorded_at(tx, place, "point", at)

    assert await database.read(bank, recorded_at(moment)) == 100
    assert await database.read(bank, recorded_at(after)) == 101
    assert await database.read(bank, recorded_at(moment - timedelta(hours=1))) == 0


async def test_sealers_at_once_take_turns(database: Database, bank: Bank, key: SigningKey) -> None:
    await post_all(database, bank, *(award(f"a{n}") for n in range(20)))
    await until_decided(database, bank)
    results = await asyncio.gather(*(seal_now(database, bank, key) for _ in range(4)))
    assert sorted(sealed.transactions for sealed in results) == [0, 0, 0, 20]


async def test_a_sealer_that_dies_leaves_nothing(database: Database, bank: Bank, key: SigningKey) -> None:
    await post_all(database, bank, award("a"))
    await until_decided(database, bank)

    async def dying(tx: WriteTx) -> None:
        await seal(tx, key, origin="x", sealed_at=SEALED_AT)
        raise KilledError

    with pytest.raises(KilledError):
        await database.write(bank, dying)
    assert await leaves(database, bank) == []
    assert (await seal_now(database, bank, key)).transactions == 1


async def test_a_limit_stops_at_the_end_of_a_database_transaction(
    database: Database, bank: Bank, key: SigningKey
) -> None:
    ids = [await post_all(database, bank, *(award(f"{n}-{i}") for i in range(5))) for n in range(3)]
    await until_decided(database, bank)
    first = await seal_now(database, bank, key, limit=6)
    assert (first.transactions, first.is_complete) == (10, False)
    second = await seal_now(database, bank, key, limit=6)
    assert second.transactions == 5
    assert await leaves(database, bank) == [id_ for batch in ids for id_ in batch]
    assert await database.read(bank, lambda tx: audit(tx, verifier=key.verifier)) == []


async def test_it_does_not_seal_on_top_of_a_tree_that_was_changed(
    database: Database, bank: Bank, key: SigningKey, superuser: "Connection"
) -> None:
    await post_all(database, bank, award("a"), award("b"))
    await until_decided(database, bank)
    await seal_now(database, bank, key)
    await superuser.execute("set session_replication_role = replica")
    await superuser.execute(
        "update leaves set hash = sha256(hash) where bank_id = $1 and leaf_index = 0", bank.id
    )
    await post_all(database, bank, award("c"))
    with pytest.raises(TamperedTreeError):
        await seal_now(database, bank, key)
    await superuser.execute("delete from leaves where bank_id = $1 and leaf_index = 0", bank.id)
    with pytest.raises(TamperedTreeError):
        await seal_now(database, bank, key)


async def test_writers_sealers_and_folders_at_once_leave_whole_books(database: Database, bank: Bank) -> None:
    """Forty writers on five wallets, while others seal and fold: each sealed once, every sum right."""
    owners = [uuid4() for _ in range(5)]
    busy = BusyBank(bank, SigningKey.generate("timebank"), owners, uuid4())
    chance = random.Random(7)

    async def write(number: int) -> list[object]:
        await asyncio.sleep(chance.random() / 5)
        owner, payer = chance.choice(owners), chance.choice(owners)
        drafts = [
            Draft(
                "award",
                f"in-{number}",
                SPRING,
                "t",
                (Move(Place(ISSUANCE), Place(WALLET, owner), "point", 10),),
            ),
            Draft("spend", f"out-{number}", SPRING, "t", (Move(Wallet(payer), Place(TAKINGS), "point", 7),)),
        ]
        return list(await database.write(bank, lambda tx: post(tx, drafts)))

    async def keep(action: Callable[[], Awaitable[object]]) -> None:
        for _ in range(8):
            await action()
            await asyncio.sleep(0.02)

    outcomes, *_ = await asyncio.gather(
        asyncio.gather(*(write(number) for number in range(40))),
        keep(lambda: seal_now(database, bank, busy.key)),
        keep(lambda: database.write(bank, fold)),
    )
    await busy.seal_all(database)
    flat = [outcome for batch in outcomes for outcome in batch]
    assert all(isinstance(outcome, Posted | Refused) for outcome in flat)
    assert len(set(await leaves(database, bank))) == len(await leaves(database, bank)) == 80
    spent = sum(isinstance(outcome, Posted) for outcome in flat) - 40
    assert await database.read(bank, lambda tx: balance(tx, Place(TAKINGS), "point")) == 7 * spent
    assert await database.read(bank, lambda tx: balance(tx, Place(ISSUANCE), "point")) == -400
    assert await database.read(bank, lambda tx: audit(tx, verifier=busy.key.verifier)) == []


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("sealed-at 2025-03-05T12:00:00.000000Z",),
        ("sealed-before 7", "sealed-at 2025-03-05T12:00:00.000000Z"),
        ("sealed-at 2025-03-05T12:00:00Z", "sealed-before 7"),
        ("sealed-at 2025-03-05T12:00:00.000000Z", "sealed-before 7", "more 1"),
        ("sealed-at 2025-03-05T12:00:00.000000Z", "sealed-before seven"),
        ("nonsense",),
    ],
)
def test_it_reads_only_the_lines_it_writes(lines: tuple[str, ...]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- whatever is wrong with them
        Coverage.parse(lines)
