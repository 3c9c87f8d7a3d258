"""A superuser who takes the triggers off and writes history anew."""

from typing import TYPE_CHECKING

from ledger.proof.content import STORED, Contents
from ledger.session import ReadTx
from tests.ledger.busy_bank import BusyBank
from timebank.database import Database

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]


class Tamperer:
    """A superuser at work on one bank, with triggers and foreign keys off; `$1` is the bank."""

    def __init__(self, connection: "Connection", database: Database, busy: BusyBank) -> None:
        self.connection = connection
        self.database = database
        self.busy = busy

    async def do(self, sql: str, *values: object) -> None:
        """Change rows, and see that some were changed."""
        result = await self.connection.execute(sql, self.busy.bank.id, *values)
        assert not result.endswith(" 0"), f"changes nothing: {sql}"

    async def number(self, sql: str, *values: object) -> int:
        """Look something up."""
        return int(await self.connection.fetchval(sql, self.busy.bank.id, *values))

    async def balance_books(self) -> None:
        """Make balances, numbers and running balances fit the postings that are there."""
        await self.do(
            """
            with sides as (
              select to_account_id as account_id, transaction_id, line, amount, true as is_to
              from postings where bank_id = $1 and to_seq is not null
              union all
              select from_account_id, transaction_id, line, -amount, false
              from postings where bank_id = $1 and from_seq is not null
            ), chain as (
              select s.*, row_number() over w as seq, sum(amount) over w as balance
              from sides s window w as (partition by account_id order by transaction_id, line)
            )
            update postings p set
              to_seq = case when p.to_seq is null then null else t.seq end,
              to_balance = case when p.to_seq is null then null else t.balance end,
              from_seq = case when p.from_seq is null then null else f.seq end,
              from_balance = case when p.from_seq is null then null else f.balance end
            from postings q
            left join chain t on t.transaction_id = q.transaction_id and t.line = q.line and t.is_to
            left join chain f on f.transaction_id = q.transaction_id and f.line = q.line and not f.is_to
            where p.bank_id = $1 and q.bank_id = $1
              and q.transaction_id = p.transaction_id and q.line = p.line
            """
        )
        await self.do(
            """
            update accounts a set
              balance = (
                select coalesce(sum(case p.to_account_id when a.id then p.amount else -p.amount end), 0)
                from postings p where p.bank_id = $1 and a.id in (p.to_account_id, p.from_account_id)),
              last_seq = case when guarded then (select count(*) from postings p
                where p.bank_id = $1 and a.id in (p.to_account_id, p.from_account_id)) else 0 end,
              folded_before = case when guarded then 0
                else (select max(xact) + 1 from transactions where bank_id = $1) end
            where bank_id = $1
            """
        )
        await self.connection.execute("delete from folds where bank_id = $1", self.busy.bank.id)
        await self.do(
            """
            insert into folds (bank_id, account_id, effective_on, received, given)
            select $1, a.id, (t.effective_at at time zone 'Asia/Shanghai')::date,
              coalesce(sum(p.amount) filter (where p.to_account_id = a.id), 0),
              coalesce(sum(p.amount) filter (where p.from_account_id = a.id), 0)
            from accounts a
            join postings p on p.bank_id = $1 and a.id in (p.to_account_id, p.from_account_id)
            join transactions t on t.bank_id = $1 and t.id = p.transaction_id
            where a.bank_id = $1 and not a.guarded group by 2, 3
            """
        )

    async def fix_leaf(self, transaction_id: int) -> None:
        """Make the leaf of a changed transaction fit, with the program's own functions."""

        async def derive(tx: ReadTx) -> bytes:
            row = await tx.connection.fetchrow(
                f"select {STORED} from transactions t where bank_id = $1 and id = $2",
                tx.bank_id,
                transaction_id,
            )
            assert row is not None
            return (await Contents.load(tx, [transaction_id])).leaf(row)

        hash_ = await self.database.read(self.busy.bank, derive)
        await self.do(
            "update leaves set hash = $2 where bank_id = $1 and transaction_id = $3", hash_, transaction_id
        )

    async def forget_seals(self, since: int = 0) -> None:
        """Delete leaves from that index on, and every node and checkpoint that covers one of them."""
        await self.do("delete from leaves where bank_id = $1 and leaf_index >= $2", since)
        await self.do("delete from checkpoints where bank_id = $1 and tree_size > $2", since)
        await self.connection.execute(
            "delete from nodes where bank_id = $1 and (node_index + 1) * (1 << level) > $2",
            self.busy.bank.id,
            since,
        )

    async def delete_tail(self) -> int:
        """Delete everything after the second last checkpoint, leaving no trace inside; return its size."""
        size = await self.number(
            "select tree_size from checkpoints where bank_id = $1 order by tree_size desc offset 1 limit 1"
        )
        gone = "(select transaction_id from leaves where bank_id = $1 and leaf_index >= $2)"
        await self.do(f"delete from postings where bank_id = $1 and transaction_id in {gone}", size)
        await self.do(f"delete from transactions where bank_id = $1 and id in {gone}", size)
        await self.forget_seals(size)
        await self.balance_books()
        return size
