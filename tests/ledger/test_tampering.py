"""Tampering by somebody who may do anything in the database: each attempt is found and named.

Every bank here is sealed and anchored; then its rows are changed with all triggers and foreign keys off,
clumsily or with everything put right that the tamperer can put right. What only the anchors or the key can
show is shown to pass without them.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import asyncpg
import pytest
import pytest_asyncio

from ledger.audit import Violation, audit
from ledger.folding import fold
from ledger.posting import post
from ledger.proof.checkpoints import checkpoints
from ledger.proof.document import ProofError, verify_checkpoints, verify_document
from ledger.proof.note import SigningKey
from ledger.proof.proving import consistency, prove
from tests.conftest import END_OF_2026, new_bank
from tests.ledger.busy_bank import BusyBank, busy_bank, credit
from timebank.database import OWNER, READER, Address, Bank, Database

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
from tests.ledger.tamperer import Tamperer

APPEND_ONLY = (
    "units", "transactions", "postings", "closures", "exchange_rules", "leaves", "nodes", "checkpoints",
)  # fmt: skip


@pytest_asyncio.fixture
async def busy(database: Database, bank: Bank) -> BusyBank:
    """Return a busy bank of the test's own."""
    return await busy_bank(database, bank)


@pytest_asyncio.fixture
async def tamperer(superuser: "Connection", database: Database, busy: BusyBank) -> Tamperer:
    """Return a superuser for whom no trigger fires."""
    await superuser.execute("set session_replication_role = replica")
    return Tamperer(superuser, database, busy)


Audit = Callable[..., Awaitable[set[str]]]


@pytest_asyncio.fixture
async def codes(address: Address, busy: BusyBank) -> Audit:
    """Return the audit as the reader role runs it, by default with key and anchors: the codes it finds."""
    anchors = tuple(busy.notes)

    async def run(*, key: SigningKey | None = busy.key, anchored: bool = True) -> set[str]:
        async with Database.connect(address, READER, max_size=1) as reader:
            found: list[Violation] = await reader.read(
                busy.bank,
                lambda tx: audit(
                    tx, verifier=None if key is None else key.verifier, anchors=anchors if anchored else ()
                ),
            )
        return {violation.code for violation in found}

    return run


async def test_an_untouched_bank_is_clean(codes: Audit) -> None:
    assert await codes() == set()


async def test_a_changed_amount(tamperer: Tamperer, codes: Audit) -> None:
    await tamperer.do(
        "update postings set amount = amount + 40 where bank_id = $1 and transaction_id = $2 and line = 2",
        tamperer.busy.ids["early-4"],
    )
    assert await codes() == {
        "balance_differs", "fold_day_differs", "fold_differs", "leaf_differs", "running_balance_differs",
    }  # fmt: skip


async def test_a_changed_amount_with_the_books_put_right(tamperer: Tamperer, codes: Audit) -> None:
    credited = tamperer.busy.ids["early-4"]
    await tamperer.do(
        "update postings set amount = amount + 40 where bank_id = $1 and transaction_id = $2 and line = 1",
        credited,
    )
    await tamperer.balance_books()
    assert await codes() == {"leaf_differs"}
    await tamperer.fix_leaf(credited)
    assert await codes() >= {"root_differs", "forked"}
    assert "root_differs" in await codes(key=None, anchored=False)


@pytest.mark.parametrize(
    "change",
    [
        "recorded_at = recorded_at + interval '1 second'",
        "effective_at = effective_at + interval '1 second'",
        "metadata = jsonb_set(metadata, '{record,grade}', '\"E\"')",
        "memo = '改'",
        "actor = 'nobody'",
        "kind = 'award'",
        "idempotency_key = idempotency_key || '!'",
        "fingerprint = substr(sha256(fingerprint), 1, 16)",
        "salt = substr(sha256(salt), 1, 16)",
    ],
)
async def test_a_changed_time_metadata_or_any_other_field(
    tamperer: Tamperer, codes: Audit, change: str
) -> None:
    await tamperer.do(
        f"update transactions set {change} where bank_id = $1 and id = $2", tamperer.busy.ids["late-4"]
    )
    assert await codes() == {"leaf_differs"}


async def test_a_changed_refusal(tamperer: Tamperer, codes: Audit) -> None:
    refused = tamperer.busy.refused["greedy-4"]
    await tamperer.do(
        "update transactions set refusal = 'lot_expired' where bank_id = $1 and id = $2", refused
    )
    assert await codes() == {"leaf_differs"}


async def test_an_account_that_changes_hands(tamperer: Tamperer, codes: Audit) -> None:
    await tamperer.do(
        "update accounts set owner = gen_random_uuid()"
        " where bank_id = $1 and owner = $2 and expires_on is null",
        tamperer.busy.owners[4],
    )
    assert "leaf_differs" in await codes()


async def test_a_deleted_transaction(tamperer: Tamperer, codes: Audit) -> None:
    credited = tamperer.busy.ids["early-4"]
    await tamperer.do("delete from transactions where bank_id = $1 and id = $2", credited)
    assert await codes() >= {"posting_orphaned", "leaf_unfounded"}
    await tamperer.do("delete from postings where bank_id = $1 and transaction_id = $2", credited)
    assert await codes() >= {"leaf_unfounded", "numbers_broken", "balance_differs", "fold_differs"}


async def test_a_deleted_refusal_leaves_no_trace_but_its_leaf(tamperer: Tamperer, codes: Audit) -> None:
    refused = tamperer.busy.refused["greedy-4"]
    await tamperer.do("delete from transactions where bank_id = $1 and id = $2", refused)
    assert await codes() == {"leaf_unfounded"}
    await tamperer.do("delete from leaves where bank_id = $1 and transaction_id = $2", refused)
    assert await codes() == {"leaf_missing"}


async def test_a_deleted_transaction_with_the_leaves_after_it_moved_up(
    tamperer: Tamperer, codes: Audit
) -> None:
    refused = tamperer.busy.refused["greedy-4"]
    index = await tamperer.number(
        "select leaf_index from leaves where bank_id = $1 and transaction_id = $2", refused
    )
    await tamperer.do("delete from transactions where bank_id = $1 and id = $2", refused)
    await tamperer.do("delete from leaves where bank_id = $1 and transaction_id = $2", refused)
    for step in (-(10**6), 10**6 - 1):
        await tamperer.connection.execute(
            "alter table leaves drop constraint if exists leaves_leaf_index_check"
        )
        await tamperer.do(
            "update leaves set leaf_index = leaf_index + $3"
            " where bank_id = $1 and (leaf_index > $2 or leaf_index < 0)",
            index, step,
        )  # fmt: skip
    await tamperer.connection.execute(
        "alter table leaves add constraint leaves_leaf_index_check check (leaf_index >= 0)"
    )
    found = await codes()
    assert found >= {"root_differs", "forked", "tail_deleted"}


async def test_a_deleted_tail_shows_only_against_the_anchors(tamperer: Tamperer, codes: Audit) -> None:
    await tamperer.delete_tail()
    assert await codes(anchored=False) == set()
    assert await codes() == {"tail_deleted", "checkpoint_missing"}


async def test_a_deleted_tail_replaced_by_other_transactions_and_sealed_with_the_true_key(
    tamperer: Tamperer, codes: Audit, database: Database
) -> None:
    busy = tamperer.busy
    await tamperer.delete_tail()
    anchors = list(busy.notes)
    await busy.post(
        database, credit("other-1", busy.owners[5], END_OF_2026), credit("other-2", busy.shop, END_OF_2026)
    )
    await busy.seal_all(database)
    assert await codes(anchored=False) == set()
    assert await codes() == {"forked"}
    old, new = anchors[-1], busy.notes[-1]
    size = await tamperer.number("select max(tree_size) from checkpoints where bank_id = $1")
    proof = await database.read(busy.bank, lambda tx: consistency(tx, size, size))
    with pytest.raises(ProofError, match="not_consistent"):
        verify_checkpoints(old, new, proof, busy.key.verifier)


BACKDATED = """
with copied as (
  insert into transactions (bank_id, id, kind, idempotency_key, fingerprint, effective_at, recorded_at, xact,
    actor, memo, metadata)
  select $1, nextval('transaction_ids'), kind, 'slipped in', fingerprint, effective_at,
    recorded_at - interval '1 day', {xact}, actor, memo, metadata
  from transactions where bank_id = $1 and id = $2 returning id, xact
), opened as (
  insert into accounts (bank_id, owner, unit_id, kind, guarded, balance, last_seq)
  select $1, gen_random_uuid(), a.unit_id, a.kind, true, 60, 1 from accounts a
  where a.bank_id = $1
    and a.id = (select to_account_id from postings where bank_id = $1 and transaction_id = $2 and line = 1)
  returning id
)
insert into postings (bank_id, transaction_id, xact, line, unit_id, from_account_id, to_account_id, amount,
  to_seq, to_balance)
select $1, c.id, c.xact, 1, p.unit_id, p.from_account_id, o.id, 60, 1, 60
from copied c, opened o, postings p where p.bank_id = $1 and p.transaction_id = $2 and p.line = 1
"""
NOW = "(select base from epochs) + pg_current_xact_id()::text::bigint"
THEN = "xact"


async def test_an_inserted_transaction_dated_back(
    tamperer: Tamperer, codes: Audit, database: Database
) -> None:
    """All its sums are right and the true sealer seals it; its time is older than what was written before."""
    await tamperer.do(BACKDATED.format(xact=NOW), tamperer.busy.ids["tail-2"])
    assert await codes() == {"backdated"}
    await tamperer.busy.seal_all(database)
    assert await codes() == {"backdated"}


async def test_an_inserted_transaction_dated_back_with_its_number(tamperer: Tamperer, codes: Audit) -> None:
    """It claims to have been written long ago: then it would have been sealed."""
    await tamperer.do(BACKDATED.format(xact=THEN), tamperer.busy.ids["late-4"])
    await tamperer.balance_books()
    assert "unsealed" in await codes()


async def test_an_inserted_transaction_that_hides_from_the_sealer(tamperer: Tamperer, codes: Audit) -> None:
    await tamperer.do(BACKDATED.format(xact="xact + 1000000000"), tamperer.busy.ids["tail-2"])
    assert "recorded_ahead" in await codes()


async def test_a_seal_swapped_for_one_of_another_key(
    tamperer: Tamperer, codes: Audit, database: Database
) -> None:
    """The tamperer rewrites an amount and seals the whole bank anew: inside everything fits."""
    busy = tamperer.busy
    credited = busy.ids["early-4"]
    await tamperer.do(
        "update postings set amount = amount + 40 where bank_id = $1 and transaction_id = $2 and line = 1",
        credited,
    )
    await tamperer.balance_books()
    await tamperer.forget_seals()
    forger = SigningKey.generate("timebank")
    await replace(busy, key=forger, notes=[]).seal_all(database)
    assert await codes(key=None, anchored=False) == set()
    assert await codes(key=forger, anchored=False) == set()
    assert await codes(anchored=False) == {"note_unverified"}
    assert await codes(key=None) >= {"forked"}
    document = await database.read(busy.bank, lambda tx: prove(tx, credited, record="x"))
    with pytest.raises(ProofError, match="unknown_key"):
        verify_document(document.to_json(), busy.key.verifier)


async def test_a_seal_swapped_for_an_earlier_one(tamperer: Tamperer, codes: Audit) -> None:
    await tamperer.do(
        """
        update checkpoints
        set note = (select note from checkpoints where bank_id = $1 order by tree_size limit 1)
        where bank_id = $1 and tree_size = (select max(tree_size) from checkpoints where bank_id = $1)
        """
    )
    assert await codes() == {"note_differs"}


async def test_a_seal_swapped_for_that_of_another_bank(
    tamperer: Tamperer, codes: Audit, database: Database
) -> None:
    """The same key signs for both banks; the name of the log tells them apart."""
    other = replace(tamperer.busy, bank=await new_bank(database), notes=[])
    await other.post(database, credit("elsewhere", other.shop, END_OF_2026))
    await other.seal_all(database)
    await tamperer.do(
        """
        update checkpoints set note = $2
        where bank_id = $1 and tree_size = (select max(tree_size) from checkpoints where bank_id = $1)
        """,
        other.notes[0],
    )
    assert await codes() == {"note_differs", "origin_differs"}


async def test_a_proof_handed_out_before_still_shows_what_was_there(
    tamperer: Tamperer, database: Database, bank: Bank
) -> None:
    busy = tamperer.busy
    credited = busy.ids["early-4"]
    before = (await database.read(bank, lambda tx: prove(tx, credited, record="x"))).to_json()
    await tamperer.do("update transactions set memo = '改' where bank_id = $1 and id = $2", credited)
    after = (await database.read(bank, lambda tx: prove(tx, credited, record="x"))).to_json()
    assert verify_document(before, busy.key.verifier).transaction.memo == "暖心服务"
    with pytest.raises(ProofError, match="not_included"):
        verify_document(after, busy.key.verifier)


async def test_every_two_checkpoints_of_an_untouched_bank_are_consistent(
    database: Database, busy: BusyBank, bank: Bank
) -> None:
    stored = await database.read(bank, checkpoints)
    for old, new in pairwise(stored):
        proof = await database.read(bank, lambda tx, o=old, n=new: consistency(tx, o.tree_size, n.tree_size))  # type: ignore[misc]  # a lambda with a default has no type
        assert verify_checkpoints(old.note, new.note, proof, busy.key.verifier)[1].size == new.tree_size


@pytest.mark.parametrize("table", [*APPEND_ONLY, "accounts"])
@pytest.mark.parametrize(
    "change", ["update {} set bank_id = bank_id", "delete from {}", "truncate {} cascade"]
)
async def test_neither_the_application_nor_the_owner_changes_what_is_written(
    address: Address, database: Database, table: str, change: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.pool.execute(change.format(table))
    async with Database.connect(address, OWNER, max_size=1) as owner:
        with pytest.raises(asyncpg.PostgresError) as refused:
            await owner.pool.execute(change.format(table))
    assert refused.value.sqlstate == "TB001"


async def test_posting_still_works_after_all_that(database: Database, busy: BusyBank) -> None:
    await database.write(busy.bank, lambda tx: post(tx, [credit("last", busy.shop, END_OF_2026)]))
    await database.write(busy.bank, fold)
    assert await database.read(busy.bank, audit) == []
