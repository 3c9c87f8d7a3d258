"""Lots of a few owners whose ends come by, some renewed and some not, beside a plain model of what everyone has left.

The model knows of the policy only a table, written by hand: which lots are renewed, and until when.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from datetime import date, datetime, timedelta
from typing import ClassVar, TypeVar
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ledger.audit import audit
from ledger.balances import wallet
from ledger.expiry import ExpiredBatch, ExpiryCursor
from ledger.posting import post
from ledger.session import ReadTx, WriteTx
from ledger.values import ISSUANCE, TAKINGS, WALLET, Draft, Move, Outcome, Place, Posted, Wallet
from tests.conftest import new_bank
from tests.timebank.expiry.packs import extension, history, monthly, pack, yearly
from timebank.database import Bank, Database
from timebank.expiry.actions import end_lots

T = TypeVar("T")

JANUARY, MARCH = date(2027, 1, 31), date(2027, 3, 31)
HISTORY = history(
    (date(2021, 1, 1), pack(yearly(31))),
    (
        date(2027, 1, 15),
        pack(monthly(20), extensions=(extension("2027-01-31", "2027-02-28", "2027-03-31", "fufen"),)),
    ),
)
ENDS = (date(2026, 12, 30), date(2026, 12, 31), JANUARY, date(2027, 2, 10), date(2027, 2, 28), date(2027, 3, 20),
        MARCH, date(2027, 4, 15), date(2027, 4, 30))  # fmt: skip
RENEWED = {
    ("point", date(2026, 12, 31)): JANUARY,
    # The end of January is a regular one by then, but what had its grace until then ends there, too.
    ("point", date(2027, 2, 28)): date(2027, 3, 20),
    ("point", MARCH): date(2027, 4, 20),
    ("point", date(2027, 4, 30)): date(2027, 5, 20),
    ("fufen", JANUARY): MARCH,
    ("fufen", date(2027, 2, 10)): MARCH,
    ("fufen", date(2027, 2, 28)): MARCH,
}

OWNERS = st.integers(0, 2)
UNITS = st.sampled_from(("point", "fufen"))


class EndingMachine(RuleBasedStateMachine):
    """The clock stands at noon and moves by days; who lets lots end comes on time, late, or dies on the way."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    database: ClassVar[Database]

    def run(self, work: Awaitable[T]) -> T:
        """Return what the work returns."""
        return self.loop.run_until_complete(work)

    @initialize()
    def open(self) -> None:
        """Begin shortly before the year ends, with nothing."""
        self.bank: Bank = self.run(new_bank(self.database))
        self.owners = [uuid4() for _ in range(3)]
        self.today = date(2026, 12, 25)
        self.lots = Counter[tuple[UUID, str, date]]()

    @rule(owner=OWNERS, unit=UNITS, ends_on=st.sampled_from(ENDS), amount=st.integers(1, 20))
    def give(self, owner: int, unit: str, ends_on: date, amount: int) -> None:
        """Issue something that ends soon, or ended already."""
        lot = Place(WALLET, self.owners[owner], ends_on)
        assert isinstance(self.book("award", Move(Place(ISSUANCE), lot, unit, amount)), Posted)
        self.lots[lot.owner, unit, ends_on] += amount

    @rule(owner=OWNERS, unit=UNITS, amount=st.integers(1, 30))
    def spend(self, owner: int, unit: str, amount: int) -> None:
        """Spend of the lots that live, first of those that end first."""
        who = self.owners[owner]
        live = sorted(
            key for key, left in self.lots.items() if left and key[:2] == (who, unit) and key[2] >= self.today
        )
        outcome = self.book("spend", Move(Wallet(who), Place(TAKINGS), unit, amount))
        assert isinstance(outcome, Posted) == (sum(self.lots[key] for key in live) >= amount)
        if isinstance(outcome, Posted):
            for key in live:
                taken = min(amount, self.lots[key])
                self.lots[key] -= taken
                amount -= taken

    @rule(days=st.sampled_from((1, 1, 6, 20, 45)))
    def wait(self, days: int) -> None:
        """Let days pass."""
        self.today = min(self.today + timedelta(days=days), date(2027, 6, 1))

    @rule(limit=st.sampled_from((1, 2, 3, 100)))
    def end(self, limit: int) -> None:
        """Let lots end, to the last."""
        cursor: ExpiryCursor | None = ExpiryCursor()
        while cursor is not None:
            cursor = self.run_batch(cursor, limit).next
        for key in sorted(self.lots, key=lambda key: key[2]):
            self._end(key)

    @rule(limit=st.sampled_from((1, 2)), batches=st.integers(1, 3))
    def die(self, limit: int, batches: int) -> None:
        """Let some lots end, and then no more: the next time it begins anew."""
        cursor: ExpiryCursor | None = ExpiryCursor()
        for _ in range(batches):
            if cursor is not None:
                cursor = self.run_batch(cursor, limit).next
        self.end(limit)

    def _end(self, key: tuple[UUID, str, date]) -> None:
        owner, unit, ends_on = key
        if ends_on < self.today and self.lots[key]:
            amount = self.lots.pop(key)
            if (unit, ends_on) in RENEWED:
                later = (owner, unit, RENEWED[unit, ends_on])
                self.lots[later] += amount
                self._end(later)

    def run_batch(self, after: ExpiryCursor, limit: int) -> ExpiredBatch:
        async def work(tx: WriteTx) -> ExpiredBatch:
            return await end_lots(
                tx, history=HISTORY, as_of=self.today, actor="machine", after=after, limit=limit
            )

        batch = self.run(self.database.write(self.bank, work))
        assert batch.lots + batch.renewed_lots <= limit
        return batch

    def book(self, kind: str, move: Move) -> Outcome:
        at = datetime(self.today.year, self.today.month, self.today.day, 12, tzinfo=self.bank.zone)
        draft = Draft(kind, f"{kind}-{uuid4()}", at, "machine", (move,))
        (outcome,) = self.run(self.database.write(self.bank, lambda tx: post(tx, [draft])))
        return outcome

    @invariant()
    def all_have_what_the_model_says(self) -> None:
        """Compare every wallet, lot by lot."""

        async def found(tx: ReadTx) -> dict[tuple[UUID, str, date | None], int]:
            return {
                (owner, unit, lot.expires_on): lot.balance
                for owner in self.owners
                for unit in ("point", "fufen")
                for lot in await wallet(tx, owner, unit)
            }

        assert self.run(self.database.read(self.bank, found)) == {key: n for key, n in self.lots.items() if n}

    def teardown(self) -> None:
        """Audit what came of it."""
        if hasattr(self, "lots"):
            work = self.database.read(self.bank, lambda tx: audit(tx, verifier=None, anchors=()))
            assert self.run(work) == []
