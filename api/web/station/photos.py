"""Reading a code off a photo for another page's form: the way that works without camera and without script.

The form sends here whatever it holds, the photo instead of the code; what comes back is the same form, filled in.
"""

import asyncio
from typing import Annotated

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import StringConstraints, TypeAdapter, ValidationError
from starlette.responses import Response

from api.problems import status_of
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.forms import PHOTO
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.codes.photos import code_in
from timebank.errors import RefusalError

router = bare()

MAX_FIELDS = 12
FORMS = r"^/(stations|till|merchant)(/[a-z0-9/-]*)?(\?[a-z0-9=&]*)?$"
"""The pages that read codes."""

# The sentences of pictures count bytes and pixels: they are for programs.
WORDS = dict.fromkeys(("picture_unreadable", "picture_too_large"), "page.photo.wrong")

To = Annotated[str, Query(pattern=FORMS, max_length=200)]
Field = Annotated[str, Query(pattern=r"^[a-z]{1,20}$")]
KEPT: TypeAdapter[dict[str, str]] = TypeAdapter(
    dict[
        Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,20}$")],
        Annotated[str, StringConstraints(max_length=200)],
    ]
)


@router.post("/codes/read")
async def read_photo(visit: VisitOf, to: To, field: Field) -> Response:
    """Read the code off a photo and show it in the form that it is for; nothing is kept."""
    await visit.read(_anybody)  # a stranger's photo is not looked at, nor that of a login that is over
    photo, kept = await _sent(visit)
    kept.pop(field, None)
    text, problem = "", None
    try:
        async with visit.service.photos:
            text = await asyncio.to_thread(code_in, photo)
    except RefusalError as refusal:
        problem = refusal
    return visit.page(
        "station/photo.html",
        status=status_of(problem.code) if problem else 200,
        to=to,
        field=field,
        kept=kept,
        text=text,
        problem=visit.say(WORDS.get(problem.code, problem.code)) if problem else "",
    )


async def _anybody(tx: ReadTx, actor: Actor) -> None:
    """Ask nothing but that the login is alive."""
    del tx, actor


async def _sent(visit: Visit) -> tuple[bytes, dict[str, str]]:
    """Return the photo and the other fields of a form that a page of ours sent.

    Raises:
        RefusalError: `form_stale`.
        RequestValidationError: it is no such form.
    """
    texts, photo = await visit.form_with_file(PHOTO, max_fields=MAX_FIELDS)
    try:
        kept = KEPT.validate_python(texts)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_input=False, include_context=False)) from None
    return photo or b"", kept
