"""The last step of posting: writing what was decided, in one statement. It decides nothing.

Rows go as arrays through `INSERT … SELECT FROM unnest(…)`: COPY is not to be had under row-level security
(PostgreSQL refuses it), and one statement costs one round trip where three would cost three.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.deciding import Account, Line
from ledger.session import WriteTx
from ledger.values import Draft

_APPEND = """
with new_transactions as (
  insert into transactions (bank_id, id, kind, idempotency_key, fingerprint, effective_at, recorded_at, xact,
    actor, memo, metadata, refusal, refusal_detail, reverses_id, resolves_id, hold_until)
  select $1, t.id, t.kind, t.key, t.fingerprint, t.effective_at, $2, $3,
    t.actor, t.memo, t.metadata::jsonb, t.refusal, t.detail::jsonb, t.reverses_id, t.resolves_id, t.hold_until
  from unnest($4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::timestamptz[], $9::text[], $10::text[],
    $11::text[], $12::text[], $13::text[], $14::bigint[], $15::bigint[], $16::timestamptz[])
    as t (id, kind, key, fingerprint, effective_at, actor, memo, metadata, refusal, detail,
      reverses_id, resolves_id, hold_until)
  returning 1
), new_postings as (
  insert into postings (bank_id, transaction_id, xact, line, unit_id, from_account_id, to_account_id, amount,
    from_seq, from_balance, to_seq, to_balance)
  select $1, p.transaction_id, $3, p.line, p.unit_id, p.from_account_id, p.to_account_id, p.amount,
    p.from_seq, p.from_balance, p.to_seq, p.to_balance
  from unnest($17::bigint[], $18::int[], $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[],
    $23::bigint[], $24::bigint[], $25::bigint[], $26::bigint[])
    as p (transaction_id, line, unit_id, from_account_id, to_account_id, amount,
      from_seq, from_balance, to_seq, to_balance)
  returning 1
)
update accounts a set balance = n.balance, last_seq = n.seq
from unnest($27::bigint[], $28::bigint[], $29::bigint[]) as n (id, balance, seq)
where a.bank_id = $1 and a.id = n.id
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
    await tx.connection.execute(
        _APPEND,
        tx.bank_id,
        recorded_at,
        xact,
        [new.id for new in decided],
        [draft.kind for draft in drafts],
        [draft.key for draft in drafts],
        [new.fingerprint for new in decided],
        [draft.effective_at for draft in drafts],
        [draft.actor for draft in drafts],
        [draft.memo for draft in drafts],
        [draft.metadata_json for draft in drafts],
        [new.refusal for new in decided],
        [new.detail for new in decided],
        [new.draft.reverses if new.names_known else None for new in decided],
        [new.draft.resolves if new.names_known else None for new in decided],
        [draft.hold_until for draft in drafts],
        *(zip(*postings, strict=True) if postings else ([],) * 10),
        *_balances(touched),
    )


def _balances(touched: Iterable[Account]) -> tuple[list[int | None], list[int], list[int]]:
    accounts = list(touched)
    return [a.id for a in accounts], [a.balance for a in accounts], [a.seq for a in accounts]
