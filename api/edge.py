"""The edge: from a request to an actor in a transaction, and from there to an answer given once.

A route gets a `Caller` and opens one transaction with it. The session is looked up as its first statement, so a
revoked one gets nowhere; the response is built after the commit.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Header, Request
from fastapi.security import HTTPBearer
from pydantic import BaseModel
from starlette.responses import Response

from api.problems import MEDIA_TYPE, problem_body, status_of
from api.service import Service
from ledger.questions import Question
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_person, load_actor, own_query
from timebank.acts.actions import Act, find_reply, keep_reply, record_act
from timebank.database import Bank
from timebank.errors import RefusalError
from timebank.login.tokens import Claims
from timebank.permissions import PERMISSIONS, Whom
from timebank.privacy.actions import record_look_up

T = TypeVar("T")


def service_of(request: Request) -> Service:
    """Return the process's own things."""
    service: Service = request.app.state.service
    return service


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal that is itself on record: returned by the work, so that the transaction commits."""

    code: str
    params: dict[str, object]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as far as the token tells, and the way into a transaction."""

    service: Service
    claims: Claims
    request_id: str
    now: datetime

    async def bank(self) -> Bank:
        """Return the caller's bank."""
        try:
            return await self.service.bank(self.claims.bank)
        except RefusalError:
            raise RefusalError("token_invalid") from None

    async def actor(self, tx: ReadTx) -> Actor:
        """Return the actor in a transaction at hand.

        Raises:
            RefusalError: `session_over`.
        """
        strong = self.service.strong_methods
        return await load_actor(tx, self.claims.session_id, now=self.now, strong=strong)

    async def read(self, work: Callable[[ReadTx, Actor], Awaitable[T]]) -> T:
        """Run `work` on a view of the caller's bank.

        Raises:
            RefusalError: `session_over`, and what `work` refuses.
            OutageError: as `Database.read`.
        """

        async def inner(tx: ReadTx) -> T:
            return await work(tx, await self.actor(tx))

        return await self.service.database.read(await self.bank(), inner)

    async def look(self, work: Callable[[WriteTx, Actor], Awaitable[T]]) -> T:
        """Run `work`, which reads and itself records the look, in a transaction of the caller's bank.

        Raises:
            RefusalError: `session_over`, and what `work` refuses; nothing is then recorded.
            OutageError: as `Database.write`.
        """

        async def inner(tx: WriteTx) -> T:
            return await work(tx, await self.actor(tx))

        return await self.service.database.write(await self.bank(), inner)

    async def read_of(
        self, person_id: UUID, field: str, purpose: str, work: Callable[[ReadTx, Actor], Awaitable[T]]
    ) -> T:
        """Run `work`, which reads something of a person; that somebody else looked at it is recorded.

        Raises:
            RefusalError: `session_over`, and what `work` refuses; nothing is then recorded.
            OutageError: as `Database.write`.
        """

        async def of_oneself(tx: ReadTx) -> tuple[T] | None:
            actor = await self.actor(tx)
            return (await work(tx, actor),) if actor.person_id == person_id else None

        async def of_another(tx: WriteTx, actor: Actor) -> T:
            found = await work(tx, actor)
            await record_look_up(tx, actor, person_id, purpose=purpose, fields=[field])
            return found

        own = await self.service.database.read(await self.bank(), of_oneself)
        return await self.look(of_another) if own is None else own[0]

    async def ask_of(self, person_id: UUID, field: str, permission: str, question: Question[T]) -> T:
        """Ask something of a person, of oneself in one round trip; that somebody else asked is recorded.

        Raises:
            RefusalError: `session_over`, as `check_person`, and what the question refuses; nothing is then recorded.
            OutageError: as `Database.write`.
        """

        async def of_anybody(tx: WriteTx, actor: Actor) -> T:
            await check_person(tx, actor, permission, person_id, now=self.now)
            found = await question.ask(tx, person_id)
            if actor.person_id != person_id:
                await record_look_up(tx, actor, person_id, purpose=permission, fields=[field])
            return found

        if PERMISSIONS[permission].whom == Whom.SELF:
            row = await self.service.database.glance(
                await self.bank(),
                own_query(question.query),
                self.claims.session_id,
                self.now,
                person_id,
                *question.arguments,
            )
            if row is not None:
                return question.answer(row["rows"])
        return await self.look(of_anybody)

    async def write(
        self,
        work: Callable[[WriteTx, Actor], Awaitable[T]],
        *,
        action: str,
        subject: str | Callable[[T], str] = "",
    ) -> T:
        """Run `work` in a transaction of the caller's bank, and record who did it.

        Raises:
            RefusalError: `session_over`, and what `work` refuses; nothing is then recorded.
            OutageError: as `Database.write`.
        """

        async def inner(tx: WriteTx) -> T:
            actor = await self.actor(tx)
            result = await work(tx, actor)
            await record_act(tx, actor, self._act(action, subject, result))
            return result

        return await self.service.database.write(await self.bank(), inner)

    async def write_once(
        self,
        key: str,
        request: object,
        work: Callable[[WriteTx, Actor], Awaitable[BaseModel | Refusal]],
        *,
        action: str,
        subject: str = "",
        status: int = 201,
    ) -> Response:
        """Run `work` once for that Idempotency-Key and answer every repetition with the first answer.

        Raises:
            RefusalError: `idempotency_conflict` if the key came with another request; `session_over`, and what `work`
                raises: the key is then free again.
            OutageError: as `Database.write`.
        """
        fingerprint = hashlib.sha256(
            json.dumps([action, request], sort_keys=True, default=str).encode()
        ).digest()

        async def inner(tx: WriteTx) -> tuple[int, str]:
            actor = await self.actor(tx)
            reply = await find_reply(tx, actor.text, key)
            if reply is not None:
                if reply.fingerprint != fingerprint:
                    raise RefusalError("idempotency_conflict")
                return reply.status, reply.body
            result = await work(tx, actor)
            if isinstance(result, Refusal):
                given = (
                    status_of(result.code),
                    json.dumps(problem_body(result.code, result.params), ensure_ascii=False),
                )
            else:
                given = status, result.model_dump_json()
            await keep_reply(tx, actor.text, key, fingerprint, *given)
            await record_act(tx, actor, self._act(action, subject, None))
            return given

        async def answered(tx: ReadTx) -> tuple[int, str] | None:
            reply = await find_reply(tx, (await self.actor(tx)).text, key)
            return (reply.status, reply.body) if reply and reply.fingerprint == fingerprint else None

        bank = await self.bank()
        try:
            code, body = await self.service.database.write(bank, inner)
        except RefusalError:
            # Perhaps only because the same request, sent twice, was done meanwhile: then its answer is this one's.
            found = await self.service.database.read(bank, answered)
            if found is None:
                raise
            code, body = found
        return Response(
            body, status_code=code, media_type="application/json" if code < MIN_PROBLEM_STATUS else MEDIA_TYPE
        )

    def _act(self, action: str, subject: str | Callable[[T], str], result: T) -> Act:
        named = subject if isinstance(subject, str) else subject(result)
        return Act(action=action, subject=named, request_id=self.request_id)


MIN_PROBLEM_STATUS = 400


def rendered(model: BaseModel, *, status: int = 200) -> Response:
    """Return a model as the response that it will be, where the framework would check it once more at some cost."""
    return Response(model.model_dump_json(), status_code=status, media_type="application/json")


class _Bearer(HTTPBearer):
    """The scheme as OpenAPI shows it, and who calls by it."""

    async def __call__(self, request: Request) -> Caller:  # type: ignore[override]  # who calls, in place of the credentials
        """Return who calls.

        Raises:
            RefusalError: `token_missing`, `token_invalid`, `token_expired`.
        """
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise RefusalError("token_missing")
        service = service_of(request)
        now = service.now()
        claims = service.tokens.verify(credentials.strip(), now=now)
        return Caller(service, claims, request.state.request_id, now)


caller = _Bearer(bearerFormat="JWT", description="An access token of `POST /api/v1/login/…`")

CallerOf = Annotated[Caller, Depends(caller)]


async def _service(request: Request) -> Service:
    """Return the process's own things; a dependency that is not async would cost a thread's switch."""
    return service_of(request)


ServiceOf = Annotated[Service, Depends(_service)]
IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=100,
        pattern=r"^[\x21-\x7e]+$",
        description="Chosen by the caller, one for each intent: a repetition gets the first answer.",
    ),
]
