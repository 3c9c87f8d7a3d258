"""Forms: read into a checked model, and only if they come from a page of ours (no cross-site request forgery).

The token of a form is an HMAC over the browser's mark and its session. Another site can have the browser send the
cookies, but knows neither the mark nor the key; and since the mark is there before anybody logs in, the login's own
forms are covered too. A browser that says itself that another site sent the form is refused at once.
"""

import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar
from uuid import UUID

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, ValidationError

from timebank.errors import RefusalError

TOKEN, HEADER = "csrf", "x-csrf-token"
MAX_FIELDS = 1_100
"""A page of the review queue has a box for each of its lines."""

M = TypeVar("M", bound=BaseModel)


class FormBody(BaseModel):
    """The fields of a form; the token is none of them."""

    model_config = ConfigDict(extra="forbid")


class FormKeys:
    """What the tokens of forms are made with: derived from each of the vault's keys, the first makes and all verify."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = [hmac.digest(key, b"timebank/forms/v1", sha256) for key in keys]

    def token(self, phone: str, session_id: UUID | None) -> str:
        """Return the token of a browser's forms."""
        return _token(self._keys[0], phone, session_id)

    def verifies(self, token: str, phone: str, session_id: UUID | None) -> bool:
        """Tell whether a token is that browser's."""
        given = token.encode()
        return any(hmac.compare_digest(_token(key, phone, session_id).encode(), given) for key in self._keys)


def check_origin(request: Request) -> None:
    """Refuse what a browser says comes from elsewhere.

    Raises:
        RefusalError: `form_stale`.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise RefusalError("form_stale")


async def fields_of(request: Request) -> dict[str, str | list[str]]:
    """Return what a form holds: a text for each name, a list where the name ends in `[]`.

    Browsers send each new line of a text with a carriage return before it; it was not typed.

    Raises:
        RequestValidationError: it is no form, has a file, or a name twice.
    """
    found: dict[str, str | list[str]] = {}
    async with request.form(max_files=0, max_fields=MAX_FIELDS) as form:
        for name, value in form.multi_items():
            if not isinstance(value, str):
                raise RequestValidationError([_wrong(name, "file")])
            if name.endswith("[]"):
                many = found.setdefault(name[:-2], [])
                assert isinstance(many, list)  # noqa: S101 -- a name that ends so is always a list
                many.append(value)
            elif name in found:
                raise RequestValidationError([_wrong(name, "twice")])
            else:
                found[name] = value.replace("\r\n", "\n")
    return found


def checked(model: type[M], fields: dict[str, str | list[str]]) -> M:
    """Return the fields as a model.

    Raises:
        RequestValidationError: they do not fit.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_input=False, include_context=False)) from None


def _token(key: bytes, phone: str, session_id: UUID | None) -> str:
    said = f"{phone}|{session_id or ''}".encode()
    return hmac.new(key, said, sha256).hexdigest()


def _wrong(name: str, what: str) -> dict[str, object]:
    return {"loc": ("form", name), "type": what}
