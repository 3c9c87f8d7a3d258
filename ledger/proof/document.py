"""The offline proof file: one transaction, its path to a signed checkpoint, and the check with a public key.

Needs no database and no network. The `record` of a file is a label for its reader, not covered by the proof.
"""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

from ledger.proof.leaf import (
    SALT_MINIMUM_BYTES,
    JsonValue,
    LeafError,
    LeafTransaction,
    commitment,
    from_json,
    json_array,
    json_integer,
    json_object,
    json_text,
    to_json,
)
from ledger.proof.merkle import HASH_BYTES, leaf_hash, verify_consistency, verify_inclusion
from ledger.proof.note import Checkpoint, NoteCode, NoteError, VerifierKey, decode_base64, open_note

FORMAT = "timebank-proof/v1"
TEXT_LIMIT = 16_000_000
PATH_LIMIT = 63

_KEYS = ("format", "record", "transaction", "salt", "leaf_index", "tree_size", "inclusion", "checkpoint")

ProofCode = (
    NoteCode
    | Literal[
        "unsupported_format",
        "malformed_proof",
        "wrong_origin",
        "size_mismatch",
        "not_included",
        "origin_mismatch",
        "tree_shrank",
        "not_consistent",
    ]
)


class ProofError(Exception):
    """A proof that shows nothing.

    Codes of a proof file, in order of precedence: `unsupported_format` (another version), `malformed_proof`
    (not the JSON of one), `malformed_note`, `bad_signature`, `unknown_key`, `malformed_checkpoint` (see
    `NoteError`), `wrong_origin` (the checkpoint of another log than expected), `size_mismatch` (file and
    checkpoint differ on the size of the tree), `not_included` (transaction, salt, index or path do not lead
    to the signed root).

    Codes of two checkpoints: those of notes, then `origin_mismatch` (of different logs), `tree_shrank` (the
    newer is smaller), `not_consistent` (the newer does not continue the older: rewritten history, or a wrong
    proof).
    """

    def __init__(self, code: ProofCode) -> None:
        """Carry the code."""
        super().__init__(code)
        self.code: ProofCode = code


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        message = "a key is given twice"
        raise ValueError(message)
    return members


def _parse(text: str) -> JsonValue:
    """Parse JSON without repeated keys; raises `malformed_proof`. The readers of fields refuse floats."""
    if len(text) > TEXT_LIMIT:
        raise ProofError("malformed_proof")
    try:
        value: JsonValue = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise ProofError("malformed_proof") from None
    return value


@dataclass(frozen=True, slots=True)
class ProofDocument:
    """A proof file: what it claims, not yet checked. `inclusion` runs from the leaf up, 32 bytes each."""

    record: str
    transaction: LeafTransaction
    salt: bytes
    leaf_index: int
    tree_size: int
    inclusion: tuple[bytes, ...]
    checkpoint: str

    def to_json(self) -> str:
        """Write the file."""
        members = {
            "format": FORMAT,
            "record": self.record,
            "transaction": to_json(self.transaction),
            "salt": b64encode(self.salt).decode(),
            "leaf_index": self.leaf_index,
            "tree_size": self.tree_size,
            "inclusion": [b64encode(sibling).decode() for sibling in self.inclusion],
            "checkpoint": self.checkpoint,
        }
        return json.dumps(members, ensure_ascii=False, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a file strictly: no other keys, no other spellings.

        Raises:
            ProofError: `malformed_proof`, `unsupported_format`.
        """
        value = _parse(text)
        if isinstance(value, dict) and isinstance(value.get("format"), str) and value["format"] != FORMAT:
            raise ProofError("unsupported_format")
        try:
            members = json_object(value, _KEYS)
            json_text(members["format"])
            document = cls(
                record=json_text(members["record"]),
                transaction=from_json(members["transaction"]),
                salt=decode_base64(json_text(members["salt"])),
                leaf_index=json_integer(members["leaf_index"]),
                tree_size=json_integer(members["tree_size"]),
                inclusion=tuple(decode_base64(json_text(item)) for item in json_array(members["inclusion"])),
                checkpoint=json_text(members["checkpoint"]),
            )
        except (LeafError, ValueError):
            raise ProofError("malformed_proof") from None
        hashes = document.inclusion
        if len(hashes) > PATH_LIMIT or any(len(sibling) != HASH_BYTES for sibling in hashes):
            raise ProofError("malformed_proof")
        if len(document.salt) < SALT_MINIMUM_BYTES or min(document.leaf_index, document.tree_size) < 0:
            raise ProofError("malformed_proof")
        return document


@dataclass(frozen=True, slots=True)
class VerifiedProof:
    """What a proof file has shown: this transaction is leaf `leaf_index` of the log at this checkpoint."""

    transaction: LeafTransaction
    leaf_index: int
    checkpoint: Checkpoint


def _open_checkpoint(note: str, key: VerifierKey) -> Checkpoint:
    try:
        return Checkpoint.parse(open_note(note, [key]))
    except NoteError as error:
        raise ProofError(error.code) from error


def verify_document(text: str, key: VerifierKey, *, origin: str | None = None) -> VerifiedProof:
    """Check a proof file against the key, and against the name of the log where that is known.

    A key that signs for several logs needs `origin`, or a proof from one of them passes for another.

    Raises:
        ProofError: with the codes of a proof file.
    """
    document = ProofDocument.from_json(text)
    checkpoint = _open_checkpoint(document.checkpoint, key)
    if origin is not None and checkpoint.origin != origin:
        raise ProofError("wrong_origin")
    if checkpoint.size != document.tree_size:
        raise ProofError("size_mismatch")
    leaf = leaf_hash(commitment(document.salt, document.transaction))
    if not verify_inclusion(leaf, document.leaf_index, checkpoint.size, document.inclusion, checkpoint.root):
        raise ProofError("not_included")
    return VerifiedProof(document.transaction, document.leaf_index, checkpoint)


def verify_checkpoints(
    old_note: str, new_note: str, consistency: Sequence[bytes], key: VerifierKey
) -> tuple[Checkpoint, Checkpoint]:
    """Check that the newer checkpoint only appended to the older one, and return both, older first.

    Raises:
        ProofError: with the codes of two checkpoints.
    """
    old, new = _open_checkpoint(old_note, key), _open_checkpoint(new_note, key)
    if old.origin != new.origin:
        raise ProofError("origin_mismatch")
    if old.size > new.size:
        raise ProofError("tree_shrank")
    if not verify_consistency(old.size, old.root, new.size, new.root, consistency):
        raise ProofError("not_consistent")
    return old, new
