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

# Postings are found account by account and their transactions one by one (decision 6).
_SIDE = """
  select a.id as account_id, (t.effective_at at time zone $4)::date as effective_on, {sums}
  from unnest($2::bigint[], $5::bigint[]) as a (id, since),
    lateral (select p.transaction_id, p.amount from postings p
      where p.bank_id = $1 and p.{side}_account_id = a.id and p.{side}_seq is null
        and p.xact >= a.since and p.xact < $3
      order by p.xact offset 0) p,
    lateral (select t.effective_at from transactions t
      where t.bank_id = $1 and t.id = p.transaction_id offset 0) t
  group by 1, 2
"""
_RECEIVED = _SIDE.format(side="to", sums="sum(p.amount) as received, 0::numeric as given")
_GIVEN = _SIDE.format(side="from", sums="0, sum(p.amount)")

_FOLD = f"""
with moved as ({_RECEIVED} union all {_GIVEN}), days as (
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
"""  # noqa: S608 -- ours


async def fold(tx: WriteTx) -> int:
    """Fold every open account up to the horizon; return how many accounts were brought forward."""
    horizon = await tx.connection.fetchval(HORIZON, tx.base)
    rows = await tx.connection.fetch(_LOCK, tx.bank_id, horizon)
    if not rows:
        return 0
    await tx.plan_for_any_bank()
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
