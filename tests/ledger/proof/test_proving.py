"""Proofs of what was sealed: they verify offline, of accepted and refused, and there are none of anything else."""

import random
from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from ledger.audit import audit
from ledger.posting import post
from ledger.proof.checkpoints import (
    checkpoints,
)
from ledger.proof.document import verify_checkpoints, verify_document
from ledger.proof.note import SigningKey
from ledger.proof.proving import NoProofError, consistency, prove
from ledger.proof.tree import IncompleteTreeError
from ledger.values import (
    Refused,
)
from tests.conftest import new_bank
from timebank.database import Bank, Database

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]
from tests.ledger.proof.history import (
    award,
    post_all,
    seal_now,
    spend,
    until_decided,
)


async def test_proofs_of_every_size_verify_offline(database: Database, bank: Bank, key: SigningKey) -> None:
    """Trees of 1, 3, 255, 256, 257 and 600 leaves: below, at and above the first stored node."""
    ids: list[int] = []
    for total in (1, 3, 255, 256, 257, 600):
        ids += await post_all(database, bank, *(award(f"k{n}") for n in range(len(ids), total)))
        await until_decided(database, bank)
        sealed = await seal_now(database, bank, key)
        assert sealed.checkpoint is not None
        assert sealed.checkpoint.tree_size == total
        for id_ in {ids[0], ids[-1], *random.Random(total).sample(ids, min(total, 8))}:
            document = await database.read(bank, lambda tx, id_=id_: prove(tx, id_, record="星级证书"))  # type: ignore[misc]  # a lambda with a default has no type
            verified = verify_document(document.to_json(), key.verifier, origin=f"timebank/{bank.code}")
            assert (verified.transaction.id, verified.leaf_index) == (id_, ids.index(id_))
            assert verified.checkpoint.root == sealed.checkpoint.root
    stored = await database.read(bank, checkpoints)
    assert [checkpoint.tree_size for checkpoint in stored] == [1, 3, 255, 256, 257, 600]
    for old, new in combinations(stored, 2):
        proof = await database.read(bank, lambda tx, o=old, n=new: consistency(tx, o.tree_size, n.tree_size))  # type: ignore[misc]  # a lambda with a default has no type
        verify_checkpoints(old.note, new.note, proof, key.verifier)


async def test_checkpoints_are_listed_by_pages(database: Database, bank: Bank, key: SigningKey) -> None:
    for n in range(3):
        await post_all(database, bank, award(f"k{n}"))
        await until_decided(database, bank)
        await seal_now(database, bank, key)
    page = await database.read(bank, lambda tx: checkpoints(tx, limit=2))
    rest = await database.read(bank, lambda tx: checkpoints(tx, after_size=page[-1].tree_size, limit=2))
    assert [checkpoint.tree_size for checkpoint in page + rest] == [1, 2, 3]


@pytest.mark.parametrize(
    "metadata",
    [
        {"b": 1, "a": {"z": [1, {"y": None}], "é": "名"}, "": True},
        {"rate": 1.5, "tiny": 1e-9, "huge": 1e300, "count": 2**70, "zero": -0.0},
        {"quote": '"\\/\u2028', "emoji": "🍚", "empty": [], "object": {}},
    ],
)
async def test_whatever_the_metadata_it_is_sealed_as_it_is_derived_again(
    database: Database, bank: Bank, key: SigningKey, metadata: dict[str, object]
) -> None:
    (id_,) = await post_all(database, bank, award("a", metadata=metadata))
    await until_decided(database, bank)
    await seal_now(database, bank, key)
    document = await database.read(bank, lambda tx: prove(tx, id_, record=""))
    assert verify_document(document.to_json(), key.verifier).transaction.id == id_
    assert await database.read(bank, lambda tx: audit(tx, verifier=key.verifier)) == []


async def test_a_refusal_is_proved_like_an_acceptance(
    database: Database, bank: Bank, key: SigningKey
) -> None:
    (outcome,) = await database.write(bank, lambda tx: post(tx, [spend("s")]))
    assert isinstance(outcome, Refused)
    await until_decided(database, bank)
    await seal_now(database, bank, key)
    document = await database.read(bank, lambda tx: prove(tx, outcome.transaction_id, record=""))
    verified = verify_document(document.to_json(), key.verifier)
    assert (verified.transaction.refusal, verified.transaction.postings) == ("insufficient", ())


async def test_there_is_no_proof_of_what_is_unknown_or_not_sealed(
    database: Database, bank: Bank, key: SigningKey
) -> None:
    (sealed_id,) = await post_all(database, bank, award("a"))
    await until_decided(database, bank)
    await seal_now(database, bank, key)
    (new_id,) = await post_all(database, bank, award("b"))
    with pytest.raises(NoProofError) as unknown:
        await database.read(bank, lambda tx: prove(tx, 10**15, record=""))
    with pytest.raises(NoProofError) as early:
        await database.read(bank, lambda tx: prove(tx, new_id, record=""))
    assert (unknown.value.code, early.value.code) == ("unknown_transaction", "not_sealed")
    other = await new_bank(database)
    with pytest.raises(NoProofError, match="unknown_transaction"):
        await database.read(other, lambda tx: prove(tx, sealed_id, record=""))
    with pytest.raises(IncompleteTreeError):
        await database.read(bank, lambda tx: consistency(tx, 1, 2))
