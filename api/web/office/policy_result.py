"""What came of trying a draft on past service, as a page draws it: sums, months and ends before and after."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from api.v1.policy_trials import PersonChangeOut, SimulationOut, TallyOut
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.organisations.queries import names_of
from timebank.people.queries import some_people

NEVER = "never"


@dataclass(frozen=True, slots=True)
class Pair:
    """A sum before and after, and how much more it is."""

    before: int
    after: int

    @property
    def more(self) -> int:
        """What comes on top; negative for less."""
        return self.after - self.before

    @property
    def percent(self) -> str:
        """How much more, of a hundred; nothing where there was none before."""
        return f"{self.more / self.before * 100:+.1f}%" if self.before and self.more else ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Two rows of figures to be drawn above the same labels."""

    labels: list[str]
    before: list[int]
    after: list[int]

    @property
    def short(self) -> list[str]:
        """The labels as there is room for below a drawing: `2025-11` is 25/11."""
        return [label[2:].replace("-", "/") if label[:4].isdecimal() else label for label in self.labels]


@dataclass(frozen=True, slots=True)
class Trial:
    """A simulation, drawn: what it comes to, by month, organisation, end and person."""

    found: SimulationOut
    records: Pair
    minutes: Pair
    points: Pair
    earned: dict[str, Pair]
    waiting: Pair
    over_cap: Pair
    second: Pair
    hours_by_month: Drawn
    points_by_month: Drawn
    ending: dict[str, Drawn]
    organisations: list[tuple[str, Pair]]
    people: list[tuple[str, PersonChangeOut]]


async def trial_of(visit: Visit, found: SimulationOut) -> Trial:
    """Return a simulation with the names of its organisations and the numbers of its volunteers."""
    who = [one.person_id for one in found.people or ()]
    where = [one.organisation_id for one in found.organisations if one.organisation_id is not None]

    async def work(tx: ReadTx, actor: Actor) -> tuple[dict[int, str], dict[UUID, str]]:
        del actor  # the simulation itself was asked for by the same
        codes = {
            one.id: one.volunteer.code for one in await some_people(tx, who) if one.volunteer is not None
        }
        return await names_of(tx, where), codes

    names, codes = await visit.read(work)
    before, after = found.total.before, found.total.after

    def pair(of: Callable[[TallyOut], int]) -> Pair:
        return Pair(of(before), of(after))

    def months(of: Callable[[TallyOut], int]) -> Drawn:
        labels = _all_months(list(found.months))
        pairs = [found.months.get(label) for label in labels]
        return Drawn(
            labels,
            [of(each.before) if each else 0 for each in pairs],
            [of(each.after) if each else 0 for each in pairs],
        )

    return Trial(
        found=found,
        records=pair(lambda tally: tally.records),
        minutes=pair(lambda tally: tally.minutes),
        points=pair(lambda tally: tally.points),
        earned={
            unit: Pair(before.earned.get(unit, 0), after.earned.get(unit, 0))
            for unit in sorted(before.earned.keys() | after.earned.keys())
        },
        waiting=pair(lambda tally: tally.waiting_records),
        over_cap=pair(lambda tally: tally.over_cap_records),
        second=pair(lambda tally: tally.second_approver_records),
        hours_by_month=months(lambda tally: tally.minutes // 60),
        points_by_month=months(lambda tally: tally.points),
        ending={unit: _ends(visit, found, unit) for unit in found.ending if unit != "minute"},
        organisations=[
            (
                names.get(one.organisation_id or 0, visit.say("page.policy.trial.nowhere")),
                Pair(one.before.points, one.after.points),
            )
            for one in found.organisations
        ],
        people=[(codes.get(one.person_id, "***"), one) for one in found.people or ()],
    )


def _all_months(labels: list[str]) -> list[str]:
    """Return the months from the first to the last, those without service too: `2025-11`."""
    if not labels:
        return []
    first, last = (int(label[:4]) * 12 + int(label[5:7]) - 1 for label in (labels[0], labels[-1]))
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in range(first, last + 1)]


def _ends(visit: Visit, found: SimulationOut, unit: str) -> Drawn:
    months = found.ending[unit]
    return Drawn(
        [visit.say("page.solvency.never") if month == NEVER else month for month in months],
        [ending.before for ending in months.values()],
        [ending.after for ending in months.values()],
    )
