"""Invariants 2 to 5: postings, balances, numbers and keys, re-derived from the rows alone."""

from ledger.audit.probes import Probe

# One pass over the postings beside all they refer to; some of its codes belong to invariants 4, 7 and 8.
_POSTINGS = Probe("""
with joined as (
  select p.transaction_id, p.line, p.amount, p.xact, t.xact as written_xact, t.refusal,
    t.id is null as is_orphaned,
    coalesce(f.unit_id <> p.unit_id or a.unit_id <> p.unit_id, true) or u.id is null as crosses,
    p.amount <= 0 or p.from_account_id = p.to_account_id as is_malformed,
    (f.guarded and p.from_seq is null) or (a.guarded and p.to_seq is null) as lacks_number,
    (not f.guarded and p.from_seq is not null)
      or (not a.guarded and p.to_seq is not null) as is_numbered_open,
    (a.kind = 'held' and t.kind not in ('hold', 'reversal'))
      or (f.kind = 'held' and t.kind not in ('capture', 'release', 'reversal')) as moves_held,
    case when f.expires_on is not null and t.kind not in ('expire', 'carry_over', 'release', 'reversal')
      -- What a capture does not take goes back to the lot it came from, lapsed or not.
      and not (t.kind = 'capture' and a.kind = 'wallet' and a.owner = f.owner and a.expires_on = f.expires_on)
      then (t.effective_at at time zone $zone)::date > f.expires_on else false end as is_lapsed
  from postings p
  left join transactions t on t.bank_id = $bank and t.id = p.transaction_id
  left join accounts f on f.bank_id = $bank and f.id = p.from_account_id
  left join accounts a on a.bank_id = $bank and a.id = p.to_account_id
  left join units u on u.bank_id = $bank and u.id = p.unit_id
  where p.bank_id = $bank
)
select f.code, case when f.code = 'refused_with_postings' then 'transaction ' || j.transaction_id
    else 'posting ' || j.transaction_id || '/' || j.line end, f.found, f.expected
from joined j cross join lateral (values
  ('posting_orphaned', j.is_orphaned, null, null),
  ('posting_crosses', j.crosses, null, null),
  ('posting_malformed', j.is_malformed, null, null),
  ('posting_xact_differs', j.xact <> j.written_xact, j.xact::text, j.written_xact::text),
  ('refused_with_postings', j.refusal is not null, null, null),
  ('number_missing', j.lacks_number, null, null),
  ('number_on_open', j.is_numbered_open, null, null),
  ('held_moved', j.moves_held, null, null),
  ('lapsed_lot_spent', j.is_lapsed, null, null)
) as f (code, is_broken, found, expected)
where (j.is_orphaned or j.crosses or j.is_malformed or j.xact <> j.written_xact or j.refusal is not null
  or j.lacks_number or j.is_numbered_open or j.moves_held or j.is_lapsed) and f.is_broken
""")

_LINES = Probe("""
select f.code, 'transaction ' || t.id, null, null
from transactions t
left join (
  select p.transaction_id, count(*) as lines, count(distinct p.line) as numbers,
    min(p.line) as first, max(p.line) as last
  from postings p where p.bank_id = $bank group by p.transaction_id
) l on l.transaction_id = t.id
cross join lateral (values
  ('accepted_without_postings', t.refusal is null and l.lines is null),
  ('lines_broken', l.lines <> l.numbers or l.first <> 1 or l.last <> l.lines)
) as f (code, is_broken)
where t.bank_id = $bank and f.is_broken
""")

_ACCOUNTS_DOUBLED = Probe("""
select 'account_doubled', 'account ' || min(a.id), null, null
from accounts a where a.bank_id = $bank
group by a.owner, a.unit_id, a.kind, a.expires_on having count(*) > 1
""")

# An open account's balance is what was folded; the postings after the fold are its tail.
_BALANCES = Probe("""
with sides as (
  select p.to_account_id as account_id, p.xact, p.amount as change from postings p where p.bank_id = $bank
  union all
  select p.from_account_id, p.xact, -p.amount from postings p where p.bank_id = $bank
), summed as (
  select a.id, a.unit_id, a.guarded, a.floor, a.balance, a.last_seq, a.folded_before,
    count(s.change) as postings, coalesce(sum(s.change), 0) as total,
    coalesce(sum(s.change) filter (where s.xact < a.folded_before), 0) as folded
  from accounts a left join sides s on s.account_id = a.id
  where a.bank_id = $bank
  group by a.id, a.unit_id, a.guarded, a.floor, a.balance, a.last_seq, a.folded_before
)
select f.code, 'account ' || s.id, f.found, f.expected
from summed s cross join lateral (values
  ('balance_differs', s.guarded and s.balance <> s.total, s.balance::text, s.total::text),
  ('below_floor', s.guarded and s.balance < s.floor, s.balance::text, s.floor::text),
  ('last_number_differs', s.guarded and s.last_seq <> s.postings, s.last_seq::text, s.postings::text),
  ('fold_differs', not s.guarded and s.balance <> s.folded, s.balance::text, s.folded::text),
  ('fold_differs', s.folded_before > $base + pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
    s.folded_before::text, null)
) as f (code, is_broken, found, expected)
where f.is_broken
union all
select 'unit_unbalanced', 'unit ' || u.code, s.total::text, '0'
from (
  select unit_id, sum(balance + case when guarded then 0 else total - folded end) as total
  from summed group by unit_id
) s join units u on u.bank_id = $bank and u.id = s.unit_id
where s.total <> 0
""")

_FOLDS = Probe("""
with derived as (
  select m.account_id, m.effective_on, sum(m.received) as received, sum(m.given) as given
  from (
    select a.id as account_id, (t.effective_at at time zone $zone)::date as effective_on,
      p.amount as received, 0 as given
    from postings p
    join accounts a on a.bank_id = $bank and a.id = p.to_account_id and not a.guarded
    join transactions t on t.bank_id = $bank and t.id = p.transaction_id
    where p.bank_id = $bank and p.xact < a.folded_before
    union all
    select a.id, (t.effective_at at time zone $zone)::date, 0, p.amount
    from postings p
    join accounts a on a.bank_id = $bank and a.id = p.from_account_id and not a.guarded
    join transactions t on t.bank_id = $bank and t.id = p.transaction_id
    where p.bank_id = $bank and p.xact < a.folded_before
  ) m group by m.account_id, m.effective_on
)
select 'fold_day_differs', 'account ' || coalesce(f.account_id, d.account_id)
    || ' ' || coalesce(f.effective_on, d.effective_on),
  f.received || '-' || f.given, d.received || '-' || d.given
from (select * from folds k where k.bank_id = $bank) f
full join derived d on d.account_id = f.account_id and d.effective_on = f.effective_on
where f.received is distinct from d.received or f.given is distinct from d.given
""")

# Each numbered posting beside the one before it on the same account.
_CHAIN = Probe("""
with sides as (
  select p.to_account_id as account_id, p.to_seq as seq, p.to_balance as balance, p.amount as change,
    p.transaction_id, p.line
  from postings p where p.bank_id = $bank and p.to_seq is not null
  union all
  select p.from_account_id, p.from_seq, p.from_balance, -p.amount, p.transaction_id, p.line
  from postings p where p.bank_id = $bank and p.from_seq is not null
), chain as (
  select s.account_id, s.seq, s.balance, s.change, s.transaction_id, t.recorded_at,
    lag(s.seq, 1, 0::bigint) over w as seq_before,
    lag(s.balance, 1, 0::bigint) over w as balance_before,
    lag(s.transaction_id) over w as id_before,
    lag(t.recorded_at) over w as recorded_before
  from sides s left join transactions t on t.bank_id = $bank and t.id = s.transaction_id
  window w as (partition by s.account_id order by s.seq, s.transaction_id, s.line)
), compared as (
  select c.account_id, c.seq, c.balance, a.floor,
    c.seq_before + 1 as due_seq, c.balance_before + c.change as due_balance,
    c.transaction_id < c.id_before as runs_back,
    c.recorded_at < c.recorded_before - $slack::interval as recorded_back,
    c.recorded_at, c.recorded_before
  from chain c left join accounts a on a.bank_id = $bank and a.id = c.account_id
)
select f.code, 'account ' || c.account_id || '/' || c.seq, f.found, f.expected
from compared c cross join lateral (values
  ('numbers_broken', c.seq <> c.due_seq, c.seq::text, c.due_seq::text),
  ('running_balance_differs', c.balance is distinct from c.due_balance, c.balance::text, c.due_balance::text),
  ('below_floor', c.balance < c.floor, c.balance::text, c.floor::text),
  ('order_differs', c.runs_back, null, null),
  ('recorded_backwards', c.recorded_back, c.recorded_at::text, c.recorded_before::text)
) as f (code, is_broken, found, expected)
where (c.seq <> c.due_seq or c.balance is distinct from c.due_balance or c.balance < c.floor
  or c.runs_back or c.recorded_back) and f.is_broken
""")

_KEYS = Probe("""
select 'key_doubled', 'transaction ' || max(t.id), null, null
from transactions t where t.bank_id = $bank group by t.idempotency_key having count(*) > 1
union all
select 'id_doubled', 'transaction ' || t.id, null, null
from transactions t where t.bank_id = $bank group by t.id having count(*) > 1
""")

PROBES = (_POSTINGS, _LINES, _ACCOUNTS_DOUBLED, _BALANCES, _FOLDS, _CHAIN, _KEYS)
