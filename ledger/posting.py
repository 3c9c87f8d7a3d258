"""Posting: lock, decide, append. The only door by which a transaction enters the books.

Statements issued by `post`, in order, each once per batch whatever its size:

1. only if a draft reverses or resolves: the earlier transactions and their lines;
2. every account a draft may touch; the guarded ones are locked, in id order (`ledger.accounts.lock_book`);
3. under the lock, with a fresh snapshot: the clock, the database transaction's id, new ids, the closed
   period, and what the keys met before; if a payer got another lot while 2 waited (its snapshot is older
   than its locks), back to 2;
4. only if a lot is new: its account; if another writer opened it meanwhile, back to 2;
5. transactions, postings and balances, in one statement.

Two writers that need the same guarded account wait for each other at 2, so everything read at 3 is final.
Writers of one key without a common guarded account meet at the unique constraint; the edge runs the loser again.
"""

import json
from collections.abc import Sequence

from ledger.accounts import group_columns, load_earlier, lock_book, open_accounts, paying_groups
from ledger.appending import NewTransaction, append
from ledger.arrays import number_array, text_array
from ledger.book import Book, Line
from ledger.deciding import INSUFFICIENT, RefusedDraft, decide
from ledger.session import WriteTx
from ledger.values import Conflict, Draft, Outcome, Posted, Refused, Short, canonical_json

# Parameters stand in subselects so that the planner cannot look at them: it would find every batch worth a plan of
# its own, and for one draft planning takes longer than running.
_PRELUDE = """
select pg_current_xact_id()::text::bigint as xid,
  clock_timestamp() as recorded_at,
  (select max(c.closed_before) from closures c where c.bank_id = $1) as closed_before,
  array(select nextval('transaction_ids') from generate_series(1, (select $2::int))) as ids,
  array(select row(t.idempotency_key, t.fingerprint, t.id, t.refusal, t.refusal_detail::text)
    from unnest((select $3::text::text[])) as k (key),
      lateral (select * from transactions t
        where t.bank_id = (select $1::bigint) and t.idempotency_key = k.key offset 0) t
    ) as known"""

# What is asked besides where something is given away or an earlier transaction is named.
_RULES = """,
  array(select t.reverses_id from transactions t where t.bank_id = $1 and t.refusal is null
    and t.reverses_id = any((select $4::text::bigint[])::bigint[])) as reversed_ids,
  array(select t.resolves_id from transactions t where t.bank_id = $1 and t.refusal is null
    and t.resolves_id = any((select $4::text::bigint[])::bigint[])) as resolved_ids,
  array(select row(e.from_unit, e.to_unit, e.effective_from, e.is_allowed)
    from exchange_rules e where e.bank_id = $1 order by e.effective_from) as exchanges,
  (select count(*)
    from unnest((select $5::text::uuid[]), (select $6::text::bigint[]), (select $7::text::text[]))
      as g (owner, unit_id, kind),
    lateral (select from accounts a where a.bank_id = (select $1::bigint) and a.owner = g.owner
      and a.unit_id = g.unit_id and a.kind = g.kind offset 0) a) as payers"""

_KNOWN = """
select kind, effective_at, actor, memo, metadata::text as metadata, hold_until,
  case when kind = 'reversal' then coalesce(reverses_id, (refusal_detail->>'transaction_id')::bigint) end
    as reverses_id,
  case when kind in ('capture', 'release')
    then coalesce(resolves_id, (refusal_detail->>'transaction_id')::bigint) end as resolves_id
from transactions where bank_id = $1 and id = $2
"""


async def post(tx: WriteTx, drafts: Sequence[Draft]) -> list[Outcome]:
    """Decide each draft in order and append the accepted ones; return one outcome per draft.

    Each draft is accepted or refused on its own. A refusal is stored under its key like an acceptance, so a
    retry can never turn one into the other. Nothing is final until the caller commits.
    """
    return [outcome for outcome in await _post(tx, drafts, may_wait=False) if not isinstance(outcome, Short)]


async def post_covered(tx: WriteTx, drafts: Sequence[Draft]) -> list[Outcome | Short]:
    """Do as `post`, but leave a draft that is not covered now as if it had not been sent.

    For what is due all the same and waits until there is enough. Later drafts of the batch go on with what is there.
    """
    return await _post(tx, drafts, may_wait=True)


async def _post(tx: WriteTx, drafts: Sequence[Draft], *, may_wait: bool) -> list[Outcome | Short]:
    if not drafts:
        return []
    earlier = await load_earlier(tx, drafts)
    while True:
        book = await lock_book(tx, drafts, earlier)
        payers = paying_groups(drafts, book.units)
        keys = text_array([draft.key for draft in drafts])
        if payers or earlier:
            prelude = await tx.connection.fetchrow(
                _PRELUDE + _RULES,
                tx.bank_id,
                len(drafts),
                keys,
                number_array(list(earlier)),
                *group_columns(payers),
            )
        else:
            prelude = await tx.connection.fetchrow(_PRELUDE, tx.bank_id, len(drafts), keys)
        assert prelude is not None  # noqa: S101 -- a SELECT without FROM has one row
        book.closed_before = prelude["closed_before"]
        if payers or earlier:
            if prelude["payers"] != sum(len(book.groups.get(group, ())) for group in payers):
                continue
            book.reversed_ids.update(prelude["reversed_ids"])
            book.resolved_ids.update(prelude["resolved_ids"])
            for from_unit, to_unit, since, is_allowed in prelude["exchanges"]:
                book.exchanges.setdefault((from_unit, to_unit), []).append((since, is_allowed))
        known = {key: (bytes(mark), id_, code, detail) for key, mark, id_, code, detail in prelude["known"]}
        outcomes, decided = _decide_all(book, drafts, prelude["ids"], known, may_wait=may_wait)
        if await open_accounts(tx, book):
            break
    await append(tx, decided, book.touched(), tx.base + prelude["xid"], prelude["recorded_at"])
    for i, outcome in enumerate(outcomes):
        if isinstance(outcome, Conflict):
            outcomes[i] = await _name_difference(tx, outcome, drafts[i])
    return outcomes


_Known = tuple[bytes, int, str | None, str | None]


def _decide_all(
    book: Book, drafts: Sequence[Draft], ids: Sequence[int], known: dict[str, _Known], *, may_wait: bool
) -> tuple[list[Outcome | Short], list[NewTransaction]]:
    outcomes: list[Outcome | Short] = []
    decided: list[NewTransaction] = []
    for draft, id_ in zip(drafts, ids, strict=True):
        fingerprint = draft.fingerprint()
        seen = known.get(draft.key)
        if seen is not None:
            outcomes.append(_replay(seen, fingerprint))
            continue
        lines: list[Line] = []
        refusal = detail = None
        try:
            lines = decide(book, draft)
            outcomes.append(Posted(id_))
        except RefusedDraft as refused:
            if may_wait and refused.code == INSUFFICIENT:
                outcomes.append(Short(refused.detail))
                continue
            refusal, detail = refused.code, canonical_json(refused.detail)
            outcomes.append(Refused(refused.code, id_, refused.detail))
        known[draft.key] = (fingerprint, id_, refusal, detail)
        decided.append(NewTransaction(id_, draft, fingerprint, refusal, detail, lines))
    return outcomes, decided


def _replay(seen: _Known, fingerprint: bytes) -> Outcome:
    mark, id_, code, detail = seen
    if mark != fingerprint:
        return Conflict(id_, "")
    if code is None:
        return Posted(id_, replayed=True)
    return Refused(code, id_, json.loads(detail or "{}"), replayed=True)


async def _name_difference(tx: WriteTx, outcome: Conflict, draft: Draft) -> Conflict:
    row = await tx.connection.fetchrow(_KNOWN, tx.bank_id, outcome.transaction_id)
    if row is None:
        return outcome
    stored: dict[str, object] = {**row, "metadata": json.loads(row["metadata"])}
    given: dict[str, object] = {
        "kind": draft.kind,
        "effective_at": draft.effective_at,
        "actor": draft.actor,
        "memo": draft.memo,
        "metadata": json.loads(draft.metadata_json),
        "hold_until": draft.hold_until,
        "reverses_id": draft.reverses,
        "resolves_id": draft.resolves,
    }
    differs = (name for name, value in given.items() if stored[name] != value)
    return Conflict(outcome.transaction_id, next(differs, "moves"))
