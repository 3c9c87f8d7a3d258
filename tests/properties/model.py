"""A naive model of the ledger: dictionaries, one draft at a time, nothing shared with the ledger's own rules.

It predicts the outcome of every draft, every balance and every statement. Where it and the ledger differ, one
of them is wrong.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.values import MAX_AMOUNT, Draft, Move, Place, Wallet
from tests.properties.entries import Entry, Expected, No, Spot, Step, aim, first_difference, home


@dataclass
class Model:
    """The books of one bank."""

    units: dict[str, tuple[str, bool]]
    zone: ZoneInfo
    exchanges: list[tuple[datetime, frozenset[tuple[str, str]]]]
    balances: dict[Spot, int] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    by_key: dict[str, Entry] = field(default_factory=dict)
    reversed: set[int] = field(default_factory=set)
    resolved: set[int] = field(default_factory=set)
    closed_before: datetime | None = None

    # -- deciding ----------------------------------------------------------------------------------------

    def post(self, draft: Draft, *, may_wait: bool = False) -> Expected:
        """Predict the outcome of a draft and change the model's books accordingly."""
        seen = self.by_key.get(draft.key)
        if seen is not None:
            if seen.draft == draft:
                return Expected(seen, is_replay=True)
            return Expected(seen, differs=first_difference(seen.draft, draft))
        before = dict(self.balances)
        entry = Entry(draft, [])
        try:
            for source, target, amount in self._flows(draft):
                entry.steps.append(self._carry(source, target, amount))
        except No as no:
            self.balances = before
            entry = Entry(draft, [], no.code, no.details)
            if may_wait and no.code == "insufficient":
                return Expected(entry, is_short=True)
        else:
            if draft.reverses is not None:
                self.reversed.add(draft.reverses)
            if draft.resolves is not None:
                self.resolved.add(draft.resolves)
        self.entries.append(entry)
        self.by_key[draft.key] = entry
        return Expected(entry)

    def expire(self, before: date) -> dict[str, int]:
        """Empty every wallet lot whose last day is before that day; return the amounts by unit."""
        gone: dict[str, int] = {}
        moment = self.start_of(before)
        lots = [s for s, n in self.balances.items() if s.kind == "wallet" and n > 0 and s.expires_on]
        for lot in lots:
            if lot.expires_on is not None and lot.expires_on < before:
                amount = self.balances[lot]
                gone[lot.unit] = gone.get(lot.unit, 0) + amount
                sink = Spot(lot.unit, "expired", UUID(int=0), None)
                # The steps say how much: a lot may have been filled beyond what one move may name.
                named = min(amount, MAX_AMOUNT)
                move = Move(Place("wallet", lot.owner, lot.expires_on), Place("expired"), lot.unit, named)
                entry = Entry(Draft("expire", f"?{lot}", moment, "", (move,)), [])
                entry.steps.append(self._carry(lot, sink, amount))
                self.entries.append(entry)
        return gone

    def _carry(self, source: Spot, target: Spot, amount: int) -> Step:
        left = self.balances.get(source, 0) - amount
        if source.is_guarded and left < 0:
            raise self._too_little(source.unit, left + amount, amount)
        self.balances[source] = left
        self.balances[target] = self.balances.get(target, 0) + amount
        return Step(source, target, amount, left, self.balances[target])

    def _too_little(self, unit: str, available: int, requested: int) -> No:
        return No(
            "insufficient",
            {"unit": unit, "class_": self.units[unit][0], "available": available, "requested": requested},
        )

    def _flows(self, draft: Draft) -> Iterable[tuple[Spot, Spot, int]]:
        """Yield what moves, while the balances already show what moved before."""
        for unit in [m.unit for m in draft.moves] + [s.unit for s in draft.settle]:
            if unit not in self.units:
                raise No("unknown_unit", {"unit": unit})
        earlier = self._earlier(draft)
        if self.closed_before is not None and draft.effective_at < self.closed_before:
            raise No("period_closed", {"closed_before": self.closed_before.astimezone(UTC).isoformat()})
        if earlier is None:
            self._check_units(draft)
            for move in draft.moves:
                yield from self._move(draft, move)
        elif draft.reverses is not None:
            yield from self._reverse(draft, earlier)
        else:
            yield from self._resolve(draft, earlier)

    def _earlier(self, draft: Draft) -> Entry | None:
        number = draft.reverses if draft.reverses is not None else draft.resolves
        if number is None:
            return None
        found = [entry for entry in self.entries if entry.id == number and entry.code is None]
        if not found:
            raise No("unknown_transaction", {"transaction_id": number})
        kind = found[0].draft.kind
        if draft.reverses is not None:
            if kind in ("hold", "release", "reversal"):
                raise No("not_reversible", {"transaction_id": number, "kind": kind})
            if number in self.reversed:
                raise No("already_reversed", {"transaction_id": number})
        elif kind != "hold":
            raise No("not_a_hold", {"transaction_id": number})
        elif number in self.resolved:
            raise No("already_resolved", {"transaction_id": number})
        return found[0]

    def _check_units(self, draft: Draft) -> None:
        gives, gets = set(), set()
        for move in draft.moves:
            source = "wallet" if isinstance(move.source, Wallet) else move.source.kind
            if source == "wallet" and not self.units[move.unit][1]:
                raise No("not_spendable", {"unit": move.unit})
            if source == "wallet" and move.target.kind != "wallet":
                gives.add(move.unit)
            if source != "wallet" and (source == "shelf" or move.target.kind in ("wallet", "handed_out")):
                gets.add(move.unit)
        allowed: frozenset[tuple[str, str]] = frozenset()
        for since, pairs in self.exchanges:
            if since <= draft.effective_at:
                allowed = pairs
        wrong: list[dict[str, object]] = [
            {"from_unit": a, "to_unit": b}
            for a in gives
            for b in gets - gives
            if (a, b) not in allowed and (a, f"class:{self.units[b][0]}") not in allowed
        ]
        if wrong:
            raise No("exchange_not_allowed", *wrong)

    def _move(self, draft: Draft, move: Move) -> Iterable[tuple[Spot, Spot, int]]:
        day = self.day(draft.effective_at)
        if isinstance(move.source, Place):
            place = move.source
            spot = Spot(move.unit, place.kind, place.owner, place.expires_on)
            if spot.expires_on and spot.expires_on < day and draft.kind not in ("expire", "carry_over"):
                raise No("lot_expired", {"unit": spot.unit, "expires_on": spot.expires_on.isoformat()})
            yield spot, aim(move.target, spot), move.amount
            return
        lots = self.lots(move.source.owner, move.unit)
        alive = [(spot, n) for spot, n in lots if spot.expires_on is None or spot.expires_on >= day]
        wealth = sum(n for _, n in alive)
        if wealth < move.amount:
            raise self._too_little(move.unit, wealth, move.amount)
        missing = move.amount
        for spot, n in alive:
            if missing > 0:
                yield spot, aim(move.target, spot), min(n, missing)
                missing -= min(n, missing)

    def _reverse(self, draft: Draft, earlier: Entry) -> Iterable[tuple[Spot, Spot, int]]:
        day = self.day(draft.effective_at)
        # What a capture did not take stays where it went back to: only what was taken is mirrored.
        steps = [s for s in earlier.steps if s.source.kind != "held" or s.target != home(s.source)]
        if not steps:
            raise No("not_reversible", {"transaction_id": earlier.id, "kind": earlier.draft.kind})
        for step in steps:
            yield step.target, step.source, step.amount
        for step in steps:
            spot = step.source
            if spot.kind == "held":
                yield spot, home(spot), step.amount
                spot = home(spot)
            if draft.grace_on and spot.kind == "wallet" and spot.expires_on and spot.expires_on < day:
                yield spot, Spot(spot.unit, "wallet", spot.owner, max(draft.grace_on, day)), step.amount

    def _resolve(self, draft: Draft, hold: Entry) -> Iterable[tuple[Spot, Spot, int]]:
        until = hold.draft.hold_until
        if draft.kind == "capture" and until is not None and draft.effective_at > until:
            raise No("hold_expired", {"hold_until": until.isoformat()})
        day = self.day(draft.effective_at)
        held_total: dict[str, int] = {}
        for step in hold.steps:
            held_total[step.target.unit] = held_total.get(step.target.unit, 0) + step.amount
        wanted = {s.unit: s.amount or held_total.get(s.unit, 0) for s in draft.settle}
        aims = {s.unit: s.target for s in draft.settle}
        for step in hold.steps:
            held = step.target
            take = min(step.amount, wanted.get(held.unit, 0))
            if take:
                if held.expires_on and held.expires_on < day:
                    raise No("lot_expired", {"unit": held.unit, "expires_on": held.expires_on.isoformat()})
                wanted[held.unit] -= take
                yield held, aim(aims[held.unit], held), take
            if take < step.amount:
                yield held, step.source, step.amount - take
        for settlement in draft.settle:
            total = held_total.get(settlement.unit, 0)
            if total == 0 or (settlement.amount or 0) > total:
                raise self._too_little(settlement.unit, total, settlement.amount or 0)

    # -- reading -----------------------------------------------------------------------------------------

    def day(self, moment: datetime) -> date:
        """The bank's calendar day of an instant."""
        return moment.astimezone(self.zone).date()

    def start_of(self, day: date) -> datetime:
        """The instant at which a calendar day begins."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone)

    def lots(self, owner: UUID, unit: str, kind: str = "wallet") -> list[tuple[Spot, int]]:
        """The lots of an owner that are not empty, oldest expiry first, no expiry last."""
        lots = [
            (s, n) for s, n in self.balances.items() if (s.owner, s.unit, s.kind) == (owner, unit, kind) and n
        ]
        return sorted(lots, key=lambda lot: lot[0].expires_on or date.max)

    def filled(self) -> dict[Spot, int]:
        """Every balance but 0."""
        return {spot: n for spot, n in self.balances.items() if n}

    def effective_before(self, moment: datetime) -> dict[Spot, int]:
        """Every balance but 0, by what took effect before an instant."""
        sums: dict[Spot, int] = {}
        for entry in self.entries:
            if entry.draft.effective_at < moment:
                for step in entry.steps:
                    sums[step.source] = sums.get(step.source, 0) - step.amount
                    sums[step.target] = sums.get(step.target, 0) + step.amount
        return {spot: n for spot, n in sums.items() if n}

    def effective_at(self, spot: Spot, moment: datetime) -> int:
        """One balance by what took effect up to and at an instant."""
        return self.effective_before(moment + timedelta(microseconds=1)).get(spot, 0)
