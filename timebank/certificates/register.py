"""What the bank's own register and tree add to a verification: whether it issued this, and whether that still holds.

A document shows by itself that it is not altered; only the register knows what happened since.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from ledger.proof.checkpoints import unverified
from ledger.proof.note import VerifierKey
from ledger.session import ReadTx
from timebank.certificates.document import Certificate, Kind
from timebank.certificates.numbers import read_number
from timebank.certificates.opening import opened
from timebank.certificates.queries import (
    Issued,
    documents_of,
    find_certificate,
    honour_stands,
    is_own_checkpoint,
    records_changed,
)
from timebank.certificates.storing import digest_of_document
from timebank.certificates.verifying import Verdict, verify
from timebank.errors import RefusalError
from timebank.notices.rules import UNNAMED, shown_name

if TYPE_CHECKING:
    from timebank.vault.cipher import Cipher

State = Literal["valid", "revoked", "changed", "erased", "broken"]
"""`changed`: a record in it was corrected since, or the honour taken back; `erased`: its holder's data are gone;
`broken`: what is kept is not what was signed, or not in the bank's tree."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What anybody may know who has a number: no name in full, none at all of what holds no longer."""

    number: str
    state: State
    kind: Kind
    bank: str
    organisation: str | None
    masked_name: str | None
    title: str | None
    from_on: date
    until_on: date
    minutes: int
    records: int
    issued_on: date
    revoked_on: date | None


@dataclass(frozen=True, slots=True)
class Found:
    """What the register has under a number, with what is needed to judge it."""

    issued: Issued
    document: str | None
    is_in_tree: bool
    is_unchanged: bool
    issued_on: date
    revoked_on: date | None


async def look_up(tx: ReadTx, cipher: "Cipher", number: str) -> Found:
    """Return what the register has under a number, as it was typed.

    Raises:
        RefusalError: `unknown_certificate`, of another bank too; `certificate_number_wrong`, `vault_key_wrong`.
    """
    said = read_number(number)
    issued = await find_certificate(tx, said.text) if said.bank_id == tx.bank_id else None
    if issued is None:
        raise RefusalError("unknown_certificate")
    document = (await documents_of(tx, cipher, [issued])).get(issued.id)
    certificate = opened(document) if document else None
    return Found(
        issued,
        document,
        certificate is None or await _is_in_tree(tx, certificate),
        certificate is None or await is_unchanged(tx, certificate),
        tx.day(issued.issued_at),
        tx.day(issued.revoked_at) if issued.revoked_at else None,
    )


async def _is_in_tree(tx: ReadTx, certificate: Certificate) -> bool:
    """Tell whether the checkpoint that a certificate is proven by is one of the bank's own tree."""
    head = unverified(certificate.checkpoint)
    return await is_own_checkpoint(tx, head.size, head.root)


async def is_unchanged(tx: ReadTx, certificate: Certificate) -> bool:
    """Tell whether all that a certificate certifies still stands."""
    if certificate.honour is not None:
        return await honour_stands(tx, certificate.honour.round, certificate.honour.candidate)
    return not await records_changed(tx, [served.record for served in certificate.records])


def judge(found: Found, keys: Sequence[VerifierKey], *, bank: str) -> Standing:
    """Return what the register says of a certificate, its signature and proofs checked anew. For a thread."""
    issued, state, certificate = found.issued, _state(found, keys), None
    if state in {"valid", "changed"} and found.document:
        certificate = opened(found.document)
    honour = certificate.honour if certificate else None
    return Standing(
        number=issued.number,
        state=state,
        kind=issued.kind,
        bank=bank,
        organisation=certificate.issuer.organisation if certificate else None,
        masked_name=(shown_name(certificate.holder.name) or UNNAMED) if certificate else None,
        title=f"{honour.title} {honour.level_label}".strip() if honour else None,
        from_on=issued.from_on,
        until_on=issued.until_on,
        minutes=issued.minutes,
        records=issued.records,
        issued_on=found.issued_on,
        revoked_on=found.revoked_on,
    )


def _state(found: Found, keys: Sequence[VerifierKey]) -> State:
    if found.revoked_on is not None:
        return "revoked"
    if found.document is None:
        return "erased"
    is_kept = digest_of_document(found.document) == found.issued.digest
    if not (is_kept and found.is_in_tree and verify(found.document.encode(), keys).is_valid):
        return "broken"
    return "valid" if found.is_unchanged else "changed"


async def on_record(tx: ReadTx, verdict: Verdict, document: str, *, now: datetime) -> tuple[Verdict, bool]:
    """Return a verdict on a document by what the register knows, and whether what it certifies still stands.

    A document that is signed and not in the register is told apart: the key may have been used elsewhere.
    """
    certificate = verdict.certificate
    if certificate is None:
        return verdict, True
    issued = await find_certificate(tx, certificate.number)
    still = await is_unchanged(tx, certificate)
    known = replace(verdict, revocations_as_of=now)
    if not verdict.is_valid:
        return known, still
    if issued is None or issued.digest != digest_of_document(document):
        return replace(known, code="not_on_record"), still
    if issued.revoked_at is not None:
        return replace(known, code="revoked", revoked_on=tx.day(issued.revoked_at)), still
    return known, still
