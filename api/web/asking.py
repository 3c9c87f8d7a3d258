"""What a page asks of the API's own doors: once for each form, and refused in the same words."""

import json
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Annotated, TypeAlias, TypeVar
from uuid import UUID

from pydantic import BaseModel, StringConstraints
from starlette.responses import Response

from api.edge import MIN_PROBLEM_STATUS
from api.problems import status_of
from api.web.rendering import CHINESE
from api.web.visit import LOGIN_OVER, Visit
from timebank.access import Actor
from timebank.errors import RefusalError

M = TypeVar("M", bound=BaseModel)

Once: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""What makes a form that is sent twice one request: a page's forms carry a new one each time it is shown."""

# The API's sentence names the unit by its code, and the page shows the balance; it names a header that no form has,
# where somebody went back to a form that was sent and changed it.
_OWN_WORDS = {"insufficient": "page.not_enough", "idempotency_conflict": "page.sent_otherwise"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What was refused, in the reader's words."""

    code: str
    sentence: str
    status: int


async def ask(visit: Visit, door: Awaitable[Response], model: type[M]) -> M | Problem:
    """Return what a door of the API answers, or what it refuses.

    Raises:
        RefusalError: the login is over.
    """
    try:
        answer = await door
    except RefusalError as refusal:
        return problem_of(visit, refusal)
    if answer.status_code < MIN_PROBLEM_STATUS:
        return model.model_validate_json(bytes(answer.body))
    said = json.loads(bytes(answer.body))
    sentence = said["detail" if visit.language == CHINESE else "detail_en"]
    return _problem(visit, said["code"], sentence[:1].upper() + sentence[1:])


def problem_of(visit: Visit, refusal: RefusalError) -> Problem:
    """Return a refusal in the reader's words.

    Raises:
        RefusalError: the login is over.
    """
    if refusal.code in LOGIN_OVER:
        raise refusal
    return _problem(visit, refusal.code, visit.say(refusal.code, **refusal.params))


def person_of(actor: Actor, permission: str) -> UUID:
    """Return the person; a device has nothing of its own.

    Raises:
        RefusalError: `forbidden`.
    """
    if actor.person_id is None:
        raise RefusalError("forbidden", permission=permission)
    return actor.person_id


def _problem(visit: Visit, code: str, sentence: str) -> Problem:
    own = _OWN_WORDS.get(code)
    return Problem(code, visit.say(own) if own else sentence, status_of(code))
