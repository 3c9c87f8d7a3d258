"""The steps of a round of recognition: from the review to its publication, or back."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from api.edge import CallerOf
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

REFUSED = problems(401, 403, 404, 412, 428)


class RoundEndIn(BaseModel):
    """Why it is taken back."""

    model_config = ConfigDict(extra="forbid")

    reason: EndReason


@dataclass(frozen=True, slots=True)
class Step:
    """A caller before a round, of the version that the caller has seen."""

    caller: CallerOf
    round_id: PathId
    response: Response
    if_match: IfMatch = None

    async def take(self, action: str, step: Callable[..., Awaitable[Round]], **more: object) -> RoundOut:
        """Do with the round what an action of the domain does, and return it as it is then."""
        version = expected_version(self.if_match)

        async def work(tx: WriteTx, actor: Actor) -> Round:
            return await step(
                tx, actor, round_id=self.round_id, expected_version=version, now=self.caller.now, **more
            )

        found = await self.caller.write(work, action=action, subject=lambda done: str(done.id))
        self.response.headers["ETag"] = etag(found.version)
        return round_out(found)


StepOf = Annotated[Step, Depends()]


@router.post("/{round_id}/notice", operation_id="notice_recognition_round", responses=REFUSED)
async def post_notice(step: StepOf) -> RoundOut:
    """Show who is proposed, names masked, for as many working days as the criteria say."""
    return await step.take("recognitions.notice", open_notice, cipher=step.caller.service.cipher)


@router.post("/{round_id}/approval", operation_id="approve_recognition_round", responses=REFUSED)
async def post_approval(step: StepOf) -> RoundOut:
    """Approve a list whose notice is over, as somebody who had no hand in it; from above, where anybody is there."""
    return await step.take("recognitions.approve", approve_round)


@router.post("/{round_id}/publication", operation_id="publish_recognition_round", responses=REFUSED)
async def post_publication(step: StepOf) -> RoundOut:
    """Publish an approved list, and tell who is on it."""
    return await step.take("recognitions.publish", publish_round)


@router.post("/{round_id}/withdrawal", operation_id="withdraw_recognition_round", responses=REFUSED)
async def post_withdrawal(step: StepOf, body: RoundEndIn) -> RoundOut:
    """Give a round up before it is published."""
    return await step.take("recognitions.withdraw", withdraw_round, reason=body.reason)


@router.post("/{round_id}/revocation", operation_id="revoke_recognition_round", responses=REFUSED)
async def post_revocation(step: StepOf, body: RoundEndIn) -> RoundOut:
    """Revoke a published list with every certificate that was issued of it, and tell who was on it."""
    return await step.take("recognitions.revoke", revoke_round, reason=body.reason)
