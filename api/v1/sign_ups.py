"""Signing up for sessions: oneself, for others in reach, teams; the register of a session; giving a place back."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, instant_and_id, page
from api.edge import CallerOf
from api.fields import Id, PathId
from api.problems import problems
from api.routers import resource
from api.v1.activity_sessions import SessionOut
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, check_person, check_row
from timebank.activities import sign_ups as actions
from timebank.activities.registers import SignUp, sign_ups_of_person, sign_ups_of_session
from timebank.activities.session_queries import activity_session, sessions_by_id
from timebank.errors import RefusalError
from timebank.people.queries import masked_names

router = resource(tag="sign-ups")
OWN, READ = "sign_ups.own", "sign_ups.read"
MAX_TEAM = 200

State: TypeAlias = Literal["signed_up", "waiting", "withdrawn"]


class SignUpOut(BaseModel):
    """A sign-up; who waits has a `position`, 1 is next."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    activity_session_id: int
    person_id: UUID
    team_id: int | None
    state: State
    position: int | None
    queued_at: datetime
    changed_at: datetime


class SignedUpOut(SignUpOut):
    """A sign-up just made or there already, and what to be aware of."""

    warnings: list[str] = Field(examples=[["skills_wanted", "sign_up_overlap"]])
    skills: list[str] = Field(description="What the activity asks people to be able to do.")


class RegisteredOut(SignUpOut):
    """A line of a session's register: the name's first character, if the vault has one."""

    masked_name: str | None


class OwnSignUpOut(BaseModel):
    """A sign-up and what it is for."""

    sign_up: SignUpOut
    activity_session: SessionOut


class SignUpIn(BaseModel):
    """Who signs up; left out the caller."""

    model_config = ConfigDict(extra="forbid")

    person_id: UUID | None = None


class TeamSignUpIn(BaseModel):
    """Members of a team: everybody or nobody (`all`), or in their order as many as fit (`fit`)."""

    model_config = ConfigDict(extra="forbid")

    team_id: Id
    person_ids: Annotated[list[UUID], Field(min_length=1, max_length=MAX_TEAM)]
    mode: Literal["all", "fit"] = "all"


class TeamAnswerOut(BaseModel):
    """What became of one member: the state of the sign-up, or the code of the refusal."""

    person_id: UUID
    outcome: str = Field(
        examples=["signed_up", "activity_session_full", "held_back", "guardian_consent_missing"]
    )
    sign_up: SignUpOut | None


class TeamSignUpOut(BaseModel):
    """How many of the named have a place now, and an answer for each."""

    signed_up: int
    items: list[TeamAnswerOut]


@router.post(
    "/activity-sessions/{activity_session_id}/sign-ups",
    operation_id="sign_up",
    responses=problems(401, 403, 404),
)
async def sign_up(caller: CallerOf, activity_session_id: PathId, body: SignUpIn) -> SignedUpOut:
    """Sign somebody up for a session, or put them on its waiting list; twice is as good as once."""

    async def work(tx: WriteTx, actor: Actor) -> SignedUpOut:
        person_id = body.person_id or actor.person_id
        if person_id is None:
            raise RefusalError("forbidden", permission=OWN)
        answer = await actions.sign_up(
            tx,
            actor,
            caller.service.cipher,
            session_id=activity_session_id,
            person_id=person_id,
            now=caller.now,
        )
        session = await activity_session(tx, activity_session_id)
        plain = SignUpOut.model_validate(answer.sign_up)
        return SignedUpOut(**plain.model_dump(), warnings=list(answer.warnings), skills=list(session.skills))

    return await caller.write(work, action="sign_ups.make", subject=lambda made: str(made.id))


@router.post(
    "/activity-sessions/{activity_session_id}/team-sign-ups",
    operation_id="sign_up_team",
    responses=problems(401, 403, 404),
)
async def sign_up_team(caller: CallerOf, activity_session_id: PathId, body: TeamSignUpIn) -> TeamSignUpOut:
    """Sign members of a team in reach up for a session; each has an answer."""

    async def work(tx: WriteTx, actor: Actor) -> TeamSignUpOut:
        answers = await actions.sign_up_team(
            tx,
            actor,
            caller.service.cipher,
            session_id=activity_session_id,
            team_id=body.team_id,
            person_ids=body.person_ids,
            mode=body.mode,
            now=caller.now,
        )
        items = [
            TeamAnswerOut(
                person_id=one.person_id,
                outcome=one.outcome,
                sign_up=None if one.sign_up is None else SignUpOut.model_validate(one.sign_up),
            )
            for one in answers
        ]
        return TeamSignUpOut(signed_up=sum(one.outcome == "signed_up" for one in items), items=items)

    return await caller.write(work, action="sign_ups.make_team", subject=str(activity_session_id))


@router.get(
    "/activity-sessions/{activity_session_id}/sign-ups",
    operation_id="list_sign_ups",
    responses=problems(401, 403, 404),
)
async def list_sign_ups(
    caller: CallerOf,
    activity_session_id: PathId,
    state: Annotated[State | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[RegisteredOut]:
    """Return who signed up for a session of an activity in reach, in the order in which they came."""
    came_to = instant_and_id(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[RegisteredOut]:
        await _check_reach(tx, actor, activity_session_id)
        found = await sign_ups_of_session(
            tx, activity_session_id, state=state, after=came_to, limit=limit + 1
        )
        names = await masked_names(tx, caller.service.cipher, [one.person_id for one in found])
        return [
            RegisteredOut(**SignUpOut.model_validate(one).model_dump(), masked_name=names.get(one.person_id))
            for one in found
        ]

    items, following = page(await caller.read(work), limit, lambda one: (one.queued_at.isoformat(), one.id))
    return Page(items=items, next_cursor=following)


@router.get(
    "/people/{person_id}/sign-ups", operation_id="list_sign_ups_of", responses=problems(401, 403, 404)
)
async def list_sign_ups_of(
    caller: CallerOf,
    person_id: UUID,
    coming: Annotated[bool, Query(description="Only those that hold for what is not over.")] = False,  # noqa: FBT002 -- a query parameter
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[OwnSignUpOut]:
    """Return what a person signed up for."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[OwnSignUpOut]:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        found = await sign_ups_of_person(
            tx, person_id, coming_at=caller.now if coming else None, after_id=after_id, limit=limit + 1
        )
        known = await sessions_by_id(tx, [one.activity_session_id for one in found])
        return [
            OwnSignUpOut(
                sign_up=SignUpOut.model_validate(one),
                activity_session=SessionOut.model_validate(known[one.activity_session_id]),
            )
            for one in found
        ]

    found = await caller.read_of(person_id, "sign_ups", OWN, work)
    items, following = page(found, limit, lambda one: (one.sign_up.id,))
    return Page(items=items, next_cursor=following)


@router.post(
    "/sign-ups/{sign_up_id}/withdrawal",
    operation_id="withdraw_sign_up",
    responses=problems(401, 403, 404),
)
async def withdraw_sign_up(caller: CallerOf, sign_up_id: PathId) -> SignUpOut:
    """Give a place back; who waits first gets it and is told."""

    async def work(tx: WriteTx, actor: Actor) -> SignUp:
        return await actions.withdraw(tx, actor, sign_up_id=sign_up_id, now=caller.now)

    return SignUpOut.model_validate(
        await caller.write(work, action="sign_ups.withdraw", subject=str(sign_up_id))
    )


async def _check_reach(tx: ReadTx, actor: Actor, session_id: int) -> None:
    """Refuse the register of a session whose activity's organisation is not in reach."""
    check(actor, READ)
    session = await activity_session(tx, session_id)
    place = session.organisation_id or session.team_id or 0
    await check_row(tx, actor, READ, place, unknown="unknown_activity_session")
