"""Opaque cursors: where a page ended, for the next to begin. Callers hand them back and read nothing in them."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from api.fields import FIRST_YEAR, LAST_YEAR
from timebank.errors import RefusalError

T = TypeVar("T")

MAX_LIMIT = 200
DEFAULT_LIMIT = 50
MAX_CURSOR_LENGTH = 300
EARLIEST = datetime(1, 1, 1, tzinfo=UTC), 0
"""Before every instant and id."""

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Lines of a page.")]
Cursor = Annotated[
    str | None,
    Query(max_length=MAX_CURSOR_LENGTH, description="`next_cursor` of the page before; none for the first."),
]


class Page(BaseModel, Generic[T]):
    """One page; `next_cursor` is absent on the last."""

    items: list[T]
    next_cursor: str | None = Field(default=None, description="Hand it back as `cursor`.")


def encode(*key: int | str) -> str:
    """Return a cursor for the key of the last line."""
    return base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).rstrip(b"=").decode()


def decode(cursor: str, *types: type[int] | type[str]) -> tuple[int | str, ...]:
    """Return the key in a cursor.

    Raises:
        RefusalError: `cursor_invalid`.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise RefusalError("cursor_invalid") from None
    if not isinstance(key, list) or [type(part) for part in key] != list(types):
        raise RefusalError("cursor_invalid")
    if any(isinstance(part, int) and not -(2**63) <= part < 2**63 for part in key):
        raise RefusalError("cursor_invalid")
    if any(isinstance(part, str) and "\0" in part for part in key):
        raise RefusalError("cursor_invalid")
    return tuple(key)


def after(cursor: str | None) -> int:
    """Return the id to go on after, of a page ordered by id; 0 for the first page.

    Raises:
        RefusalError: `cursor_invalid`.
    """
    return 0 if cursor is None else int(decode(cursor, int)[0])


def before(cursor: str | None) -> int:
    """Return the id to go on before, of a page ordered by id downwards; the largest there is for the first page.

    Raises:
        RefusalError: `cursor_invalid`.
    """
    return 2**63 - 1 if cursor is None else int(decode(cursor, int)[0])


def instant_and_id(cursor: str | None, start: tuple[datetime, int] = EARLIEST) -> tuple[datetime, int]:
    """Return the place to go on at, of a page ordered by an instant and an id; `start` for the first page.

    Raises:
        RefusalError: `cursor_invalid`.
    """
    if cursor is None:
        return start
    text, id_ = decode(cursor, str, int)
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        raise RefusalError("cursor_invalid") from None
    if at.tzinfo is None or not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise RefusalError("cursor_invalid")
    return at, int(id_)


def page(
    rows: Sequence[T], limit: int, key: Callable[[T], tuple[int | str, ...]]
) -> tuple[list[T], str | None]:
    """Return the lines and the next cursor, of `limit + 1` rows asked for."""
    items = list(rows[:limit])
    return items, encode(*key(items[-1])) if len(rows) > limit else None
