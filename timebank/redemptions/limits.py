"""Limits of redemption for many at once: the rule of a day, and what each member redeemed or has reserved so far.

What was refunded does not count, what is reserved and not picked up does, on the day that it was reserved. Whoever
decides by the answer holds the members' rows, so that nobody passes a limit twice at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from ledger.session import ReadTx
from timebank.errors import RefusalError
from timebank.policy.spending import RedemptionRule
from timebank.redemptions.rules import (
    Findings,
    ItemUse,
    Used,
    Wish,
    has_member_limits,
    judge,
    month_start,
    quarter_start,
)

_RULE = """
select p.version, p.body -> 'redemption' as rule from policy_packs p
where p.bank_id = $1 and p.effective_from <= $2 order by p.effective_from desc limit 1
"""
# Every part goes by the index of a person's own rows.
_TAKEN = """
  select r.made_on as day, r.points, r.id as redemption_id, null::bigint as reservation_id
  from redemptions r where r.bank_id = $1 and r.person_id = x.person_id and r.made_on >= {first}
    and not exists (select from refunds f where f.bank_id = $1 and f.redemption_id = r.id)
  union all
  select (v.made_at at time zone $4)::date, v.points, null, v.id
  from reservations v where v.bank_id = $1 and v.person_id = x.person_id and v.state = 'reserved'
    and v.made_at >= {from_at}
"""
_USED = f"""
select array(
  select row(x.person_id, coalesce(sum(t.points) filter (where t.day = $3), 0)::bigint,
    coalesce(sum(t.points) filter (where t.day >= $7), 0)::bigint, count(t.day))
  from unnest($2::uuid[]) as x (person_id)
  left join lateral ({_TAKEN.format(first="$5", from_at="$6")}) t on true
  group by x.person_id) as members,
array(
  select row(x.person_id, g.id, g.day_limit, g.month_limit,
    coalesce(u.day, 0)::bigint, coalesce(u.month, 0)::bigint)
  from unnest($9::uuid[], $10::bigint[]) as x (person_id, goods_id), lateral (
    select g.id, least(g.member_day_limit, $11::bigint) as day_limit,
      least(g.member_month_limit, $12::bigint) as month_limit
    from goods g where g.bank_id = $1 and g.id = x.goods_id
      and (g.member_day_limit > 0 or g.member_month_limit > 0 or $11::bigint > 0 or $12::bigint > 0) offset 0) g
  left join lateral (
    select sum(l.quantity) filter (where t.day = $3) as day, sum(l.quantity) as month
    from ({_TAKEN.format(first="$7", from_at="$8")}) t, lateral (
      select l.quantity from redemption_lines l
      where l.bank_id = $1 and l.redemption_id = t.redemption_id and l.goods_id = g.id
      union all
      select l.quantity from reservation_lines l
      where l.bank_id = $1 and l.reservation_id = t.reservation_id and l.goods_id = g.id) l
  ) u on true) as items
"""  # noqa: S608 -- ours


@dataclass(frozen=True, slots=True)
class DayRule:
    """The rule of a day, and the version of the policy pack that says so."""

    version: int
    rule: RedemptionRule


async def rule_on(tx: ReadTx, day: date) -> DayRule:
    """Return the redemption rule in force on a day.

    Raises:
        RefusalError: `policy_missing`.
    """
    row = await tx.connection.fetchrow(_RULE, tx.bank_id, day)
    if row is None:
        raise RefusalError("policy_missing", day=day.isoformat())
    return DayRule(row["version"], parsed_rule(row["rule"]))


async def limits_for(
    tx: ReadTx, rule: RedemptionRule, wishes: Sequence[Wish], *, now: datetime
) -> list[Findings]:
    """Return what is said about each wish; no two are of the same member."""
    if not wishes:
        return []
    day = tx.day(now)
    quarter, month = quarter_start(day), month_start(day)
    pairs = [(wish.person_id, goods_id) for wish in wishes for goods_id in wish.quantities]
    (row,) = await tx.connection.fetch(
        _USED,
        tx.bank_id,
        [wish.person_id for wish in wishes] if has_member_limits(rule) else [],
        day,
        tx.zone.key,
        quarter,
        tx.start_of(quarter),
        month,
        tx.start_of(month),
        [person_id for person_id, _ in pairs],
        [goods_id for _, goods_id in pairs],
        rule.item_day_quantity,
        rule.item_month_quantity,
    )
    members: dict[UUID, tuple[int, int, int]] = {person_id: tuple(use) for person_id, *use in row["members"]}
    items: dict[UUID, dict[int, ItemUse]] = {}
    for person_id, goods_id, *use in row["items"]:
        items.setdefault(person_id, {})[goods_id] = ItemUse(*use)
    return [
        judge(
            rule,
            wish,
            Used(*members.get(wish.person_id, (0, 0, 0)), items.get(wish.person_id, {})),
            day=day,
        )
        for wish in wishes
    ]


@lru_cache(maxsize=64)
def parsed_rule(text: str | None) -> RedemptionRule:
    """Return a pack's rule, read once and not for every batch; a pack of before there was one has the default."""
    return RedemptionRule() if text is None else RedemptionRule.model_validate_json(text)
