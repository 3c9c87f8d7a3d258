"""The figures of a bank as one flat answer, every one counted from stored rows; value comes from the ledger."""

from datetime import date

from ledger.balances import trial_balance
from ledger.session import ReadTx
from ledger.values import BUDGET, EXPIRED, HANDED_OUT, ISSUANCE, TAKINGS
from timebank.errors import RefusalError
from timebank.notices.crediting import CREDIT
from timebank.policy.actions import load_history
from timebank.policy.rules import MINUTE, POINT
from timebank.settlements.queries import paid_amounts
from timebank.workbook.booking import REDEMPTION

TOP = 10
NOT_REFUSED = ("accepted", "needs_review", "merged", "already_recorded")

# Right after an import the statistics still say that the tables are empty: a nested loop chosen by them would be
# quadratic.
_WHOLE_TABLES = "set local enable_nestloop = off"

_COUNTS = """
select
  (select count(*) from volunteers where bank_id = $1) as volunteers,
  (select count(*) from organisations where bank_id = $1 and level <> 'team') as organisations,
  (select count(*) from activities where bank_id = $1) as activities,
  (select count(*) from attendances where bank_id = $1) as attendance_rows,
  (select count(*) from redemption_slips where bank_id = $1) as redemption_rows
"""
_ATTENDANCES = (
    "select outcome, count(*) from attendances where bank_id = $1 group by outcome order by outcome"
)
_SLIPS = """
select outcome, count(*) from redemption_slips where bank_id = $1 and outcome <> 'accepted' group by outcome
"""
# A transaction counts unless it was reversed; what the ledger refused is counted by what was short.
_POSTED = """
select count(*) from transactions t where t.bank_id = $1 and t.kind = $2 and t.refusal is null
  and not exists (select from transactions r
    where r.bank_id = $1 and r.reverses_id = t.id and r.refusal is null)
"""
_REFUSED = """
select case when t.refusal <> 'insufficient' then t.refusal
    when t.refusal_detail ->> 'class_' = 'goods' then 'out_of_stock' else 'insufficient_points' end as code,
  count(*)
from transactions t where t.bank_id = $1 and t.kind = $2 and t.refusal is not null group by 1
"""
_EXPIRED_AT = """
select coalesce(sum(p.amount), 0)::bigint
from transactions t
join postings p on p.bank_id = $1 and p.transaction_id = t.id
join units u on u.bank_id = $1 and u.id = p.unit_id and u.code = $3
where t.bank_id = $1 and t.kind = 'expire' and t.effective_at = $2
"""
_LATEST_RUN = """
select max(period) from job_runs where bank_id = $1 and job = $2 and finished_at is not null
"""
_LEVELS = """
select level, count(*) from recognitions where bank_id = $1 and scheme = $2 and as_of = $3 group by level
"""
_TOP = """
select v.code, a.balance
from accounts a
join units u on u.bank_id = $1 and u.id = a.unit_id and u.code = $2
join volunteers v on v.bank_id = $1 and v.owner = a.owner
where a.bank_id = $1 and a.kind = 'wallet' and a.balance > 0
order by a.balance desc, v.code limit $3
"""

Totals = dict[str, object]


async def totals(tx: ReadTx) -> Totals:
    """Return the totals; what a job has not yet counted (expiry, stars, annual recognition) is left out."""
    connection = tx.connection
    await connection.execute(_WHOLE_TABLES)
    counts = await connection.fetchrow(_COUNTS, tx.bank_id)
    if counts is None:
        raise RefusalError("unknown_bank", bank=tx.bank_code)
    attendances = {row["outcome"]: row["count"] for row in await connection.fetch(_ATTENDANCES, tx.bank_id)}
    slips = {row["outcome"]: row["count"] for row in await connection.fetch(_SLIPS, tx.bank_id)}
    for row in await connection.fetch(_REFUSED, tx.bank_id, REDEMPTION):
        slips[row["code"]] = slips.get(row["code"], 0) + row["count"]
    units = await trial_balance(tx)
    points = units.get(POINT, {})
    goods = (kinds.get(HANDED_OUT, 0) for kinds in units.values())
    outstanding = sum(points.get(kind, 0) for kind in ("wallet", "held"))
    found: Totals = {
        "volunteers": counts["volunteers"],
        "organisations": counts["organisations"],
        "activities": counts["activities"],
        "attendance_rows": counts["attendance_rows"],
        "attendance_refused": {
            code: count for code, count in sorted(attendances.items()) if code not in NOT_REFUSED
        },
        "attendance_rows_merged": attendances.get("merged", 0),
        "needs_review": attendances.get("needs_review", 0),
        "records_credited": await connection.fetchval(_POSTED, tx.bank_id, CREDIT),
        "minutes_credited": -units.get(MINUTE, {}).get(ISSUANCE, 0),
        "points_issued": -points.get(ISSUANCE, 0) - points.get(BUDGET, 0),
        "redemption_rows": counts["redemption_rows"],
        "redemptions_done": await connection.fetchval(_POSTED, tx.bank_id, REDEMPTION),
        "redemptions_refused": dict(sorted(slips.items())),
        "points_spent": points.get(TAKINGS, 0) + (await paid_amounts(tx)).get(POINT, 0),
        "goods_handed_out": sum(goods),
    }
    expired_on = await _latest_run(tx, "expire")
    if expired_on is not None:
        amount = await connection.fetchval(_EXPIRED_AT, tx.bank_id, tx.start_of(expired_on), POINT)
        found[f"points_expired_at_{expired_on:%Y_%m_%d}"] = amount
        found["points_outstanding_after_expiry"] = outstanding
    else:
        found["points_expired"] = points.get(EXPIRED, 0)
        found["points_outstanding"] = outstanding
    recognised_on = await _latest_run(tx, "recognise")
    if recognised_on is not None:
        found |= await _recognition(tx, recognised_on)
    found["top10_minutes"] = [list(row) for row in await connection.fetch(_TOP, tx.bank_id, MINUTE, TOP)]
    return found


async def _recognition(tx: ReadTx, as_of: date) -> Totals:
    """Return how many stand at each step, counted once at the highest: stars to the day before, and the year's."""
    last_day = date.fromordinal(as_of.toordinal() - 1)
    pack = (await load_history(tx)).on(last_day).pack
    found: Totals = {}
    for scheme, key, steps in (
        ("star", f"stars_at_{last_day:%Y_%m_%d}", pack.star_hours),
        ("annual", f"annual_{recognition_year(as_of)}", pack.annual_hours),
    ):
        rows = await tx.connection.fetch(_LEVELS, tx.bank_id, scheme, as_of)
        at = {row["level"]: row["count"] for row in rows}
        found[key] = {str(level): at.get(level, 0) for level in range(1, len(steps) + 1)}
    return found


def recognition_year(as_of: date) -> int:
    """Return the last calendar year that is over on a day."""
    return as_of.year - 1


async def _latest_run(tx: ReadTx, job: str) -> date | None:
    period = await tx.connection.fetchval(_LATEST_RUN, tx.bank_id, job)
    return None if period is None else date.fromisoformat(period)
