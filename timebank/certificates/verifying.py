"""Verifying a certificate with nothing but public keys: no database, no network. Pure.

The signature covers every field. Beyond it nothing is taken on trust that can be counted or proven: the sums, each
record's transaction and its path to the signed checkpoint, and what a print says of all this.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from ledger.proof.leaf import commitment
from ledger.proof.merkle import leaf_hash, verify_inclusion
from ledger.proof.note import Checkpoint, NoteError, VerifierKey, open_note
from timebank.certificates.document import FAMILY, HEAD, MAX_BYTES, Certificate, DocumentError, Served
from timebank.certificates.encoding import certificate_of, text_of
from timebank.certificates.parsing import parsed
from timebank.certificates.reading import PDF_MARK, ReadFile, UnreadableError, read_pdf
from timebank.certificates.revocations import ListError, open_list
from timebank.certificates.wording import HEADS, compared, foot, sheet_of

Code = Literal[
    "valid",
    "not_a_certificate",
    "unsupported_certificate",
    "bad_signature",
    "unknown_key",
    "malformed_certificate",
    "wrong_bank",
    "sums_differ",
    "record_differs",
    "not_included",
    "text_differs",
    "revocations_untrusted",
    "revoked",
    "not_on_record",
]
"""What comes of it. In order of precedence: `not_a_certificate` (nothing that could be one), `unsupported_certificate`
(another version), `bad_signature` (altered), `unknown_key` (of a bank whose key is not among the given),
`malformed_certificate` (signed, and yet none), `wrong_bank` (signed with the key of another bank than it names),
`sums_differ`, `record_differs` (from the transaction that credited it), `not_included` (a transaction is not in the
signed tree), `text_differs` (the print says something else), `revocations_untrusted` (the list is not the bank's),
`revoked`, `valid`. Only who has the register can say `not_on_record`."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it; the certificate as signed where the bank's signature holds, whatever else is wrong.

    `is_print_compared` if a print was held to it; `revocations_as_of` is how old what is known of revocations is.
    """

    code: Code
    certificate: Certificate | None = None
    is_print_compared: bool = False
    revoked_on: date | None = None
    revocations_as_of: datetime | None = None

    @property
    def is_valid(self) -> bool:
        """Tell whether nothing is wrong."""
        return self.code == "valid"


class _WrongError(Exception):
    def __init__(self, code: Code, certificate: Certificate | None = None) -> None:
        super().__init__(code)
        self.code: Code = code
        self.certificate = certificate


def verify(content: bytes, keys: Sequence[VerifierKey], *, revocations: str | None = None) -> Verdict:
    """Verify a certificate, given as the signed document or as a PDF with it inside.

    `keys` are of the banks that are believed, `revocations` the list that one of them signed. Never raises.
    """
    try:
        if content.startswith(PDF_MARK):
            return verify_read(read_pdf(content), keys, revocations=revocations)
        if len(content) > MAX_BYTES:
            return Verdict("not_a_certificate")
        return verify_read(ReadFile(content.decode(), (), is_plain=True), keys, revocations=revocations)
    except (UnreadableError, UnicodeDecodeError):
        return Verdict("not_a_certificate")


def verify_read(found: ReadFile, keys: Sequence[VerifierKey], *, revocations: str | None = None) -> Verdict:
    """Verify a certificate that was read from a file; without pages there is no print to compare. Never raises."""
    try:
        certificate = _opened(found.document, keys)
        _check_sums(certificate)
        _check_records(certificate, keys)
        if found.pages:
            _check_print(certificate, found)
    except _WrongError as wrong:
        return Verdict(wrong.code, wrong.certificate)
    compared_too = bool(found.pages)
    if revocations is None:
        return Verdict("valid", certificate, compared_too)
    try:
        known = open_list(revocations, [key for key in keys if key.name == _key_name(certificate)])
    except ListError:
        return Verdict("revocations_untrusted", certificate, compared_too)
    revoked_on = known.revoked_on(certificate.number)
    code: Code = "valid" if revoked_on is None else "revoked"
    return Verdict(code, certificate, compared_too, revoked_on, known.as_of)


def _key_name(certificate: Certificate) -> str:
    return f"timebank/{certificate.issuer.bank}"


def _opened(document: str, keys: Sequence[VerifierKey]) -> Certificate:
    """Return the certificate if a key of the bank that it names signed it."""
    if not document.startswith(FAMILY):
        raise _WrongError("not_a_certificate")
    if not document.startswith(f"{HEAD}\n"):
        raise _WrongError("unsupported_certificate")
    text = _signed_text(document, keys)
    try:
        _, body, end = text.split("\n")
        certificate = certificate_of(parsed(body))
        sheet_of(certificate)
    except (DocumentError, ValueError):
        raise _WrongError("malformed_certificate") from None
    if end or text_of(certificate) != text:  # the same values in another spelling
        raise _WrongError("malformed_certificate")
    try:
        open_note(
            document, [key for key in keys if key.name == _key_name(certificate)], limit_bytes=MAX_BYTES
        )
    except NoteError:
        raise _WrongError("wrong_bank", certificate) from None
    return certificate


def _signed_text(document: str, keys: Sequence[VerifierKey]) -> str:
    try:
        return open_note(document, keys, limit_bytes=MAX_BYTES)
    except NoteError as error:
        if error.code == "unknown_key":
            raise _WrongError("unknown_key") from None
        raise _WrongError("bad_signature" if error.code == "bad_signature" else "not_a_certificate") from None


def _check_sums(certificate: Certificate) -> None:
    """Refuse records that are not in the period, in order and each once, or do not add up."""
    wrong = _WrongError("sums_differ", certificate)
    if certificate.until_on < certificate.from_on:
        raise wrong
    if certificate.honour is not None:
        if certificate.records or certificate.minutes < 0:
            raise wrong
        return
    places = [(served.day, served.record) for served in certificate.records]
    is_within = all(certificate.from_on <= day <= certificate.until_on for day, _ in places)
    is_once = len({record for _, record in places}) == len(places) > 0
    adds_up = sum(served.minutes for served in certificate.records) == certificate.minutes
    if not (is_within and is_once and adds_up and places == sorted(places)):
        raise wrong


def _check_records(certificate: Certificate, keys: Sequence[VerifierKey]) -> None:
    """Refuse a record whose transaction says something else or is not in the signed tree."""
    name = _key_name(certificate)
    try:
        head = Checkpoint.parse(open_note(certificate.checkpoint, [key for key in keys if key.name == name]))
    except NoteError:
        raise _WrongError("not_included", certificate) from None
    if head.origin != name:
        raise _WrongError("not_included", certificate)
    for served in certificate.records:
        if not _is_credit(certificate, served):
            raise _WrongError("record_differs", certificate)
        proof = served.proof
        leaf = leaf_hash(commitment(proof.salt, proof.transaction))
        if not verify_inclusion(leaf, proof.leaf_index, head.size, proof.path, head.root):
            raise _WrongError("not_included", certificate)


def _is_credit(certificate: Certificate, served: Served) -> bool:
    """Tell whether a record's transaction credited its minutes to the holder."""
    transaction = served.proof.transaction
    try:
        metadata = json.loads(transaction.metadata)
    except ValueError:
        return False
    to_holder = [
        posting.amount
        for posting in transaction.postings
        if posting.unit == _MINUTE
        and (posting.target.kind, posting.target.owner) == ("wallet", certificate.holder.account)
    ]
    in_all = [posting.amount for posting in transaction.postings if posting.unit == _MINUTE]
    return (
        transaction.bank == certificate.issuer.bank
        and transaction.refusal is None
        and transaction.kind == "credit"
        and transaction.idempotency_key == f"record:{served.record}"
        and isinstance(metadata, dict)
        and metadata.get("record") == served.record
        and to_holder == in_all == [served.minutes]
    )


_MINUTE: Final = "minute"


def _check_print(certificate: Certificate, found: ReadFile) -> None:
    """Refuse pages that say anything but what the certificate prints, in another order, or with pictures on them."""
    wrong = _WrongError("text_differs", certificate)
    if not found.is_plain:
        raise wrong
    heads = compared("\n".join(HEADS))
    said = ""
    for place, page in enumerate(found.pages, 1):
        text = compared(page)
        tail = compared(f"{foot(certificate.number)} 第 {place} 页 / 共 {len(found.pages)} 页")
        if not text.endswith(tail):
            raise wrong
        text = text[: len(text) - len(tail)]
        if heads in said and text.startswith(heads):  # a table's head is repeated on each page
            text = text[len(heads) :]
        said += text
    if said != compared(sheet_of(certificate).text()):
        raise wrong
