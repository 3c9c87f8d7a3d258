"""Reading conversions: what a person could convert now, what an amount would give, and what was converted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.session import ReadTx
from timebank.conversions.rules import Standing, convertible, month_left, most, rule_of, turned
from timebank.policy.actions import PolicyVersion
from timebank.policy.queries import version_in_force

# What was taken back is converted no longer.
_STANDS = """not exists (select from transactions t
    where t.bank_id = $1 and t.reverses_id = c.transaction_id and t.refusal is null)"""
# Lots that have lapsed and wait for their expiry are nobody's to give.
_STANDINGS = f"""
select asked.unit,
  (select coalesce(sum(a.balance), 0)::bigint from accounts a
   where a.bank_id = $1 and a.owner = $2 and a.kind = 'wallet' and (a.expires_on is null or a.expires_on >= $5)
     and a.unit_id = (select u.id from units u where u.bank_id = $1 and u.code = asked.unit)) as balance,
  (select coalesce(sum(c.from_amount), 0)::bigint from conversions c
   where c.bank_id = $1 and c.person_id = $2 and c.from_unit = asked.unit and {_STANDS}) as converted,
  (select coalesce(sum(c.from_amount), 0)::bigint from conversions c
   where c.bank_id = $1 and c.person_id = $2 and c.from_unit = asked.unit and c.made_on >= $4
     and {_STANDS}) as this_month
from unnest($3::text[]) as asked (unit)
"""  # noqa: S608 -- our own words
_OF_PERSON = """
select c.id, c.from_unit, c.from_amount, c.to_unit, c.to_amount, c.transaction_id, c.policy_version, c.made_at
from conversions c where c.bank_id = $1 and c.person_id = $2 and c.id < $3 order by c.id desc limit $4
"""


@dataclass(frozen=True, slots=True)
class Possible:
    """A conversion that the rules of today offer, and how much of it a person can make now.

    `left` is what they have that may be converted, `month_left` what the month's limit leaves (None: no limit), `most`
    the most in whole steps by both.
    """

    from_unit: str
    to_unit: str
    from_amount: int
    to_amount: int
    left: int
    month_left: int | None
    most: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What an amount gives today: how much, until when it lives, and by which version of the policy."""

    from_unit: str
    from_amount: int
    to_unit: str
    to_amount: int
    expires_on: date | None
    policy_version: int


@dataclass(frozen=True, slots=True)
class Conversion:
    """A conversion that was made."""

    id: int
    from_unit: str
    from_amount: int
    to_unit: str
    to_amount: int
    transaction_id: int
    policy_version: int
    made_at: datetime


async def standings(
    tx: ReadTx, person_id: UUID, units: Iterable[str], *, now: datetime
) -> dict[str, Standing]:
    """Return what a person has of some units, and has converted of each."""
    today = tx.day(now)
    rows = await tx.connection.fetch(
        _STANDINGS, tx.bank_id, person_id, sorted(set(units)), today.replace(day=1), today
    )
    return {unit: Standing(*rest) for unit, *rest in rows}


async def possible_conversions(tx: ReadTx, person_id: UUID, *, now: datetime) -> list[Possible]:
    """Return what a person could convert now, in the order of the policy.

    Raises:
        RefusalError: `policy_missing`.
    """
    pack = (await version_in_force(tx, now)).pack
    found = await standings(tx, person_id, (rule.from_unit for rule in pack.conversions), now=now)
    return [
        Possible(
            rule.from_unit,
            rule.to_unit,
            rule.from_amount,
            rule.to_amount,
            convertible(pack, rule, found[rule.from_unit]),
            month_left(rule, found[rule.from_unit]),
            most(pack, rule, found[rule.from_unit]),
        )
        for rule in pack.conversions
    ]


async def quote_conversion(
    tx: ReadTx,
    version: PolicyVersion,
    person_id: UUID,
    *,
    from_unit: str,
    to_unit: str,
    amount: int,
    now: datetime,
) -> Quote:
    """Return what an amount would give a person now, by a version of the policy.

    Raises:
        RefusalError: `conversion_not_offered`, and as `timebank.conversions.rules.turned`.
    """
    rule = rule_of(version.pack, from_unit, to_unit)
    standing = (await standings(tx, person_id, [from_unit], now=now))[from_unit]
    given = turned(version.pack, rule, amount, standing)
    return Quote(
        from_unit, amount, to_unit, given, version.pack.expires_on(to_unit, tx.day(now)), version.version
    )


async def conversions_of(tx: ReadTx, person_id: UUID, *, before_id: int, limit: int) -> list[Conversion]:
    """Return a person's conversions, newest first, from before an id."""
    rows = await tx.connection.fetch(_OF_PERSON, tx.bank_id, person_id, before_id, limit)
    return [Conversion(*row) for row in rows]
