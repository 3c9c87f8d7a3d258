"""Money as people type it: yuan with up to two decimals, kept as whole cents."""

from typing import Annotated, TypeAlias

from pydantic import StringConstraints

from api.web.forms import OfEitherWidth

Yuan: TypeAlias = Annotated[
    str,
    OfEitherWidth,
    StringConstraints(pattern=r"^[0-9]{0,8}([.][0-9]{1,2})?$", strip_whitespace=True),
]


def cents_of(yuan: str) -> int:
    """Return so many yuan in cents; nothing typed is none."""
    whole, _, part = yuan.partition(".")
    return int(whole or 0) * 100 + int(part.ljust(2, "0") or 0)


def yuan_of(cents: int) -> str:
    """Return cents as yuan, as people write them: 1050 is 10.50."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


def shown_yuan(cents: int) -> str:
    """Return cents as yuan for reading, in groups of three: 123456789 is 1,234,567.89."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100:,}.{abs(cents) % 100:02}"
