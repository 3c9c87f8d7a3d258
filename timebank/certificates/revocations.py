"""The list of certificates that hold no longer: canonical JSON, signed by the bank's key as a note of its own kind.

It names digests of numbers: whoever has a certificate finds it in the list, and nobody finds a number there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Final

from ledger.proof.leaf import JsonValue, canonical_json, json_integer, json_object, json_text
from ledger.proof.note import NoteError, SigningKey, VerifierKey, open_note, sign_note
from timebank.certificates.parsing import parsed

HEAD: Final = "timebank-revocations/v1"
MAX_BYTES: Final = 32 * 1024 * 1024
SIZE_BYTES: Final = 32


class ListError(ValueError):
    """A text that is no list of revocations that the bank signed."""


@dataclass(frozen=True, slots=True)
class Revocations:
    """What a bank has revoked up to a moment: the day of each, by the digest of its number."""

    bank: str
    as_of: datetime
    days: Mapping[str, date]

    def revoked_on(self, number: str) -> date | None:
        """Return on which day a certificate was revoked, if it was."""
        return self.days.get(digest_of(number))


def digest_of(number: str) -> str:
    """Return what stands in the list for a number."""
    return sha256(f"timebank/certificate-number/v1|{number}".encode()).hexdigest()


def signed_list(found: Revocations, key: SigningKey) -> str:
    """Return the list as a note signed by the bank's key."""
    return sign_note(f"{HEAD}\n{canonical_json(_plain(found))}\n", key)


def open_list(note: str, keys: Sequence[VerifierKey]) -> Revocations:
    """Return a list that one of the keys signed for its own bank.

    Raises:
        ListError: it is none, or not signed so.
    """
    try:
        text = open_note(note, keys, limit_bytes=MAX_BYTES)
        head, body, end = text.split("\n")
        value = parsed(body)
        found = _list(value)
        open_note(note, [key for key in keys if key.name == f"timebank/{found.bank}"], limit_bytes=MAX_BYTES)
    except (NoteError, ValueError) as error:
        raise ListError from error
    if head != HEAD or end or canonical_json(_plain(found)) != body:
        raise ListError
    return found


def _plain(found: Revocations) -> dict[str, JsonValue]:
    return {
        "bank": found.bank,
        "as_of": found.as_of.astimezone(UTC).isoformat(timespec="seconds"),
        "count": len(found.days),
        "revoked": {digest: str(day) for digest, day in found.days.items()},
    }


def _list(value: JsonValue) -> Revocations:
    members = json_object(value, ("bank", "as_of", "count", "revoked"))
    revoked = members["revoked"]
    if not isinstance(revoked, Mapping) or json_integer(members["count"]) != len(revoked):
        raise ListError
    days = {digest: date.fromisoformat(json_text(day)) for digest, day in revoked.items()}
    as_of = datetime.fromisoformat(json_text(members["as_of"]))
    if as_of.tzinfo is None or any(len(digest) != 2 * SIZE_BYTES for digest in days):
        raise ListError
    return Revocations(json_text(members["bank"]), as_of, days)
