"""Trying a policy pack before it is adopted: is it right, what would change, what would it have issued."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Body
from pydantic import BaseModel, ConfigDict, Field

from api.edge import CallerOf
from api.fields import Day, Id
from api.problems import problems
from api.routers import resource
from api.v1.policy import PERMISSION, ChangeOut
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, check_whole_bank
from timebank.policy.checking import problems as problems_of
from timebank.policy.diff import changes
from timebank.policy.queries import adopted_pack, latest_pack
from timebank.policy.rules import PolicyPack
from timebank.policy.simulating import Simulation, simulate
from timebank.privacy.actions import record_look_up

router = resource("/policy", tag="policy")

T = TypeVar("T")


class PackProblem(BaseModel):
    """What is wrong with a pack at one place: a stable code, and the sentence for people."""

    model_config = ConfigDict(from_attributes=True)

    path: str = Field(examples=["crediting.rounding_minutes"])
    code: str = Field(examples=["no_whole_number"])
    zh: str
    en: str


class Verdict(BaseModel):
    """Whether a pack could be adopted as far as it can be read off the pack alone, and all that is wrong with it."""

    is_valid: bool
    problems: list[PackProblem]


class DiffIn(BaseModel):
    """A pack, and the version to hold it against: the latest, if not given."""

    model_config = ConfigDict(extra="forbid")

    pack: PolicyPack
    against: Id | None = None


class DiffOut(BaseModel):
    """What the pack says otherwise than that version."""

    against: int | None
    changes: list[ChangeOut]


class SimulationIn(BaseModel):
    """A pack, and the days of past service to price by it, both included: three years at most."""

    model_config = ConfigDict(extra="forbid")

    pack: PolicyPack
    from_on: Day
    until_on: Day
    with_people: bool = Field(
        default=False,
        description="Also whose points would change most; that they were seen is on record.",
    )


class TallyOut(BaseModel):
    """What is credited, and how much more waits for somebody's approval; amounts in minutes and whole units."""

    model_config = ConfigDict(from_attributes=True)

    records: int
    minutes: int
    points: int
    earned: dict[str, int]
    waiting_records: int
    waiting_minutes: int
    over_cap_records: int
    second_approver_records: int


class PairOut(BaseModel):
    """By the packs that were in force, and by the candidate."""

    model_config = ConfigDict(from_attributes=True)

    before: TallyOut
    after: TallyOut


class OrganisationOut(PairOut):
    """What the activities of one organisation credit; null: of none."""

    organisation_id: int | None


class BookedOut(BaseModel):
    """What the books credited of the same service."""

    model_config = ConfigDict(from_attributes=True)

    records: int
    minutes: int
    points: int


class EndingOut(BaseModel):
    """How much of what was issued would end."""

    model_config = ConfigDict(from_attributes=True)

    before: int
    after: int


class GainsOut(BaseModel):
    """How many people get more, less and the same."""

    model_config = ConfigDict(from_attributes=True)

    more: int
    less: int
    same: int


class PersonChangeOut(BaseModel):
    """What a person would have been credited."""

    model_config = ConfigDict(from_attributes=True)

    person_id: UUID
    minutes_before: int
    minutes_after: int
    points_before: int
    points_after: int


class SimulationOut(BaseModel):
    """What the packs in force and the candidate make of the same past service.

    `agrees`: the packs in force come to what the books credited. `ending`: by unit and month, or `never`, how much of
    what was issued would end. What people would have decided or done otherwise is not simulated.
    """

    from_on: date
    until_on: date
    records: int
    agrees: bool
    booked: BookedOut
    total: PairOut
    months: dict[str, PairOut]
    organisations: list[OrganisationOut]
    ending: dict[str, dict[str, EndingOut]]
    gains: dict[str, GainsOut]
    notice_days_before: int | None
    notice_days_after: int
    people: list[PersonChangeOut] | None


@router.post("/validate", operation_id="validate_policy_pack", responses=problems(401, 403))
async def validate_policy_pack(
    caller: CallerOf,
    pack: Annotated[
        dict[str, object],
        Body(description="A policy pack, right or wrong; `PolicyPack` says how it is written."),
    ],
) -> Verdict:
    """Return all that is wrong with a pack; what is wrong between its parts, once each part is right by itself."""

    async def work(_tx: ReadTx, actor: Actor) -> None:
        check(actor, PERMISSION)

    await caller.read(work)
    _, found = problems_of(pack)
    return Verdict(is_valid=not found, problems=[PackProblem.model_validate(each) for each in found])


@router.post("/diff", operation_id="diff_policy_pack", responses=problems(401, 403, 404))
async def diff_policy_pack(caller: CallerOf, body: DiffIn) -> DiffOut:
    """Return what a pack says otherwise than a version that was adopted."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[int | None, PolicyPack | None]:
        check(actor, PERMISSION)
        if body.against is None:
            return await latest_pack(tx)
        return body.against, (await adopted_pack(tx, body.against))[1]

    against, before = await caller.read(work)
    found = changes(before, body.pack)
    return DiffOut(against=against, changes=[ChangeOut.model_validate(each) for each in found])


@router.post("/simulate", operation_id="simulate_policy_pack", responses=problems(401, 403))
async def simulate_policy_pack(caller: CallerOf, body: SimulationIn) -> SimulationOut:
    """Price past service by a pack, beside the packs that priced it; nothing is written."""

    async def read(work: Callable[[ReadTx], Awaitable[T]], /) -> T:
        async def inner(tx: ReadTx, actor: Actor) -> T:
            check_whole_bank(actor, "policy.simulate")
            if body.with_people:
                check_whole_bank(actor, "standing.read")
            return await work(tx)

        return await caller.read(inner)

    found = await simulate(read, body.pack, from_on=body.from_on, until_on=body.until_on)
    if body.with_people and found.people:

        async def record(tx: WriteTx, actor: Actor) -> None:
            for person in found.people:
                await record_look_up(
                    tx, actor, person.person_id, purpose="policy.simulate", fields=["minutes", "points"]
                )

        await caller.look(record)
    return _simulation(found, with_people=body.with_people)


def _simulation(found: Simulation, *, with_people: bool) -> SimulationOut:
    return SimulationOut(
        from_on=found.from_on,
        until_on=found.until_on,
        records=found.records,
        agrees=found.agrees,
        booked=BookedOut.model_validate(found.booked),
        total=PairOut.model_validate(found.total),
        months={month: PairOut.model_validate(pair) for month, pair in found.months.items()},
        organisations=[
            OrganisationOut(organisation_id=id_, **dict(PairOut.model_validate(pair)))
            for id_, pair in found.organisations
        ],
        ending={
            unit: {month: EndingOut.model_validate(ending) for month, ending in months.items()}
            for unit, months in found.ending.items()
        },
        gains={unit: GainsOut.model_validate(gains) for unit, gains in found.gains.items()},
        notice_days_before=found.notice_days_before,
        notice_days_after=found.notice_days_after,
        people=[PersonChangeOut.model_validate(one) for one in found.people] if with_people else None,
    )
