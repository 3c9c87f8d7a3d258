"""Keeping what was issued: a line of the register, and the signed document sealed for its holder."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import WriteTx
from timebank.certificates.document import Certificate
from timebank.certificates.queries import field_of

if TYPE_CHECKING:
    from timebank.vault.cipher import Cipher

_STORE = """
insert into certificates (bank_id, number, kind, person_id, round_id, candidate_number, from_on, until_on, minutes,
  records, digest, key_id, sealed, issued_at, issued_by)
select $1, x.number, x.kind, x.person_id, x.round_id, x.candidate_number, x.from_on, x.until_on, x.minutes, x.records,
  x.digest, $2, x.sealed, $3, $4
from unnest($5::text[], $6::text[], $7::uuid[], $8::bigint[], $9::bigint[], $10::date[], $11::date[], $12::bigint[],
  $13::bigint[], $14::bytea[], $15::bytea[])
  as x (number, kind, person_id, round_id, candidate_number, from_on, until_on, minutes, records, digest, sealed)
returning id
"""


@dataclass(frozen=True, slots=True)
class Link:
    """A new certificate's number and the address at which anybody can look it up; empty where none is known."""

    number: str
    address: str


def link_to(public_url: str | None, number: str) -> Link:
    """Return where a number is looked up: in capitals, so that its symbol stays small."""
    return Link(number, f"{public_url.rstrip('/')}/V/{number}".upper() if public_url else "")


def digest_of_document(document: str) -> bytes:
    """Return what stays of a document in the register when its holder is erased."""
    return sha256(document.encode()).digest()


async def store(
    tx: WriteTx,
    cipher: "Cipher",
    issued: Sequence[tuple[UUID, Certificate, str]],
    *,
    by: str,
    now: datetime,
) -> list[int]:
    """Keep certificates of (person, certificate, signed document) and return their ids, in no order."""
    key_id = cipher.key_id
    rows = [_row(tx, cipher, *one) for one in issued]
    columns = map(list, zip(*rows, strict=True))
    return [row["id"] for row in await tx.connection.fetch(_STORE, tx.bank_id, key_id, now, by, *columns)]


def _row(
    tx: WriteTx, cipher: "Cipher", person_id: UUID, certificate: Certificate, document: str
) -> tuple[str, str, UUID, int | None, int | None, date, date, int, int, bytes, bytes]:
    honour, number = certificate.honour, certificate.number
    return (
        number,
        certificate.kind,
        person_id,
        honour.round if honour else None,
        honour.candidate if honour else None,
        certificate.from_on,
        certificate.until_on,
        certificate.minutes,
        honour.records if honour else len(certificate.records),
        digest_of_document(document),
        cipher.seal(tx.bank_id, person_id, field_of(number), document),
    )
