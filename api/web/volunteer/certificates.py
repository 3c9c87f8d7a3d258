"""A member's certificates: asking for one, keeping it as a file, and the way for others to check it. Always free."""

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal, TypeAlias, get_args

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import BeforeValidator
from starlette.responses import Response

from api.addresses import PublicUrl
from api.cursors import Cursor, before, page
from api.fields import Day, Id, PathId
from api.routers import bare
from api.v1 import certificates as doors
from api.v1.certificates import CertificateIn, CertifiedOut
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask, person_of
from api.web.forms import FormBody
from api.web.visit import Visit
from api.web.volunteer.member import member_of, own_person
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.certificates.issuing import PERMISSION
from timebank.certificates.queries import Issued, certificate, certificates_of
from timebank.records.own import first_service_on

router = bare()

PAGE_LINES: Final = 20

Period: TypeAlias = Literal["this_year", "last_year", "all", "days"]
PERIODS: Final[tuple[Period, ...]] = get_args(Period)

DayOrNone = Annotated[Day | None, BeforeValidator(lambda said: said or None)]


class WishForm(FormBody):
    """Of which days a certificate is wanted, and with the whole ID number or not."""

    once: Once
    period: Period
    from_on: DayOrNone = None
    until_on: DayOrNone = None
    full_id_number: Literal["yes"] | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows: the certificates, the one just issued, and the first day there could be one of."""

    certificates: list[Issued]
    issued: Issued | None
    first_on: date | None


@router.get("/me/certificates")
async def show_certificates(
    visit: VisitOf, cursor: Cursor = None, issued: Annotated[Id | None, Query()] = None
) -> Response:
    """Show a member what was issued to them, and the form that asks for another."""
    return await _certificates(visit, cursor=cursor, issued=issued)


@router.post("/me/certificates")
async def issue_certificate(visit: VisitOf, url: PublicUrl) -> Response:
    """Issue a certificate, once for the form, and show it."""
    try:
        form = await visit.form(WishForm)
    except RequestValidationError:
        return await _certificates(visit, problem=_wrong(visit))
    person_id = await own_person(visit, PERMISSION)
    days = await _days_of(visit, form)
    if days is None:
        return await _certificates(visit, problem=_wrong(visit), typed=form)
    full = form.full_id_number is not None
    wish = CertificateIn(from_on=days[0], until_on=days[1], full_id_number=full)
    done = await ask(
        visit, doors.issue_certificate(visit.caller, person_id, wish, form.once, url), CertifiedOut
    )
    if isinstance(done, Problem):
        return await _certificates(visit, problem=done, typed=form)
    return visit.go(f"/me/certificates?issued={done.id}")


@router.get("/me/certificates/{certificate_id}/pdf")
async def download_print(visit: VisitOf, certificate_id: PathId) -> Response:
    """Return one of the member's own certificates to print."""
    person_id = await own_person(visit, PERMISSION)
    return visit.finish(await doors.print_certificate(visit.caller, person_id, certificate_id))


@router.get("/me/certificates/{certificate_id}/document")
async def download_document(visit: VisitOf, certificate_id: PathId) -> Response:
    """Return the signed document of one of the member's own certificates."""
    person_id = await own_person(visit, PERMISSION)
    return visit.finish(await doors.read_document(visit.caller, person_id, certificate_id))


async def _certificates(
    visit: Visit,
    *,
    cursor: str | None = None,
    issued: int | None = None,
    problem: Problem | None = None,
    typed: WishForm | None = None,
) -> Response:
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> Shown:
        person_id = await member_of(visit, tx, actor, PERMISSION)
        return Shown(
            await certificates_of(tx, person_id, before_id=before_id, limit=PAGE_LINES + 1),
            None if issued is None else await certificate(tx, person_id, issued),
            await first_service_on(tx, person_id),
        )

    shown = await visit.read(work)
    found, following = page(shown.certificates, PAGE_LINES, lambda one: (one.id,))
    return visit.page(
        "volunteer/certificates.html",
        certificates=found,
        following=following,
        issued=shown.issued,
        first_on=shown.first_on,
        today=visit.today,
        periods=PERIODS,
        typed=typed,
        problem=problem,
        once=secrets.token_hex(16),
        status=problem.status if problem else 200,
    )


async def _days_of(visit: Visit, form: WishForm) -> tuple[date, date] | None:
    """Return the first and last day that are wanted; None if a day is missing."""
    today = visit.today
    if form.period == "this_year":
        return today.replace(month=1, day=1), today
    if form.period == "last_year":
        return date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)
    if form.period == "days":
        return None if form.from_on is None or form.until_on is None else (form.from_on, form.until_on)

    async def first(tx: ReadTx, actor: Actor) -> date | None:
        return await first_service_on(tx, person_of(actor, PERMISSION))

    return await visit.read(first) or today, today


def _wrong(visit: Visit) -> Problem:
    return Problem("invalid", visit.say("page.certificates.which_days"), 422)
