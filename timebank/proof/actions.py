"""Sealing, proving and auditing a bank with the keys and anchors of the installation."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ledger.audit import Violation, audit
from ledger.proof.anchors import (
    ForkedAnchorError,
    anchor_missing,
    latest_anchored_size,
    read_anchors,
)
from ledger.proof.checkpoints import checkpoints
from ledger.proof.document import ProofDocument
from ledger.proof.note import SigningKey, VerifierKey
from ledger.proof.proving import NoProofError, prove
from ledger.proof.sealing import Sealed, TamperedTreeError, seal
from ledger.session import ReadTx, WriteTx
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.keyfiles import load_or_make

_RECORD = """
select r.id from service_records r
join activities a on a.bank_id = $1 and a.id = r.activity_id
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
where r.bank_id = $1 and a.code = $2 and v.code = $3
"""
_NUMBER = "select true from service_records where bank_id = $1 and id = $2"
_TRANSACTION = """
select t.id from transactions t
where t.bank_id = $1 and t.idempotency_key = 'record:' || $2 and t.refusal is null
"""

_LATEST = "select id from transactions where bank_id = $1 order by id desc limit 1"
_IS_SEALED = "select exists (select from leaves where bank_id = $1 and transaction_id = $2)"

LONGEST_NUMBER = 18
PATIENCE_STEPS, STEP_SECONDS = 50, 0.1


def origin(bank: Bank) -> str:
    """Return the name under which a bank's checkpoints are signed."""
    return f"timebank/{bank.code}"


def signing_key(home: Path, bank: Bank) -> SigningKey:
    """Return the bank's signing key, made on first use in a file that only its owner reads."""
    text = load_or_make(_key_file(home, bank), lambda: SigningKey.generate(origin(bank)).encode())
    return SigningKey.parse(text)


def published_verifier(home: Path, bank: Bank) -> str | None:
    """Return the public key that the bank's checkpoints are signed with; None before the first was."""
    if not _key_file(home, bank).exists():
        return None
    return str(signing_key(home, bank).verifier)


def _key_file(home: Path, bank: Bank) -> Path:
    return home / "keys" / f"seal-{bank.code}.key"


def anchors_folder(home: Path) -> Path:
    """Return where checkpoints are kept outside the database; copy it to another machine."""
    return home / "checkpoints"


@dataclass(frozen=True, slots=True)
class SealedBank:
    """What a sealing run did: how many transactions it added, how large the tree is, and the public key."""

    transactions: int
    tree_size: int
    verifier: str


async def seal_bank(database: Database, bank: Bank, home: Path, *, now: datetime) -> SealedBank:
    """Seal everything decided so far, then keep its checkpoints outside the database too.

    A death between the two leaves a checkpoint without its file; the next run writes it.

    Raises:
        RefusalError: `tree_tampered` or `history_forked`: nothing is sealed on top of rewritten history.
    """
    key = signing_key(home, bank)
    transactions, is_complete = 0, False

    async def work(tx: WriteTx) -> Sealed:
        return await seal(tx, key, origin=origin(bank), sealed_at=now)

    try:
        while not is_complete:
            sealed = await database.write(bank, work)
            transactions += sealed.transactions
            is_complete = sealed.is_complete
        tree_size = await _anchor(database, bank, home)
    except TamperedTreeError:
        raise RefusalError("tree_tampered") from None
    except ForkedAnchorError as error:
        raise RefusalError("history_forked", anchor=error.path.name) from None
    return SealedBank(transactions, tree_size, str(key.verifier))


async def seal_settled(database: Database, bank: Bank, home: Path, *, now: datetime) -> SealedBank:
    """Seal, and again for a few seconds as long as a write under way elsewhere holds back what was recorded before.

    What is held back for longer is sealed by the next run.

    Raises:
        RefusalError: as `seal_bank`.
    """
    sealed = await seal_bank(database, bank, home, now=now)
    latest = await database.read(bank, lambda tx: tx.connection.fetchval(_LATEST, tx.bank_id))
    for _ in range(PATIENCE_STEPS):
        if latest is None or await database.read(
            bank, lambda tx: tx.connection.fetchval(_IS_SEALED, tx.bank_id, latest)
        ):
            break
        await asyncio.sleep(STEP_SECONDS)
        again = await seal_bank(database, bank, home, now=now)
        sealed = replace(again, transactions=sealed.transactions + again.transactions)
    return sealed


async def _anchor(database: Database, bank: Bank, home: Path) -> int:
    """Write the checkpoints that are not yet among the anchors; return the size of the largest tree."""
    folder = anchors_folder(home)
    while True:
        after = latest_anchored_size(folder, bank.code)

        async def work(tx: ReadTx, after: int = after) -> list[str]:
            return [checkpoint.note for checkpoint in await checkpoints(tx, after_size=after)]

        notes = await database.read(bank, work)
        if not notes:
            return after
        anchor_missing(folder, bank.code, notes)


async def prove_record(database: Database, bank: Bank, record: str) -> ProofDocument:
    """Return the proof of a record's credit: `record` is its number, or ACTIVITY/VOLUNTEER.

    Raises:
        RefusalError: `unknown_record`, `record_not_credited`, `not_sealed_yet`.
    """

    async def work(tx: ReadTx) -> ProofDocument:
        return await proof_of_record(tx, await _record_number(tx, record))

    return await database.read(bank, work)


async def proof_of_record(tx: ReadTx, number: int) -> ProofDocument:
    """Return the proof of a record's credit.

    Raises:
        RefusalError: `record_not_credited`, `not_sealed_yet`.
    """
    id_ = await tx.connection.fetchval(_TRANSACTION, tx.bank_id, str(number))
    if id_ is None:
        raise RefusalError("record_not_credited", record=number)
    try:
        return await prove(tx, id_, record=str(number))
    except NoProofError:
        raise RefusalError("not_sealed_yet", record=number) from None


async def proof_of_transaction(tx: ReadTx, transaction_id: int) -> ProofDocument:
    """Return the proof that a transaction is in the sealed books.

    Raises:
        RefusalError: `unknown_transaction`, `transaction_not_sealed_yet`.
    """
    try:
        return await prove(tx, transaction_id, record=str(transaction_id))
    except NoProofError as error:
        if error.code == "unknown_transaction":
            raise RefusalError("unknown_transaction") from None
        raise RefusalError("transaction_not_sealed_yet") from None


async def _record_number(tx: ReadTx, record: str) -> int:
    number: int | None
    if record.isascii() and record.isdecimal():
        known = len(record) <= LONGEST_NUMBER and await tx.connection.fetchval(
            _NUMBER, tx.bank_id, int(record)
        )
        number = int(record) if known else None
    else:
        activity, _, volunteer = record.strip().upper().partition("/")
        number = await tx.connection.fetchval(_RECORD, tx.bank_id, activity, volunteer)
    if number is None:
        raise RefusalError("unknown_record", record=record)
    return number


async def audit_bank(database: Database, bank: Bank, home: Path) -> list[Violation]:
    """Audit a bank against the installation's key and the checkpoints kept outside the database."""
    has_key = _key_file(home, bank).exists()
    verifier: VerifierKey | None = signing_key(home, bank).verifier if has_key else None
    anchors = read_anchors(anchors_folder(home), bank.code)
    return await database.read(bank, lambda tx: audit(tx, verifier=verifier, anchors=anchors))
