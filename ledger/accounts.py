"""Accounts and units in the database: declaring, finding, locking and opening them.

The lock doctrine: guarded accounts are locked once per batch, FOR NO KEY UPDATE, in id order, after they
were looked up by what they are. New accounts are opened afterwards, in one statement, in the order of
their description. Open accounts are never locked.
"""

from collections.abc import Iterable, Mapping, Sequence

from ledger.arrays import number_array, text_array, uuid_array
from ledger.book import Account, Book, Earlier, EarlierLine, GroupKey
from ledger.session import ReadTx, Unit, WriteTx
from ledger.values import GUARDED_KINDS, HELD, SHELF, WALLET, Draft, Wallet

_DECLARE = """
insert into units (bank_id, code, class, spendable)
select $1, u.code, u.class, u.spendable from unnest($2::text[], $3::text[], $4::bool[]) as u (code, class, spendable)
on conflict (bank_id, code) do nothing
"""

_UNITS = """
select id, code, class, spendable from units where bank_id = $1 and (code = any($2) or id = any($3))
"""

# The lateral subqueries keep the lookups on the index whatever the statistics of a freshly filled table say;
# parameters stand in subselects so that the planner makes one plan for all batches (see `ledger.posting`).
_LOCK = """
with wanted as materialized (
  select a.id
  from unnest((select $2::text::uuid[]), (select $3::text::bigint[]), (select $4::text::text[]))
    as g (owner, unit_id, kind),
    lateral (select a.id from accounts a where a.bank_id = (select $1::bigint) and a.owner = g.owner
      and a.unit_id = g.unit_id and a.kind = g.kind offset 0) a
  union
  select id from unnest((select $5::text::bigint[])) as ids (id)
)
select a.id, a.owner, a.unit_id, a.kind, a.expires_on, a.floor, a.balance, a.last_seq
from accounts a
where a.bank_id = $1 and a.guarded and a.id = any(array(select id from wanted))
order by a.id
for no key update of a
"""

_OPEN_ACCOUNTS = """
select a.id, a.owner, a.unit_id, a.kind
from unnest((select $2::text::uuid[]), (select $3::text::bigint[]), (select $4::text::text[]))
    as g (owner, unit_id, kind),
  lateral (select a.id, a.owner, a.unit_id, a.kind from accounts a
    where a.bank_id = (select $1::bigint) and a.owner = g.owner
      and a.unit_id = g.unit_id and a.kind = g.kind offset 0) a
union all
select a.id, a.owner, a.unit_id, a.kind
from accounts a where a.bank_id = $1 and not a.guarded and a.id = any((select $5::text::bigint[])::bigint[])
"""

_OPEN = """
insert into accounts (bank_id, owner, unit_id, kind, guarded, expires_on)
select $1, n.owner, n.unit_id, n.kind, n.guarded, n.expires_on
from unnest($2::uuid[], $3::bigint[], $4::text[], $5::bool[], $6::date[])
  as n (owner, unit_id, kind, guarded, expires_on)
order by n.kind, n.unit_id, n.owner, n.expires_on
on conflict on constraint accounts_place_key do nothing
returning id, owner, unit_id, kind, expires_on
"""

_EARLIER = """
select t.id, t.kind, t.refusal, t.hold_until,
  array(select row(p.from_account_id, p.to_account_id, p.amount, p.unit_id, a.owner, a.kind)
    from postings p join accounts a on a.bank_id = $1 and a.id = p.from_account_id
    where p.bank_id = $1 and p.transaction_id = t.id order by p.line) as lines
from transactions t where t.bank_id = $1 and t.id = any($2)
"""


async def declare_units(tx: WriteTx, units: Iterable[tuple[str, str, bool]]) -> None:
    """Make sure that the units exist: (code, class, spendable). A known code is left as it is."""
    rows = list(units)
    await tx.connection.execute(_DECLARE, tx.bank_id, *map(list, zip(*rows, strict=True)))


async def load_units(tx: ReadTx, codes: Iterable[str], ids: Iterable[int] = ()) -> None:
    """Bring the units of these codes and ids into the catalogue, where they exist."""
    known_ids = {unit.id for unit in tx.catalogue.units.values()} if ids else set()
    missing = sorted({code for code in codes if code not in tx.catalogue.units})
    missing_ids = sorted(set(ids) - known_ids)
    if missing or missing_ids:
        for row in await tx.connection.fetch(_UNITS, tx.bank_id, missing, missing_ids):
            unit = Unit(row["id"], row["code"], row["class"], row["spendable"])
            tx.catalogue.units[unit.code] = unit


async def load_earlier(tx: WriteTx, drafts: Sequence[Draft]) -> dict[int, Earlier]:
    """Return the transactions that the drafts reverse or resolve, by id, where they exist."""
    ids = [d.reverses if d.reverses is not None else d.resolves for d in drafts if not d.moves]
    if not ids:
        return {}
    return {
        row["id"]: Earlier(
            row["id"],
            row["kind"],
            row["refusal"],
            row["hold_until"],
            tuple(EarlierLine(*line) for line in row["lines"]),
        )
        for row in await tx.connection.fetch(_EARLIER, tx.bank_id, ids)
    }


async def lock_book(tx: WriteTx, drafts: Sequence[Draft], earlier: dict[int, Earlier]) -> Book:
    """Lock the guarded accounts that the drafts may touch and return them with the open ones."""
    lines = [line for transaction in earlier.values() for line in transaction.lines]
    earlier_ids = sorted({i for line in lines for i in (line.from_account_id, line.to_account_id)})
    await load_units(
        tx,
        codes={m.unit for d in drafts for m in d.moves} | {s.unit for d in drafts for s in d.settle},
        ids={line.unit_id for line in lines},
    )
    book = Book(tx.catalogue.units, tx.day, earlier=earlier)
    guarded, unlocked = _groups(drafts, earlier, tx.catalogue.units)
    for row in await tx.connection.fetch(
        _LOCK, tx.bank_id, *group_columns(guarded), number_array(earlier_ids)
    ):
        book.add(Account(*row))
    missing = [key for key in unlocked if key not in tx.catalogue.open_accounts]
    if missing or earlier_ids:
        for row in await tx.connection.fetch(
            _OPEN_ACCOUNTS, tx.bank_id, *group_columns(missing), number_array(earlier_ids)
        ):
            key = (row["owner"], row["unit_id"], row["kind"])
            if key in unlocked:
                tx.catalogue.open_accounts[key] = row["id"]
            elif row["id"] not in book.by_id:
                book.add(Account(row["id"], *key, None))
    for key in unlocked:
        if key in tx.catalogue.open_accounts:
            book.add(Account(tx.catalogue.open_accounts[key], *key, None))
    return book


async def open_accounts(tx: WriteTx, book: Book) -> bool:
    """Open the accounts that the batch needs and that did not exist.

    Returns False if another writer opened one of them in the meantime: its balance is then unknown, and
    the batch must be locked and decided again.
    """
    if not book.opened:
        return True
    by_key = {(a.owner, a.unit_id, a.kind, a.expires_on): a for a in book.opened}
    rows = await tx.connection.fetch(
        _OPEN,
        tx.bank_id,
        [account.owner for account in book.opened],
        [account.unit_id for account in book.opened],
        [account.kind for account in book.opened],
        [account.guarded for account in book.opened],
        [account.expires_on for account in book.opened],
    )
    for row in rows:
        account = by_key[row["owner"], row["unit_id"], row["kind"], row["expires_on"]]
        account.id = row["id"]
        if not account.guarded:
            tx.catalogue.open_accounts[account.owner, account.unit_id, account.kind] = row["id"]
    return len(rows) == len(by_key)


def paying_groups(drafts: Sequence[Draft], units: Mapping[str, Unit]) -> set[GroupKey]:
    """Return the guarded (owner, unit, kind) that moves take from: what all of their accounts hold decides."""
    groups: set[GroupKey] = set()
    for draft in drafts:
        for move in draft.moves:
            kind = WALLET if isinstance(move.source, Wallet) else move.source.kind
            if kind in GUARDED_KINDS and move.unit in units:
                groups.add((move.source.owner, units[move.unit].id, kind))
    return groups


def group_columns(keys: Iterable[GroupKey]) -> tuple[str, str, str]:
    """Return the groups as three arrays in text form."""
    rows = list(keys)
    return (
        uuid_array([owner for owner, _, _ in rows]),
        number_array([unit_id for _, unit_id, _ in rows]),
        text_array([kind for _, _, kind in rows]),
    )


def _groups(
    drafts: Sequence[Draft], earlier: dict[int, Earlier], units: Mapping[str, Unit]
) -> tuple[set[GroupKey], set[GroupKey]]:
    """Return which (owner, unit, kind) the drafts touch: the guarded ones, and the open ones."""
    groups: set[GroupKey] = set()
    for draft in drafts:
        for move in draft.moves:
            unit = units.get(move.unit)
            if unit is None:
                continue
            source, target = move.source, move.target
            groups.add((source.owner, unit.id, WALLET if isinstance(source, Wallet) else source.kind))
            groups.add((target.owner, unit.id, target.kind))
        for settlement in draft.settle:
            if (unit := units.get(settlement.unit)) is not None:
                groups.add((settlement.target.owner, unit.id, settlement.target.kind))
        if draft.reverses in earlier:
            # What comes back to a held or a lapsed lot may go on to another lot of the same owner.
            for line in earlier[draft.reverses].lines:
                if line.from_kind in (WALLET, HELD):
                    groups |= {(line.from_owner, line.unit_id, kind) for kind in (WALLET, SHELF)}
    guarded = {key for key in groups if key[2] in GUARDED_KINDS}
    return guarded, groups - guarded
