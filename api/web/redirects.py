"""Where a login leads back to: a page of this site and nothing else."""

import re

from fastapi import Request
from fastapi.routing import APIRoute

MAX_LENGTH = 500
HOME = "/me"

# Printable ASCII, as a browser writes an address. A second slash or a backslash at the start would name another host.
_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")


def safe_path(text: str | None) -> str:
    """Return the path to go on to if it is one of this site's, else the member's own page."""
    if text is None or len(text) > MAX_LENGTH or not _PATH.fullmatch(text):
        return HOME
    return text


def page_of(request: Request) -> str:
    """Return the page that a request is of: a form may be sent to where no page is, and came from the nearest above."""
    path, query = request.url.path, request.url.query
    route = request.scope.get("route")
    template = route.path if isinstance(route, APIRoute) else ""
    pages = {
        each.path
        for each in request.app.routes
        if isinstance(each, APIRoute) and "GET" in (each.methods or ())
    }
    if not template or template in pages:
        return f"{path}?{query}" if query else path
    while template and template not in pages:
        template, path = template.rpartition("/")[0], path.rpartition("/")[0]
    return path or HOME
