"""What the machine stands on: the real database behind plain calls, and the comparisons of whole histories."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from ledger.audit import audit
from ledger.balances import account_balances, balance, balance_recorded_at, trial_balance, wallet
from ledger.folding import fold
from ledger.proof.note import SigningKey
from ledger.proof.sealing import seal
from ledger.session import ReadTx, WriteTx
from ledger.statements import StatementLine, StatementPage, open_statement, wallet_statement
from ledger.values import BANK, Draft, Outcome, Place
from tests.conftest import EXCHANGES, UNITS, new_bank
from tests.ledger.proof.history import until_decided
from tests.properties.drawing import FIRST_DAY, PEOPLE, RICE, SHOP, VALUES
from tests.properties.entries import Spot
from tests.properties.model import Model
from timebank.database import APP, Address, Bank, Database

T = TypeVar("T")
KEY = SigningKey.generate("timebank.test")


class World:
    """The database as the app role sees it, driven from code that is not asynchronous."""

    def __init__(self, loop: asyncio.AbstractEventLoop, database: Database) -> None:
        self._loop = loop
        self._database = database

    @classmethod
    @contextlib.contextmanager
    def open(cls, address: Address) -> Iterator["World"]:
        """Connect with an event loop of its own."""
        loop = asyncio.new_event_loop()
        stack = contextlib.AsyncExitStack()
        try:
            database = loop.run_until_complete(
                stack.enter_async_context(Database.connect(address, APP, max_size=2))
            )
            yield cls(loop, database)
        finally:
            loop.run_until_complete(stack.aclose())
            loop.close()

    def write(self, bank: Bank, work: Callable[[WriteTx], Awaitable[T]]) -> T:
        """Run and commit."""
        return self._loop.run_until_complete(self._database.write(bank, work))

    def post(self, bank: Bank, drafts: Sequence[Draft]) -> list[Outcome]:
        """Post and commit as a caller alone would: in one call where that can be."""
        return self._loop.run_until_complete(self._database.post(bank, drafts))

    def read(self, bank: Bank, work: Callable[[ReadTx], Awaitable[T]]) -> T:
        """Run on a view."""
        return self._loop.run_until_complete(self._database.read(bank, work))

    def now(self) -> datetime:
        """The server's clock."""
        moment = self._loop.run_until_complete(self._database.pool.fetchval("select clock_timestamp()"))
        assert isinstance(moment, datetime)
        return moment

    def new_bank(self) -> Bank:
        """A bank with the usual units and exchanges and nothing else."""
        return self._loop.run_until_complete(new_bank(self._database))

    def new_model(self, bank: Bank) -> Model:
        """The model of a new bank."""
        units = {code: (class_, spendable) for code, class_, spendable in UNITS}
        return Model(units, bank.zone, [(datetime(2020, 1, 1, tzinfo=UTC), frozenset(EXCHANGES))])

    # -- comparisons -------------------------------------------------------------------------------------

    def check_wallet_statement(
        self, bank: Bank, model: Model, owner: UUID, unit: str, kind: str, limit: int
    ) -> None:
        """Page through a wallet's statement and compare each line and running balance."""
        lines = self._pages(
            bank,
            lambda tx, cursor: wallet_statement(tx, owner, unit, kind=kind, cursor=cursor, limit=limit),
            limit,
        )
        wanted = []
        for entry in model.entries:
            for number, step in enumerate(entry.steps, 1):
                both = ((step.source, -step.amount), (step.target, step.amount))
                wanted += [
                    (entry, number, amount, spot.expires_on)
                    for spot, amount in both
                    if (spot.unit, spot.kind, spot.owner) == (unit, kind, owner)
                ]
        assert sorted(map(_told, lines), key=repr) == sorted(
            (
                (e.id, n, amount, end, e.draft.kind, e.draft.effective_at, e.draft.memo)
                for e, n, amount, end in wanted
            ),
            key=repr,
        )
        order = [(line.transaction_id, line.line) for line in lines]
        assert order == sorted(order, reverse=True)
        total = sum(n for _, n in model.lots(owner, unit, kind))
        for line in lines:
            assert line.balance == total
            total -= line.amount
        assert total == 0

    def check_open_statement(self, bank: Bank, model: Model, kind: str, unit: str, limit: int) -> None:
        """Page through the statement of one of the bank's open accounts."""
        spot = Spot(unit, kind, BANK, None)
        lines = self._pages(
            bank, lambda tx, cursor: open_statement(tx, Place(kind), unit, cursor=cursor, limit=limit), limit
        )
        wanted = [
            (entry.id, number, step.amount if step.target == spot else -step.amount)
            for entry in model.entries
            for number, step in enumerate(entry.steps, 1)
            if spot in (step.source, step.target)
        ]
        assert [(line.transaction_id, line.line, line.amount) for line in lines] == wanted[::-1]
        assert all(line.balance is None for line in lines)

    def _pages(
        self,
        bank: Bank,
        read: Callable[[ReadTx, str | None], Awaitable[StatementPage]],
        limit: int,
    ) -> list[StatementLine]:
        lines: list[StatementLine] = []
        cursor: str | None = None
        while True:
            page = self.read(bank, lambda tx, c=cursor: read(tx, c))  # type: ignore[misc]  # a lambda with a default has no type
            assert len(page.lines) == limit or page.next is None
            lines += page.lines
            cursor = page.next
            if cursor is None:
                return lines

    def check_everything(
        self, bank: Bank, model: Model, remembered: list[tuple[datetime, dict[Spot, int]]]
    ) -> None:
        """Compare all balances before and after folding, all statements, and the past; then audit."""
        self._check_balances(bank, model)
        # A fold goes no further than the oldest writer on the server, which other tests share.
        self._loop.run_until_complete(until_decided(self._database, bank))
        self.write(bank, fold)
        self._check_balances(bank, model)
        for owner in PEOPLE:
            for unit in VALUES:
                self.check_wallet_statement(bank, model, owner, unit, "wallet", 50)
        self.check_wallet_statement(bank, model, SHOP, RICE, "held", 3)
        self.check_open_statement(bank, model, "issuance", "point", 200)
        for moment, balances in remembered[-3:]:
            for spot in list(balances)[:5]:
                place = Place(spot.kind, spot.owner, spot.expires_on)
                assert self.read(bank, partial(_recorded, place, spot.unit, moment)) == balances[spot]
        after_all = model.start_of(FIRST_DAY + timedelta(days=400))
        rows = self.read(bank, lambda tx: account_balances(tx, before=after_all))
        assert {
            Spot(r.unit, r.kind, r.owner, r.expires_on): r.balance for r in rows if r.balance
        } == model.filled()
        self.check_books(bank)

    def _check_balances(self, bank: Bank, model: Model) -> None:
        filled = model.filled()
        for spot, amount in filled.items():
            place = Place(spot.kind, spot.owner, spot.expires_on)
            assert self.read(bank, lambda tx, p=place, u=spot.unit: balance(tx, p, u)) == amount  # type: ignore[misc]  # a lambda with a default has no type
        for owner in PEOPLE:
            lots = self.read(bank, lambda tx, o=owner: wallet(tx, o, "point"))  # type: ignore[misc]  # a lambda with a default has no type
            assert [(lot.expires_on, lot.balance) for lot in lots] == [
                (spot.expires_on, n) for spot, n in model.lots(owner, "point")
            ]
        for unit, kinds in self.read(bank, trial_balance).items():
            assert sum(kinds.values()) == 0, unit
            for kind, amount in kinds.items():
                assert amount == sum(n for s, n in filled.items() if (s.unit, s.kind) == (unit, kind))

    def seal(self, bank: Bank, limit: int) -> bool:
        """Seal at most so many transactions and the rest of the last batch; tell whether all is sealed."""
        sealed = self.write(
            bank,
            lambda tx: seal(
                tx, KEY, origin=f"timebank/{bank.code}", sealed_at=datetime.now(UTC), limit=limit
            ),
        )
        return sealed.is_complete

    def check_books(self, bank: Bank) -> None:
        """Seal the rest and let the ledger check itself."""
        while not self.seal(bank, 50):
            pass
        violations = self.read(bank, lambda tx: audit(tx, verifier=KEY.verifier))
        assert not violations, violations


async def _recorded(place: Place, unit: str, moment: datetime, tx: ReadTx) -> int:
    return await balance_recorded_at(tx, place, unit, moment)


def _told(line: StatementLine) -> tuple[object, ...]:
    return (
        line.transaction_id,
        line.line,
        line.amount,
        line.expires_on,
        line.kind,
        line.effective_at,
        line.memo,
    )
