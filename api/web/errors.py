"""Refusals and mistakes as pages: the same codes and sentences as the API, in the reader's language."""

from collections.abc import Mapping

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.routing import Match

from api.edge import service_of
from api.problems import status_of
from api.web.arriving import looking_in, visit_of
from api.web.visit import LOGIN_OVER, Visit
from timebank.errors import OutageError, RefusalError

OF_ANYBODY = ("/login", "/logout", "/L/", "/Q/", "/q/", "/V/", "/verify", "/notices", "/recognition", "/demo")
"""Where forms are sent without a login, too."""
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
    if code in LOGIN_OVER or (code == "form_stale" and _is_forgotten(request, visit)):
        visit.leave()
        return visit.to_login()
    return _said(visit, code, params or {}, headers or {})


async def page_above(request: Request) -> Response | None:
    """Return the way to the page above an address that only takes a form; None where there is none.

    Who chooses another language or larger letters on the answer to a form asks for the form's address anew.
    """
    path = request.url.path
    while path := path.rpartition("/")[0]:
        above = {**request.scope, "path": path}
        if any(route.matches(above)[0] is Match.FULL for route in request.app.router.routes):
            return (await _visit(request)).go(f"{path}?{request.url.query}" if request.url.query else path)
    return None


def is_of_another_form(request: Request) -> bool:
    """Tell whether an address that is no page takes a form: `/till/open` is no till that is called `open`."""
    as_form = {**request.scope, "method": "POST"}
    taking = (route for route in request.app.router.routes if route.matches(as_form)[0] is Match.FULL)
    form_s = next(taking, None)
    return isinstance(form_s, APIRoute) and form_s.path != getattr(request.scope.get("route"), "path", None)


def turned_away_page(
    request: Request, code: str, params: Mapping[str, object], headers: Mapping[str, str]
) -> Response:
    """Return the page of what was refused before anything was looked up."""
    return _said(looking_in(request, service_of(request)), code, params, headers)


def _said(visit: Visit, code: str, params: Mapping[str, object], headers: Mapping[str, str]) -> Response:
    answer = visit.refused(code, dict(params))
    answer.status_code = status_of(code)
    answer.headers.update(headers)
    return answer


def _is_forgotten(request: Request, visit: Visit) -> bool:
    """Tell whether a form of ours comes from a browser that has dropped its login meanwhile, as that was over."""
    is_ours = request.headers.get("sec-fetch-site") == "same-origin"
    return is_ours and visit.claims is None and not request.url.path.startswith(OF_ANYBODY)


async def _visit(request: Request) -> Visit:
    found: Visit | None = getattr(request.state, "visit", None)
    if found is not None:
        return found
    try:
        return await visit_of(request)
    except (RefusalError, OutageError):  # the database is away: the page needs none
        return looking_in(request, service_of(request))
