"""Certificates of service and of recognition: asking for them, having them, and revoking them. Always free."""

import asyncio
import secrets
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from api.addresses import PublicUrl
from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, before, page
from api.edge import Caller, CallerOf, IdempotencyKey
from api.fields import Day, PathId, Printable
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_person
from timebank.certificates.document import Kind, is_whole
from timebank.certificates.issuing import IN_FULL, PERMISSION, Signatory, Wish, issue, unsealed_records
from timebank.certificates.numbers import RANDOM_BYTES, new_number
from timebank.certificates.opening import opened
from timebank.certificates.printing import PDF, file_name, render_certificate
from timebank.certificates.queries import (
    Issued,
    certificate,
    certificates_of,
    documents_of,
)
from timebank.certificates.reasons import RevokeReason
from timebank.certificates.revoking import revoke
from timebank.certificates.storing import Link, link_to
from timebank.database import Bank
from timebank.errors import RefusalError
from timebank.people.queries import person
from timebank.people.rules import NAME
from timebank.proof.actions import seal_settled, signing_key

router = resource(tag="certificates")

TEXT = "text/plain; charset=utf-8"

Said = Annotated[str, StringConstraints(max_length=60, strip_whitespace=True), Printable]


class SignatoryIn(BaseModel):
    """Who stands for the organisation on paper; only an office says so, not who asks for themselves."""

    model_config = ConfigDict(extra="forbid")

    head: Said = ""
    handler: Said = ""
    contact: Said = ""


class CertificateIn(BaseModel):
    """Which days are certified, both included."""

    model_config = ConfigDict(extra="forbid")

    from_on: Day
    until_on: Day
    full_id_number: bool = Field(default=False, description="Only if the holder asks: else it is masked.")
    signatory: SignatoryIn = SignatoryIn()


class CertifiedOut(BaseModel):
    """What was issued; `unsealed` records were left out because the books do not have them sealed yet."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    number: str = Field(examples=["1-9KDP-0R4C-MX7E-2TQW5"])
    minutes: int
    records: int
    unsealed: int


class CertificateOut(BaseModel):
    """A certificate of the register; its holder's name is on the print and in the document only."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    number: str
    kind: Kind
    round_id: int | None
    candidate_number: int | None
    from_on: date
    until_on: date
    minutes: int
    records: int
    issued_at: datetime
    revoked_at: datetime | None
    revoke_reason: RevokeReason | None


class Revocation(BaseModel):
    """Why it holds no longer; the holder is told."""

    model_config = ConfigDict(extra="forbid")

    reason: RevokeReason


def file_of(media_type: str, what: str) -> dict[int | str, dict[str, object]]:
    """Return the OpenAPI response of a file."""
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {200: {"description": what, "content": content}}


@router.post(
    "/people/{person_id}/certificates",
    operation_id="issue_certificate",
    status_code=201,
    response_model=CertifiedOut,
    responses=problems(401, 403, 404, 409),
)
async def issue_certificate(
    caller: CallerOf, person_id: UUID, body: CertificateIn, key: IdempotencyKey, url: PublicUrl
) -> Response:
    """Certify a person's credited service of some days, to them, who acts for them, or their community worker."""
    bank, service = await caller.bank(), caller.service
    signatory = Signatory(body.signatory.head, body.signatory.handler, body.signatory.contact)
    wish = Wish(person_id, body.from_on, body.until_on, body.full_id_number, signatory)

    async def left_out(tx: ReadTx, actor: Actor) -> int:
        return await unsealed_records(tx, actor, wish, now=caller.now)

    if await caller.read(left_out):
        await seal_settled(service.database, bank, service.settings.home, now=caller.now)
    link = new_link(bank, url)
    signing = signing_key(service.settings.home, bank)

    async def work(tx: WriteTx, actor: Actor) -> CertifiedOut:
        done = await issue(tx, actor, service.cipher, wish, link=link, key=signing, now=caller.now)
        return CertifiedOut.model_validate(done)

    asked = {"person": person_id, **body.model_dump(mode="json")}
    return await caller.write_once(key, asked, work, action="certificates.issue", subject=str(person_id))


@router.get(
    "/people/{person_id}/certificates",
    operation_id="list_certificates",
    responses=problems(401, 403, 404),
)
async def list_certificates(
    caller: CallerOf, *, person_id: UUID, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[CertificateOut]:
    """Return what was issued to a person, the newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Issued]:
        await check_person(tx, actor, PERMISSION, person_id, now=caller.now)
        await person(tx, person_id)
        return await certificates_of(tx, person_id, before_id=before_id, limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda one: (one.id,))
    return Page(items=[CertificateOut.model_validate(item) for item in items], next_cursor=following)


@router.get(
    "/people/{person_id}/certificates/{certificate_id}/pdf",
    operation_id="print_certificate",
    response_class=Response,
    responses={**problems(401, 403, 404), **file_of(PDF, "PDF/A-3, the signed document inside.")},
)
async def print_certificate(caller: CallerOf, person_id: UUID, certificate_id: PathId) -> Response:
    """Return a certificate to print, on A4, with its signed document attached."""
    found, document = await _document(caller, person_id, certificate_id)
    content = await asyncio.to_thread(lambda: render_certificate(opened(document), document))
    return Response(content, media_type=PDF, headers=named(file_name(found.number)))


@router.get(
    "/people/{person_id}/certificates/{certificate_id}/document",
    operation_id="read_certificate_document",
    response_class=Response,
    responses={
        **problems(401, 403, 404),
        **file_of("text/plain", "The signed document: a note of the bank's key."),
    },
)
async def read_document(caller: CallerOf, person_id: UUID, certificate_id: PathId) -> Response:
    """Return a certificate's signed document, which `timebank verify` checks with the public key and nothing else."""
    found, document = await _document(caller, person_id, certificate_id)
    return Response(document, media_type=TEXT, headers=named(f"certificate-{found.number}.txt"))


@router.post(
    "/people/{person_id}/certificates/{certificate_id}/revoke",
    operation_id="revoke_certificate",
    responses=problems(401, 403, 404, 409),
)
async def revoke_certificate(
    caller: CallerOf, person_id: UUID, certificate_id: PathId, body: Revocation
) -> CertificateOut:
    """Revoke a certificate for good: whoever looks it up is told so."""

    async def work(tx: WriteTx, actor: Actor) -> Issued:
        return await revoke(
            tx, actor, person_id=person_id, certificate_id=certificate_id, reason=body.reason, now=caller.now
        )

    found = await caller.write(work, action="certificates.revoke", subject=str(certificate_id))
    return CertificateOut.model_validate(found)


async def _document(caller: Caller, person_id: UUID, certificate_id: int) -> tuple[Issued, str]:
    async def work(tx: ReadTx, actor: Actor) -> tuple[Issued, str]:
        await check_person(tx, actor, PERMISSION, person_id, now=caller.now)
        found = await certificate(tx, person_id, certificate_id)
        documents = await documents_of(tx, caller.service.cipher, [found])
        if found.id not in documents:
            raise RefusalError("certificate_erased")
        document = documents[found.id]
        if is_whole(opened(document).holder.id_number):
            await check_person(tx, actor, IN_FULL, person_id, now=caller.now)
        return found, document

    return await caller.read_of(person_id, NAME, "certificate", work)


def new_link(bank: Bank, url: str) -> Link:
    """Return a new certificate's number and where it is looked up."""
    return link_to(url, new_number(bank.id, secrets.token_bytes(RANDOM_BYTES)))


def named(name: str) -> dict[str, str]:
    """Return the headers of a file to be kept."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}
