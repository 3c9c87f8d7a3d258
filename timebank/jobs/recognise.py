"""Recognise as of a day: stars by all hours before it, and the annual steps by the hours of the last full year."""

from collections import Counter
from datetime import date, datetime

from ledger.session import WriteTx
from timebank.database import Bank, Database
from timebank.jobs.runs import begin_run, finish_run
from timebank.policy.actions import load_history
from timebank.policy.rules import MINUTE, level_of
from timebank.totals.queries import recognition_year

JOB = "recognise"

# Hours count when they took effect; a reversal takes them away again, on the day it takes effect itself.
_MINUTES = """
select v.id, sum(m.amount)::bigint as minutes
from (
  select p.to_account_id as account_id, p.amount, t.effective_at
  from postings p join transactions t on t.bank_id = $1 and t.id = p.transaction_id
  where p.bank_id = $1 and p.unit_id = $2 and t.effective_at >= $3 and t.effective_at < $4
  union all
  select p.from_account_id, -p.amount, t.effective_at
  from postings p join transactions t on t.bank_id = $1 and t.id = p.transaction_id
  where p.bank_id = $1 and p.unit_id = $2 and t.effective_at >= $3 and t.effective_at < $4
) m
join accounts a on a.bank_id = $1 and a.id = m.account_id and a.kind = 'wallet'
join volunteers v on v.bank_id = $1 and v.owner = a.owner
group by v.id having sum(m.amount) >= $5
order by v.id
"""
# Right after an import the statistics still say that the tables are empty: a nested loop chosen by them would be
# quadratic.
_WHOLE_TABLES = "set local enable_seqscan = on; set local enable_nestloop = off"
_UNIT = "select id from units where bank_id = $1 and code = $2"
_CLEAR = "delete from recognitions where bank_id = $1 and as_of = $2"
_KEEP = """
insert into recognitions (bank_id, scheme, as_of, volunteer_id, level, minutes, policy_version)
select $1, $2, $3, r.volunteer_id, r.level, r.minutes, $4
from unnest($5::bigint[], $6::bigint[], $7::bigint[]) as r (volunteer_id, level, minutes)
returning 1
"""
BEGINNING = date(1970, 1, 1)


async def run_recognise(database: Database, bank: Bank, *, as_of: date, now: datetime) -> dict[str, object]:
    """Count hours, put everyone at the highest step reached, and return how many stand at each step.

    Running it again for the same day replaces what it found before by what the books say now.
    """

    async def work(tx: WriteTx) -> dict[str, object]:
        await begin_run(tx, JOB, as_of, now=now)
        await tx.connection.execute(_WHOLE_TABLES)
        version = (await load_history(tx)).on(date.fromordinal(as_of.toordinal() - 1))
        unit_id = await tx.connection.fetchval(_UNIT, tx.bank_id, MINUTE)
        await tx.connection.execute(_CLEAR, tx.bank_id, as_of)
        year = recognition_year(as_of)
        result: dict[str, object] = {}
        for scheme, steps, since, until in (
            ("star", version.pack.star_hours, BEGINNING, as_of),
            ("annual", version.pack.annual_hours, date(year, 1, 1), date(year + 1, 1, 1)),
        ):
            rows = await tx.connection.fetch(
                _MINUTES, tx.bank_id, unit_id, tx.start_of(since), tx.start_of(until), steps[0] * 60
            )
            levels = [level_of(row["minutes"], steps) for row in rows]
            await tx.connection.fetch(
                _KEEP,
                tx.bank_id,
                scheme,
                as_of,
                version.version,
                [row["id"] for row in rows],
                levels,
                [row["minutes"] for row in rows],
            )
            result[scheme] = {str(level): count for level, count in sorted(Counter(levels).items())}
        await finish_run(tx, JOB, as_of, now=now, result=result)
        return result

    return await database.write(bank, work)
