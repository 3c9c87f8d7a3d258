"""Folding: bringing the sums of open accounts up to a horizon, so that reading them stays cheap.

The horizon is the oldest database transaction still under way: everything before it has been decided and can
be seen, however commits interleaved. What is at or after it stays in the tail. Folds are a projection: they
can be thrown away and made again, and `audit` does exactly that sum.
"""

from ledger.session import WriteTx

HORIZON = "select $1 + pg_snapshot_xmin(pg_current_snapshot())::text::bigint"

_LOCK = """
select a.id, a.folded_before from accounts a
where a.bank_id = $1 and not a.guarded and a.folded_before < $2 order by a.id for no key update of a
"""

_FOLD = """
with moved as (
  select a.id as account_id, (t.effective_at at time zone $4)::date as effective_on,
    sum(p.amount) as received, 0::numeric as given
  from unnest($2::bigint[], $5::bigint[]) as a (id, since)
  join postings p on p.bank_id = $1 and p.to_account_id = a.id and p.to_seq is null
    and p.xact >= a.since and p.xact < $3
  join transactions t on t.bank_id = $1 and t.id = p.transaction_id
  group by 1, 2
  union all
  select a.id, (t.effective_at at time zone $4)::date, 0, sum(p.amount)
  from unnest($2::bigint[], $5::bigint[]) as a (id, since)
  join postings p on p.bank_id = $1 and p.from_account_id = a.id and p.from_seq is null
    and p.xact >= a.since and p.xact < $3
  join transactions t on t.bank_id = $1 and t.id = p.transaction_id
  group by 1, 2
), days as (
  select account_id, effective_on, sum(received)::bigint as received, sum(given)::bigint as given
  from moved group by account_id, effective_on
), kept as (
  insert into folds as f (bank_id, account_id, effective_on, received, given)
  select $1, account_id, effective_on, received, given from days
  on conflict on constraint folds_pkey
    do update set received = f.received + excluded.received, given = f.given + excluded.given
  returning 1
)
update accounts a set folded_before = $3,
  balance = a.balance + coalesce((select sum(d.received - d.given) from days d where d.account_id = a.id), 0)
where a.bank_id = $1 and a.id = any($2)
"""


async def fold(tx: WriteTx) -> int:
    """Fold every open account up to the horizon; return how many accounts were brought forward."""
    horizon = await tx.connection.fetchval(HORIZON, tx.base)
    rows = await tx.connection.fetch(_LOCK, tx.bank_id, horizon)
    if not rows:
        return 0
    await tx.connection.execute("set local enable_seqscan = on")
    await tx.connection.execute(
        _FOLD,
        tx.bank_id,
        [row["id"] for row in rows],
        horizon,
        tx.zone.key,
        [row["folded_before"] for row in rows],
    )
    await tx.connection.execute("set local enable_seqscan = off")
    return len(rows)
