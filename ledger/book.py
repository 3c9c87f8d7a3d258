"""The book that a batch is decided by: accounts as they stand under the lock, lines, earlier transactions, rules.

Pure Python, no I/O, and no rule of its own: those are in `ledger.deciding`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from ledger.session import Unit
from ledger.values import GUARDED_KINDS

GroupKey = tuple[UUID, int, str]
_NEVER = date.max


class Account:
    """An account as it stands inside the batch; `id` is None until it is opened at the end."""

    __slots__ = (
        "balance",
        "expires_on",
        "floor",
        "guarded",
        "id",
        "kind",
        "owner",
        "seq",
        "touched",
        "unit_id",
    )

    def __init__(  # noqa: PLR0913, PLR0917 -- a row has this many columns
        self,
        id_: int | None,
        owner: UUID,
        unit_id: int,
        kind: str,
        expires_on: date | None,
        floor: int = 0,
        balance: int = 0,
        seq: int = 0,
    ) -> None:
        self.id = id_
        self.owner = owner
        self.unit_id = unit_id
        self.kind = kind
        self.guarded = kind in GUARDED_KINDS
        self.expires_on = expires_on
        self.floor = floor
        self.balance = balance
        self.seq = seq
        self.touched = False


class Line:
    """One posting of an accepted draft, with the numbers and balances of its guarded sides."""

    __slots__ = ("amount", "from_balance", "from_seq", "source", "target", "to_balance", "to_seq")

    def __init__(self, source: Account, target: Account, amount: int) -> None:
        self.source = source
        self.target = target
        self.amount = amount
        self.from_seq = self.from_balance = self.to_seq = self.to_balance = None  # type: int | None
        if source.guarded:
            source.balance -= amount
            source.seq += 1
            source.touched = True
            self.from_seq, self.from_balance = source.seq, source.balance
        if target.guarded:
            target.balance += amount
            target.seq += 1
            target.touched = True
            self.to_seq, self.to_balance = target.seq, target.balance

    def undo(self) -> None:
        """Take the line back; lines of a draft are undone last first."""
        if self.target.guarded:
            self.target.balance -= self.amount
            self.target.seq -= 1
        if self.source.guarded:
            self.source.balance += self.amount
            self.source.seq -= 1


@dataclass(frozen=True, slots=True)
class EarlierLine:
    """A posting of an earlier transaction that is now reversed, captured or released."""

    from_account_id: int
    to_account_id: int
    amount: int
    unit_id: int
    from_owner: UUID
    from_kind: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier transaction that a draft of this batch reverses or resolves."""

    id: int
    kind: str
    refusal: str | None
    hold_until: datetime | None
    lines: tuple[EarlierLine, ...]


@dataclass(slots=True)
class Book:
    """Everything a batch may be decided by: accounts under the lock and the rules in force."""

    units: Mapping[str, Unit]
    day_of: Callable[[datetime], date]
    closed_before: datetime | None = None
    exchanges: dict[tuple[str, str], list[tuple[datetime, bool]]] = field(default_factory=dict)
    earlier: Mapping[int, Earlier] = field(default_factory=dict)
    reversed_ids: set[int] = field(default_factory=set)
    resolved_ids: set[int] = field(default_factory=set)
    groups: dict[GroupKey, list[Account]] = field(default_factory=dict)
    by_id: dict[int, Account] = field(default_factory=dict)
    opened: list[Account] = field(default_factory=list)

    def add(self, account: Account) -> None:
        """Put an account into the book; within its group oldest expiry comes first."""
        if account.id is not None:
            self.by_id[account.id] = account
        group = self.groups.setdefault((account.owner, account.unit_id, account.kind), [])
        group.append(account)
        if len(group) > 1:
            group.sort(key=lambda lot: lot.expires_on or _NEVER)

    def at(self, owner: UUID, unit_id: int, kind: str, expires_on: date | None) -> Account:
        """Return the account of that description; one that is not there yet will be opened with the batch."""
        for account in self.groups.get((owner, unit_id, kind), ()):
            if account.expires_on == expires_on:
                return account
        account = Account(None, owner, unit_id, kind, expires_on)
        self.opened.append(account)
        self.add(account)
        return account

    def touched(self) -> list[Account]:
        """Return the guarded accounts whose balance the batch changed."""
        return [account for group in self.groups.values() for account in group if account.touched]

    def allows_exchange(self, given: Unit, got: Unit, moment: datetime) -> bool:
        """Tell whether the rules in force at that moment let one unit be given for the other."""
        for target in (got.code, f"class:{got.class_}"):
            latest = [ok for since, ok in self.exchanges.get((given.code, target), ()) if since <= moment]
            if latest:
                return latest[-1]
        return False
