"""Verifying certificates, proofs and checkpoints: for anybody, without a login."""

from datetime import date
from typing import Annotated

from fastapi import Path, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.edge import ServiceOf
from api.judging import Judged, judge_content, slow_verifying, standing_of
from api.problems import problems
from api.routers import resource
from api.v1.proofs import BankCode
from ledger.session import ReadTx
from timebank.certificates.document import Kind
from timebank.certificates.kinds import What
from timebank.certificates.numbers import LONGEST
from timebank.certificates.queries import revocations
from timebank.certificates.reading import MAX_PDF_BYTES
from timebank.certificates.register import State
from timebank.certificates.revocations import Revocations, signed_list
from timebank.errors import RefusalError
from timebank.proof.actions import published_verifier, signing_key
from timebank.words import words

router = resource(tag="verification")

MEDIA_TYPES = ("application/pdf", "text/plain", "application/json", "application/octet-stream")
CertificateNumber = Annotated[
    str, Path(min_length=1, max_length=LONGEST, examples=["1-9KDP-0R4C-MX7E-2TQW5"])
]

_BODY = {
    "requestBody": {
        "required": True,
        "description": f"Up to {MAX_PDF_BYTES // 2**20} MiB: a certificate (PDF or document), a proof, a checkpoint.",
        "content": {
            media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in MEDIA_TYPES
        },
    }
}


class StandingOut(BaseModel):
    """What the register says of a number: the name masked, and none at all of what holds no longer."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    state: State
    kind: Kind
    bank: str
    organisation: str | None
    masked_name: str | None = Field(examples=["王*明"])
    title: str | None
    from_on: date
    until_on: date
    minutes: int
    records: int
    issued_on: date
    revoked_on: date | None


class VerdictOut(BaseModel):
    """What came of it. What a certificate says is given only where the bank's signature holds."""

    what: What
    code: str = Field(examples=["valid"])
    is_valid: bool
    detail: str
    detail_en: str
    number: str | None = None
    kind: Kind | None = None
    bank: str | None = None
    organisation: str | None = None
    holder: str | None = None
    id_number: str | None = None
    volunteer: str | None = None
    title: str | None = None
    from_on: date | None = None
    until_on: date | None = None
    minutes: int | None = None
    records: int | None = None
    issued_on: date | None = None
    revoked_on: date | None = None
    is_print_compared: bool = False
    tree_size: int | None = None


@router.get(
    "/verification/certificates/{number}",
    operation_id="look_up_certificate",
    responses=problems(404),
)
async def look_up_certificate(service: ServiceOf, request: Request, number: CertificateNumber) -> StandingOut:
    """Return whether a certificate holds, as its register and the tree of its bank say now."""
    slow_verifying(service, request)
    return StandingOut.model_validate(await standing_of(service, number))


@router.post(
    "/verification",
    operation_id="verify_file",
    responses=problems(413, 415),
    openapi_extra=_BODY,
)
async def verify_file(service: ServiceOf, request: Request) -> VerdictOut:
    """Verify a file: the signature, the sums, each proof, the print, and what happened since. Nothing is kept."""
    slow_verifying(service, request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in MEDIA_TYPES:
        raise RefusalError("media_type_unsupported")
    return _shown(await judge_content(service, await request.body()))


@router.get(
    "/banks/{bank}/revocations",
    operation_id="read_revocations",
    response_class=Response,
    responses={
        **problems(404),
        200: {
            "description": "A note signed by the bank's key, for `timebank verify --revocations`.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
    },
)
async def read_revocations(service: ServiceOf, request: Request, bank: BankCode) -> Response:
    """Return the signed list of a bank's revoked certificates, by digests of their numbers. No login."""
    slow_verifying(service, request)
    found = await service.bank(bank)
    if published_verifier(service.settings.home, found) is None:
        raise RefusalError("unknown_checkpoint")
    now = service.now()

    async def work(tx: ReadTx) -> Revocations:
        return await revocations(tx, now=now)

    note = signed_list(await service.database.read(found, work), signing_key(service.settings.home, found))
    return Response(note, media_type="text/plain; charset=utf-8")


def _shown(judged: Judged) -> VerdictOut:
    chinese, english = words(f"verified_{judged.code}", size=judged.tree_size)
    verdict = VerdictOut(
        what=judged.what,
        code=judged.code,
        is_valid=judged.is_valid,
        detail=chinese,
        detail_en=english,
        revoked_on=judged.revoked_on,
        is_print_compared=judged.is_print_compared,
        tree_size=judged.tree_size,
    )
    found = judged.certificate
    if found is None:
        return verdict
    honour = found.honour
    return verdict.model_copy(
        update={
            "number": found.number,
            "kind": found.kind,
            "bank": found.issuer.bank_name,
            "organisation": found.issuer.organisation,
            "holder": found.holder.name,
            "id_number": found.holder.id_number,
            "volunteer": found.holder.volunteer,
            "title": f"{honour.title} {honour.level_label}".strip() if honour else None,
            "from_on": found.from_on,
            "until_on": found.until_on,
            "minutes": found.minutes,
            "records": honour.records if honour else len(found.records),
            "issued_on": found.issued_on,
        }
    )
