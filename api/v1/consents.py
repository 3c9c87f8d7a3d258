"""Consents: what a person agreed to, since when, in which words, and who said so. Each can be withdrawn at any time."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.cursors import Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.fields import Code
from api.problems import problems
from api.routers import resource
from ledger.session import WriteTx
from timebank.access import Actor, check_person
from timebank.privacy.actions import declare_consent, record_look_up
from timebank.privacy.queries import Declaration, check_person_known, consents_of, declarations_of
from timebank.privacy.rules import Purpose

router = resource("/people/{person_id}/consents", tag="privacy")

READ, WRITE = "consents.read", "consents.write"


class ConsentOut(BaseModel):
    """How things stand on one purpose; without a declaration nothing was agreed to."""

    purpose: Purpose
    is_given: bool
    text_version: str | None = None
    declared_by: UUID | None = None
    recorded_at: datetime | None = None


class DeclarationOut(BaseModel):
    """One declaration: given or withdrawn, by whom, to which version of the words."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    purpose: Purpose
    is_given: bool
    text_version: str
    declared_by: UUID
    recorded_at: datetime


class DeclarationIn(BaseModel):
    """Consent given or withdrawn."""

    model_config = ConfigDict(extra="forbid")

    purpose: Purpose
    is_given: bool
    text_version: Code = Field(description="The version of the words that were read.")
    declared_by: UUID | None = Field(
        default=None,
        description="Whose word it is, for a worker who has it on paper: the person, or a guardian. Else the caller's.",
    )


@router.get("", operation_id="list_consents", responses=problems(401, 403, 404))
async def list_consents(caller: CallerOf, person_id: UUID) -> list[ConsentOut]:
    """Return how things stand on every purpose."""

    async def work(tx: WriteTx, actor: Actor) -> list[Declaration]:
        await _check_and_record(tx, actor, person_id, now=caller.now)
        return await consents_of(tx, person_id)

    last = {declaration.purpose: declaration for declaration in await caller.look(work)}
    return [
        ConsentOut.model_validate(last[purpose], from_attributes=True)
        if purpose in last
        else ConsentOut(purpose=purpose, is_given=False)
        for purpose in Purpose
    ]


@router.get("/history", operation_id="list_consent_declarations", responses=problems(401, 403, 404))
async def list_declarations(
    caller: CallerOf, person_id: UUID, limit: Limit = 50, cursor: Cursor = None
) -> Page[DeclarationOut]:
    """Return every declaration, oldest first."""
    start = after(cursor)

    async def work(tx: WriteTx, actor: Actor) -> list[Declaration]:
        await _check_and_record(tx, actor, person_id, now=caller.now)
        return await declarations_of(tx, person_id, after=start, limit=limit + 1)

    rows, following = page(await caller.look(work), limit, lambda row: (row.id,))
    return Page(items=[DeclarationOut.model_validate(row) for row in rows], next_cursor=following)


@router.post("", operation_id="declare_consent", status_code=201, responses=problems(401, 403, 404))
async def create_declaration(caller: CallerOf, person_id: UUID, said: DeclarationIn) -> DeclarationOut:
    """Give or withdraw consent: for oneself, as a guardian or agent, or as a worker who has it on paper."""

    async def work(tx: WriteTx, actor: Actor) -> Declaration:
        await check_person(tx, actor, WRITE, person_id, now=caller.now)
        return await declare_consent(
            tx,
            actor,
            person_id,
            purpose=said.purpose,
            is_given=said.is_given,
            text_version=said.text_version,
            declared_by=said.declared_by,
            now=caller.now,
        )

    made = await caller.write(work, action="consent.declare", subject=lambda declaration: str(declaration.id))
    return DeclarationOut.model_validate(made)


async def _check_and_record(tx: WriteTx, actor: Actor, person_id: UUID, *, now: datetime) -> None:
    await check_person(tx, actor, READ, person_id, now=now)
    await check_person_known(tx, person_id)
    await record_look_up(tx, actor, person_id, purpose=READ, fields=["consents"])
