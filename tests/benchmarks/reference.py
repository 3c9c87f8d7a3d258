"""The mechanism that other ledgers on PostgreSQL use: one transaction per transfer, both account rows locked.

Its schema has fewer columns, indexes and checks than ours and no row-level security, so it is rather too fast
than too slow. Two variants: one function call per transfer, and plain prepared statements in a transaction.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from tests.benchmarks.arena import Books, Connection
from tests.conftest import SPRING

SCHEMA = """
create schema reference;
create table reference.accounts (
  bank_id bigint not null,
  id bigint generated always as identity,
  owner uuid not null,
  unit_id bigint not null,
  kind text not null,
  floor bigint,
  balance bigint not null default 0,
  version bigint not null default 0,
  constraint accounts_pkey primary key (bank_id, id),
  constraint accounts_place_key unique (bank_id, owner, unit_id, kind),
  constraint accounts_balance_check check (floor is null or balance >= floor)
) with (fillfactor = 70);
create table reference.transfers (
  bank_id bigint not null,
  id bigint generated always as identity,
  kind text not null,
  idempotency_key text not null,
  effective_at timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  actor text not null,
  memo text not null default '',
  metadata jsonb not null default '{}',
  constraint transfers_pkey primary key (bank_id, id),
  constraint transfers_idempotency_key unique (bank_id, idempotency_key)
);
create table reference.entries (
  bank_id bigint not null,
  transfer_id bigint not null,
  account_id bigint not null,
  amount bigint not null,
  balance bigint not null,
  version bigint not null,
  constraint entries_pkey primary key (bank_id, transfer_id, account_id),
  constraint entries_version_key unique (bank_id, account_id, version),
  constraint entries_transfer_id_fkey foreign key (bank_id, transfer_id) references reference.transfers (bank_id, id),
  constraint entries_account_id_fkey foreign key (bank_id, account_id) references reference.accounts (bank_id, id)
);
create function reference.post_transfer(bank bigint, source bigint, target bigint, moved bigint, kind text,
  key text, effective_at timestamptz, actor text, memo text, metadata jsonb) returns bigint language plpgsql as $$
declare
  new_id bigint;
  source_balance bigint;
  source_version bigint;
  target_balance bigint;
  target_version bigint;
begin
  perform 1 from reference.accounts a where a.bank_id = bank and a.id in (source, target) order by a.id for update;
  insert into reference.transfers (bank_id, kind, idempotency_key, effective_at, actor, memo, metadata)
    values (bank, kind, key, effective_at, actor, memo, metadata) returning id into new_id;
  update reference.accounts a set balance = a.balance - moved, version = a.version + 1
    where a.bank_id = bank and a.id = source returning a.balance, a.version into source_balance, source_version;
  update reference.accounts a set balance = a.balance + moved, version = a.version + 1
    where a.bank_id = bank and a.id = target returning a.balance, a.version into target_balance, target_version;
  insert into reference.entries (bank_id, transfer_id, account_id, amount, balance, version) values
    (bank, new_id, source, -moved, source_balance, source_version),
    (bank, new_id, target, moved, target_balance, target_version);
  return new_id;
end
$$;
"""

_OPEN = """
insert into reference.accounts (bank_id, owner, unit_id, kind, floor)
select $1, o.owner, 1, $3, $4 from unnest($2::uuid[]) with ordinality as o (owner, position) order by o.position
returning id
"""
_CALL = "select reference.post_transfer($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
_LOCK = """
select id from reference.accounts where bank_id = $1 and id in ($2, $3) order by id for update
"""
_APPEND = """
with new_transfer as (
  insert into reference.transfers (bank_id, kind, idempotency_key, effective_at, actor, memo, metadata)
  values ($1, $5, $6, $7, $8, $9, $10) returning id
), moved as (
  update reference.accounts a set balance = a.balance + d.amount, version = a.version + 1
  from (values ($2::bigint, -$4::bigint), ($3::bigint, $4::bigint)) as d (id, amount)
  where a.bank_id = $1 and a.id = d.id returning a.id, d.amount, a.balance, a.version
)
insert into reference.entries (bank_id, transfer_id, account_id, amount, balance, version)
select $1, t.id, m.id, m.amount, m.balance, m.version from new_transfer t, moved m
"""

BANK = 1


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer with the same content as the draft that is compared with it."""

    source: int
    target: int
    amount: int
    kind: str
    key: str
    effective_at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to post a transfer in a transaction of its own, on a connection outside any."""

    name: str
    post: Callable[[Connection, Transfer], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Transfers:
    """The reference's accounts: one issuer without a floor, and a wallet per owner."""

    issuer: int
    wallets: Mapping[UUID, int]

    @classmethod
    async def make(cls, books: Books, owners: Sequence[UUID]) -> Self:
        """Make the schema and open the accounts."""
        async with books.superuser() as connection:
            await connection.execute(SCHEMA)
            (issuer,) = await _open(connection, [UUID(int=0)], "issuance", None)
            wallets = await _open(connection, owners, "wallet", 0)
            return cls(issuer, dict(zip(owners, wallets, strict=True)))

    def award(self, owner: UUID, key: str) -> Transfer:
        """Return the transfer that `community.award` is the draft of."""
        return Transfer(self.issuer, self.wallets[owner], 10, "award", key, SPRING, "benchmark")


async def _open(connection: Connection, owners: Sequence[UUID], kind: str, floor: int | None) -> list[int]:
    """Open one account per owner and return their ids in the same order."""
    return [row["id"] for row in await connection.fetch(_OPEN, BANK, owners, kind, floor)]


async def _by_function(connection: Connection, t: Transfer) -> None:
    """Post with one round trip: the function is the whole transaction."""
    await connection.fetchval(
        _CALL, BANK, t.source, t.target, t.amount, t.kind, t.key, t.effective_at, t.actor, "", "{}"
    )


async def _by_statements(connection: Connection, t: Transfer) -> None:
    """Post with four round trips: begin, lock, write, commit."""
    await connection.execute("begin")
    await connection.fetch(_LOCK, BANK, t.source, t.target)
    await connection.execute(
        _APPEND, BANK, t.source, t.target, t.amount, t.kind, t.key, t.effective_at, t.actor, "", "{}"
    )
    await connection.execute("commit")


VARIANTS = (Variant("function", _by_function), Variant("statements", _by_statements))
