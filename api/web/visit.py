"""A visit: one request of a browser, from its cookies to a page. It is to the pages what `Caller` is to the API."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote, urlencode
from uuid import UUID

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.edge import Caller
from api.problems import status_of
from api.service import Service
from api.web import cookies
from api.web.forms import HEADER, TOKEN, FormBody, FormKeys, check_origin, checked, fields_of
from api.web.redirects import safe_path
from api.web.rendering import CHINESE, ENGLISH, HEADERS, clock, environment, moment, say
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, has, reaches_all
from timebank.database import Bank
from timebank.errors import RefusalError
from timebank.login.tokens import Claims, CookieClaims

T = TypeVar("T")
F = TypeVar("F", bound=FormBody)

SEE_OTHER = 303
LOGIN_OVER = frozenset({"token_missing", "token_invalid", "token_expired", "session_over"})
"""What leads to the login and from there back."""

NAVIGATION = (
    ("/me", "page.me.title", None),
    ("/me/code", "page.code.title", None),
    ("/me/spending", "page.spending.title", None),
    ("/stations", "page.stations.title", "stations.show"),
    ("/till", "page.till.title", "redemptions.make"),
    ("/merchant", "page.merchant.title", "merchants.own"),
    ("/office/reviews", "page.reviews.title", "reviews.write"),
    ("/office/solvency", "page.solvency.title", "budgets.read"),
    ("/office/recognition", "page.rounds.title", "recognitions.read"),
    ("/office/jobs", "page.jobs.title", "jobs.read"),
    ("/notices", "page.notices.title", None),
    ("/recognition", "page.honours.title", None),
)
"""The ways on: address, words, and the permission of those who see it."""

OF_THE_BANK = frozenset({"jobs.read", "jobs.write"})
"""What nobody has of a part of the bank."""


@dataclass(slots=True)
class Visit:
    """Who visits, in which language, and what the answer will have the browser keep."""

    request: Request
    service: Service
    now: datetime
    language: str
    is_elder: bool
    phone: str
    claims: CookieClaims | None = None
    bank: Bank | None = None
    actor: Actor | None = None
    kept: dict[str, tuple[str, datetime | None]] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)

    # who

    @property
    def caller(self) -> Caller:
        """The visitor as the API's routes know one.

        Raises:
            RefusalError: `token_missing` of who is not logged in.
        """
        if self.claims is None:
            raise RefusalError("token_missing")
        claims = Claims(self.claims.bank, self.claims.session_id, self.now)
        return Caller(self.service, claims, self.request.state.request_id, self.now)

    @property
    def banks_own(self) -> Bank:
        """The bank that the page is of.

        Raises:
            RefusalError: `bank_unsaid`.
        """
        if self.bank is None:
            raise RefusalError("bank_unsaid")
        return self.bank

    async def read(self, work: Callable[[ReadTx, Actor], Awaitable[T]]) -> T:
        """Run `work` on a view of the visitor's bank.

        Raises:
            RefusalError: `token_missing`, and as `Caller.read`.
        """
        return await self.caller.read(self._known(work))

    async def write(
        self,
        work: Callable[[WriteTx, Actor], Awaitable[T]],
        *,
        action: str,
        subject: str | Callable[[T], str] = "",
    ) -> T:
        """Run `work` in a transaction of the visitor's bank, and record who did it.

        Raises:
            RefusalError: `token_missing`, and as `Caller.write`.
        """
        return await self.caller.write(self._known(work), action=action, subject=subject)

    async def read_as_anybody(self, work: Callable[[ReadTx, Actor], Awaitable[T]]) -> T:
        """Run `work` on a view of the page's bank for who need not be logged in; a login that is over is none.

        Raises:
            RefusalError: `bank_unsaid`, and what `work` refuses.
        """
        if self.claims is not None:
            try:
                return await self.read(work)
            except RefusalError as refusal:
                if refusal.code not in {"session_over", "token_invalid"}:
                    raise
                self.leave()
        anybody = Actor(session_id=None, person_id=None)
        return await self.service.database.read(self.banks_own, lambda tx: work(tx, anybody))

    def _known(
        self, work: "Callable[[ReadTx, Actor], Awaitable[T]] | Callable[[WriteTx, Actor], Awaitable[T]]"
    ) -> Callable[[ReadTx, Actor], Awaitable[T]]:
        async def inner(tx: ReadTx, actor: Actor) -> T:
            self.actor = actor
            return await work(tx, actor)  # type: ignore[arg-type] # a write's work gets a write's transaction

        return inner

    # forms

    @property
    def form_token(self) -> str:
        """The token that the page's forms carry."""
        keys = FormKeys(self.service.cipher.ring.keys)
        return keys.token(self.phone, self.claims.session_id if self.claims else None)

    async def form(self, model: type[F]) -> F:
        """Return the form that was sent, if a page of ours sent it.

        Raises:
            RefusalError: `form_stale`.
            RequestValidationError: it does not fit the model.
        """
        fields = await fields_of(self.request)
        self.check_form(fields.pop(TOKEN, ""))
        return checked(model, fields)

    def check_form(self, token: str | list[str] | None = None) -> None:
        """Refuse what no page of ours sent; a script says the token in a header.

        Raises:
            RefusalError: `form_stale`.
        """
        check_origin(self.request)
        given = self.request.headers.get(HEADER, "") if token is None else token
        session_id = self.claims.session_id if self.claims else None
        keys = FormKeys(self.service.cipher.ring.keys)
        if not isinstance(given, str) or not keys.verifies(given, self.phone, session_id):
            raise RefusalError("form_stale")

    # the session

    def enter(self, session_id: UUID, ends_at: datetime) -> None:
        """Have the browser keep a session that was begun."""
        bank = self.banks_own
        cookie = self.service.tokens.issue_cookie(bank.code, session_id, now=self.now)
        self.kept[cookies.SESSION] = cookie, ends_at
        self.kept[cookies.BANK] = bank.code, None

    def keep_device(self, session_id: UUID, ends_at: datetime) -> None:
        """Have the browser keep the session of the device that it was enrolled as."""
        cookie = self.service.tokens.issue_cookie(self.banks_own.code, session_id, now=self.now)
        self.kept[cookies.DEVICE] = cookie, ends_at

    def come_to(self, bank: Bank) -> None:
        """Have the browser keep which bank it was led to, for the login that follows."""
        self.bank = bank
        self.kept[cookies.BANK] = bank.code, None

    def leave(self) -> None:
        """Have the browser forget the session, but not which bank it was of: the login that follows is there, too."""
        if self.claims is not None and self.bank is not None:
            self.kept[cookies.BANK] = self.bank.code, None
        self.claims = None
        self.kept.pop(cookies.SESSION, None)
        self.dropped.append(cookies.SESSION)

    # answers

    def say(self, code: str, /, **params: object) -> str:
        """Return the sentence of a code in the page's language."""
        return say(self.language, code, params)

    def page(self, template: str, *, status: int = 200, **values: object) -> Response:
        """Return a page."""
        zone = self.bank.zone if self.bank else None
        body = (
            environment()
            .get_template(template)
            .render(
                visit=self,
                t=self.say,
                language=self.language,
                other_language=ENGLISH if self.language == CHINESE else CHINESE,
                path=self.request.url.path,
                here=self._here,
                csrf=self.form_token,
                navigation=NAVIGATION,
                may=self._may,
                moment=lambda at: moment(at, zone) if zone else "",
                clock=lambda at: clock(at, zone) if zone else "",
                asset=asset,
                **values,
            )
        )
        return self.finish(HTMLResponse(body, status_code=status, headers=dict(HEADERS)))

    def go(self, path: str) -> Response:
        """Return a redirect to a page of ours, to be read and not sent again."""
        return self.finish(RedirectResponse(safe_path(path), SEE_OTHER))

    def refused(self, code: str, params: dict[str, object] | None = None, **values: object) -> Response:
        """Return the page of a refusal: the sentence that the API says, too."""
        said = self.say("page.forbidden") if code == "forbidden" else self.say(code, **(params or {}))
        return self.page("refused.html", status=status_of(code), code=code, sentence=said, **values)

    def to_login(self) -> Response:
        """Return the way to the login and from there back to this page."""
        url = self.request.url
        back = url.path + (f"?{url.query}" if url.query else "")
        return self.go(f"/login?next={quote(safe_path(back), safe='/')}")

    def _may(self, permission: str) -> bool:
        """Tell whether the visitor has a permission, and of the whole bank where it is of no part of it."""
        if self.actor is None or not has(self.actor, permission):
            return False
        return permission not in OF_THE_BANK or reaches_all(self.actor, permission)

    def _here(self, **changed: str) -> str:
        """Return this page's address with another language or view."""
        kept = [(k, v) for k, v in self.request.query_params.multi_items() if k not in {"lang", "elder"}]
        return f"?{urlencode([*kept, *changed.items()])}"

    def finish(self, response: Response) -> Response:
        """Have the browser keep and forget what the visit brought about."""
        for name in self.dropped:
            cookies.drop(self.request, response, name)
        for name, (value, until) in self.kept.items():
            cookies.keep(self.request, response, name, value, until=until)
        return response


def asset(name: str) -> str:
    """Return the address of a file of ours, which changes with what is in it."""
    from api.web.static import address_of  # noqa: PLC0415 -- it serves what this names

    return address_of(name)
