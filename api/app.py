"""The application: routes, error handlers and the guard, wired in one place."""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api import health, reference, v1, web
from api.limits import Buckets
from api.middleware import SECURITY_HEADERS, Guard
from api.problems import Problem, problem_response
from api.service import Service
from api.web.errors import is_of_another_form, is_page, page_above, refused_page, turned_away_page
from timebank.errors import OutageError, RefusalError

TITLE = "时间银行 Time bank"
DESCRIPTION = """志愿服务时间银行与积分兑换的接口。 The interface of a volunteer time bank and points exchange.

Amounts are integers of their unit, times RFC 3339 with offset. Refusals are RFC 9457 problems with a stable `code`.
"""
BURST, PER_SECOND = 400, 100

log = structlog.get_logger("timebank.http")

_HTTP_CODES = {
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    415: "media_type_unsupported",
}


def create_app(
    service: Service | None = None,
    *,
    opening: Callable[[], contextlib.AbstractAsyncContextManager[Service]] | None = None,
    buckets: Buckets | None = None,
) -> FastAPI:
    """Return the application, of a service at hand or of one that is opened with it and closed at its end."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            if opening is not None:
                app.state.service = await stack.enter_async_context(opening())
            yield

    app = FastAPI(
        title=TITLE,
        description=DESCRIPTION,
        version="1",
        lifespan=lifespan,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
        strict_content_type=False,
    )
    if service is not None:
        app.state.service = service
    # Not included, which would match them anew at each level: see `api.routers`.
    app.router.routes.extend([*health.router.routes, *v1.ROUTES, *reference.router.routes, *web.ROUTES])
    app.add_exception_handler(RefusalError, _refused)
    app.add_exception_handler(OutageError, _out)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _broken)
    app.add_middleware(Guard, buckets=buckets or Buckets(BURST, PER_SECOND), refused=turned_away)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # as FastAPI's own documentation does
    return app


def _openapi(app: FastAPI) -> dict[str, object]:
    if app.openapi_schema is None:
        schema = get_openapi(title=TITLE, version="1", description=DESCRIPTION, routes=app.routes)
        components = schema.setdefault("components", {}).setdefault("schemas", {})
        components["Problem"] = Problem.model_json_schema()
        for unused in ("HTTPValidationError", "ValidationError"):
            components.pop(unused, None)
        app.openapi_schema = schema
    return app.openapi_schema


def _request_id(request: Request) -> str | None:
    return getattr(request.state, "request_id", None)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusalError)  # noqa: S101 -- registered for it
    headers = {}
    if (wait := error.params.get("retry_after")) is not None:
        headers["Retry-After"] = str(wait)
    if is_page(request):
        return await refused_page(request, error.code, error.params, headers)
    if error.code in _LOGIN_CODES:
        headers["WWW-Authenticate"] = "Bearer"
    return problem_response(error.code, error.params, request_id=_request_id(request), headers=headers)


_LOGIN_CODES = frozenset({"token_missing", "token_invalid", "token_expired", "session_over"})


async def turned_away(
    request: Request, code: str, params: Mapping[str, object], headers: Mapping[str, str]
) -> Response:
    """Answer what the guard did not let through, without asking the database."""
    if is_page(request):
        return turned_away_page(request, code, params, headers)
    return problem_response(code, params, request_id=_request_id(request), headers=headers)


async def _out(request: Request, error: Exception) -> Response:
    assert isinstance(error, OutageError)  # noqa: S101 -- registered for it
    log.warning("outage", code=error.code, request_id=_request_id(request))
    headers = {"Retry-After": "1"}
    if is_page(request):
        return await refused_page(request, error.code, error.params, headers)
    return problem_response(error.code, error.params, request_id=_request_id(request), headers=headers)


_EXTRA = "extra_forbidden"


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- registered for it
    if is_page(request):
        # Of an address that cannot be, nothing was filled in.
        is_nowhere = all(item["loc"][0] == "path" for item in error.errors())
        is_form_s = is_nowhere and request.method == "GET" and is_of_another_form(request)
        above = await page_above(request) if is_form_s else None
        return above or await refused_page(request, "not_found" if is_nowhere else "page.form_invalid")
    # Where and what, never the value that was sent: it may be a password or a phone. So may be a name of nothing.
    errors = [
        {
            "where": ".".join(map(str, item["loc"][: -1 if item["type"] == _EXTRA else None])),
            "what": str(item["type"]),
        }
        for item in error.errors()
    ]
    return problem_response("request_invalid", request_id=_request_id(request), errors=errors[:50])


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for it
    code = _HTTP_CODES.get(error.status_code, "request_malformed")
    if is_page(request):
        is_form_s = code == "method_not_allowed" and request.method == "GET"
        above = await page_above(request) if is_form_s else None
        return above or await refused_page(request, code, {}, error.headers)
    return problem_response(code, request_id=_request_id(request), headers=dict(error.headers or {}))


async def _broken(request: Request, error: Exception) -> Response:
    log.error("broken", error=type(error).__name__, request_id=_request_id(request), exc_info=error)
    # This answer is made outside the guard, which gives all others their headers.
    headers = {name.decode(): value.decode() for name, value in SECURITY_HEADERS.items()}
    headers["X-Request-Id"] = _request_id(request) or ""
    if is_page(request):
        with contextlib.suppress(Exception):  # perhaps it is the pages that are broken
            answer = await refused_page(request, "internal")
            for name, value in headers.items():
                answer.headers.setdefault(name, value)
            return answer
    return problem_response("internal", request_id=_request_id(request), headers=headers)
