"""Refusals and mistakes as pages: the same codes and sentences as the API, in the reader's language."""

from collections.abc import Mapping

from fastapi import Request
from starlette.responses import Response

from api.edge import service_of
from api.problems import status_of
from api.web.arriving import begun, visit_of
from api.web.visit import LOGIN_OVER, Visit
from timebank.errors import OutageError, RefusalError

NOT_PAGES = ("/api/", "/health/", "/metrics", "/static/")


def is_page(request: Request) -> bool:
    """Tell whether who asks wants a page: a browser, at an address that is not the API's."""
    if request.url.path.startswith(NOT_PAGES):
        return False
    return "text/html" in request.headers.get("accept", "") or "pages" in getattr(
        request.scope.get("route"), "tags", ()
    )


async def refused_page(
    request: Request,
    code: str,
    params: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the page of a refusal; who is not logged in is led to the login and back."""
    visit = await _visit(request)
    if code in LOGIN_OVER:
        visit.leave()
        return visit.to_login()
    answer = visit.refused(code, dict(params or {}))
    answer.status_code = status_of(code)
    answer.headers.update(headers or {})
    return answer


async def _visit(request: Request) -> Visit:
    found: Visit | None = getattr(request.state, "visit", None)
    if found is not None:
        return found
    try:
        return await visit_of(request)
    except (RefusalError, OutageError):  # the database is away: the page needs none
        return begun(request, service_of(request))
