"""Finding somebody else from a person's page, by a code or a whole number, to enter the two as belonging together.

Who was found is said in the address by ids: no number stands there, and loading the page again looks nobody up again.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from pydantic import StringConstraints

from api.fields import Printable
from api.v1 import people as doors
from api.web.forms import FormBody
from api.web.office.people import MOST_FOUND, FoundIds, in_reach, volunteer_with
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.people.queries import Person, masked_names

ID_NUMBER_LETTERS: Final = 18
ID_LETTERS: Final = 36
"""Of one id as an address writes it."""
_NO_NUMBER: Final = frozenset({"phone_invalid", "id_number_invalid"})


class FindForm(FormBody):
    """A volunteer's code, a phone or an ID number, whole."""

    who: Annotated[str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True), Printable]


@dataclass(frozen=True, slots=True)
class Others:
    """Who else is named on a page: those just found, everybody's masked name, and who is in the reader's reach."""

    found: list[Person]
    names: dict[UUID, str]
    near: frozenset[UUID]


async def find(visit: Visit, page: str, who: str) -> str:
    """Return the address of `page` with those in reach who have that code or number; of a number they are told.

    Raises:
        RefusalError: `page.finding.nobody`; `forbidden`.
    """
    by_code = await volunteer_with(visit, who)
    ids = await _by_number(visit, who) if by_code is None else [by_code]
    if not ids:
        raise RefusalError("page.finding.nobody")
    return f"{page}?found={'.'.join(map(str, ids))}#found"


async def others(
    visit: Visit, tx: ReadTx, actor: Actor, ids: Sequence[UUID], *, of: UUID, found: FoundIds
) -> Others:
    """Return the names of those on a person's page, and who of those that were found is in reach."""
    named = (
        [each for each in await in_reach(tx, actor, found, now=visit.now) if each.id != of] if found else []
    )
    near = await in_reach(tx, actor, ".".join(map(str, ids)), now=visit.now) if ids else []
    names = await masked_names(tx, visit.service.cipher, [*ids, *(each.id for each in named)])
    return Others(named, names, frozenset(each.id for each in near))


async def _by_number(visit: Visit, who: str) -> list[UUID]:
    is_id = len("".join(unicodedata.normalize("NFKC", who).split())) == ID_NUMBER_LETTERS
    body = doors.SearchIn(field="id_number" if is_id else "phone", value=who, purpose="registration")
    try:
        found = await doors.search_people(visit.caller, body)
    except RefusalError as refusal:
        if refusal.code not in _NO_NUMBER:
            raise
        return []
    return [each.id for each in found.items[:MOST_FOUND]]
