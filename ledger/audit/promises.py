"""Invariants 6, 8 and 9: reversals, holds and closed periods."""

from ledger.audit.probes import Probe

# The first lines mirror the original; what follows only takes it home: from a held account to the lot it came
# from, or, with a day of grace, from a lapsed lot to a new one of the same owner.
_REVERSALS = Probe("""
with reversals as (
  select r.id, r.kind, r.reverses_id, (r.effective_at at time zone $zone)::date as day
  from transactions r
  where r.bank_id = $bank and r.refusal is null and (r.reverses_id is not null or r.kind = 'reversal')
), originals as (
  -- What a capture gave back to the lot it was held from stays there and has no mirror.
  select r.id, o.from_account_id, o.to_account_id, o.amount, o.unit_id,
    row_number() over (partition by r.id order by o.line) as line
  from reversals r
  join postings o on o.bank_id = $bank and o.transaction_id = r.reverses_id
  left join accounts f on f.bank_id = $bank and f.id = o.from_account_id
  left join accounts a on a.bank_id = $bank and a.id = o.to_account_id
  where (f.kind = 'held' and a.kind in ('wallet', 'shelf') and a.owner = f.owner
    and a.expires_on is not distinct from f.expires_on) is not true
), mirrors as (
  select o.id, max(o.line) as lines from originals o group by o.id
), extras as (
  select r.id, r.day, p.line, p.amount, p.from_account_id, f.owner = a.owner and f.unit_id = a.unit_id and (
      (f.kind = 'held' and a.kind in ('wallet', 'shelf') and a.expires_on is not distinct from f.expires_on)
      or (f.kind = 'wallet' and a.kind = 'wallet' and f.expires_on < r.day and a.expires_on >= r.day)
    ) as goes_home
  from reversals r
  left join mirrors m on m.id = r.id
  join postings p on p.bank_id = $bank and p.transaction_id = r.id and p.line > coalesce(m.lines, 0)
  left join accounts f on f.bank_id = $bank and f.id = p.from_account_id
  left join accounts a on a.bank_id = $bank and a.id = p.to_account_id
)
select 'reversed_twice', 'transaction ' || r.reverses_id, null, null
from reversals r where r.reverses_id is not null group by r.reverses_id having count(*) > 1
union all
select 'reversal_unfounded', 'transaction ' || r.id, null, null
from reversals r left join transactions t on t.bank_id = $bank and t.id = r.reverses_id
where r.kind <> 'reversal' or t.id is null or t.refusal is not null or t.id >= r.id
  or t.kind in ('hold', 'release', 'reversal')
union all
select distinct 'reversal_differs', 'transaction ' || o.id, null, null
from originals o
left join postings m on m.bank_id = $bank and m.transaction_id = o.id and m.line = o.line
where m.line is null or m.from_account_id <> o.to_account_id or m.to_account_id <> o.from_account_id
  or m.amount <> o.amount or m.unit_id <> o.unit_id
union all
select distinct 'reversal_differs', 'transaction ' || e.id, null, null
from extras e where e.goes_home is not true
union all
select distinct 'reversal_differs', 'transaction ' || e.id, null, null
from (select id, from_account_id, sum(amount) as out from extras group by id, from_account_id) e
where e.out > (select coalesce(sum(p.amount), 0) from postings p
  where p.bank_id = $bank and p.transaction_id = e.id and p.to_account_id = e.from_account_id)
""")

# Every held account gives, in the resolution, just what the hold put on it; a release gives it back where it
# came from.
_HOLDS = Probe("""
with resolutions as (
  select r.id, r.kind, r.resolves_id, r.effective_at from transactions r
  where r.bank_id = $bank and r.refusal is null
    and (r.resolves_id is not null or r.kind in ('capture', 'release'))
), put as (
  select r.id, p.to_account_id as held_id,
    case when r.kind = 'release' then p.from_account_id end as lot_id, sum(p.amount) as amount
  from resolutions r join postings p on p.bank_id = $bank and p.transaction_id = r.resolves_id
  group by 1, 2, 3
), given as (
  select r.id, p.from_account_id as held_id,
    case when r.kind = 'release' then p.to_account_id end as lot_id, sum(p.amount) as amount
  from resolutions r join postings p on p.bank_id = $bank and p.transaction_id = r.id
  group by 1, 2, 3
)
select 'resolved_twice', 'transaction ' || r.resolves_id, null, null
from resolutions r where r.resolves_id is not null group by r.resolves_id having count(*) > 1
union all
select f.code, 'transaction ' || r.id, null, null
from resolutions r left join transactions h on h.bank_id = $bank and h.id = r.resolves_id
cross join lateral (values
  ('resolution_unfounded', h.id is null or h.refusal is not null or h.hold_until is null or h.kind <> 'hold'
    or h.id >= r.id or r.kind not in ('capture', 'release')),
  ('captured_late', r.kind = 'capture' and r.effective_at > h.hold_until)
) as f (code, is_broken)
where f.is_broken
union all
select distinct 'resolution_differs', 'transaction ' || coalesce(p.id, g.id), null, null
from put p
full join given g on g.id = p.id and g.held_id = p.held_id and coalesce(g.lot_id, 0) = coalesce(p.lot_id, 0)
where p.amount is distinct from g.amount
""")

_HELD = Probe("""
with unresolved as (
  select p.to_account_id as account_id, sum(p.amount) as amount
  from transactions h join postings p on p.bank_id = $bank and p.transaction_id = h.id
  where h.bank_id = $bank and h.hold_until is not null and h.refusal is null and not exists (
    select from transactions r where r.bank_id = $bank and r.resolves_id = h.id and r.refusal is null)
  group by p.to_account_id
)
select 'held_differs', 'account ' || a.id, a.balance::text, coalesce(n.amount, 0)::text
from accounts a left join unresolved n on n.account_id = a.id
where a.bank_id = $bank and a.kind = 'held' and a.balance <> coalesce(n.amount, 0)
""")

# The closures in force between one closing and the next, so that each transaction is looked at once.
_CLOSURES = Probe("""
with in_force as (
  select c.xact, lead(c.xact, 1, 9223372036854775807) over w as until_xact,
    max(c.closed_before) over w as closed_before
  from closures c where c.bank_id = $bank window w as (order by c.xact, c.closed_before)
)
select 'closed_period_entered', 'transaction ' || t.id, t.effective_at::text, '>= ' || c.closed_before
from in_force c join transactions t on t.bank_id = $bank and t.xact > c.xact and t.xact <= c.until_xact
where t.refusal is null and t.effective_at < c.closed_before
""")

PROBES = (_REVERSALS, _HOLDS, _HELD, _CLOSURES)
