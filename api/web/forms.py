"""Forms: read into a checked model, and only if they come from a page of ours (no cross-site request forgery).

The token of a form is a number of its own and an HMAC over it, the browser's mark and its session: another one in each
page, so that the length of a packed page tells nothing of it. Another site can have the browser send the
cookies, but knows neither the mark nor the key; and since the mark is there before anybody logs in, the login's own
forms are covered too. A browser that says itself that another site sent the form is refused at once.
"""

import hmac
import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final, TypeVar, get_args
from uuid import UUID

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from timebank.errors import RefusalError

TOKEN, HEADER = "csrf", "x-csrf-token"
PHOTO = "photo"
"""Where a code may be photographed, the form has this field too; when it is sent without, a name is all of it."""
NUMBER_BYTES = 8
MARK_LETTERS = 16
MAX_FIELDS = 1_100
"""A page of the review queue has a box for each of its lines."""

_DIGITS = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_NO_NUMBER: Final = "?"

M = TypeVar("M", bound=BaseModel)


def _narrow(typed: object) -> object:
    return unicodedata.normalize("NFKC", typed) if isinstance(typed, str) else typed


OfEitherWidth: Final = BeforeValidator(_narrow)
"""For a number that is read as a text, since it has a part or may be left empty: wide digits count there, too."""


class FormBody(BaseModel):
    """The fields of a form; the token is none of them. A number is digits, of either width, and no `1_0` or `1e3`."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _numbers_are_digits(cls, fields: Mapping[str, object]) -> dict[str, object]:
        read = dict(fields)
        for name, field in cls.model_fields.items():
            typed = read.get(name)
            if not _is_number(field.annotation):
                continue
            if isinstance(typed, str):
                read[name] = _digits(typed)
            elif isinstance(typed, list):
                read[name] = [_digits(each) for each in typed]
        return read


class FormKeys:
    """What the tokens of forms are made with: derived from each of the vault's keys, the first makes and all verify."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = [hmac.digest(key, b"timebank/forms/v2", sha256) for key in keys]

    def token(self, phone: str, session_id: UUID | None) -> str:
        """Return the token of a browser's forms."""
        number = secrets.token_hex(NUMBER_BYTES)
        return f"{number}.{_seal(self._keys[0], number, phone, session_id)}"

    def mark(self, owner: UUID) -> str:
        """Return what pages call their reader, so that a browser tells one from another and learns of nobody who."""
        return hmac.new(self._keys[0], f"reader|{owner}".encode(), sha256).hexdigest()[:MARK_LETTERS]

    def verifies(self, token: str, phone: str, session_id: UUID | None) -> bool:
        """Tell whether a token is that browser's."""
        number, _, given = token.partition(".")
        return any(
            hmac.compare_digest(_seal(key, number, phone, session_id).encode(), given.encode())
            for key in self._keys
        )


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
            if name == PHOTO:
                continue
            if name.endswith("[]"):
                many = found.setdefault(name[:-2], [])
                assert isinstance(many, list)  # noqa: S101 -- a name that ends so is always a list
                many.append(value)
            elif name in found:
                raise RequestValidationError([_wrong(name, "twice")])
            else:
                found[name] = value.replace("\r\n", "\n")
    return found


async def typed_of(request: Request) -> dict[str, str | list[str]]:
    """Return what was typed into a form that was refused, to be shown again: its texts, be they what they may."""
    typed: dict[str, str | list[str]] = {}
    form = await request.form()
    for name in form:
        texts = [value for value in form.getlist(name) if isinstance(value, str)]
        if name.endswith("[]"):
            typed[name[:-2]] = texts
        elif texts and name not in {TOKEN, PHOTO}:
            typed[name] = texts[-1]
    return typed


def checked(model: type[M], fields: dict[str, str | list[str]]) -> M:
    """Return the fields as a model.

    Raises:
        RequestValidationError: they do not fit.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_input=False, include_context=False)) from None


def _is_number(annotation: object) -> bool:
    """Tell whether what is asked for is a number, several, or one or nothing."""
    return annotation is int or any(_is_number(part) for part in get_args(annotation))


def _digits(typed: str) -> str:
    """Return the digits of a number; nothing stays nothing, and what is no number stays none."""
    digits = unicodedata.normalize("NFKC", typed).strip()
    return digits if not digits or _DIGITS.fullmatch(digits) else _NO_NUMBER


def _seal(key: bytes, number: str, phone: str, session_id: UUID | None) -> str:
    said = f"{number}|{phone}|{session_id or ''}".encode()
    return hmac.new(key, said, sha256).hexdigest()


def _wrong(name: str, what: str) -> dict[str, object]:
    return {"loc": ("form", name), "type": what}
