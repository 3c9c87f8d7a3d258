"""Logging in and out in a browser: by code, by password and second factor, by a printed link.

Each way goes through the API's own door, with its limits and its one answer for whatever is wrong. What comes back
as tokens there becomes a cookie here; the tokens are thrown away.
"""

import unicodedata
from typing import Annotated, Any, TypeVar

from fastapi import Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, BeforeValidator, StringConstraints, ValidationError
from starlette.responses import Response

from api.entrances import Tokens
from api.problems import status_of
from api.routers import bare
from api.v1 import login as doors
from api.web import cookies
from api.web.arriving import VisitOf
from api.web.forms import FormBody
from api.web.redirects import safe_path
from api.web.visit import LOGIN_OVER, Visit
from ledger.session import WriteTx
from timebank.access import Actor
from timebank.database import Bank
from timebank.errors import RefusalError
from timebank.login.sessions import end_session

router = bare()

M = TypeVar("M", bound=BaseModel)


def _plain(value: object) -> object:
    """Return plain digits for the wide ones that a Chinese keyboard makes."""
    return unicodedata.normalize("NFKC", value) if isinstance(value, str) else value


Short = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
Digits = Annotated[Short, BeforeValidator(_plain)]
Next = Annotated[str | None, Query(max_length=500)]


class LoginForm(FormBody):
    """Every step of the login is one form; `step` says which."""

    step: Short
    next: Short = ""
    bank: Short = ""
    phone: Digits = ""
    code_id: Short = ""
    reference: Short = ""
    code: Digits = ""
    ticket: Short = ""
    person_id: Short = ""
    password: Annotated[str, StringConstraints(max_length=200)] = ""
    totp: Digits = ""


class LinkForm(FormBody):
    """That somebody, and no program that looks at links, wants to use it."""


class LogoutForm(FormBody):
    """That it is over."""


@router.get("/login")
async def show_login(visit: VisitOf, next: Next = None, by: str = "code") -> Response:  # noqa: A002 -- the address's
    """Show the way in: by code, or by password."""
    return _login(visit, next or "", step="password" if by == "password" else "phone")


@router.post("/login")
async def log_in(visit: VisitOf, request: Request) -> Response:
    """Take the next step of the login."""
    form = await visit.form(LoginForm)
    try:
        bank = await _bank(visit, form.bank)
        return await _STEPS.get(form.step, _ask)(visit, bank, form, request)
    except RefusalError as refusal:
        return _again(visit, form, refusal.code, refusal.params)
    except RequestValidationError:
        return _again(visit, form, "request_invalid", {})


@router.get("/L/{bank}/{token}")
async def show_link(visit: VisitOf, bank: str, token: str) -> Response:
    """Show what a printed link leads to: a button, since a program that looks at links would use it up."""
    visit.come_to(await visit.service.bank(bank))
    return visit.page("public/link.html", token=token)


@router.post("/L/{bank}/{token}")
async def use_link(visit: VisitOf, request: Request, bank: str, token: str) -> Response:
    """Log in by a printed link."""
    await visit.form(LinkForm)
    visit.bank = await visit.service.bank(bank)
    body = _model(doors.LinkGiven, bank=bank, token=token)
    try:
        tokens = await doors.log_in_by_link(body, visit.service, request)
    except RefusalError as refusal:
        if refusal.code != "login_failed":
            raise
        return visit.refused(refusal.code, advice=visit.say("page.link.over"), way="/login")
    return await _entered(visit, tokens, "")


@router.post("/logout")
async def log_out(visit: VisitOf) -> Response:
    """End the session here and on the server; what the browser kept of it is cleared, its code included.

    A tablet that is a station device keeps its key and what it has not sent yet: they are the station's. What else is
    kept, `page.js` clears on the page that follows.
    """
    await visit.form(LogoutForm)
    await end_own_session(visit)
    visit.leave()
    answer = visit.go("/login")
    is_tablet = cookies.read(visit.request, cookies.TABLET) is not None
    answer.headers["Clear-Site-Data"] = '"cache"' if is_tablet else '"cache", "storage"'
    return answer


async def end_own_session(visit: Visit) -> None:
    """End the session that the browser has, if it has one that is alive."""
    if visit.claims is None:
        return
    claims = visit.claims

    async def work(tx: WriteTx, actor: Actor) -> None:
        owner = actor.person_id or actor.device_id
        assert owner is not None  # noqa: S101 -- a session has one
        await end_session(tx, owner_id=owner, session_id=claims.session_id, now=visit.now)

    try:
        await visit.write(work, action="sessions.logout")
    except RefusalError as refusal:
        if refusal.code not in {*LOGIN_OVER, "unknown_session"}:
            raise


async def _ask(visit: Visit, bank: Bank, form: LoginForm, request: Request) -> Response:
    body = _model(doors.CodeRequest, bank=bank.code, phone=form.phone)
    sent = await doors.ask_for_code(body, visit.service, request)
    return _login(visit, form.next, step="code", code_id=sent.code_id, reference=sent.reference)


async def _verify(visit: Visit, bank: Bank, form: LoginForm, request: Request) -> Response:
    body = _model(doors.CodeGiven, bank=bank.code, code_id=form.code_id, code=form.code)
    answer = await doors.log_in_by_code(body, visit.service, request)
    if answer.choice is not None:
        choice = answer.choice
        return _login(visit, form.next, step="choose", ticket=choice.ticket, people=choice.people)
    assert answer.tokens is not None  # noqa: S101 -- one of the two
    return await _entered(visit, answer.tokens, form.next)


async def _choose(visit: Visit, bank: Bank, form: LoginForm, request: Request) -> Response:
    body = _model(doors.ChoiceMade, bank=bank.code, ticket=form.ticket, person_id=form.person_id)
    return await _entered(visit, await doors.choose_who_logs_in(body, visit.service, request), form.next)


async def _by_password(visit: Visit, bank: Bank, form: LoginForm, request: Request) -> Response:
    body = _model(
        doors.PasswordGiven,
        bank=bank.code,
        phone=form.phone,
        password=form.password,
        totp=form.totp or None,
    )
    return await _entered(visit, await doors.log_in_by_password(body, visit.service, request), form.next)


_STEPS = {"phone": _ask, "code": _verify, "choose": _choose, "password": _by_password}


async def _bank(visit: Visit, named: str) -> Bank:
    if named:
        visit.come_to(await visit.service.bank(named))
    return visit.banks_own


async def _entered(visit: Visit, tokens: Tokens, back: str) -> Response:
    """Have the browser keep the new session and go on; the one it had, perhaps somebody else's, ends."""
    await end_own_session(visit)
    visit.enter(tokens.session_id, tokens.session_expires_at)
    return visit.go(safe_path(back))


def _login(visit: Visit, back: str, *, step: str, status: int = 200, **values: object) -> Response:
    known: dict[str, Any] = {
        "code_id": "",
        "reference": "",
        "ticket": "",
        "people": (),
        "phone": "",
        "sentence": "",
        **values,
    }
    return visit.page("public/login.html", status=status, step=step, back=back, **known)


def _again(visit: Visit, form: LoginForm, code: str, params: dict[str, object]) -> Response:
    """Show the step again, with the sentence; a code that was not right may be typed anew."""
    step = form.step if form.step in {"phone", "code", "password"} else "phone"
    if step == "code" and visit.bank is None:
        step = "phone"
    if code == "request_invalid":
        code = f"page.login.{step}.wrong"
    answer = _login(
        visit,
        form.next,
        step=step,
        status=status_of(code),
        code_id=form.code_id,
        reference=form.reference,
        phone=form.phone,
        sentence=visit.say(code, **params),
    )
    if (wait := params.get("retry_after")) is not None:
        answer.headers["Retry-After"] = str(wait)
    return answer


def _model(model: type[M], **values: object) -> M:
    """Return the body of a route of the API.

    Raises:
        RequestValidationError: the values do not fit.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_input=False, include_context=False)) from None
