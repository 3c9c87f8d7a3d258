"""Issuing in one call: the function `issue`, for drafts that only give from open accounts to guarded ones.

Revision ID: 0003
Revises: 0002
"""

from timebank.migrations.statements import IrreversibleMigrationError, execute_each

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# The caller numbers the postings of each account from 1 and adds them up; here, under the lock, follows from where. The
# accounts are locked in id order, as everywhere, and looked up one by one even if the plan was made while the bank
# seemed small; the arrays come as text, and a statement's place in one says to which transaction or account it belongs.
ISSUE = """
create function issue(bank bigint, base bigint, kinds text, keys text, fingerprints text, effective_ats text,
  actors text, memos text, metadatas text, salts bytea,
  owners text, target_units text, target_kinds text, expiries text, totals text, counts text,
  places text, lines text, unit_ids text, from_ids text, targets text, amounts text, numbers text, sums text)
returns bigint[] language plpgsql
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
as $$
declare
  ids bigint[];
  account_ids bigint[];
  balances bigint[];
  seqs bigint[];
  recorded timestamptz;
  position bigint;
begin
  perform set_config('timebank.bank_id', bank::text, true), pg_advisory_xact_lock_shared((29794::bigint << 48) + bank);
  with wanted as materialized (
    select x.id, t.place, t.total, t.postings
    from unnest(owners::uuid[], target_units::bigint[], target_kinds::text[], expiries::date[], totals::bigint[],
        counts::bigint[]) with ordinality as t (owner, unit_id, kind, expires_on, total, postings, place),
      lateral (select a.id from accounts a where a.bank_id = bank and a.owner = t.owner and a.unit_id = t.unit_id
        and a.kind = t.kind and a.expires_on is not distinct from t.expires_on offset 0) x
    order by x.id
  ), credited as (
    update accounts a set balance = a.balance + w.total, last_seq = a.last_seq + w.postings
    from wanted w where a.bank_id = bank and a.id = w.id
    returning w.place, a.id, a.balance - w.total as balance, a.last_seq - w.postings as seq
  )
  select array_agg(c.id order by c.place), array_agg(c.balance order by c.place), array_agg(c.seq order by c.place)
  into account_ids, balances, seqs from credited c;
  if cardinality(account_ids) is distinct from cardinality(owners::uuid[]) then
    raise exception 'an account is not there' using errcode = 'TB003';
  end if;
  ids := array(select nextval('transaction_ids') from generate_series(1, octet_length(salts) / 16));
  recorded := clock_timestamp();
  position := base + pg_current_xact_id()::text::bigint;
  insert into transactions (bank_id, id, kind, idempotency_key, fingerprint, effective_at, recorded_at, xact,
    actor, memo, metadata, salt)
  select bank, t.id, t.kind, t.key, t.fingerprint, t.effective_at, recorded, position,
    t.actor, t.memo, t.metadata::jsonb, substr(salts, 16 * (t.place - 1)::int + 1, 16)
  from unnest(ids, kinds::text[], keys::text[], fingerprints::bytea[], effective_ats::timestamptz[],
    actors::text[], memos::text[], metadatas::text[]) with ordinality
    as t (id, kind, key, fingerprint, effective_at, actor, memo, metadata, place);
  insert into postings (bank_id, transaction_id, xact, line, unit_id, from_account_id, to_account_id, amount,
    to_seq, to_balance)
  select bank, ids[p.place], position, p.line, p.unit_id, p.from_id, account_ids[p.target], p.amount,
    seqs[p.target] + p.number, balances[p.target] + p.sum
  from unnest(places::int[], lines::int[], unit_ids::bigint[], from_ids::bigint[], targets::int[], amounts::bigint[],
    numbers::bigint[], sums::bigint[]) as p (place, line, unit_id, from_id, target, amount, number, sum);
  return ids;
end
$$;
"""


def upgrade() -> None:
    execute_each(ISSUE)


def downgrade() -> None:
    """Refuse: the books are append-only, so a schema is only ever left by restoring a backup."""
    raise IrreversibleMigrationError
