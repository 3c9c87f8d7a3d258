"""Arriving: from a request's cookies to a visit, with its language, its bank, and its session carried on."""

import contextlib
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request

from api.edge import service_of
from api.service import Service
from api.web import cookies
from api.web.rendering import language_of
from api.web.visit import Visit
from ledger.session import WriteTx
from timebank.database import Bank
from timebank.errors import RefusalError
from timebank.login.sessions import see_session
from timebank.login.tokens import CookieClaims

ELDER_STEPS = ("0", "1", "2")
"""The elders' view: off, large, largest."""
CARRIED_ON_AFTER = timedelta(hours=1)


async def visit_of(request: Request) -> Visit:
    """Return the visit that a request is. The session is carried on here, at most once an hour."""
    service = service_of(request)
    visit = begun(request, service)
    said = cookies.read(request, cookies.SESSION)
    if said is not None:
        try:
            visit.claims = service.tokens.verify_cookie(said, now=visit.now)
            visit.bank = await service.bank(visit.claims.bank)
        except RefusalError:
            visit.leave()
        else:
            await _carry_on(visit, visit.claims, visit.bank)
    if visit.bank is None or visit.claims is None:
        await _find_bank(visit)
    request.state.visit = visit
    return visit


def begun(request: Request, service: Service) -> Visit:
    """Return a visit as far as it needs no database: the language, the elders' view, the browser's mark."""
    query = request.query_params
    kept: dict[str, tuple[str, datetime | None]] = {}
    # What another site has a browser send as a form comes without cookies: it must not seem a first visit.
    is_look = request.method in {"GET", "HEAD"}
    language = language_of(
        query.get("lang"),
        cookies.read(request, cookies.LANGUAGE),
        request.headers.get("accept-language", ""),
    )
    if is_look and query.get("lang") == language:
        kept[cookies.LANGUAGE] = language, None
    elder = query.get("elder")
    if is_look and elder in ELDER_STEPS:
        kept[cookies.ELDER] = elder, None
    phone = cookies.phone_of(request)
    if phone is None:
        phone = cookies.new_phone()
        if is_look:
            kept[cookies.PHONE] = phone, None
    return Visit(
        request=request,
        service=service,
        now=service.now(),
        language=language,
        elder=_elder(elder if elder in ELDER_STEPS else cookies.read(request, cookies.ELDER)),
        phone=phone,
        kept=kept,
    )


def looking_in(request: Request, service: Service) -> Visit:
    """Return a visit without asking the database; the page of who is logged in must not look like a stranger's.

    A stranger's page throws away the member's code that is kept in the browser.
    """
    visit = begun(request, service)
    said = cookies.read(request, cookies.SESSION)
    if said is not None:
        with contextlib.suppress(RefusalError):
            visit.claims = service.tokens.verify_cookie(said, now=visit.now)
    return visit


def _elder(said: str | None) -> int:
    return ELDER_STEPS.index(said) if said in ELDER_STEPS else 0


async def _carry_on(visit: Visit, claims: CookieClaims, bank: Bank) -> None:
    if visit.now - claims.signed_at < CARRIED_ON_AFTER:
        return

    async def work(tx: WriteTx) -> datetime | None:
        return await see_session(
            tx, session_id=claims.session_id, strong=visit.service.strong_methods, now=visit.now
        )

    ends_at = await visit.service.database.write(bank, work)
    if ends_at is None:
        visit.leave()
    else:
        visit.enter(claims.session_id, ends_at)


async def _find_bank(visit: Visit) -> None:
    """Find the bank of who is not logged in: named, remembered, or the only one that there is."""
    named = visit.request.query_params.get("bank")
    for code in (named, cookies.read(visit.request, cookies.BANK)):
        if code is not None:
            try:
                visit.bank = await visit.service.bank(code)
            except RefusalError:
                continue
            if code == named:
                visit.come_to(visit.bank)
            return
    visit.bank = await visit.service.database.only_bank()


async def _visit(request: Request) -> Visit:
    return await visit_of(request)


VisitOf = Annotated[Visit, Depends(_visit)]
