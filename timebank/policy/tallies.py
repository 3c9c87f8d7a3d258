"""Adding up what packs make of past service: before and after, by month, organisation and person. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from timebank.policy.past import PastService
from timebank.policy.repricing import CREDITED, Day, Priced, in_order
from timebank.policy.rules import POINT, PolicyPack

MOST_ORGANISATIONS, MOST_PEOPLE = 20, 20
NEVER = "never"


@dataclass(slots=True)
class Tally:
    """What is credited, and how much more waits for somebody's approval."""

    records: int = 0
    minutes: int = 0
    points: int = 0
    earned: Counter[str] = field(default_factory=Counter)
    waiting_records: int = 0
    waiting_minutes: int = 0
    over_cap_records: int = 0
    second_approver_records: int = 0

    def take(self, priced: Priced) -> None:
        """Add what a pack makes of a record."""
        self.over_cap_records += priced.is_over_cap
        self.second_approver_records += priced.needs_second
        if priced.fate == "waiting":
            self.waiting_records += 1
            self.waiting_minutes += priced.minutes
        elif priced.fate == CREDITED:
            self.records += 1
            self.minutes += priced.minutes
            self.points += priced.points
            self.earned.update(priced.earned)


@dataclass(slots=True)
class Pair:
    """The same by the packs that were in force, and by the candidate."""

    before: Tally = field(default_factory=Tally)
    after: Tally = field(default_factory=Tally)

    def take(self, before: Priced, after: Priced) -> None:
        """Add a record."""
        self.before.take(before)
        self.after.take(after)


@dataclass(slots=True)
class Ending:
    """How much of a unit ends with a month."""

    before: int = 0
    after: int = 0


@dataclass(slots=True)
class PersonChange:
    """What a person would have been credited, before and after."""

    person_id: UUID
    minutes_before: int = 0
    minutes_after: int = 0
    points_before: int = 0
    points_after: int = 0

    @property
    def points_change(self) -> int:
        """What the candidate gives more."""
        return self.points_after - self.points_before

    @property
    def minutes_change(self) -> int:
        """How many minutes the candidate credits more."""
        return self.minutes_after - self.minutes_before


@dataclass(frozen=True, slots=True)
class Gains:
    """How many people get more, less and the same."""

    more: int
    less: int
    same: int


@dataclass(slots=True)
class Booked:
    """What the books credited of the same service."""

    records: int = 0
    minutes: int = 0
    points: int = 0


class Tallies:
    """All sums of a simulation; they grow with the months, organisations and people of a bank, not with its records."""

    def __init__(self, candidate: PolicyPack, packs: Mapping[int, PolicyPack]) -> None:
        self._candidate, self._packs = candidate, packs
        self._same = {version for version, pack in packs.items() if pack == candidate}
        self.records = 0
        self.total = Pair()
        self.booked = Booked()
        self.months: dict[str, Pair] = {}
        self.endings: dict[str, dict[str, Ending]] = {}
        self._organisations: dict[int | None, Pair] = {}
        self._people: dict[UUID, PersonChange] = {}

    def take(self, records: Iterable[PastService]) -> None:
        """Add all records of some whole days, which follow those that were added before."""
        then, now = Day(), Day()
        for record in in_order(records):
            pack = self._packs[record.policy_version]
            before = then.price(record, pack, has_decided=True)
            after = now.price(record, self._candidate, has_decided=record.policy_version in self._same)
            self.records += 1
            if record.state == CREDITED:
                self.booked.records += 1
                self.booked.minutes += record.minutes
                self.booked.points += record.points
            self.total.take(before, after)
            self.months.setdefault(f"{record.day:%Y-%m}", Pair()).take(before, after)
            self._organisations.setdefault(record.organisation_id, Pair()).take(before, after)
            self._take_person(record.person_id, before, after)
            day = record.plan.ends_at.date()
            self._take_endings(before, pack, day, is_after=False)
            self._take_endings(after, self._candidate, day, is_after=True)

    def _take_person(self, person_id: UUID, before: Priced, after: Priced) -> None:
        person = self._people.get(person_id)
        if person is None:
            person = self._people[person_id] = PersonChange(person_id)
        if before.fate == CREDITED:
            person.minutes_before += before.minutes
            person.points_before += before.points
        if after.fate == CREDITED:
            person.minutes_after += after.minutes
            person.points_after += after.points

    def _take_endings(self, priced: Priced, pack: PolicyPack, effective_on: date, *, is_after: bool) -> None:
        if priced.fate != CREDITED:
            return
        for unit, amount in ((POINT, priced.points), *priced.earned.items()):
            last_day = pack.expires_on(unit, effective_on)
            month = f"{last_day:%Y-%m}" if last_day else NEVER
            ending = self.endings.setdefault(unit, {}).setdefault(month, Ending())
            if is_after:
                ending.after += amount
            else:
                ending.before += amount

    def organisations(self) -> list[tuple[int | None, Pair]]:
        """Return those that credit most, most points first."""
        most = sorted(
            self._organisations.items(),
            key=lambda item: (-max(item[1].before.points, item[1].after.points), item[0] or 0),
        )
        return most[:MOST_ORGANISATIONS]

    def gains(self) -> dict[str, Gains]:
        """Return how many people get more and less points and minutes."""
        people = self._people.values()
        return {
            POINT: _gains(person.points_change for person in people),
            "minute": _gains(person.minutes_change for person in people),
        }

    def largest_changes(self) -> list[PersonChange]:
        """Return the people whose points change most, then those whose minutes do; nobody whom nothing changes for."""
        changed = (one for one in self._people.values() if one.points_change or one.minutes_change)
        most = sorted(
            changed, key=lambda one: (-abs(one.points_change), -abs(one.minutes_change), one.person_id)
        )
        return most[:MOST_PEOPLE]


def _gains(changes: Iterable[int]) -> Gains:
    signs = Counter((change > 0) - (change < 0) for change in changes)
    return Gains(more=signs[1], less=signs[-1], same=signs[0])
