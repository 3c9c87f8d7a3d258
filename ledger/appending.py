"""The last step of posting: writing what was decided, in one statement. It decides nothing.

Rows go as arrays through `INSERT … SELECT FROM unnest(…)`: COPY is not to be had under row-level security
(PostgreSQL refuses it), and one statement costs one round trip where three would cost three. The arrays go as
text (`ledger.arrays`).
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.arrays import bytes_array, number_array, text_array
from ledger.book import Account, Line
from ledger.session import WriteTx
from ledger.values import Draft

# The accounts are found one by one and then by their place, which cannot change while we hold their locks: a
# plan made while the bank seemed small would otherwise read all of its accounts, or all once for each.
_APPEND = """
with new_transactions as (
  insert into transactions (bank_id, id, kind, idempotency_key, fingerprint, effective_at, recorded_at, xact,
    actor, memo, metadata, refusal, refusal_detail, reverses_id, resolves_id, hold_until, salt)
  select $1, t.id, t.kind, t.key, t.fingerprint, t.effective_at, $2, $3,
    t.actor, t.memo, t.metadata::jsonb, t.refusal, t.detail::jsonb, t.reverses_id, t.resolves_id, t.hold_until,
    substr($30::bytea, 16 * (t.place - 1)::int + 1, 16)
  from unnest($4::text::bigint[], $5::text::text[], $6::text::text[], $7::text::bytea[], $8::text::timestamptz[],
    $9::text::text[], $10::text::text[], $11::text::text[], $12::text::text[], $13::text::text[],
    $14::text::bigint[], $15::text::bigint[], $16::text::timestamptz[]) with ordinality
    as t (id, kind, key, fingerprint, effective_at, actor, memo, metadata, refusal, detail,
      reverses_id, resolves_id, hold_until, place)
  returning 1
), new_postings as (
  insert into postings (bank_id, transaction_id, xact, line, unit_id, from_account_id, to_account_id, amount,
    from_seq, from_balance, to_seq, to_balance)
  select $1, p.transaction_id, $3, p.line, p.unit_id, p.from_account_id, p.to_account_id, p.amount,
    p.from_seq, p.from_balance, p.to_seq, p.to_balance
  from unnest($17::text::bigint[], $18::text::int[], $19::text::bigint[], $20::text::bigint[],
    $21::text::bigint[], $22::text::bigint[], $23::text::bigint[], $24::text::bigint[], $25::text::bigint[],
    $26::text::bigint[])
    as p (transaction_id, line, unit_id, from_account_id, to_account_id, amount,
      from_seq, from_balance, to_seq, to_balance)
  returning 1
)
update accounts a set balance = n.balance, last_seq = n.seq
from unnest($27::text::bigint[], $28::text::bigint[], $29::text::bigint[]) as n (id, balance, seq),
  lateral (select l.ctid as place from accounts l where l.bank_id = (select $1::bigint) and l.id = n.id offset 0) l
where a.bank_id = $1 and a.ctid = l.place
"""


@dataclass(slots=True)
class NewTransaction:
    """A decided draft on its way into the books: accepted with lines, or refused with none."""

    id: int
    draft: Draft
    fingerprint: bytes
    refusal: str | None
    detail: str | None
    lines: Sequence[Line]

    @property
    def names_known(self) -> bool:
        """Tell whether what the draft reverses or resolves is there; if not, only the refusal's detail names it."""
        return self.refusal != "unknown_transaction"


async def append(
    tx: WriteTx,
    decided: Sequence[NewTransaction],
    touched: Iterable[Account],
    xact: int,
    recorded_at: datetime,
) -> None:
    """Write transactions, postings and the new balances of the touched accounts."""
    if not decided:
        return
    drafts = [new.draft for new in decided]
    postings = [
        (new.id, number, line.source.unit_id, line.source.id, line.target.id, line.amount,
         line.from_seq, line.from_balance, line.to_seq, line.to_balance)
        for new in decided
        for number, line in enumerate(new.lines, 1)
    ]  # fmt: skip
    accounts = [(account.id, account.balance, account.seq) for account in touched]
    await tx.connection.execute(
        _APPEND,
        tx.bank_id,
        recorded_at,
        xact,
        number_array([new.id for new in decided]),
        text_array([draft.kind for draft in drafts]),
        text_array([draft.key for draft in drafts]),
        bytes_array([new.fingerprint for new in decided]),
        text_array([draft.effective_at.isoformat() for draft in drafts]),
        text_array([draft.actor for draft in drafts]),
        text_array([draft.memo for draft in drafts]),
        text_array([draft.metadata_json for draft in drafts]),
        text_array([new.refusal for new in decided]),
        text_array([new.detail for new in decided]),
        number_array([new.draft.reverses if new.names_known else None for new in decided]),
        number_array([new.draft.resolves if new.names_known else None for new in decided]),
        text_array([draft.hold_until.isoformat() if draft.hold_until else None for draft in drafts]),
        *(map(number_array, zip(*postings, strict=True)) if postings else ("{}",) * 10),
        *(map(number_array, zip(*accounts, strict=True)) if accounts else ("{}",) * 3),
        new_salts(len(decided)),
    )


def new_salts(count: int) -> bytes:
    """Return so many salts of 16 bytes, one behind the other.

    The column's default would ask the system for each of them, which is a tenth of what an insert takes.
    """
    return secrets.token_bytes(16 * count)
