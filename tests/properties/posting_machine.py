"""The part of the machine that posts: to the real ledger and to the model, comparing each answer."""

import dataclasses
from datetime import datetime, timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from ledger.posting import post_covered
from ledger.values import Conflict, Draft, Outcome, Posted, Refused, Short
from tests.properties import drawing
from tests.properties.entries import Entry, Expected, Spot
from tests.properties.world import World

UNKNOWN_ID = 2**40


class PostingMachine(RuleBasedStateMachine):
    """One bank per run; every step commits."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.bank = self.world.new_bank()
        self.model = self.world.new_model(self.bank)
        self.count = 0
        self.last_id = 0
        self.remembered: list[tuple[datetime, dict[Spot, int]]] = []

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
                instants = (
                    entry.draft.effective_at,
                    last,
                    last + timedelta(microseconds=1),
                    draft.effective_at,
                )
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
        kinds = (
            "spend",
            "gift",
            "redemption",
            "conversion",
            "carry_over",
            "expire",
            "award",
            "ceiling",
            "capture",
        )
        entries = [e for e in self._accepted(*kinds) if e.id not in self.model.reversed]
        return sorted(entries, key=lambda e: (e.draft.kind == "capture", e.id))

    def _post(self, drafts: list[Draft]) -> None:
        expected = [self.model.post(draft) for draft in drafts]
        outcomes = self.world.post(self.bank, drafts)
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

    @rule(drafts=st.lists(drawing.budgeted, min_size=1, max_size=4))
    def budget(self, drafts: list[Draft]) -> None:
        self._post([self._ready(draft) for draft in drafts])

    @rule(drafts=st.lists(st.one_of(drawing.budgeted, drawing.drafts), min_size=1, max_size=4))
    def post_what_is_covered(self, drafts: list[Draft]) -> None:
        """Post what may wait; then the same again: what waited is decided anew, the rest is a replay."""
        ready = [self._ready(draft) for draft in drafts]
        for _ in range(2):
            expected = [self.model.post(draft, may_wait=True) for draft in ready]
            outcomes = self.world.write(self.bank, lambda tx: post_covered(tx, ready))
            assert len(outcomes) == len(expected)
            for outcome, wanted in zip(outcomes, expected, strict=True):
                if wanted.is_short:
                    assert isinstance(outcome, Short)
                    assert dict(outcome.detail) in wanted.entry.details
                else:
                    assert not isinstance(outcome, Short)
                    self._compare(outcome, wanted)

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
    def refund(self, draft: Draft, is_tried_again: bool) -> None:
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

    @rule(
        number=drawing.numbers, change=st.sampled_from(("", "memo", "actor", "moment", "amount", "metadata"))
    )
    def retry(self, number: int, change: str) -> None:
        keyed = [entry for entry in self.model.entries if not entry.draft.key.startswith("?")]
        draft = keyed[-1 - number % len(keyed)].draft
        if change in ("memo", "actor"):
            draft = dataclasses.replace(draft, **{change: "other"})  # type: ignore[arg-type]  # arguments of many types
        elif change == "moment" and draft.hold_until is None:
            draft = dataclasses.replace(draft, effective_at=draft.effective_at + timedelta(microseconds=1))
        elif change == "amount" and draft.moves:
            more = dataclasses.replace(draft.moves[-1], amount=draft.moves[-1].amount % 7 + 1)
            draft = dataclasses.replace(draft, moves=(*draft.moves[:-1], more))
        elif change == "metadata":
            draft = dataclasses.replace(draft, metadata={"n": 2})
        self._post([draft])
