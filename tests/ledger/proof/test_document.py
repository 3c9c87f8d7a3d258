"""Proof files out of a tree of 300 transactions: they verify offline, and nothing in them can be altered."""

import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import pytest

from ledger.proof.document import ProofDocument, ProofError, verify_checkpoints, verify_document
from ledger.proof.leaf import LeafAccount, LeafPosting, LeafTransaction, commitment
from ledger.proof.merkle import CompactRange, consistency_proof, inclusion_proof, leaf_hash, root_at
from ledger.proof.note import Checkpoint, SigningKey, VerifierKey, sign_note

SIZE = 300
ORIGIN = "bank.example/licheng"
KEY = SigningKey(ORIGIN, bytes(range(32)))
STRANGER = SigningKey("stranger.example", bytes(32))


def transaction(number: int) -> LeafTransaction:
    """Build the credit of `number` minutes to volunteer `number`, with one posting."""
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(minutes=number)
    lot = LeafAccount("wallet", UUID(int=number), date(2026, 12, 31))
    minutes = LeafPosting(
        1, "minute", number + 1, LeafAccount("issuance", UUID(int=0), None), lot, None, None, 1, number + 1
    )
    return LeafTransaction(
        bank="licheng",
        id=1000 + number,
        kind="credit",
        idempotency_key=f"credit:{number}",
        fingerprint=sha256(b"%d" % number).digest(),
        effective_at=noon,
        recorded_at=noon,
        actor="office:1",
        memo="敬老服务",
        metadata='{"policy":"2026-1"}',
        refusal=None,
        refusal_detail="",
        reverses_id=None,
        resolves_id=None,
        hold_until=None,
        xact=5000 + number,
        postings=(minutes,),
    )


def salt(number: int) -> bytes:
    return sha256(b"salt %d" % number).digest()


def grow(count: int) -> dict[tuple[int, int], bytes]:
    nodes: dict[tuple[int, int], bytes] = {}
    tree = CompactRange()
    for number in range(count):
        nodes.update(tree.append(leaf_hash(commitment(salt(number), transaction(number)))))
    return nodes


NODES = grow(SIZE)


def subtree(level: int, position: int) -> bytes:
    return NODES[level, position]


def signed(size: int, *, origin: str = ORIGIN, key: SigningKey = KEY, root: bytes | None = None) -> str:
    return sign_note(Checkpoint(origin, size, root_at(size, subtree) if root is None else root).text(), key)


def document(number: int, size: int = SIZE) -> ProofDocument:
    return ProofDocument(
        record=f"服务记录 {number}",
        transaction=transaction(number),
        salt=salt(number),
        leaf_index=number,
        tree_size=size,
        inclusion=tuple(inclusion_proof(number, size, subtree)),
        checkpoint=signed(size),
    )


def refused(code: str) -> pytest.RaisesExc[ProofError]:
    return pytest.RaisesExc(ProofError, match=f"^{code}$")


@pytest.mark.parametrize(
    ("number", "size"),
    [(0, 1), (0, 300), (1, 300), (127, 128), (127, 300), (255, 300), (256, 300), (299, 300)],
)
def test_a_proof_file_verifies_with_the_public_key_alone(number: int, size: int) -> None:
    text = document(number, size).to_json()
    proof = verify_document(text, VerifierKey.parse(str(KEY.verifier)), origin=ORIGIN)
    assert proof.transaction == transaction(number)
    assert proof.leaf_index == number
    assert proof.checkpoint == Checkpoint(ORIGIN, size, root_at(size, subtree))


def test_a_proof_file_comes_back() -> None:
    assert ProofDocument.from_json(document(17).to_json()) == document(17)


TEXT = document(77).to_json()


def altered(change: Callable[[dict[str, object]], object]) -> str:
    members = json.loads(TEXT)
    change(members)
    text = json.dumps(members)
    assert json.loads(text) != json.loads(TEXT)
    return text


OTHER_VALUES: dict[str, object] = {
    "bank": "other",
    "id": 1078,
    "kind": "award",
    "idempotency_key": "credit:78",
    "fingerprint": "00",
    "effective_at": "2026-03-01T13:17:00.000001Z",
    "recorded_at": "2026-03-01T13:17:00.000001Z",
    "actor": "office:2",
    "memo": "敬老服务。",
    "metadata": "{}",
    "refusal": "overdrawn",
    "refusal_detail": "{}",
    "reverses_id": 1,
    "resolves_id": 1,
    "hold_until": "2026-03-01T13:17:00.000000Z",
    "xact": 5078,
    "postings": [],
}
OTHER_POSTING_VALUES: dict[str, object] = {
    "line": 2,
    "unit": "point",
    "amount": 7800,
    "source": {"kind": "expired", "owner": str(UUID(int=0)), "expires_on": None},
    "target": {"kind": "wallet", "owner": str(UUID(int=78)), "expires_on": "2026-12-31"},
    "source_seq": 1,
    "source_balance": 1,
    "target_seq": 2,
    "target_balance": 7800,
}


def test_the_alterations_cover_every_field() -> None:
    assert OTHER_VALUES.keys() == set(LeafTransaction.__slots__)
    assert OTHER_POSTING_VALUES.keys() == set(LeafPosting.__slots__)


@pytest.mark.parametrize("name", OTHER_VALUES)
def test_an_altered_transaction_is_not_included(name: str) -> None:
    members = json.loads(TEXT)
    members["transaction"][name] = OTHER_VALUES[name]
    with refused("not_included"):
        verify_document(json.dumps(members), KEY.verifier)


@pytest.mark.parametrize("name", OTHER_POSTING_VALUES)
def test_an_altered_posting_is_not_included(name: str) -> None:
    members = json.loads(TEXT)
    members["transaction"]["postings"][0][name] = OTHER_POSTING_VALUES[name]
    with refused("not_included"):
        verify_document(json.dumps(members), KEY.verifier)


def test_another_salt_index_or_path_is_not_included() -> None:
    good = document(77)
    path = good.inclusion
    for wrong in (
        replace(good, salt=salt(78)),
        replace(good, salt=good.salt[:16]),
        replace(good, leaf_index=78),
        replace(good, leaf_index=SIZE),
        replace(good, inclusion=()),
        replace(good, inclusion=path[:-1]),
        replace(good, inclusion=path[1:]),
        replace(good, inclusion=(*path, bytes(32))),
        replace(good, inclusion=(path[1], path[0], *path[2:])),
        *(replace(good, inclusion=(*path[:n], bytes(32), *path[n + 1 :])) for n in range(len(path))),
    ):
        with refused("not_included"):
            verify_document(wrong.to_json(), KEY.verifier)


def test_a_checkpoint_of_another_size_is_a_mismatch() -> None:
    good = document(77)
    for wrong in (
        replace(good, tree_size=299),
        replace(good, tree_size=301),
        replace(good, checkpoint=signed(299)),
    ):
        with refused("size_mismatch"):
            verify_document(wrong.to_json(), KEY.verifier)


def test_a_signed_root_of_another_tree_does_not_include() -> None:
    wrong = replace(document(77), checkpoint=signed(SIZE, root=root_at(299, subtree)))
    with refused("not_included"):
        verify_document(wrong.to_json(), KEY.verifier)


def test_an_altered_checkpoint_has_a_bad_signature() -> None:
    good = document(77)
    root = b64encode(root_at(SIZE, subtree)).decode()
    for old, new in (
        (f"\n{SIZE}\n", "\n301\n"),
        (ORIGIN + "\n", "bank.example/other\n"),
        (root, "A" + root[1:]),
    ):
        assert good.checkpoint.replace(old, new) != good.checkpoint
        with refused("bad_signature"):
            verify_document(
                replace(good, checkpoint=good.checkpoint.replace(old, new, 1)).to_json(), KEY.verifier
            )


def test_a_checkpoint_of_another_signer_is_unknown() -> None:
    with refused("unknown_key"):
        verify_document(TEXT, STRANGER.verifier)
    with refused("unknown_key"):
        verify_document(replace(document(77), checkpoint=signed(SIZE, key=STRANGER)).to_json(), KEY.verifier)


def test_a_checkpoint_of_another_log_is_refused_where_the_log_is_known() -> None:
    elsewhere = replace(document(77), checkpoint=signed(SIZE, origin="bank.example/other")).to_json()
    assert verify_document(elsewhere, KEY.verifier).checkpoint.origin == "bank.example/other"
    with refused("wrong_origin"):
        verify_document(elsewhere, KEY.verifier, origin=ORIGIN)


def test_a_broken_checkpoint_is_named_as_such() -> None:
    good = document(77)
    with refused("malformed_note"):
        verify_document(replace(good, checkpoint=good.checkpoint[:-1]).to_json(), KEY.verifier)
    with refused("malformed_checkpoint"):
        verify_document(replace(good, checkpoint=sign_note("no checkpoint\n", KEY)).to_json(), KEY.verifier)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        TEXT[:-3],
        TEXT + "x",
        "[" * 100_000,
        TEXT.replace('"leaf_index": 77', '"leaf_index": 77.0'),
        TEXT.replace('"leaf_index": 77', '"leaf_index": NaN'),
        TEXT.replace('"leaf_index": 77', '"leaf_index": "77"'),
        TEXT.replace('"leaf_index": 77', '"leaf_index": true'),
        TEXT.replace('"leaf_index": 77', '"leaf_index": -77'),
        TEXT.replace('"leaf_index": 77', f'"leaf_index": {"7" * 5000}'),
        TEXT.replace('"leaf_index": 77', '"leaf_index": 76, "leaf_index": 77'),
        TEXT.replace('"leaf_index": 77', '"leaf_index": 77, "extra": 1'),
        TEXT.replace('"record"', '"title"'),
        TEXT.replace('"salt": "', '"salt": "='),
        TEXT.replace('"salt": "', '"salt": "银'),
        TEXT.replace('"memo": "', '"memo": "\\ud800'),
        altered(lambda members: members.update(format=1)),
        altered(lambda members: members.update(salt=b64encode(bytes(15)).decode())),
        altered(lambda members: members.update(inclusion=[b64encode(bytes(31)).decode()])),
        altered(lambda members: members.update(inclusion=[b64encode(bytes(32)).decode()] * 64)),
        altered(lambda members: members.update(inclusion=None)),
        altered(lambda members: members.update(transaction=None)),
        altered(lambda members: members.update(checkpoint=None)),
        " " * 16_000_000 + TEXT,
    ],
    ids=range(27),
)
def test_what_is_no_proof_file_is_malformed(text: str) -> None:
    assert text != TEXT
    with refused("malformed_proof"):
        verify_document(text, KEY.verifier)


def test_the_record_is_a_label_and_no_part_of_what_was_verified() -> None:
    relabelled = replace(document(77), record="服务记录 78").to_json()
    assert verify_document(relabelled, KEY.verifier) == verify_document(TEXT, KEY.verifier)


def test_another_version_is_named_as_such() -> None:
    with refused("unsupported_format"):
        verify_document('{"format": "timebank-proof/v2"}', KEY.verifier)


@pytest.mark.parametrize(("old", "new"), [(0, 300), (1, 300), (128, 300), (255, 256), (299, 300), (300, 300)])
def test_consistent_checkpoints_verify(old: int, new: int) -> None:
    proof = consistency_proof(old, new, subtree)
    older, newer = verify_checkpoints(signed(old), signed(new), proof, KEY.verifier)
    assert (older.size, newer.size) == (old, new)


def test_inconsistent_checkpoints_are_refused_each_with_its_code() -> None:
    old, new, proof = signed(200), signed(300), consistency_proof(200, 300, subtree)
    forked = signed(300, root=bytes(32))
    for first, second, path, code in (
        (old, new, proof[:-1], "not_consistent"),
        (old, forked, proof, "not_consistent"),
        (old, signed(200, root=bytes(32)), [], "not_consistent"),
        (old, signed(299), proof, "not_consistent"),
        (new, old, proof, "tree_shrank"),
        (old, signed(300, origin="bank.example/other"), proof, "origin_mismatch"),
        (signed(200, key=STRANGER), new, proof, "unknown_key"),
        (old, signed(300, key=STRANGER), proof, "unknown_key"),
        (old, new.replace("\n300\n", "\n301\n"), proof, "bad_signature"),
        (old, "", proof, "malformed_note"),
    ):
        with refused(code):
            verify_checkpoints(first, second, path, KEY.verifier)


def test_verifying_loads_nothing_that_needs_a_database() -> None:
    program = (
        "import sys, ledger.proof.document\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(loaded & {'asyncpg', 'sqlalchemy', 'timebank'}))\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
