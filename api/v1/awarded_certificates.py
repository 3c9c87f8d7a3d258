"""The certificates of a published list: issuing all of them, and printing them for the ceremony."""

import asyncio
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.addresses import PublicUrl
from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.fields import MAX_ID, PathId
from api.problems import problems
from api.routers import resource
from api.v1.certificates import CertificateOut, SignatoryIn, file_of, named, new_link
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.certificates.awarding import BATCH, Edition, award, check_round
from timebank.certificates.ceremony import ZIP, documents_of_round, pack
from timebank.certificates.issuing import Signatory
from timebank.certificates.queries import Issued, certificates_of_round
from timebank.people.rules import NAME
from timebank.privacy.actions import record_look_ups
from timebank.proof.actions import signing_key

router = resource(tag="certificates")
READ, AWARD = "certificates.read", "certificates.award"

AfterNumber = Annotated[int, Query(ge=0, le=MAX_ID, description="The place on the list to go on after.")]


class AwardedOut(BaseModel):
    """What one call did; ask again with `after` until there is no `next`."""

    model_config = ConfigDict(from_attributes=True)

    issued: int
    nameless: int = Field(description="Of whom no name is registered: they get none.")
    next: int | None


@router.post(
    "/recognition-rounds/{round_id}/certificates",
    operation_id="award_certificates",
    responses=problems(401, 403, 404),
)
async def award_certificates(
    caller: CallerOf, round_id: PathId, body: SignatoryIn, url: PublicUrl, after_number: AfterNumber = 0
) -> AwardedOut:
    """Issue certificates to the next hundred of a published list who have none; who has one keeps it."""
    bank, service = await caller.bank(), caller.service
    signatory = Signatory(body.head, body.handler, body.contact)
    edition = Edition(signatory, signing_key(service.settings.home, bank), lambda: new_link(bank, url))

    async def work(tx: WriteTx, actor: Actor) -> AwardedOut:
        found = await check_round(tx, actor, AWARD, round_id)
        done = await award(
            tx, service.cipher, found, edition, after=after_number, by=actor.text, now=caller.now
        )
        return AwardedOut.model_validate(done)

    return await caller.write(work, action="certificates.award", subject=str(round_id))


@router.get(
    "/recognition-rounds/{round_id}/certificates",
    operation_id="list_awarded_certificates",
    responses=problems(401, 403, 404),
)
async def list_awarded(
    caller: CallerOf, *, round_id: PathId, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[CertificateOut]:
    """Return the certificates of a round that stand, in the order of its list."""
    after_number = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Issued]:
        await check_round(tx, actor, READ, round_id)
        return await certificates_of_round(tx, round_id, after=after_number, limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda one: (one.candidate_number or 0,))
    return Page(items=[CertificateOut.model_validate(item) for item in items], next_cursor=following)


@router.get(
    "/recognition-rounds/{round_id}/certificates/zip",
    operation_id="print_awarded_certificates",
    response_class=Response,
    responses={**problems(401, 403, 404), **file_of(ZIP, "Prints in the order of the list.")},
)
async def print_awarded(caller: CallerOf, round_id: PathId, after_number: AfterNumber = 0) -> Response:
    """Return the next hundred certificates of a round to print; the header `Next-After` says where to go on."""

    async def work(tx: WriteTx, actor: Actor) -> list[tuple[Issued, str]]:
        await check_round(tx, actor, AWARD, round_id)
        found = await documents_of_round(tx, caller.service.cipher, round_id, after=after_number, limit=BATCH)
        if actor.person_id is not None:
            seen = {one.person_id: [NAME] for one, _ in found}
            await record_look_ups(tx, actor.person_id, seen, purpose="certificate")
        return found

    found = await caller.look(work)
    headers = named(f"certificates-{round_id}-{after_number + 1}.zip")
    if found:
        headers["Next-After"] = str(found[-1][0].candidate_number)
    return Response(await asyncio.to_thread(pack, found), media_type=ZIP, headers=headers)
