"""Arrays as PostgreSQL's own text form, to be sent as one text parameter and cast: `$1::text::bigint[]`.

asyncpg's array encoder asks of every element whether it is a container, which for the twenty-five columns of a
batch costs more than deciding it does; joining texts is a fifth of that.
"""

from collections.abc import Sequence
from uuid import UUID


def number_array(values: Sequence[int | None]) -> str:
    """Return integers as an array; where all are absent an empty one, which `unnest` fills up with nulls."""
    if values.count(None) == len(values):
        return "{}"
    return "{" + ",".join(map(str, values)).replace("None", "NULL") + "}"


def text_array(values: Sequence[str | None]) -> str:
    """Return texts as an array; where all are absent an empty one, which `unnest` fills up with nulls."""
    if values.count(None) == len(values):
        return "{}"
    return "{" + ",".join([_quoted(value) for value in values]) + "}"


def uuid_array(values: Sequence[UUID]) -> str:
    """Return UUIDs as an array."""
    return "{" + ",".join([value.hex for value in values]) + "}"


def bytes_array(values: Sequence[bytes]) -> str:
    """Return byte strings as an array."""
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"


def _quoted(value: str | None) -> str:
    if value is None:
        return "NULL"
    if "\\" in value:
        value = value.replace("\\", "\\\\")
    if '"' in value:
        value = value.replace('"', '\\"')
    return f'"{value}"'
