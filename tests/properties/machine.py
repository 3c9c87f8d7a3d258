"""The machine that drives the real ledger and the model side by side and compares all they say."""

import dataclasses
import sys
from collections.abc import Coroutine
from datetime import date, datetime, timedelta
from typing import ClassVar, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ledger.balances import AccountBalance, account_balances, balance, balance_effective_at, trial_balance, wallet
from ledger.exchanges import set_exchanges
from ledger.expiry import ExpiryCursor, PeriodClosedError, expire_lots
from ledger.folding import fold
from ledger.holds import lapsed_holds, release_lapsed
from ledger.periods import close_period
from ledger.posting import post
from ledger.session import ReadTx
from ledger.values import Conflict, Draft, Outcome, Place, Posted, Refused
from tests.properties import drawing
from tests.properties.model import Entry, Expected, Spot
from tests.properties.world import World

T = TypeVar("T")
UNKNOWN_ID = 2**40
_NEW_EXPIRIES = """
select t.id, u.code, a.owner, a.expires_on from transactions t
join postings p on p.bank_id = $1 and p.transaction_id = t.id
join accounts a on a.bank_id = $1 and a.id = p.from_account_id
join units u on u.bank_id = $1 and u.id = a.unit_id
where t.bank_id = $1 and t.idempotency_key like 'expire:%' and t.id > $2
"""


class LedgerMachine(RuleBasedStateMachine):
    """One bank per run; every step commits."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.bank = self.world.new_bank()
        self.model = self.world.new_model(self.bank)
        self.count = 0
        self.last_id = 0
        self.remembered: list[tuple[datetime, dict[Spot, int]]] = []

    # -- posting -----------------------------------------------------------------------------------------

    def _ready(self, draft: Draft) -> Draft:
        """Put a fresh key and the id of an earlier transaction into a drawn draft."""
        self.count += 1
        draft = dataclasses.replace(draft, key=f"key-{self.count}")
        if draft.resolves is not None:
            return self._ready_to_resolve(draft, draft.resolves)
        if draft.reverses is not None:
            return dataclasses.replace(draft, reverses=self._pick(draft.reverses, self._accepted()))
        return draft

    def _ready_to_resolve(self, draft: Draft, number: int) -> Draft:
        """Mostly settle only what is held, and often at the hold's first or last instant or just after it."""
        chosen = self._pick(number, self._open_holds() or self._accepted("hold"))
        draft = dataclasses.replace(draft, resolves=chosen)
        for entry in self._accepted("hold"):
            if entry.id == chosen and entry.draft.hold_until is not None:
                held = {step.target.unit for step in entry.steps}
                settle = tuple(s for s in draft.settle if s.unit in held) if number % 5 else draft.settle
                last = entry.draft.hold_until
                instants = (entry.draft.effective_at, last, last + timedelta(microseconds=1), draft.effective_at)
                return dataclasses.replace(draft, settle=settle, effective_at=instants[number % 4])
        return draft

    def _pick(self, number: int, likely: list[Entry]) -> int:
        """Return the id of a recent likely entry, sometimes of any entry, sometimes of none."""
        if number <= 13 and likely:
            return likely[-1 - number % len(likely)].id
        if number == 14 and self.model.entries:
            return self.model.entries[-1 - number % len(self.model.entries)].id
        return UNKNOWN_ID

    def _accepted(self, *kinds: str) -> list[Entry]:
        accepted = [e for e in self.model.entries if e.code is None]
        return [e for e in accepted if e.draft.kind in kinds] if kinds else accepted

    def _open_holds(self) -> list[Entry]:
        return [e for e in self._accepted("hold") if e.id not in self.model.resolved]

    def _refundable(self) -> list[Entry]:
        """What people may want back, captures last."""
        kinds = ("spend", "gift", "redemption", "conversion", "carry_over", "expire", "capture")
        entries = [e for e in self._accepted(*kinds) if e.id not in self.model.reversed]
        return sorted(entries, key=lambda e: (e.draft.kind == "capture", e.id))

    def _post(self, drafts: list[Draft]) -> None:
        expected = [self.model.post(draft) for draft in drafts]
        outcomes = self.world.write(self.bank, lambda tx: post(tx, drafts))
        assert len(outcomes) == len(expected)
        for outcome, wanted in zip(outcomes, expected, strict=True):
            self._compare(outcome, wanted)

    def _compare(self, outcome: Outcome, wanted: Expected) -> None:
        entry = wanted.entry
        if not entry.id:
            assert outcome.transaction_id > self.last_id
            entry.id = self.last_id = outcome.transaction_id
        answer = (type(outcome), outcome.transaction_id)
        if wanted.differs is not None:
            assert answer == (Conflict, entry.id)
            assert isinstance(outcome, Conflict)
            assert outcome.differs == wanted.differs
            return
        assert answer == (Posted if entry.code is None else Refused, entry.id), (outcome, wanted)
        assert isinstance(outcome, Posted | Refused)
        assert outcome.replayed == wanted.is_replay
        if isinstance(outcome, Refused):
            assert outcome.code == entry.code, (outcome, wanted)
            assert dict(outcome.detail) in entry.details, (outcome, wanted)

    @initialize()
    def begin(self) -> None:
        self._post([self._ready(draft) for draft in drawing.SEEDS])

    @rule(draft=drawing.credits_)
    def credit(self, draft: Draft) -> None:
        self._post([self._ready(draft)])

    @rule(draft=st.one_of(drawing.spends, drawing.gifts, drawing.carries))
    def spend(self, draft: Draft) -> None:
        self._post([self._ready(draft)])

    @rule(draft=drawing.exchanges)
    def exchange(self, draft: Draft) -> None:
        self._post([self._ready(draft)])

    @rule(
        draft=drawing.holds(),
        capture=st.one_of(drawing.captures(), st.none()),
        refund=st.one_of(drawing.reversals, st.none()),
    )
    def hold(self, draft: Draft, capture: Draft | None, refund: Draft | None) -> None:
        self._post([self._ready(draft)])
        if capture is not None and self._open_holds():
            self._capture(capture, refund)

    @precondition(lambda self: bool(self._open_holds()))
    @rule(draft=drawing.captures(), refund=st.one_of(st.none(), drawing.reversals))
    def capture(self, draft: Draft, refund: Draft | None) -> None:
        self._capture(draft, refund)

    def _capture(self, draft: Draft, refund: Draft | None) -> None:
        self._post([self._ready(draft)])
        if refund is not None:
            self._post([dataclasses.replace(self._ready(refund), reverses=self.last_id)])

    @precondition(lambda self: bool(self._accepted("hold")))
    @rule(draft=st.one_of(drawing.releases, drawing.captures()))
    def resolve(self, draft: Draft) -> None:
        self._post([self._ready(draft)])

    @rule(draft=drawing.reversals)
    def reverse(self, draft: Draft) -> None:
        self._post([self._ready(draft)])

    @precondition(lambda self: bool(self._refundable()))
    @rule(draft=drawing.reversals, is_tried_again=st.booleans())
    def refund(self, draft: Draft, is_tried_again: bool) -> None:  # noqa: FBT001 -- drawn
        wanted = self._refundable()
        assert draft.reverses is not None
        reverses = wanted[-1 - draft.reverses // 3 % len(wanted)].id
        for _ in range(1 + is_tried_again):
            self._post([dataclasses.replace(self._ready(draft), reverses=reverses)])

    @rule(drafts=st.lists(drawing.drafts, min_size=2, max_size=6), repeats=st.integers(0, 6))
    def post_batch(self, drafts: list[Draft], repeats: int) -> None:
        ready = [self._ready(draft) for draft in drafts]
        if repeats < len(ready):
            ready.append(ready[repeats])
        self._post(ready)

    @rule(number=drawing.numbers, change=st.sampled_from(("", "memo", "actor", "moment", "amount", "metadata")))
    def retry(self, number: int, change: str) -> None:
        keyed = [entry for entry in self.model.entries if not entry.draft.key.startswith("?")]
        draft = keyed[-1 - number % len(keyed)].draft
        if change in ("memo", "actor"):
            draft = dataclasses.replace(draft, **{change: "other"})  # type: ignore[arg-type]
        elif change == "moment" and draft.hold_until is None:
            draft = dataclasses.replace(draft, effective_at=draft.effective_at + timedelta(microseconds=1))
        elif change == "amount" and draft.moves:
            more = dataclasses.replace(draft.moves[-1], amount=draft.moves[-1].amount % 7 + 1)
            draft = dataclasses.replace(draft, moves=(*draft.moves[:-1], more))
        elif change == "metadata":
            draft = dataclasses.replace(draft, metadata={"n": 2})
        self._post([draft])

    # -- the calendar ------------------------------------------------------------------------------------

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
        rows = self.world.read(self.bank, lambda tx: tx.connection.fetch(_NEW_EXPIRIES, tx.bank_id, self.last_id))
        ids = {Spot(unit, "wallet", owner, end): id_ for id_, unit, owner, end in rows}
        for entry in self.model.entries[known:]:
            entry.id = ids[entry.steps[0].source]
        self.model.entries.sort(key=lambda entry: entry.id)
        self.last_id = self.model.entries[-1].id

    def _expire(self, day: date, limit: int) -> dict[str, int]:
        amounts: dict[str, int] = {}
        cursor: ExpiryCursor | None = ExpiryCursor()
        while cursor is not None:
            after = cursor
            batch = self.world.write(
                self.bank, lambda tx: expire_lots(tx, as_of=day, actor="machine", after=after, limit=limit)
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
            st.sampled_from((("point", "class:goods"), ("point", "fufen"), ("fufen", "timecoin"), ("timecoin", "class:value")))
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
            found = self.world.read(self.bank, lambda tx, p=place: balance_effective_at(tx, p, unit, moment))  # type: ignore[misc]
            assert found == self.model.effective_at(spot, moment)

    @rule(owner=drawing.people, unit=drawing.values, kind=st.sampled_from(("wallet", "held")), limit=st.integers(1, 4))
    def read_a_wallet(self, owner: UUID, unit: str, kind: str, limit: int) -> None:
        found = self.world.read(self.bank, lambda tx: wallet(tx, owner, unit, kind=kind))
        wanted = [(spot.expires_on, n) for spot, n in self.model.lots(owner, unit, kind)]
        assert [(lot.expires_on, lot.balance) for lot in found] == wanted
        self.world.check_wallet_statement(self.bank, self.model, owner, unit, kind, limit)

    @rule(kind=st.sampled_from(("issuance", "takings", "expired")), unit=drawing.values, limit=st.integers(1, 4))
    def read_an_open_statement(self, kind: str, unit: str, limit: int) -> None:
        self.world.check_open_statement(self.bank, self.model, kind, unit, limit)

    def teardown(self) -> None:
        """Look at everything once more, fold, seal and audit."""
        if sys.exc_info()[0] is None:
            self.world.check_everything(self.bank, self.model, self.remembered)
        super().teardown()


def _filled(rows: list[AccountBalance]) -> dict[Spot, int]:
    return {Spot(r.unit, r.kind, r.owner, r.expires_on): r.balance for r in rows if r.balance}
