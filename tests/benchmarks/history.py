"""Years of history, made by a few set-based statements past the ledger's code: consistent, but not posted.

Each volunteer has a wallet of minutes and, for each of two years, a lot of points that ends with it. Every fourth
step of a year spends 20 points of its lot, and every other one earns 60 minutes and 10 points. Steps of all
volunteers are interleaved, as they are in life, so one volunteer's rows lie far apart.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.folding import fold
from ledger.values import BANK
from tests.benchmarks.arena import Books, Connection
from tests.conftest import new_bank
from timebank.database import Bank

LOTS = (date(2024, 12, 31), date(2025, 12, 31))
FIRST_XACT = 3
"""Before every database transaction of a new server, so that all of it lies before the horizon."""

_OWNER = "md5($1::bigint::text || '.' || v)::uuid"
_ACCOUNTS = f"""
with opened as (
  insert into accounts (bank_id, owner, unit_id, kind, guarded, expires_on, balance, last_seq)
  select $1::bigint, {_OWNER}, $3, 'wallet', true, $4, $5, $6 from generate_series(1, $2) as v order by v
  returning id
)
select min(id) - 1 from opened
"""
_OPEN_ACCOUNT = """
insert into accounts (bank_id, owner, unit_id, kind, guarded) values ($1, $2, $3, $4, false) returning id
"""
_FIRST_ID = "select setval('transaction_ids', nextval('transaction_ids') + $1) - $1"

_STEPS = """
from generate_series(1, 2 * $2::int) as k, generate_series(1, $3::int) as v,
  lateral (select (k - 1) / $2::int as half, (k - 1) % $2::int + 1 as j) h
"""
_TRANSACTIONS = f"""
insert into transactions (bank_id, id, kind, idempotency_key, fingerprint, effective_at, recorded_at, xact, actor)
select $1::bigint, $4 + (k - 1)::bigint * $3 + v, case when j % 4 = 0 then 'redemption' else 'credit' end,
  k || '.' || v, decode(md5(k || '.' || v), 'hex'),
  timestamptz '2024-01-01 00:00+08' + (half * 366 + j * 365.0 / ($2 + 1)) * interval '1 day',
  timestamptz '2024-01-01 00:00+08' + (half * 366 + j * 365.0 / ($2 + 1)) * interval '1 day', $5 + k, 'history'
{_STEPS} order by k, v
"""
_POINTS = f"""
insert into postings (bank_id, transaction_id, xact, line, unit_id, from_account_id, to_account_id, amount,
  from_seq, from_balance, to_seq, to_balance)
select $1::bigint, $4 + (k - 1)::bigint * $3 + v, $5 + k, 1, $6,
  case when j % 4 = 0 then lot + v else $7 end, case when j % 4 = 0 then $8 else lot + v end,
  case when j % 4 = 0 then 20 else 10 end,
  case when j % 4 = 0 then j end, case when j % 4 = 0 then balance end,
  case when j % 4 <> 0 then j end, case when j % 4 <> 0 then balance end
{_STEPS}, lateral (select 10 * (j - j / 4) - 20 * (j / 4) as balance, ($9::bigint[])[half + 1] as lot) b
order by k, v
"""
_MINUTES = f"""
insert into postings (bank_id, transaction_id, xact, line, unit_id, from_account_id, to_account_id, amount,
  to_seq, to_balance)
select $1::bigint, $4 + (k - 1)::bigint * $3 + v, $5 + k, 2, $6, $7, $8 + v, 60, seq, seq * 60
{_STEPS}, lateral (select half * ($2 - $2 / 4) + j - j / 4 as seq) s
where j % 4 <> 0 order by k, v
"""


@dataclass(frozen=True, slots=True)
class History:
    """A loaded bank: its volunteers' owners are `owner(1)` to `owner(volunteers)`."""

    bank: Bank
    volunteers: int
    transactions: int
    postings: int
    owners: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """How many volunteers there are, and how many steps each takes in each of the two years."""

    volunteers: int
    steps: int

    @property
    def transactions(self) -> int:
        """Return how many transactions that makes."""
        return self.volunteers * 2 * self.steps

    @property
    def postings(self) -> int:
        """Return how many postings that makes: two where something is earned, one where it is spent."""
        return self.transactions * 2 - self.volunteers * 2 * (self.steps // 4)


def shape_of(postings: int, *, steps: int) -> Shape:
    """Return the shape with about so many postings."""
    return Shape(max(1, postings // Shape(1, steps).postings), steps)


async def load_history(books: Books, shape: Shape, *, sample: int) -> History:
    """Load a new bank, fold it, vacuum and analyze; return it with the owners of `sample` volunteers spread evenly."""
    bank = await new_bank(books.database)
    async with books.superuser() as connection:
        # Triggers and foreign keys would check row by row what is right by construction.
        await connection.execute("set session_replication_role = replica")
        await connection.execute("set synchronous_commit = off")
        async with connection.transaction():
            await _load(connection, bank.id, shape)
        step = max(1, shape.volunteers // sample)
        rows = await connection.fetch(
            f"select {_OWNER} as owner from generate_series(1, $2::int, $3::int) as v",
            bank.id,
            shape.volunteers,
            step,
        )
    await books.database.write(bank, fold)
    await books.settle()
    owners = tuple(UUID(int=row["owner"].int) for row in rows)
    return History(bank, shape.volunteers, shape.transactions, shape.postings, owners)


async def _load(connection: Connection, bank_id: int, shape: Shape) -> None:
    steps, volunteers = shape.steps, shape.volunteers
    credits_, spends = steps - steps // 4, steps // 4
    rows = await connection.fetch("select code, id from units where bank_id = $1", bank_id)
    units = {row["code"]: row["id"] for row in rows}
    point, minute = units["point"], units["minute"]

    async def open_wallets(unit_id: int, expires_on: date | None, balance: int, seq: int) -> int:
        """Open a wallet per volunteer; return what is to be added to the volunteer's number to get its id."""
        base = await connection.fetchval(_ACCOUNTS, bank_id, volunteers, unit_id, expires_on, balance, seq)
        return int(base)

    minutes = await open_wallets(minute, None, 2 * credits_ * 60, 2 * credits_)
    lots = [await open_wallets(point, day, 10 * credits_ - 20 * spends, steps) for day in LOTS]
    issued = await connection.fetchval(_OPEN_ACCOUNT, bank_id, BANK, point, "issuance")
    served = await connection.fetchval(_OPEN_ACCOUNT, bank_id, BANK, minute, "issuance")
    taken = await connection.fetchval(_OPEN_ACCOUNT, bank_id, BANK, point, "takings")
    first = await connection.fetchval(_FIRST_ID, shape.transactions)
    everyone = (bank_id, steps, volunteers, first, FIRST_XACT)
    await connection.execute(_TRANSACTIONS, *everyone)
    await connection.execute(_POINTS, *everyone, point, issued, taken, lots)
    await connection.execute(_MINUTES, *everyone, minute, served, minutes)
