"""What becomes of lots at their end, and who is warned of it: batch by batch, each a transaction of its own.

Both are started again from the beginning when they died: what ended has nothing left, and who was warned has a row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from ledger.expiry import ExpiredBatch, ExpiryCursor, PeriodClosedError, expire_lots
from ledger.session import WriteTx
from timebank.errors import RefusalError
from timebank.expiry.rules import extended_units, renewal_of, warning_due
from timebank.notifications.actions import tell_each
from timebank.policy.actions import PolicyHistory

TOLD: Final = "expiring"

_LIVE: Final = """
select a.id, a.expires_on from accounts a
where a.bank_id = $1 and (a.expires_on, a.id) > ($2, $3) and a.expires_on <= $4
  and a.kind = 'wallet' and a.balance > a.floor
order by a.expires_on, a.id limit $5
"""
# Who has had this warning, or one that is nearer to the end, has had all that are due.
_WARN: Final = """
insert into expiry_warnings (bank_id, owner, unit, expires_on, days, amount, warned_at)
select $1, a.owner, u.code, a.expires_on, due.days, a.balance - a.floor, $3
from unnest($2::bigint[]) as l (id),
  lateral (select * from accounts a where a.bank_id = $1 and a.id = l.id offset 0) a,
  lateral (select u.code from units u where u.bank_id = $1 and u.id = a.unit_id and u.class = 'value' offset 0) u,
  lateral (select from people p where p.bank_id = $1 and p.id = a.owner and p.erased_at is null offset 0) p,
  unnest($4::date[], $5::bigint[]) as due (expires_on, days)
where due.expires_on = a.expires_on and a.balance > a.floor
  and not exists (select from unnest($6::text[], $7::date[]) as x (unit, expires_on)
    where x.unit = u.code and x.expires_on = a.expires_on)
  and not exists (select from expiry_warnings w where w.bank_id = $1 and w.owner = a.owner and w.unit = u.code
    and w.expires_on = a.expires_on and w.days <= due.days)
on conflict on constraint expiry_warnings_pkey do nothing
returning owner, unit, expires_on, amount
"""


async def end_lots(
    tx: WriteTx, *, history: PolicyHistory, as_of: date, actor: str, after: ExpiryCursor, limit: int
) -> ExpiredBatch:
    """Expire or, by the policy, renew what is left of lots whose last day is before `as_of`.

    Raises:
        RefusalError: `period_closed` if the day begins in a closed period.
    """
    try:
        return await expire_lots(
            tx,
            as_of=as_of,
            actor=actor,
            after=after,
            limit=limit,
            renews=lambda unit, last_day: renewal_of(history, unit, last_day),
        )
    except PeriodClosedError:
        raise RefusalError("period_closed", as_of=as_of.isoformat()) from None


@dataclass(frozen=True, slots=True)
class Warnings:
    """What is to be warned of on a day: which warning is due for lots that end on a day, and what ends later after all.

    `due` goes from the lots' last days to the days of the warning; lots of a unit and last day in `extended` are
    extended by the policy as it is known, and are warned of when their new end comes near.
    """

    today: date
    due: Mapping[date, int]
    extended: Sequence[tuple[str, date]]


def warnings_on(history: PolicyHistory, *, as_of: date, today: date) -> Warnings:
    """Return what is to be warned of: all whose warning fell due by `as_of`, each as near as its end is `today`.

    Raises:
        RefusalError: `policy_missing`.
    """
    warning_days = history.on(today).pack.warning_days
    farthest = as_of + timedelta(days=max(warning_days, default=0))
    ends = [today + timedelta(days=days) for days in range((farthest - today).days + 1)]
    due = {end: days for end in ends if (days := warning_due(warning_days, (end - today).days))}
    extended = [(unit, end) for end in due for unit in extended_units(history.on(end), end)]
    return Warnings(today, due, extended)


@dataclass(frozen=True, slots=True)
class WarnedBatch:
    """How many were warned; `next` is None when no lot is left."""

    warned: int
    next: ExpiryCursor | None


async def warn_owners(
    tx: WriteTx, warnings: Warnings, *, after: ExpiryCursor, limit: int, now: datetime
) -> WarnedBatch:
    """Warn the people whose lots, at most `limit` from after the cursor, end soon; each once for each warning."""
    if not warnings.due:
        return WarnedBatch(0, None)
    rows = await tx.connection.fetch(
        _LIVE, tx.bank_id, after.expires_on, after.account_id, max(warnings.due), limit
    )
    warned = await tx.connection.fetch(
        _WARN,
        tx.bank_id,
        [row["id"] for row in rows],
        now,
        list(warnings.due),
        list(warnings.due.values()),
        [unit for unit, _ in warnings.extended],
        [end for _, end in warnings.extended],
    )
    told = [
        (
            row["owner"],
            {
                "unit": row["unit"],
                "amount": row["amount"],
                "expires_on": row["expires_on"],
                "days": (row["expires_on"] - warnings.today).days,
            },
        )
        for row in warned
    ]
    await tell_each(tx, told, TOLD)
    following = ExpiryCursor(rows[-1]["expires_on"], rows[-1]["id"]) if len(rows) == limit else None
    return WarnedBatch(len(warned), following)
