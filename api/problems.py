"""RFC 9457 problem details: a stable code, its HTTP status, and its words in Chinese and English."""

import json
from collections.abc import Mapping

from pydantic import BaseModel, Field
from starlette.responses import Response

from timebank.words import words

MEDIA_TYPE = "application/problem+json"

STATUSES: Mapping[str, int] = {
    "request_malformed": 400,
    "token_missing": 401,
    "token_invalid": 401,
    "token_expired": 401,
    "session_over": 401,
    "login_refused_code": 401,
    "login_failed": 401,
    "totp_required": 401,
    "refresh_refused": 401,
    "forbidden": 403,
    "form_stale": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "idempotency_conflict": 409,
    "version_differs": 412,
    "body_too_large": 413,
    "media_type_unsupported": 415,
    "request_invalid": 422,
    "version_missing": 428,
    "throttled": 429,
    "internal": 500,
    "database_busy": 503,
    "database_lost": 503,
    "database_unreachable": 503,
    "timed_out": 503,
    "shutting_down": 503,
    "sender_missing": 503,
}
"""Codes that are no plain refusal of what was asked; see `status_of`."""

UNKNOWN_STATUS, CONFLICT_STATUS, REFUSED_STATUS = 404, 409, 422


class Problem(BaseModel):
    """A problem, RFC 9457. `code` is stable; `detail` is Chinese, `detail_en` English, for people."""

    type: str = Field(examples=["/problems/not_found"])
    title: str = Field(examples=["not_found"])
    status: int = Field(examples=[404])
    code: str = Field(examples=["not_found"])
    detail: str
    detail_en: str
    request_id: str | None = None
    errors: list[dict[str, str]] | None = Field(
        default=None, description="Of `request_invalid`: where and what, never the value."
    )


def status_of(code: str) -> int:
    """Return the HTTP status of a refusal: named above, else by its first word, else 422."""
    if code in STATUSES:
        return STATUSES[code]
    if code.startswith("unknown_"):
        return UNKNOWN_STATUS
    if code.startswith("already_"):
        return CONFLICT_STATUS
    return REFUSED_STATUS


def problem_response(
    code: str,
    params: Mapping[str, object] | None = None,
    *,
    request_id: str | None = None,
    headers: Mapping[str, str] | None = None,
    errors: list[dict[str, str]] | None = None,
) -> Response:
    """Return a problem as a response."""
    body = problem_body(code, params, request_id=request_id, errors=errors)
    return Response(
        json.dumps(body, ensure_ascii=False).encode(),
        status_code=status_of(code),
        headers=dict(headers or {}),
        media_type=MEDIA_TYPE,
    )


def problem_body(
    code: str,
    params: Mapping[str, object] | None = None,
    *,
    request_id: str | None = None,
    errors: list[dict[str, str]] | None = None,
) -> dict[str, object]:
    """Return a problem as JSON values."""
    chinese, english = words(code, **(params or {}))
    body: dict[str, object] = {
        "type": f"/problems/{code}",
        "title": code,
        "status": status_of(code),
        "code": code,
        "detail": chinese,
        "detail_en": english,
    }
    if request_id is not None:
        body["request_id"] = request_id
    if errors is not None:
        body["errors"] = errors
    return body


def problems(*statuses: int) -> dict[int | str, dict[str, object]]:
    """Return the OpenAPI responses of a route that may answer with problems of these statuses besides the usual."""
    described = {
        400: "the request is malformed",
        401: "no valid login",
        403: "not allowed",
        404: "not there, or not in reach",
        409: "conflict",
        412: "changed meanwhile",
        413: "too large",
        415: "media type",
        422: "refused",
        428: "If-Match is missing",
        429: "too many requests",
        503: "try again",
    }
    return {
        status: {"description": described[status], "content": {MEDIA_TYPE: {"schema": _REFERENCE}}}
        for status in sorted({*statuses, 400, 422, 429, 503})
    }


_REFERENCE = {"$ref": "#/components/schemas/Problem"}
