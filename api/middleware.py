"""What every request goes through: an id, limits, a time limit, safe headers, a log line and a count. Pure ASGI."""

import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias
from uuid import uuid4

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import metrics
from api.limits import Buckets
from timebank.certificates.reading import MAX_PDF_BYTES
from timebank.codes.photos import MAX_PHOTO_BYTES
from timebank.errors import RefusalError
from timebank.shops.rules import MAX_BROUGHT_BYTES
from timebank.throttles.rules import site_of

REQUEST_SECONDS = 30
UPLOAD_SECONDS = 300
"""A large workbook over an office's thin line."""
MAX_BODY_BYTES = 256 * 1024
MAX_UPLOAD_BYTES = 32 * 1024 * 1024
MAX_FORM_BYTES = 16 * 1024
"""What a form has around a file."""
UPLOAD_PATHS = ("/api/v1/imports", "/office/imports")
VERIFY_PATHS = ("/api/v1/verification", "/verify")
PHOTO_PATH = "/codes/read"
PICTURE_PATH = re.compile(r"/api/v1/goods/[0-9]+/picture")

SECURITY_HEADERS: Mapping[bytes, bytes] = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"permissions-policy": b"camera=(self), geolocation=(self), microphone=()",
    b"cross-origin-resource-policy": b"same-origin",
    b"strict-transport-security": b"max-age=31536000",
    b"cache-control": b"no-store",
}
"""Of every answer that does not say otherwise."""

SESSION_COOKIES = ("session", "__Host-session")

Refused: TypeAlias = Callable[[Request, str, Mapping[str, object], Mapping[str, str]], Awaitable[Response]]
"""What makes the answer of a refusal: of its code, its parameters, and headers."""

log = structlog.get_logger("timebank.http")


class Guard:
    """The one middleware; `buckets` limits each session, or each address without one, `refused` is how it answers."""

    def __init__(
        self, app: ASGIApp, *, buckets: Buckets, refused: Refused, seconds: float = REQUEST_SECONDS
    ) -> None:
        self._app = app
        self._buckets = buckets
        self._refused = refused
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        begun = time.perf_counter()
        status = 500
        # Who asks for the head only is answered as who asks for all, and gets no body: whatever can be got has a head.
        is_head = scope["method"] == "HEAD"
        asked = {**scope, "method": "GET"} if is_head else scope

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_defaults(message.get("headers", []), request_id)
            elif is_head and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        metrics.RUNNING.inc()
        try:
            await self._answer(asked, receive, send_guarded)
        finally:
            metrics.RUNNING.dec()
            seconds = time.perf_counter() - begun
            route = getattr(asked.get("route"), "path", "none")
            metrics.REQUESTS.labels(scope["method"], route, str(status)).inc()
            metrics.SECONDS.labels(scope["method"], route).observe(seconds)
            log.info(
                "request",
                method=scope["method"],
                route=route,
                status=status,
                milliseconds=round(seconds * 1000, 1),
                request_id=request_id,
            )

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def refuse(code: str, headers: Mapping[str, str] | None = None, **params: object) -> None:
            answer = await self._refused(Request(scope), code, params, headers or {})
            await answer(scope, receive, send)

        headers = dict(scope["headers"])
        wait = self._buckets.take(_key(scope, headers))
        if wait:
            await refuse("throttled", {"Retry-After": str(int(wait) + 1)})
            return
        limit = _limit_bytes(scope["path"])
        seconds = UPLOAD_SECONDS if limit == MAX_UPLOAD_BYTES else self._seconds
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > limit:
            await refuse("body_too_large", limit=limit)
            return
        body = _Body(receive, limit)
        started = False

        async def send_unless_too_large(message: Message) -> None:
            nonlocal started
            if not body.is_too_large:
                started = True
                await send(message)

        try:
            async with asyncio.timeout(seconds):
                await self._app(scope, body.receive, send_unless_too_large)
        except TimeoutError:
            if started:
                raise
            await refuse("timed_out")
            return
        if body.is_too_large and not started:
            await refuse("body_too_large", limit=limit)


class _Body:
    """A request's body, read up to a limit; beyond it the application is told that it ended badly."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = self._left = limit
        self.is_too_large = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.is_too_large = True
            raise RefusalError("body_too_large", limit=self._limit)
        return message


def _limit_bytes(path: str) -> int:
    """Return how large a request's body may be."""
    if path in UPLOAD_PATHS:
        return MAX_UPLOAD_BYTES
    if path in VERIFY_PATHS:
        return MAX_PDF_BYTES + MAX_FORM_BYTES
    if path == PHOTO_PATH:
        return MAX_PHOTO_BYTES + MAX_FORM_BYTES
    return MAX_BROUGHT_BYTES if PICTURE_PATH.fullmatch(path) else MAX_BODY_BYTES


def _key(scope: Scope, headers: Mapping[bytes, bytes]) -> str:
    """Name who is limited: one session by a token of ours, or one address; what anybody can make up is no name."""
    scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    service = getattr(scope["app"].state, "service", None) if "app" in scope else None
    if token and service is not None and scheme.lower() == "bearer":
        with contextlib.suppress(RefusalError):
            return f"session {service.tokens.verify(token.strip(), now=service.now()).session_id}"
    if service is not None and (said := _session_cookie(headers)):
        with contextlib.suppress(RefusalError):
            return f"session {service.tokens.verify_cookie(said, now=service.now()).session_id}"
    client = scope.get("client")
    return f"address {site_of(client[0]) if client else 'local'}"


def _session_cookie(headers: Mapping[bytes, bytes]) -> str | None:
    """Return what a browser says of its session, whatever it is worth."""
    for part in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        name, _, value = part.strip().partition("=")
        if name in SESSION_COOKIES:
            return value
    return None


def _with_defaults(headers: list[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
    given = {name.lower() for name, _ in headers}
    defaults = [(name, value) for name, value in SECURITY_HEADERS.items() if name not in given]
    return [*headers, *defaults, (b"x-request-id", request_id.encode())]
