"""Reading certificates: what was issued to whom, what stands behind a number, and what a bank has revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.proof.checkpoints import checkpoint_of_size
from ledger.session import ReadTx
from timebank.certificates.document import Kind
from timebank.certificates.revocations import Revocations, digest_of
from timebank.errors import RefusalError
from timebank.vault.cipher import Cipher

_COLUMNS = """c.id, c.number, c.kind, c.person_id, c.round_id, c.candidate_number, c.from_on, c.until_on, c.minutes,
  c.records, c.digest, c.sealed is null as is_erased, c.issued_at, c.issued_by, c.revoked_at, c.revoke_reason"""
_OF_PERSON = f"""
select {_COLUMNS} from certificates c
where c.bank_id = $1 and c.person_id = $2 and c.id < $3 order by c.id desc limit $4
"""  # noqa: S608 -- columns only
_OF_ROUND = f"""
select {_COLUMNS} from certificates c
where c.bank_id = $1 and c.round_id = $2 and c.candidate_number > $3 and c.revoked_at is null
  and (c.sealed is not null or not $5)
order by c.candidate_number limit $4
"""  # noqa: S608 -- columns only
_ONE = f"select {_COLUMNS} from certificates c where c.bank_id = $1 and c.person_id = $2 and c.id = $3"  # noqa: S608 -- columns only
_NUMBERED = f"select {_COLUMNS} from certificates c where c.bank_id = $1 and c.number = $2"  # noqa: S608 -- columns only
_SEALED = "select c.id, c.sealed from certificates c where c.bank_id = $1 and c.id = any($2::bigint[])"
_WITH = """
select c.candidate_number from certificates c
where c.bank_id = $1 and c.round_id = $2 and c.candidate_number = any($3::bigint[]) and c.revoked_at is null
"""
_REVOKED = """
select c.number, c.revoked_at from certificates c where c.bank_id = $1 and c.revoked_at is not null order by c.id
"""
_CHANGED = """
select count(*) from unnest($2::bigint[]) as x (id)
left join lateral (
  select r.state from service_records r where r.bank_id = $1 and r.id = x.id offset 0
) r on true
where r.state is distinct from 'credited'
"""
_STANDS = """
select r.state = 'published' and c.state = 'proposed' from recognition_candidates c
join recognition_rounds r on r.bank_id = $1 and r.id = c.round_id
where c.bank_id = $1 and c.round_id = $2 and c.number = $3
"""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate as the register has it, without whom it names; `digest` is of the signed document."""

    id: int
    number: str
    kind: Kind
    person_id: UUID
    round_id: int | None
    candidate_number: int | None
    from_on: date
    until_on: date
    minutes: int
    records: int
    digest: bytes
    is_erased: bool
    issued_at: datetime
    issued_by: str
    revoked_at: datetime | None
    revoke_reason: str | None


async def certificates_of(tx: ReadTx, person_id: UUID, *, before_id: int, limit: int) -> list[Issued]:
    """Return what was issued to a person, the newest first."""
    rows = await tx.connection.fetch(_OF_PERSON, tx.bank_id, person_id, before_id, limit)
    return [Issued(*row) for row in rows]


async def certificates_of_round(
    tx: ReadTx, round_id: int, *, after: int, limit: int, kept_only: bool = False
) -> list[Issued]:
    """Return the certificates of a round that stand, in the order of its list; `kept_only`: of who was not erased."""
    rows = await tx.connection.fetch(_OF_ROUND, tx.bank_id, round_id, after, limit, kept_only)
    return [Issued(*row) for row in rows]


async def candidates_with(tx: ReadTx, round_id: int, numbers: Sequence[int]) -> set[int]:
    """Return which of some candidates of a round have a certificate that stands."""
    rows = await tx.connection.fetch(_WITH, tx.bank_id, round_id, list(numbers))
    return {row["candidate_number"] for row in rows}


async def certificate(tx: ReadTx, person_id: UUID, certificate_id: int) -> Issued:
    """Return one certificate of a person.

    Raises:
        RefusalError: `unknown_certificate`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, person_id, certificate_id)
    if row is None:
        raise RefusalError("unknown_certificate")
    return Issued(*row)


async def find_certificate(tx: ReadTx, number: str) -> Issued | None:
    """Return the certificate of a number as it is written."""
    row = await tx.connection.fetchrow(_NUMBERED, tx.bank_id, number)
    return None if row is None else Issued(*row)


async def documents_of(tx: ReadTx, cipher: Cipher, found: Sequence[Issued]) -> dict[int, str]:
    """Return the signed documents by certificate; those of who was erased are missing.

    Raises:
        RefusalError: `vault_key_wrong`.
    """
    rows = await tx.connection.fetch(_SEALED, tx.bank_id, [one.id for one in found])
    sealed = {row["id"]: row["sealed"] for row in rows}
    return {
        one.id: cipher.open(tx.bank_id, one.person_id, field_of(one.number), sealed[one.id])
        for one in found
        if sealed.get(one.id) is not None
    }


def field_of(number: str) -> str:
    """Return what a sealed certificate is bound to besides its holder."""
    return f"certificate:{number}"


async def revocations(tx: ReadTx, *, now: datetime) -> Revocations:
    """Return all that the bank has revoked."""
    rows = await tx.connection.fetch(_REVOKED, tx.bank_id)
    days = {digest_of(row["number"]): tx.day(row["revoked_at"]) for row in rows}
    return Revocations(tx.bank_code, now, days)


async def records_changed(tx: ReadTx, record_ids: Sequence[int]) -> int:
    """Return how many of some records are credited no longer."""
    count: int = await tx.connection.fetchval(_CHANGED, tx.bank_id, list(record_ids))
    return count


async def honour_stands(tx: ReadTx, round_id: int, number: int) -> bool:
    """Tell whether a candidate is still on a published list."""
    return bool(await tx.connection.fetchval(_STANDS, tx.bank_id, round_id, number))


async def is_own_checkpoint(tx: ReadTx, tree_size: int, root: bytes) -> bool:
    """Tell whether the bank's tree had that root at that size, as its own stored checkpoint says."""
    found = await checkpoint_of_size(tx, tree_size)
    return found is not None and found.root == root
