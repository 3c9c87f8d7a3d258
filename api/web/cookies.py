"""The cookies of a browser: the session, the phone's mark, and the choices of language and of the elders' view.

The session's cookie is a signed name of a session (Ed25519, audience `pages`), not a secret of its own: whether the
session is alive is asked of the database with the first statement of each request, so that a logout ends it at once.
A refresh token would not do, being good once, where a browser sends its cookie from several windows at the same time.
An hour after it was signed the session is carried on and the cookie made anew: so it slides as the API's does.

On https the names carry `__Host-`, which keeps other hosts of the same domain from setting them.
"""

import re
import secrets
from datetime import datetime, timedelta

from fastapi import Request
from starlette.responses import Response

SESSION, PHONE, LANGUAGE, ELDER, BANK = "session", "phone", "lang", "elder", "bank"
DEVICE = "device"
"""The session of the till that the browser is enrolled as, beside the session of who stands at it."""
TABLET = "tablet"
"""That the browser is a station device: the key and the queue that it keeps are not of whoever is logged in."""
PHONE_BYTES = 16
LONG = timedelta(days=400)
"""As long as browsers keep a cookie at all."""

_PHONE = re.compile(r"[0-9a-f]{32}")


def read(request: Request, name: str) -> str | None:
    """Return a cookie of ours, if the browser sent it."""
    return request.cookies.get(_name(request, name))


def phone_of(request: Request) -> str | None:
    """Return the mark of the browser, as hex; None if it has none, or one that is not ours."""
    found = read(request, PHONE)
    return found if found is not None and _PHONE.fullmatch(found) else None


def new_phone() -> str:
    """Return a mark for a browser that has none: random, and about nobody."""
    return secrets.token_hex(PHONE_BYTES)


def keep(
    request: Request, response: Response, name: str, value: str, *, until: datetime | None = None
) -> None:
    """Have the browser keep a cookie, out of reach of scripts and of other sites' requests."""
    response.set_cookie(
        _name(request, name),
        value,
        max_age=None if until is not None else int(LONG.total_seconds()),
        expires=until,
        path="/",
        secure=_is_secure(request),
        httponly=True,
        samesite="lax",
    )


def drop(request: Request, response: Response, name: str) -> None:
    """Have the browser forget a cookie."""
    response.delete_cookie(
        _name(request, name), path="/", secure=_is_secure(request), httponly=True, samesite="lax"
    )


def _name(request: Request, name: str) -> str:
    return f"__Host-{name}" if _is_secure(request) else name


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"
