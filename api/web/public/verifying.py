"""Verifying without a login: a certificate by its number, as its symbol leads to, and any file that is handed in."""

from typing import Annotated

from fastapi import Path, Query
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from api.judging import Judged, judge_content, slow_verifying, standing_of
from api.problems import status_of
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.visit import Visit
from timebank.certificates.numbers import LONGEST, read_number
from timebank.certificates.register import Standing
from timebank.errors import RefusalError

router = bare()

CertificateNumber = Annotated[str, Path(min_length=1, max_length=LONGEST)]
Typed = Annotated[str | None, Query(alias="number", max_length=200)]
MAX_FIELDS = 2

GOOD, DOUBTFUL = (
    frozenset({"valid", "proof", "checkpoint"}),
    frozenset({"changed", "erased", "not_on_record"}),
)
"""States that are shown as good, and those that are neither good nor bad."""


@router.get("/V/{number}")
async def show_certificate(visit: VisitOf, number: CertificateNumber) -> Response:
    """Show whether a certificate holds: what its symbol leads to."""
    slow_verifying(visit.service, visit.request)
    try:
        found = await standing_of(visit.service, number)
    except RefusalError as refusal:
        if refusal.code not in {"unknown_certificate", "certificate_number_wrong"}:
            raise
        return _page(visit, typed=number, refused=refusal)
    return _page(visit, standing=found, code=found.state)


@router.get("/verify")
async def show_verifying(visit: VisitOf, typed: Typed = None) -> Response:
    """Show the way to verify by number or by file; a number leads on to its own page."""
    if not typed:
        return _page(visit)
    try:
        return visit.go(f"/V/{read_number(typed).text}")
    except RefusalError as refusal:
        return _page(visit, typed=typed, refused=refusal)


@router.post("/verify")
async def verify_upload(visit: VisitOf) -> Response:
    """Verify a file and show what came of it; nothing is kept."""
    content = await _file_of(visit)
    slow_verifying(visit.service, visit.request)
    judged = await judge_content(visit.service, content)
    return _page(visit, judged=judged, code=judged.code)


async def _file_of(visit: Visit) -> bytes:
    """Return the file of a form that a page of ours sent.

    Raises:
        RefusalError: `form_stale`.
        RequestValidationError: it is no such form.
    """
    _, content = await visit.form_with_file("file", max_fields=MAX_FIELDS)
    if content is None:
        raise RequestValidationError([{"loc": ("form", "file"), "type": "missing"}])
    return content


def _page(
    visit: Visit,
    *,
    standing: Standing | None = None,
    judged: Judged | None = None,
    code: str = "",
    typed: str = "",
    refused: RefusalError | None = None,
) -> Response:
    tone = "good" if code in GOOD else "warn" if code in DOUBTFUL else "bad"
    size = judged.tree_size if judged else None
    return visit.page(
        "public/verify.html",
        status=status_of(refused.code) if refused else 200,
        standing=standing,
        judged=judged,
        verdict=visit.say(f"verified_{code}", size=size) if code else "",
        tone=tone,
        typed=typed,
        sentence=visit.say(refused.code, **refused.params) if refused else "",
    )
