"""Time-coins that a member gives on: to confirmed kin, or to a care fund for elders; and who their kin are."""

import secrets
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import Field, StringConstraints
from starlette.responses import Response

from api.fields import MAX_ID, Id
from api.routers import bare
from api.v1 import gifts as doors
from api.v1.gifts import DonationIn, GiftIn, GiftOut
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask, problem_of
from api.web.forms import FormBody
from api.web.visit import Visit
from api.web.volunteer.member import own_person
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_person
from timebank.errors import RefusalError
from timebank.gifts.actions import OWN
from timebank.gifts.queries import Gift, gifts_of
from timebank.kinships.actions import OWN as KIN
from timebank.kinships.actions import end_kinship
from timebank.kinships.queries import Kinship, kinship, kinships_of
from timebank.people.queries import masked_names
from timebank.policy.queries import version_on
from timebank.policy.spending import TimecoinRule
from timebank.timecoins.queries import Overview, nearest_care_funds, overview

router = bare()

SHOWN, SHOWN_KIN = 20, 50

Before = Annotated[int, Query(ge=1, le=MAX_ID)]
Coins = Annotated[int, Field(ge=1, le=1_000_000)]
Typed = Annotated[str, StringConstraints(max_length=20, strip_whitespace=True)]


class GiveForm(FormBody):
    """So many time-coins to the kin of a kinship."""

    once: Once
    kinship: Id
    amount: Coins


class DonateForm(FormBody):
    """So many time-coins to the care fund nearest to home."""

    once: Once
    amount: Coins


class EndForm(FormBody):
    """The kinship that is to end."""

    id: Id


@dataclass(frozen=True, slots=True)
class Gifts:
    """What the page shows; `rule` is None where there are no time-coins, `names` are masked."""

    rule: TimecoinRule | None
    coins: Overview
    kin: list[Kinship]
    names: dict[UUID, str]
    has_fund: bool
    lines: list[Gift]
    following: int

    @property
    def receivers(self) -> list[Kinship]:
        """Kin to whom something may be given."""
        allowed = () if self.rule is None else self.rule.gift_relations
        return [each for each in self.kin if each.holds and each.relation in allowed]


@router.get("/me/gifts")
async def show_gifts(visit: VisitOf, before: Before = MAX_ID) -> Response:
    """Show a member their time-coins, whom they may give them to, and what was given."""
    return await _shown(visit, before=before)


@router.post("/me/gifts")
async def give(visit: VisitOf) -> Response:
    """Give time-coins to kin, once for the form; both are told."""
    try:
        form = await visit.form(GiveForm)
    except RequestValidationError:
        return await _shown(visit, problem=_invalid(visit))
    person_id = await own_person(visit, OWN)
    try:
        found = await visit.read(lambda tx, _: kinship(tx, person_id, form.kinship))
    except RefusalError as refusal:
        return await _shown(visit, problem=problem_of(visit, refusal))
    body = GiftIn(to_person_id=found.kin_id, amount=form.amount)
    return await _answered(
        visit, await ask(visit, doors.create_gift(visit.caller, person_id, body, form.once), GiftOut)
    )


@router.post("/me/gifts/donations")
async def donate(visit: VisitOf) -> Response:
    """Donate time-coins for elders in need, once for the form."""
    try:
        form = await visit.form(DonateForm)
    except RequestValidationError:
        return await _shown(visit, problem=_invalid(visit))
    person_id = await own_person(visit, OWN)
    body = DonationIn(amount=form.amount)
    door = doors.create_donation(visit.caller, person_id, body, form.once)
    return await _answered(visit, await ask(visit, door, GiftOut))


@router.post("/me/gifts/kinships")
async def end(visit: VisitOf) -> Response:
    """End a kinship: nothing is given along it any more."""
    form = await visit.form(EndForm)
    person_id = await own_person(visit, KIN)

    async def work(tx: WriteTx, actor: Actor) -> Kinship:
        return await end_kinship(tx, actor, person_id=person_id, kinship_id=form.id, now=visit.now)

    try:
        await visit.write(work, action="kinships.end", subject=str(person_id))
    except RefusalError as refusal:
        return await _shown(visit, problem=problem_of(visit, refusal))
    return visit.go("/me/gifts")


async def _answered(visit: Visit, done: GiftOut | Problem) -> Response:
    if isinstance(done, Problem):
        return await _shown(visit, problem=done)
    return await _shown(visit, done=done)


def _invalid(visit: Visit) -> Problem:
    return Problem("invalid", visit.say("page.gifts.amount_wrong"), 422)


async def _shown(
    visit: Visit, *, before: int = MAX_ID, problem: Problem | None = None, done: GiftOut | None = None
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Gifts:
        person_id = actor.person_id
        if person_id is None:
            raise RefusalError("forbidden", permission=OWN)
        await check_person(tx, actor, OWN, person_id, now=visit.now)
        today = tx.day(visit.now)
        version = await version_on(tx, today)
        kin = [
            each
            for each in await kinships_of(tx, person_id, after_id=0, limit=SHOWN_KIN)
            if not each.ended_at
        ]
        lines = await gifts_of(tx, person_id, before_id=before, limit=SHOWN + 1)
        others = {each.kin_id for each in kin}
        others |= {
            who
            for each in lines
            for who in (each.from_person_id, each.to_person_id)
            if who not in {None, person_id}
        }
        return Gifts(
            None if version is None else version.pack.timecoins,
            await overview(tx, person_id, now=visit.now),
            kin,
            await masked_names(tx, visit.service.cipher, sorted(others)),
            person_id in await nearest_care_funds(tx, [person_id], on=today),
            lines[:SHOWN],
            lines[SHOWN - 1].id if len(lines) > SHOWN else 0,
        )

    return visit.page(
        "volunteer/gifts.html",
        own=await visit.read(work),
        problem=problem,
        done=done,
        once=secrets.token_hex(16),
        status=problem.status if problem else 200,
    )
