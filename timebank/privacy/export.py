"""Collecting everything about a person, in one read of one moment (PIPL Art 45). Packing it is `privacy.archive`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.proof.proving import NoProofError, prove
from ledger.session import ReadTx
from ledger.statements import PAGE_LIMIT, wallet_statement
from timebank.errors import RefusalError
from timebank.privacy.parts import PARTS
from timebank.privacy.queries import look_ups_of
from timebank.vault.actions import take_fields
from timebank.vault.cipher import Cipher

Row: TypeAlias = Mapping[str, object]

MAX_ROWS = 100_000
"""Of all parts together, some 100 MB in memory: more than anybody earns in a hundred years."""

MAX_PROOFS = 200
"""Proofs of the newest sealed transactions; any other is had one by one."""

LAST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Collected:
    """Everything about a person at a moment, part by part, and proofs by transaction."""

    bank: str
    zone: ZoneInfo
    collected_at: datetime
    parts: Mapping[str, Sequence[Row]]
    proofs: Mapping[int, str]


async def collect(tx: ReadTx, cipher: Cipher, person_id: UUID, *, now: datetime) -> Collected:
    """Read everything about a person.

    Raises:
        RefusalError: `unknown_person`, `export_too_large`, `vault_key_wrong`.
    """
    parts: dict[str, list[Row]] = {}
    left = MAX_ROWS
    for name, sql in PARTS.items():
        found = await tx.connection.fetch(f"{sql} limit {left + 1}", tx.bank_id, person_id)
        rows: list[Row] = [dict(row) for row in found]
        left = _less(left, len(rows))
        parts[name] = rows
        if name == "person":
            if not rows:
                raise RefusalError("unknown_person")
            fields = await take_fields(tx, cipher, person_id)
            parts["fields"] = [{"field": field, "value": value} for field, value in sorted(fields.items())]
    parts["look_ups"] = [
        {
            "looked_at": look.looked_at,
            "purpose": look.purpose,
            "fields": look.fields,
            "is_own": look.is_own,
            "viewer": [f"{role.role} · {role.organisation}" for role in look.roles],
        }
        for look in await look_ups_of(tx, person_id, before=LAST, limit=left + 1)
    ]
    left = _less(left, len(parts["look_ups"]))
    parts["statements"] = await _statements(tx, person_id, parts["balances"], left)
    return Collected(tx.bank_code, tx.zone, now, parts, await _proofs(tx, parts["statements"]))


async def _statements(tx: ReadTx, owner: UUID, balances: Sequence[Row], left: int) -> list[Row]:
    """Return every movement of the owner's accounts, unit by unit, newest first."""
    lines: list[Row] = []
    for unit, kind in sorted({(str(row["unit"]), str(row["kind"])) for row in balances}):
        cursor: str | None = None
        while True:
            found = await wallet_statement(tx, owner, unit, kind=kind, cursor=cursor, limit=PAGE_LIMIT)
            lines.extend({"unit": unit, "account": kind} | asdict(line) for line in found.lines)
            _less(left, len(lines))
            if found.next is None:
                break
            cursor = found.next
    return lines


async def _proofs(tx: ReadTx, statements: Sequence[Row]) -> dict[int, str]:
    """Return the proofs of the newest transactions; what is not sealed yet has none."""
    proofs: dict[int, str] = {}
    newest = sorted({int(str(line["transaction_id"])) for line in statements}, reverse=True)
    for transaction_id in newest[:MAX_PROOFS]:
        try:
            proof = await prove(tx, transaction_id, record=str(transaction_id))
        except NoProofError:
            continue
        proofs[transaction_id] = proof.to_json()
    return proofs


def _less(left: int, count: int) -> int:
    if count > left:
        raise RefusalError("export_too_large", limit=MAX_ROWS)
    return left - count
