"""From rows to the content of leaves: the one reading of a transaction that sealing, proofs and audit share.

Accounts and units are read afresh from the database, never from a catalogue: what is sealed is what is there.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ledger.proof.leaf import LeafAccount, LeafPosting, LeafTransaction, commitment
from ledger.proof.merkle import leaf_hash
from ledger.session import ReadTx
from ledger.values import canonical_json

if TYPE_CHECKING:
    import asyncpg

STORED = """t.id, t.xact, t.kind, t.idempotency_key, t.fingerprint, t.effective_at, t.recorded_at,
  t.actor, t.memo, t.metadata::text as metadata, t.refusal, t.refusal_detail::text as refusal_detail,
  t.reverses_id, t.resolves_id, t.hold_until, t.salt"""
"""The columns of `transactions t` that `Contents` needs of each row."""

# Joining the accounts here would read each of them once per posting: three times slower.
_LINES = """
select p.transaction_id, p.line, u.code, p.amount, p.from_account_id, p.to_account_id,
  p.from_seq, p.from_balance, p.to_seq, p.to_balance
from postings p left join units u on u.bank_id = $1 and u.id = p.unit_id
where p.bank_id = $1 and p.transaction_id = any($2) order by p.transaction_id, p.line
"""
_ACCOUNTS = "select id, kind, owner, expires_on from accounts where bank_id = $1 and id = any($2)"


class Contents:
    """The postings of a batch of transactions with their accounts, ready for the transactions' rows."""

    __slots__ = ("_accounts", "_bank_code", "_lines")

    def __init__(
        self,
        bank_code: str,
        lines: "Sequence[asyncpg.Record]",
        accounts: "Sequence[asyncpg.Record]",
    ) -> None:
        self._bank_code = bank_code
        self._accounts = {
            id_: LeafAccount(kind, owner, expires_on) for id_, kind, owner, expires_on in accounts
        }
        self._lines: dict[int, list[asyncpg.Record]] = {}
        for line in lines:
            self._lines.setdefault(line[0], []).append(line)

    @classmethod
    async def load(cls, tx: ReadTx, transaction_ids: Sequence[int]) -> "Contents":
        """Read the postings of these transactions."""
        lines = await tx.connection.fetch(_LINES, tx.bank_id, transaction_ids)
        account_ids = {line[4] for line in lines} | {line[5] for line in lines}
        accounts = await tx.connection.fetch(_ACCOUNTS, tx.bank_id, list(account_ids))
        return cls(tx.bank_code, lines, accounts)

    def of(self, row: "asyncpg.Record") -> LeafTransaction:
        """Return the content of a transaction, given its row of `STORED` columns.

        Raises:
            LookupError: a posting names an account or a unit that is not there.
            ValueError: metadata that cannot be written as JSON again.
            Neither comes to pass in a whole ledger.
        """
        return LeafTransaction(
            bank=self._bank_code,
            id=row["id"],
            kind=row["kind"],
            idempotency_key=row["idempotency_key"],
            fingerprint=row["fingerprint"],
            effective_at=row["effective_at"],
            recorded_at=row["recorded_at"],
            actor=row["actor"],
            memo=row["memo"],
            metadata=_canonical(row["metadata"]),
            refusal=row["refusal"],
            refusal_detail=_canonical(row["refusal_detail"]),
            reverses_id=row["reverses_id"],
            resolves_id=row["resolves_id"],
            hold_until=row["hold_until"],
            xact=row["xact"],
            postings=tuple([self._posting(line) for line in self._lines.get(row["id"], ())]),
        )

    def leaf(self, row: "asyncpg.Record") -> bytes:
        """Return the hash of the transaction's leaf; raises as `of`."""
        return leaf_hash(commitment(row["salt"], self.of(row)))

    def _posting(self, row: "asyncpg.Record") -> LeafPosting:
        _, line, unit, amount, source, target, source_seq, source_balance, target_seq, target_balance = row
        if unit is None:
            message = "a posting in no unit"
            raise LookupError(message)
        return LeafPosting(
            line,
            unit,
            amount,
            self._accounts[source],
            self._accounts[target],
            source_seq,
            source_balance,
            target_seq,
            target_balance,
        )


def _canonical(text: str | None) -> str:
    """Return jsonb's text as canonical JSON; an absent detail as an empty object."""
    return "{}" if text is None or text == "{}" else canonical_json(json.loads(text))
