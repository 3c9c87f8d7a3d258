"""A visitor: whose browser asks, what they may read and write, what they sent, and what their browser keeps.

It is to the pages what `Caller` is to the API. What they are answered is the visit.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from api.edge import Caller
from api.service import Service
from api.web import cookies
from api.web.forms import HEADER, TOKEN, FormBody, FormKeys, check_origin, checked, fields_of
from api.web.navigation import OF_THE_BANK
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, has, reaches_all
from timebank.database import Bank
from timebank.errors import RefusalError
from timebank.login.tokens import Claims, CookieClaims

T = TypeVar("T")
F = TypeVar("F", bound=FormBody)


@dataclass(slots=True)
class Visitor:
    """Who visits, in which language, and what the answer will have the browser keep."""

    request: Request
    service: Service
    now: datetime
    language: str
    elder: int
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

    @property
    def today(self) -> date:
        """The day that it is where the bank is.

        Raises:
            RefusalError: `bank_unsaid`.
        """
        return self.now.astimezone(self.banks_own.zone).date()

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

    def may(self, permission: str) -> bool:
        """Tell whether the visitor has a permission, and of the whole bank where it is of no part of it."""
        if self.actor is None or not has(self.actor, permission):
            return False
        return permission not in OF_THE_BANK or reaches_all(self.actor, permission)

    # forms

    @property
    def form_token(self) -> str:
        """The token that the page's forms carry."""
        keys = FormKeys(self.service.cipher.ring.keys)
        return keys.token(self.phone, self.claims.session_id if self.claims else None)

    @property
    def mark(self) -> str:
        """What the page calls its reader: what they type is theirs; nothing where it is not known who reads."""
        owner = self.actor and (self.actor.person_id or self.actor.device_id)
        return FormKeys(self.service.cipher.ring.keys).mark(owner) if owner else ""

    async def form(self, model: type[F]) -> F:
        """Return the form that was sent, if a page of ours sent it.

        Raises:
            RefusalError: `form_stale`.
            RequestValidationError: it does not fit the model.
        """
        fields = await fields_of(self.request)
        self.check_form(fields.pop(TOKEN, ""))
        return checked(model, fields)

    async def form_with_file(self, name: str, *, max_fields: int) -> tuple[dict[str, str], bytes | None]:
        """Return the texts of a form that a page of ours sent, and its one file; None if that is none.

        Raises:
            RefusalError: `form_stale`.
        """
        async with self.request.form(max_files=1, max_fields=max_fields) as sent:
            token, file = sent.get(TOKEN), sent.get(name)
            self.check_form(token if isinstance(token, str) else "")
            texts = {each: value for each, value in sent.items() if isinstance(value, str) and each != TOKEN}
            return texts, await file.read() if isinstance(file, UploadFile) else None

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

    def keep_tablet(self) -> None:
        """Have the browser keep that it is a station device, whoever is logged in."""
        self.kept[cookies.TABLET] = "1", None

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

    def finish(self, response: Response) -> Response:
        """Have the browser keep and forget what the visit brought about."""
        for name in self.dropped:
            cookies.drop(self.request, response, name)
        for name, (value, until) in self.kept.items():
            cookies.keep(self.request, response, name, value, until=until)
        return response
