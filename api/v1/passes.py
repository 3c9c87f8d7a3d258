"""Passes: the phones of a volunteer that make member codes by themselves, also without network."""

import base64
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.edge import CallerOf
from api.fields import PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_person
from timebank.codes.layout import MAC_BYTES, WINDOW_BYTES
from timebank.codes.rules import MEMBER_WINDOW_SECONDS, member_head
from timebank.passes.actions import IssuedPass, issue_pass, revoke_pass
from timebank.passes.queries import Pass, passes_of

router = resource(tag="passes")

OWN = "passes.own"


class IssuedPassOut(BaseModel):
    """A new pass. The seed is told this once and kept on the phone only; `docs/codes.md` has an example.

    Every `window_seconds` the phone makes a code: base32 of body and mac, without padding. The body is `head`, then
    the number of the window (Unix seconds divided by `window_seconds`) as `window_bytes` bytes, big-endian; the mac is
    the first `mac_bytes` bytes of HMAC-SHA256 of the body, keyed with the seed.
    """

    pass_id: int
    bank_id: int = Field(description="The bank's number, as it stands in the code.")
    seed: str = Field(
        description="20 bytes, base32 without padding.", examples=["AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT"]
    )
    head: str = Field(
        description="The first bytes of every body, in base16: 3, then bank and pass as varints.",
        examples=["0307AC02"],
    )
    algorithm: Literal["HMAC-SHA256"] = "HMAC-SHA256"
    window_seconds: int
    window_bytes: int
    mac_bytes: int
    issued_at: datetime
    revoked: list[int] = Field(description="Older passes that made room: five are good at a time.")


class PassOut(BaseModel):
    """A pass, without its seed; `is_good` if codes of it are taken now. One that is not is made anew."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    issued_at: datetime
    revoked_at: datetime | None
    is_good: bool


class PassesOut(BaseModel):
    """The passes a person has and had."""

    items: list[PassOut]


class RevokedPassOut(BaseModel):
    """That a pass is good no longer, and since when."""

    id: int
    revoked_at: datetime


@router.get("/people/{person_id}/passes", operation_id="list_passes", responses=problems(401, 403, 404))
async def list_passes(caller: CallerOf, person_id: UUID) -> PassesOut:
    """Return one's own passes, the first one first."""

    async def work(tx: ReadTx, actor: Actor) -> list[Pass]:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        return await passes_of(tx, caller.service.codes, person_id)

    return PassesOut(items=[PassOut.model_validate(item) for item in await caller.read(work)])


@router.post(
    "/people/{person_id}/passes",
    operation_id="issue_pass",
    status_code=201,
    responses=problems(401, 403, 404),
)
async def issue(caller: CallerOf, person_id: UUID) -> IssuedPassOut:
    """Issue a pass to one's own phone; if the answer is lost, ask for another: no answer with a seed is kept."""

    async def work(tx: WriteTx, actor: Actor) -> tuple[int, IssuedPass]:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        return tx.bank_id, await issue_pass(tx, caller.service.codes, person_id, now=caller.now)

    bank_id, issued = await caller.write(work, action="passes.issue", subject=lambda done: str(done[1].id))
    return IssuedPassOut(
        pass_id=issued.id,
        bank_id=bank_id,
        seed=base64.b32encode(issued.seed).decode().rstrip("="),
        head=member_head(bank_id, issued.id).hex().upper(),
        window_seconds=MEMBER_WINDOW_SECONDS,
        window_bytes=WINDOW_BYTES,
        mac_bytes=MAC_BYTES,
        issued_at=issued.issued_at,
        revoked=list(issued.revoked),
    )


@router.post(
    "/people/{person_id}/passes/{pass_id}/revoke",
    operation_id="revoke_pass",
    responses=problems(401, 403, 404, 409),
)
async def revoke(caller: CallerOf, person_id: UUID, pass_id: PathId) -> RevokedPassOut:
    """Revoke a pass of one's own for good, that of a lost phone for example."""

    async def work(tx: WriteTx, actor: Actor) -> datetime:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        return await revoke_pass(tx, person_id, pass_id, now=caller.now)

    revoked_at = await caller.write(work, action="passes.revoke", subject=str(pass_id))
    return RevokedPassOut(id=pass_id, revoked_at=revoked_at)
