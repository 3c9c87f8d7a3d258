"""Residents for the tests of people: registered through the door, plainly invented."""

import itertools
from uuid import UUID, uuid4

from tests.api.cast import Cast
from tests.api.conftest import As
from timebank.people.rules import check_digit

PEOPLE = "/api/v1/people"
_NUMBERS = itertools.count(1)


def id_number(born: str = "19900307", serial: int | None = None) -> str:
    """Return an ID number of the unassigned region 990000, a new one unless a serial is named."""
    first = f"990000{born}{next(_NUMBERS) % 1000 if serial is None else serial:03d}"
    return first + check_digit(first)


def phone() -> str:
    """Return a new invented phone."""
    return f"1990000{next(_NUMBERS) % 10000:04d}"


async def registered(
    as_: As, cast: Cast, *, by: str = "wen", at: str | None = "apple", **wanted: object
) -> UUID:
    """Register a person who lives somewhere and return the id."""
    body: dict[str, object] = {"name": "示例一", **wanted}
    if at is not None:
        body["organisation_id"] = cast.organisations[at]
    answer = await as_(by).post(PEOPLE, json=body, headers={"Idempotency-Key": uuid4().hex})
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


async def enrolled(as_: As, cast: Cast, code: str, *, party: bool = False, **wanted: str) -> UUID:
    """Register a volunteer who lives in apple and return the id."""
    volunteer = {"code": code, "is_party_member": party, "registered_on": "2025-01-01"}
    return await registered(as_, cast, volunteer=volunteer, **wanted)
