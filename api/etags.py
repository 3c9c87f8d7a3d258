"""ETags of editable things: their version; who edits one says with If-Match which version they saw."""

from typing import Annotated

from fastapi import Header

from timebank.errors import RefusalError

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=40,
        description="The ETag that the thing was read with; `*` for whatever it is now.",
    ),
]


def etag(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'


def expected_version(if_match: str | None) -> int | None:
    """Return the version that the caller saw; None for `*`, any.

    Raises:
        RefusalError: `version_missing`, `version_differs` if it is none of ours.
    """
    if if_match is None:
        raise RefusalError("version_missing")
    if if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit() and len(text) < 19):  # noqa: PLR2004 -- the digits of a bigint
        raise RefusalError("version_differs")
    return int(text)


def check_version(found: int, expected: int | None) -> None:
    """Refuse an edit of what was changed meanwhile.

    Raises:
        RefusalError: `version_differs`.
    """
    if expected is not None and found != expected:
        raise RefusalError("version_differs")
