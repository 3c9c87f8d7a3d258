"""The steps of a round of recognition: from the review to its publication, or back."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from api.edge import Caller, CallerOf
from api.etags import IfMatch, etag, expected_version
from api.fields import PathId
from api.problems import problems
from api.routers import resource
from api.v1.recognition_rounds import RoundOut, round_out
from ledger.session import WriteTx
from timebank.access import Actor
from timebank.recognition.approving import approve_round, publish_round
from timebank.recognition.ending import EndReason, revoke_round, withdraw_round
from timebank.recognition.noticing import open_notice
from timebank.recognition.queries import Round

router = resource("/recognition-rounds", tag="recognition")

Step: TypeAlias = Callable[[WriteTx, Actor, int | None], Awaitable[Round]]
"""What is done to a round of a version; None: of any."""

REFUSED = problems(401, 403, 404, 412, 428)


class RoundEndIn(BaseModel):
    """Why it is taken back."""

    model_config = ConfigDict(extra="forbid")

    reason: EndReason


@router.post("/{round_id}/notice", operation_id="notice_recognition_round", responses=REFUSED)
async def post_notice(
    caller: CallerOf, round_id: PathId, response: Response, if_match: IfMatch = None
) -> RoundOut:
    """Show who is proposed, names masked, for as many working days as the criteria say."""
    return await _stepped(
        caller,
        "recognitions.notice",
        lambda tx, actor, version: open_notice(
            tx, actor, caller.service.cipher, round_id=round_id, expected_version=version, now=caller.now
        ),
        response,
        if_match,
    )


@router.post("/{round_id}/approval", operation_id="approve_recognition_round", responses=REFUSED)
async def post_approval(
    caller: CallerOf, round_id: PathId, response: Response, if_match: IfMatch = None
) -> RoundOut:
    """Approve a list whose notice is over, as somebody who had no hand in it; from above, where anybody is there."""
    return await _stepped(
        caller,
        "recognitions.approve",
        lambda tx, actor, version: approve_round(
            tx, actor, round_id=round_id, expected_version=version, now=caller.now
        ),
        response,
        if_match,
    )


@router.post("/{round_id}/publication", operation_id="publish_recognition_round", responses=REFUSED)
async def post_publication(
    caller: CallerOf, round_id: PathId, response: Response, if_match: IfMatch = None
) -> RoundOut:
    """Publish an approved list, and tell who is on it."""
    return await _stepped(
        caller,
        "recognitions.publish",
        lambda tx, actor, version: publish_round(
            tx, actor, round_id=round_id, expected_version=version, now=caller.now
        ),
        response,
        if_match,
    )


@router.post("/{round_id}/withdrawal", operation_id="withdraw_recognition_round", responses=REFUSED)
async def post_withdrawal(
    caller: CallerOf, round_id: PathId, body: RoundEndIn, response: Response, if_match: IfMatch = None
) -> RoundOut:
    """Give a round up before it is published."""
    return await _stepped(
        caller,
        "recognitions.withdraw",
        lambda tx, actor, version: withdraw_round(
            tx, actor, round_id=round_id, reason=body.reason, expected_version=version, now=caller.now
        ),
        response,
        if_match,
    )


@router.post("/{round_id}/revocation", operation_id="revoke_recognition_round", responses=REFUSED)
async def post_revocation(
    caller: CallerOf, round_id: PathId, body: RoundEndIn, response: Response, if_match: IfMatch = None
) -> RoundOut:
    """Revoke a published list with every certificate that was issued of it, and tell who was on it."""
    return await _stepped(
        caller,
        "recognitions.revoke",
        lambda tx, actor, version: revoke_round(
            tx, actor, round_id=round_id, reason=body.reason, expected_version=version, now=caller.now
        ),
        response,
        if_match,
    )


async def _stepped(
    caller: Caller, action: str, step: Step, response: Response, if_match: str | None
) -> RoundOut:
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Round:
        return await step(tx, actor, version)

    found = await caller.write(work, action=action, subject=lambda done: str(done.id))
    response.headers["ETag"] = etag(found.version)
    return round_out(found)
