"""The audit: silent on a whole bank, and every code of it found when the books are made to deserve it."""

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
import pytest_asyncio

from ledger.audit import Violation, audit
from ledger.audit.guards import check_guards
from ledger.audit.violations import CODES, FINDINGS_LIMIT
from ledger.session import Catalogue, ReadTx
from ledger.values import EXPIRE, TAKINGS, WALLET, Draft, InvalidDraftError, Move, Place
from tests.conftest import SPRING, new_bank
from tests.ledger.busy_bank import BusyBank, busy_bank
from timebank.database import READER, Address, Database

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]


@pytest_asyncio.fixture(scope="module")
async def busy(database: Database) -> BusyBank:
    """Return one busy bank for all tests here: what they do to it is rolled back."""
    return await busy_bank(database, await new_bank(database))


@contextlib.asynccontextmanager
async def tampered(superuser: "Connection", busy: BusyBank, script: str) -> AsyncIterator[ReadTx]:
    """Do with the bank's rows as the script says, and see them so; nothing of it is left in the end."""
    await superuser.execute("begin")
    try:
        await superuser.execute("set local session_replication_role = replica")
        for statement in filter(str.strip, script.replace(":mine", f"bank_id = {busy.bank.id}").split(";")):
            result = await superuser.execute(statement)
            assert not result.endswith(" 0"), f"changes nothing: {statement}"
        base = await superuser.fetchval("select max(base) from epochs")
        yield ReadTx(superuser, busy.bank.id, busy.bank.code, busy.bank.zone, base, Catalogue())
    finally:
        await superuser.execute("rollback")


def codes(violations: list[Violation]) -> set[str]:
    """Return the codes found."""
    return {found.code for found in violations}


async def test_it_finds_nothing_in_a_busy_bank(database: Database, busy: BusyBank, address: Address) -> None:
    async with Database.connect(address, READER) as reader:
        found = await reader.read(
            busy.bank, lambda tx: audit(tx, verifier=busy.key.verifier, anchors=busy.notes)
        )
    assert found == []
    kinds = await database.read(
        busy.bank,
        lambda tx: tx.connection.fetch(
            "select distinct kind, refusal from transactions where bank_id = $1", busy.bank.id
        ),
    )
    assert {kind for kind, refusal in kinds if refusal is None} >= {
        "capture", "carry_over", "credit", "expire", "gift", "hold", "receive", "redeem", "release",
        "reversal",
    }  # fmt: skip
    assert {refusal for _, refusal in kinds if refusal} == {
        "insufficient", "period_closed", "unknown_transaction", "unknown_unit",
    }  # fmt: skip


async def test_it_finds_nothing_in_an_empty_bank(database: Database) -> None:
    bank = await new_bank(database)
    assert await database.read(bank, audit) == []


CREDIT = "(select id from transactions where :mine and idempotency_key = 'late-3')"
REDEEM = "(select id from transactions where :mine and idempotency_key = 'redeem-3')"
REVERSAL = "(select id from transactions where :mine and idempotency_key = 'refund-3')"
GRACE = "(select id from transactions where :mine and idempotency_key = 'grace-3')"
HELD = "(select id from transactions where :mine and idempotency_key = 'hold-3')"
CAPTURE = "(select id from transactions where :mine and idempotency_key = 'capture-3')"
RELEASE = "(select id from transactions where :mine and idempotency_key = 'release-3')"
EXPIRY = "(select max(id) from transactions where :mine and kind = 'expire')"
TAIL = "(select id from transactions where :mine and idempotency_key = 'tail-2')"
WALLETS = "(select id from accounts where :mine and kind = 'wallet' and last_seq > 2)"
OPEN = "(select id from accounts where :mine and kind = 'takings')"

BOOKS = {
    "posting_crosses": f"""
        update postings set unit_id = (select id from units where :mine and code = 'fufen')
        where :mine and transaction_id = {CREDIT} and line = 2""",
    "posting_malformed": f"""
        alter table postings drop constraint postings_amount_check;
        update postings set amount = -amount where :mine and transaction_id = {CREDIT}""",
    "posting_orphaned": f"delete from transactions where :mine and id = {CREDIT}",
    "posting_xact_differs": f"""
        update postings set xact = xact - 1 where :mine and transaction_id = {CREDIT} and line = 1""",
    "refused_with_postings": f"""
        update transactions set refusal = 'insufficient', refusal_detail = '{{}}'
        where :mine and id = {CREDIT}""",
    "accepted_without_postings": f"delete from postings where :mine and transaction_id = {CREDIT}",
    "lines_broken": f"delete from postings where :mine and transaction_id = {CREDIT} and line = 1",
    "account_doubled": f"""
        alter table accounts drop constraint accounts_place_key;
        insert into accounts (bank_id, owner, unit_id, kind, guarded, expires_on)
        select bank_id, owner, unit_id, kind, guarded, expires_on from accounts
        where id = (select max(id) from {WALLETS} w)""",
    "unit_unbalanced": f"update accounts set balance = balance + 1 where :mine and id in {WALLETS}",
    "balance_differs": f"update accounts set balance = balance + 1 where :mine and id in {WALLETS}",
    "below_floor": f"""
        alter table accounts drop constraint accounts_balance_check;
        update accounts set balance = -1 where :mine and id in {WALLETS}""",
    "fold_differs": f"update accounts set balance = balance + 1 where :mine and id in {OPEN}",
    "fold_day_differs": f"update folds set received = received + 1 where :mine and account_id in {OPEN}",
    "number_missing": f"""
        update postings set to_seq = null, to_balance = null where :mine and transaction_id = {CREDIT}""",
    "number_on_open": f"""
        update postings set to_seq = 1, to_balance = 1
        where :mine and transaction_id = {REDEEM} and line = 1""",
    "numbers_broken": f"""
        update postings set to_seq = to_seq + 100 where :mine and transaction_id = {CREDIT} and line = 2""",
    "last_number_differs": f"update accounts set last_seq = last_seq + 1 where :mine and id in {WALLETS}",
    "running_balance_differs": f"""
        update postings set amount = amount + 1 where :mine and transaction_id = {CREDIT} and line = 2""",
    "order_differs": f"""
        drop index postings_to_seq_key;
        update postings set to_seq = case to_seq when 1 then 2 else 1 end
        where :mine and to_seq in (1, 2) and to_account_id = (
          select to_account_id from postings where :mine and transaction_id = {CREDIT} and line = 1)""",
    "key_doubled": f"""
        alter table transactions drop constraint transactions_idempotency_key;
        update transactions set idempotency_key = 'late-3' where :mine and id = {REDEEM}""",
    "id_doubled": f"""
        alter table transactions drop constraint transactions_pkey cascade;
        update transactions set id = {REDEEM} where :mine and id = {TAIL}""",
}

PROMISES = {
    "reversed_twice": f"""
        drop index transactions_reverses_id_key;
        update transactions
        set reverses_id = (select reverses_id from transactions where :mine and id = {REVERSAL})
        where :mine and id = {GRACE}""",
    "reversal_unfounded": f"update transactions set reverses_id = id where :mine and id = {REVERSAL}",
    "reversal_differs": f"""
        update postings set amount = amount - 1 where :mine and transaction_id = {REVERSAL} and line = 1""",
    "lapsed_lot_spent": f"""
        update transactions set effective_at = '2025-07-02' where :mine and id = {REDEEM}""",
    "younger_lot_spent_first": """
        update transactions set recorded_at = recorded_at - interval '2 hours'
        where :mine and kind = 'credit';
        update accounts set expires_on = '2026-12-30' where :mine and expires_on = '2025-06-30'
        and kind = 'wallet';
        update accounts set expires_on = '2025-06-30' where :mine and expires_on = '2026-12-31'
        and kind = 'wallet'""",
    "resolved_twice": f"""
        drop index transactions_resolves_id_key;
        update transactions set resolves_id = {HELD} where :mine and id = {RELEASE}""",
    "resolution_unfounded": f"update transactions set resolves_id = {CREDIT} where :mine and id = {CAPTURE}",
    "resolution_differs": f"""
        update postings set amount = amount - 1 where :mine and transaction_id = {RELEASE} and line = 1""",
    "captured_late": f"""
        update transactions set effective_at = '2025-03-20' where :mine and id = {CAPTURE}""",
    "held_moved": f"update transactions set kind = 'gift' where :mine and id = {RELEASE}",
    "held_differs": """
        update accounts set balance = balance + 1 where :mine and kind = 'held' and balance > 0""",
    "closed_period_entered": f"""
        update transactions set effective_at = '2025-02-01' where :mine and id = {CREDIT}""",
}

SEALS = {
    "unsealed": f"delete from leaves where :mine and transaction_id = {TAIL}",
    "sealed_twice": f"""
        alter table leaves drop constraint leaves_transaction_id_key;
        update leaves set transaction_id = {CREDIT} where :mine and transaction_id = {TAIL}""",
    "sealed_out_of_order": f"update transactions set xact = xact + 10000 where :mine and id = {CREDIT}",
    "backdated": f"""
        update transactions set recorded_at = recorded_at - interval '2 hours' where :mine and id = {TAIL}""",
    "recorded_backwards": f"""
        update transactions set recorded_at = recorded_at - interval '1 hour' where :mine and id = {GRACE}""",
    "recorded_ahead": f"""
        update transactions set recorded_at = recorded_at + interval '1 day' where :mine and id = {TAIL}""",
    "leaf_missing": "delete from leaves where :mine and leaf_index = 7",
    "leaf_unfounded": f"delete from transactions where :mine and id = {EXPIRY}",
    "leaf_differs": f"update transactions set memo = 'x' where :mine and id = {EXPIRY}",
    "leaf_unsigned": """
        delete from checkpoints where :mine
        and tree_size = (select max(tree_size) from checkpoints where :mine)""",
    "node_differs": "update nodes set hash = sha256(hash) where :mine",
    "root_differs": "update leaves set hash = sha256(hash) where :mine and leaf_index = 5",
    "tail_deleted": """
        delete from leaves where :mine
        and leaf_index = (select max(leaf_index) from leaves where :mine)""",
    "note_unverified": """
        update checkpoints set note = replace(note, 'timebank/', 'timebanc/') where :mine""",
    "note_differs": "update checkpoints set sealed_before = sealed_before + 1 where :mine",
    "origin_differs": """
        update checkpoints set note = replace(note, 'timebank/', 'other/') where :mine
        and tree_size = (select max(tree_size) from checkpoints where :mine)""",
    "checkpoint_missing": """
        delete from checkpoints where :mine
        and tree_size = (select min(tree_size) from checkpoints where :mine)""",
    "forked": "update leaves set hash = sha256(hash) where :mine and leaf_index = 5",
}

GUARDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "trigger_missing": ("alter table postings disable trigger postings_append_only", ()),
    "trigger_disabled": ("alter table postings disable trigger all", ("trigger_missing",)),
    "function_altered": (
        """create or replace function refuse_change() returns trigger language plpgsql
        as 'begin return null; end'""",
        (),
    ),
    "privilege_excessive": ("grant update (memo) on transactions to timebank_app", ()),
    "role_too_powerful": ("grant timebank_owner to timebank_reader", ("privilege_excessive",)),
    "isolation_missing": ("alter table postings no force row level security", ()),
    "constraint_missing": ("alter table postings drop constraint postings_from_account_id_fkey", ()),
    "index_missing": ("drop index postings_from_seq_key", ()),
}
"""What is done, and which codes it deserves beside its own."""


@pytest.mark.parametrize("code", [*BOOKS, *PROMISES, *SEALS])
async def test_it_names_what_is_wrong(superuser: "Connection", busy: BusyBank, code: str) -> None:
    async with tampered(superuser, busy, {**BOOKS, **PROMISES, **SEALS}[code]) as tx:
        found = await audit(tx, verifier=busy.key.verifier, anchors=busy.notes)
    named = [violation for violation in found if violation.code == code]
    assert named
    assert all(violation.invariant == CODES[code][0] for violation in named)
    assert len(named) <= FINDINGS_LIMIT


@pytest.mark.parametrize("code", GUARDS)
async def test_it_names_a_guard_that_is_gone(superuser: "Connection", busy: BusyBank, code: str) -> None:
    script, also = GUARDS[code]
    async with tampered(superuser, busy, "") as tx:
        await superuser.execute(script)
        found = await check_guards(tx)
    assert {finding.code for finding in found} == {code, *also}


def test_every_code_has_its_case_here() -> None:
    assert {*BOOKS, *PROMISES, *SEALS, *GUARDS} == set(CODES)


def test_only_expiring_and_carrying_over_may_name_a_lot() -> None:
    """Otherwise the books could not tell whether the order of lots was kept."""
    move = Move(Place(WALLET, uuid4()), Place(TAKINGS), "point", 1)
    Draft(EXPIRE, "k", SPRING, "test", (move,))
    with pytest.raises(InvalidDraftError):
        Draft("spend", "k", SPRING, "test", (move,))


async def test_it_lists_at_most_so_many_of_one_code(superuser: "Connection", busy: BusyBank) -> None:
    async with tampered(superuser, busy, "update transactions set memo = memo || '!' where :mine") as tx:
        found = await audit(tx)
    assert len(found) == FINDINGS_LIMIT
    assert codes(found) == {"leaf_differs"}


async def test_it_says_what_it_found_in_both_languages(superuser: "Connection", busy: BusyBank) -> None:
    # Who came last to open its lots is chance: of the newest wallets of all units one may be of minutes.
    script = (
        "update accounts set balance = balance + 7 where :mine and id = (select max(id) from accounts"
        " where :mine and kind = 'wallet' and last_seq > 2"
        " and unit_id = (select id from units where :mine and code = 'point'))"
    )
    async with tampered(superuser, busy, script) as tx:
        (imbalance, difference) = await audit(tx)
        account = int(difference.subject.removeprefix("account "))
        balance = await superuser.fetchval(
            "select balance from accounts where bank_id = $1 and id = $2", busy.bank.id, account
        )
    assert imbalance.message_zh == "单位 point:该单位全部余额之和不为零(现为 7,应为 0)"
    assert difference == Violation(
        3,
        "balance_differs",
        f"account {account}",
        f"账户 {account}:余额与分录重算不符(现为 {balance},应为 {balance - 7})",
        f"account {account}: a balance is not the replay of its postings"
        f" (found {balance}, expected {balance - 7})",
    )
