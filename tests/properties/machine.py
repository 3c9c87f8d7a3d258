"""The machine that drives the real ledger and the model side by side and compares all they say."""

import sys
from datetime import date, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from ledger.balances import (
    AccountBalance,
    account_balances,
    balance_effective_at,
    wallet,
)
from ledger.exchanges import set_exchanges
from ledger.expiry import ExpiryCursor, PeriodClosedError, expire_lots
from ledger.folding import fold
from ledger.holds import lapsed_holds, release_lapsed
from ledger.periods import close_period
from ledger.values import Place
from tests.properties import drawing
from tests.properties.entries import Spot
from tests.properties.posting_machine import PostingMachine

_NEW_EXPIRIES = """
select t.id, u.code, a.owner, a.expires_on from transactions t
join postings p on p.bank_id = $1 and p.transaction_id = t.id
join accounts a on a.bank_id = $1 and a.id = p.from_account_id
join units u on u.bank_id = $1 and u.id = a.unit_id
where t.bank_id = $1 and t.idempotency_key like 'expire:%' and t.id > $2
"""


class LedgerMachine(PostingMachine):
    """Posts, lets time pass, and looks at everything."""

    @rule(day=drawing.days, limit=st.sampled_from((1, 2, 100)))
    def expire(self, day: date, limit: int) -> None:
        due = any(
            spot.kind == "wallet" and n and spot.expires_on and spot.expires_on < day
            for spot, n in self.model.balances.items()
        )
        if due and self.model.closed_before and self.model.start_of(day) < self.model.closed_before:
            try:
                self._expire(day, limit)
            except PeriodClosedError:
                return
            raise AssertionError("expired inside a closed period")
        known = len(self.model.entries)
        assert self._expire(day, limit) == self.model.expire(day)
        rows = self.world.read(
            self.bank, lambda tx: tx.connection.fetch(_NEW_EXPIRIES, tx.bank_id, self.last_id)
        )
        ids = {Spot(unit, "wallet", owner, end): id_ for id_, unit, owner, end in rows}
        for entry in self.model.entries[known:]:
            entry.id = ids[entry.steps[0].source]
        self.model.entries.sort(key=lambda entry: entry.id)
        self.last_id = self.model.entries[-1].id

    def _expire(self, day: date, limit: int) -> dict[str, int]:
        amounts: dict[str, int] = {}
        cursor: ExpiryCursor | None = ExpiryCursor()
        while cursor is not None:
            batch = self.world.write(
                self.bank,
                lambda tx, c=cursor: expire_lots(tx, as_of=day, actor="machine", after=c, limit=limit),  # type: ignore[misc]  # a lambda with a default has no type
            )
            assert batch.lots <= limit
            for unit, amount in batch.amounts.items():
                amounts[unit] = amounts.get(unit, 0) + amount
            cursor = batch.next
        return amounts

    @rule(moment=drawing.moments)
    def release_what_lapsed(self, moment: datetime) -> None:
        found = self.world.read(self.bank, lambda tx: lapsed_holds(tx, moment, limit=50))
        holds = [e for e in self.model.entries if e.draft.kind == "hold" and e.code is None]
        due = [e for e in holds if e.id not in self.model.resolved and e.draft.hold_until]
        assert [(hold.id, hold.hold_until) for hold in found] == [
            (e.id, e.draft.hold_until) for e in due if e.draft.hold_until and e.draft.hold_until < moment
        ]
        self._post([release_lapsed(hold, effective_at=moment, actor="machine") for hold in found])

    @precondition(lambda self: len(self.model.entries) > 15)
    @rule(day=st.integers(0, 2))
    def close(self, day: int) -> None:
        before = self.model.start_of(drawing.FIRST_DAY + timedelta(days=day))
        closed = self.world.write(self.bank, lambda tx: close_period(tx, before=before, actor="machine"))
        self.model.closed_before = max(closed, self.model.closed_before or closed)
        assert closed == max(before, self.model.closed_before)

    @precondition(lambda self: len(self.model.exchanges) < 4)
    @rule(
        pairs=st.frozensets(
            st.sampled_from(
                (
                    ("point", "class:goods"),
                    ("point", "fufen"),
                    ("fufen", "timecoin"),
                    ("timecoin", "class:value"),
                )
            )
        )
    )
    def change_exchanges(self, pairs: frozenset[tuple[str, str]]) -> None:
        since = self.model.start_of(drawing.FIRST_DAY + timedelta(days=2 * len(self.model.exchanges)))
        self.world.write(self.bank, lambda tx: set_exchanges(tx, pairs, effective_from=since))
        self.model.exchanges.append((since, pairs))

    @rule(job=st.sampled_from(("", "fold", "seal")), limit=st.sampled_from((1, 9, 100)))
    def let_time_pass(self, job: str, limit: int) -> None:
        if job == "fold":
            self.world.write(self.bank, fold)
        elif job == "seal":
            self.world.seal(self.bank, limit)
        self.remembered.append((self.world.now(), self.model.filled()))

    # -- reading -----------------------------------------------------------------------------------------

    @invariant()
    def every_balance_is_the_models(self) -> None:
        assert _filled(self.world.read(self.bank, account_balances)) == self.model.filled()

    @rule(moment=drawing.moments, owner=drawing.people, unit=drawing.values, end=drawing.expiries)
    def look_at_a_moment(self, moment: datetime, owner: UUID, unit: str, end: date | None) -> None:
        rows = self.world.read(self.bank, lambda tx: account_balances(tx, before=moment))
        assert _filled(rows) == self.model.effective_before(moment)
        for place in (Place("wallet", owner, end), Place("issuance"), Place("takings")):
            spot = Spot(unit, place.kind, place.owner, place.expires_on)
            found = self.world.read(self.bank, lambda tx, p=place: balance_effective_at(tx, p, unit, moment))  # type: ignore[misc]  # a lambda with a default has no type
            assert found == self.model.effective_at(spot, moment)

    @rule(
        owner=drawing.people,
        unit=drawing.values,
        kind=st.sampled_from(("wallet", "held")),
        limit=st.integers(1, 4),
    )
    def read_a_wallet(self, owner: UUID, unit: str, kind: str, limit: int) -> None:
        found = self.world.read(self.bank, lambda tx: wallet(tx, owner, unit, kind=kind))
        wanted = [(spot.expires_on, n) for spot, n in self.model.lots(owner, unit, kind)]
        assert [(lot.expires_on, lot.balance) for lot in found] == wanted
        self.world.check_wallet_statement(self.bank, self.model, owner, unit, kind, limit)

    @rule(
        kind=st.sampled_from(("issuance", "takings", "expired")), unit=drawing.values, limit=st.integers(1, 4)
    )
    def read_an_open_statement(self, kind: str, unit: str, limit: int) -> None:
        self.world.check_open_statement(self.bank, self.model, kind, unit, limit)

    def teardown(self) -> None:
        """Look at everything once more, fold, seal and audit."""
        if sys.exc_info()[0] is None:
            self.world.check_everything(self.bank, self.model, self.remembered)
        super().teardown()


def _filled(rows: list[AccountBalance]) -> dict[Spot, int]:
    return {Spot(r.unit, r.kind, r.owner, r.expires_on): r.balance for r in rows if r.balance}
