"""Field types that several resources share: what a request may carry, so that nothing else reaches the database."""

import re
from datetime import date
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

MAX_ID = 2**63 - 1


def _printable(value: str) -> str:
    if any(ord(character) < ord(" ") and character not in "\n\t" for character in value):
        raise ValueError("control characters")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("surrogates")
    return value


Printable = AfterValidator(_printable)

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$")]
"""What an office calls something by: letters, digits, dots and dashes."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True), Printable]
"""A name as people write it."""

Sentence = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True), Printable]
"""A reason or a note."""

Id = Annotated[int, Field(ge=1, le=MAX_ID)]
"""An id in a body."""

PathId = Annotated[int, Path(ge=1, le=MAX_ID)]
"""An id in a path."""

Amount = Annotated[int, Field(ge=1, le=2**53 - 1)]
"""A positive amount of a unit, in its smallest part."""

FIRST_YEAR, LAST_YEAR = 1900, 2999


def _of_our_time(value: date) -> date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError("out of our time")
    return value


_WRITTEN_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _written(value: object) -> object:
    if isinstance(value, (int, float)) or (isinstance(value, str) and not _WRITTEN_DAY.fullmatch(value)):
        raise ValueError("not a day")
    return value


Day = Annotated[date, BeforeValidator(_written), AfterValidator(_of_our_time)]
"""A calendar day of the bank as YYYY-MM-DD, 1900 to 2999: one day more or another zone is then a date still.

A number is refused: it would be taken for seconds.
"""

Instant = Annotated[AwareDatetime, AfterValidator(_of_our_time)]
"""An instant with its offset, in the same years."""
