"""What counts for a list, as SQL: the credits and awards of a period that stand, by subject.

A credit or an award counts if it took effect in the period and is not reversed; of a frozen round only what lies in the
tree at its checkpoint is looked at, reversals too, whatever day they took effect on. Hours count by their record's
grade, those without one always; points count whatever became of them. A team or unit has what its members served while
they were its members. The lookups are laterals, so that they stay on their indexes whatever the statistics say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ledger.accounts import load_units
from ledger.session import ReadTx
from timebank.policy.rules import MINUTE, POINT
from timebank.recognition.queries import Round

if TYPE_CHECKING:
    import asyncpg

KINDS: Final = ("credit", "award")
"""Transactions by which somebody earns; what is given back, carried over or owed is not earned."""

# $1 bank, $2 subjects, $3 their organisations (null: the subject is a person), $4 round, $5 size of the tree (null: the
# books of now), $6 and $7 period, $8 grades, $9 minute, $10 point, $11 zone, $12 bars
TALLY: Final = """
with asked as materialized (
  select x.subject, x.organisation_id from unnest($2::uuid[], $3::bigint[]) as x (subject, organisation_id)
), who as (
  select k.subject, k.subject as owner, null::date as from_on, null::date as until_on
  from asked k where k.organisation_id is null
  union all
  select k.subject, m.person_id, m.from_on, m.until_on from asked k, lateral (
    select m.person_id, m.from_on, m.until_on from recognition_members m
    where m.bank_id = $1 and m.round_id = $4 and m.organisation_id = k.organisation_id offset 0) m
), moved as (
  select distinct w.subject, w.owner, v.id as volunteer_id, t.id, p.line, a.unit_id, p.amount, t.kind, t.record_id,
    l.leaf_index, (t.effective_at at time zone $11::text)::date as day
  from who w
  cross join lateral (select v.id from volunteers v where v.bank_id = $1 and v.owner = w.owner offset 0) v
  cross join lateral (select a.id, a.unit_id from accounts a
    where a.bank_id = $1 and a.owner = w.owner and a.unit_id in ($9::bigint, $10::bigint) and a.kind = 'wallet'
    offset 0) a
  cross join lateral (select p.transaction_id, p.line, p.amount from postings p
    where p.bank_id = $1 and p.to_account_id = a.id and p.to_seq is not null offset 0) p
  cross join lateral (
    select t.id, t.kind, t.effective_at, (t.metadata->>'record')::bigint as record_id from transactions t
    where t.bank_id = $1 and t.id = p.transaction_id and t.refusal is null and (t.kind = 'debt'
      or t.kind in ('credit', 'award') and t.effective_at >= $6 and t.effective_at < $7) offset 0) t
  left join lateral (select l.leaf_index from leaves l
    where l.bank_id = $1 and l.transaction_id = t.id offset 0) l on true
  where ($5::bigint is null or l.leaf_index < $5)
    and (w.from_on is null or (t.effective_at at time zone $11::text)::date >= w.from_on)
    and (w.until_on is null or (t.effective_at at time zone $11::text)::date < w.until_on)
), booked as (
  select m.subject, m.owner, m.volunteer_id, m.id, m.kind, m.record_id, m.leaf_index, m.day,
    coalesce(sum(m.amount) filter (where m.unit_id = $9), 0)::bigint as minutes,
    coalesce(sum(m.amount) filter (where m.unit_id = $10), 0)::bigint as points
  from moved m group by m.subject, m.owner, m.volunteer_id, m.id, m.kind, m.record_id, m.leaf_index, m.day
), judged as (
  select b.subject, b.owner, b.kind, b.leaf_index, b.day, b.minutes, b.points, r.grade,
    b.kind <> 'debt' and not v.is_reversed as is_standing,
    case when r.grade is null or r.grade = any($8::text[]) then b.minutes else 0 end as counted,
    b.kind = 'debt' and not v.is_reversed as is_owing,
    b.kind = 'credit' and v.is_reversed and r.is_corrected is not true as is_voided
  from booked b
  cross join lateral (select exists (select from transactions x
    left join leaves xl on xl.bank_id = $1 and xl.transaction_id = x.id
    where x.bank_id = $1 and x.reverses_id = b.id and x.refusal is null
      and ($5::bigint is null or xl.leaf_index < $5)) as is_reversed offset 0) v
  left join lateral (select s.grade, v.is_reversed and exists (select from service_records c
      where c.bank_id = $1 and c.volunteer_id = b.volunteer_id and c.id > s.id and c.corrects_id = s.id) as is_corrected
    from service_records s
    where s.bank_id = $1 and s.volunteer_id = b.volunteer_id and s.id = b.record_id offset 0) r on true
), each_one as (
  select k.subject, null::uuid as owner, null::bigint as leaf_index, null::date as day, 0::bigint as minutes,
    0::bigint as counted, 0::bigint as points, null::text as grade, false as is_owing, false as is_voided
  from asked k
  union all
  select j.subject, j.owner, j.leaf_index, j.day, case when j.is_standing then j.minutes else 0 end,
    case when j.is_standing then j.counted else 0 end, case when j.is_standing then j.points else 0 end,
    coalesce(j.grade, 'none'), j.is_owing, j.is_voided from judged j
)
select e.subject, sum(e.counted)::bigint as minutes, sum(e.minutes)::bigint as any_minutes,
  sum(e.points)::bigint as points, count(*) filter (where e.counted > 0) as records,
  jsonb_build_object(
    'grades', jsonb_strip_nulls(jsonb_build_object(
      'A', sum(e.counted) filter (where e.counted > 0 and e.grade = 'A'),
      'B', sum(e.counted) filter (where e.counted > 0 and e.grade = 'B'),
      'C', sum(e.counted) filter (where e.counted > 0 and e.grade = 'C'),
      'D', sum(e.counted) filter (where e.counted > 0 and e.grade = 'D'),
      'E', sum(e.counted) filter (where e.counted > 0 and e.grade = 'E'),
      'none', sum(e.counted) filter (where e.counted > 0 and e.grade = 'none'))),
    'people', count(distinct e.owner) filter (where e.counted > 0),
    'since', min(e.day) filter (where e.counted > 0 or e.points > 0),
    'until', max(e.day) filter (where e.counted > 0 or e.points > 0),
    'leaves', encode(sha256(coalesce(string_agg(e.leaf_index::text, ',' order by e.leaf_index)
      filter (where e.counted > 0 or e.points > 0), '')::bytea), 'hex')) as evidence,
  array_remove(array[
    case when 'debt' = any($12::text[]) and bool_or(e.is_owing) then 'debt' end,
    case when 'voided_record' = any($12::text[]) and bool_or(e.is_voided) then 'voided_record' end], null) as bars
from each_one e group by e.subject
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose tally is asked for: people by themselves, or teams and units by their organisation."""

    subject: UUID
    organisation_id: int | None


async def tally_arguments(
    tx: ReadTx, found: Round, asked: Sequence[Asked], *, tree_size: int | None
) -> list[object]:
    """Return what `TALLY` is asked with, the bank first; `tree_size` None counts the books of now."""
    minute, point = await counted_units(tx)
    from_at, until_at = period_of(tx, found)
    return [
        tx.bank_id,
        [one.subject for one in asked],
        [one.organisation_id for one in asked],
        found.id,
        tree_size,
        from_at,
        until_at,
        list(found.criteria.grades),
        minute,
        point,
        str(tx.zone),
        sorted(found.criteria.bars),
    ]


async def tallies(
    tx: ReadTx, found: Round, asked: Sequence[Asked], *, tree_size: int | None
) -> "dict[UUID, asyncpg.Record]":
    """Return what each of some subjects reached, by subject."""
    rows = await tx.connection.fetch(TALLY, *await tally_arguments(tx, found, asked, tree_size=tree_size))
    return {row["subject"]: row for row in rows}


async def counted_units(tx: ReadTx) -> tuple[int, int]:
    """Return the ids of minutes and of points, which every bank with a policy has."""
    await load_units(tx, [MINUTE, POINT])
    return tx.catalogue.units[MINUTE].id, tx.catalogue.units[POINT].id


def period_of(tx: ReadTx, found: Round) -> tuple[datetime, datetime]:
    """Return the instants between which what counts took effect, the second one excluded."""
    return tx.start_of(found.from_on), tx.end_of(found.until_on)
