"""What concerns the whole bank: trial balance, totals, the audit, and the register of acts."""

import asyncio
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, before, page
from api.edge import CallerOf
from api.fields import Day
from api.problems import problems
from api.routers import resource
from api.spans import FromDay, UntilDay, moments
from ledger.balances import trial_balance
from ledger.session import ReadTx
from timebank.access import Actor, check_whole_bank
from timebank.acts.queries import ActLine, acts
from timebank.errors import OutageError
from timebank.proof.actions import audit_bank
from timebank.totals.queries import totals

router = resource(tag="reports")

AUDIT_SECONDS = 25
"""Less than a request has. A bank that takes longer is audited by the command, which may take its time."""


class TrialBalance(BaseModel):
    """By unit and kind of account, what came in less what went out; each unit adds up to 0."""

    as_of: date | None = Field(description="The last day that counts; null: everything there is.")
    units: dict[str, dict[str, int]]


class TotalsOut(BaseModel):
    """The figures of the bank, each counted from stored rows; what no job has counted yet is not there."""

    totals: dict[str, JsonValue]


class ViolationOut(BaseModel):
    """One breach of a numbered invariant of the ledger."""

    model_config = ConfigDict(from_attributes=True)

    invariant: int
    code: str
    subject: str
    message_zh: str
    message_en: str


class AuditOut(BaseModel):
    """What the audit found; nothing, if all is well."""

    audited_at: datetime
    violations: list[ViolationOut]


class ActOut(BaseModel):
    """Who did what, for whom, from which device, by which request."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    person_id: UUID | None
    principal_id: UUID | None
    device_id: UUID | None
    session_id: UUID | None
    request_id: str
    action: str
    subject: str
    acted_at: datetime


@router.get("/reports/trial-balance", operation_id="read_trial_balance", responses=problems(401, 403))
async def read_trial_balance(
    caller: CallerOf,
    as_of: Annotated[Day | None, Query(description="What took effect up to this day, included.")] = None,
) -> TrialBalance:
    """Return the trial balance, now or at the end of a day."""

    async def work(tx: ReadTx, actor: Actor) -> dict[str, dict[str, int]]:
        check_whole_bank(actor, "reports.read")
        return await trial_balance(tx, before=None if as_of is None else tx.end_of(as_of))

    return TrialBalance(as_of=as_of, units=await caller.read(work))


@router.get("/reports/totals", operation_id="read_totals", responses=problems(401, 403))
async def read_totals(caller: CallerOf) -> TotalsOut:
    """Return the totals of the bank."""

    async def work(tx: ReadTx, actor: Actor) -> dict[str, object]:
        check_whole_bank(actor, "reports.read")
        return await totals(tx)

    return TotalsOut.model_validate({"totals": await caller.read(work)})


@router.get("/audit", operation_id="audit", responses=problems(401, 403))
async def read_audit(caller: CallerOf) -> AuditOut:
    """Re-derive the books and return every violation of the ten invariants; 503 if that takes too long."""

    async def work(tx: ReadTx, actor: Actor) -> None:
        del tx
        check_whole_bank(actor, "audit.read")

    await caller.read(work)
    service = caller.service
    try:
        async with asyncio.timeout(AUDIT_SECONDS):
            found = await audit_bank(service.database, await caller.bank(), service.settings.home)
    except TimeoutError:
        raise OutageError("timed_out") from None
    return AuditOut(
        audited_at=caller.now, violations=[ViolationOut.model_validate(violation) for violation in found]
    )


@router.get("/acts", operation_id="list_acts", responses=problems(401, 403))
async def list_acts(  # noqa: PLR0913 -- each is a filter
    caller: CallerOf,
    *,
    person_id: UUID | None = None,
    principal_id: UUID | None = None,
    device_id: UUID | None = None,
    action: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9_.]{0,79}$")] = None,
    first: FromDay = None,
    last: UntilDay = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[ActOut]:
    """Return who did what through the service, the latest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[ActLine]:
        check_whole_bank(actor, "acts.read")
        from_at, until_at = moments(tx, first, last)
        return await acts(
            tx,
            before_id=before_id,
            limit=limit + 1,
            person_id=person_id,
            principal_id=principal_id,
            device_id=device_id,
            action=action,
            from_at=from_at,
            until_at=until_at,
        )

    items, following = page(await caller.read(work), limit, lambda line: (line.id,))
    return Page(items=[ActOut.model_validate(line) for line in items], next_cursor=following)
