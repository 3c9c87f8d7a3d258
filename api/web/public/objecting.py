"""Objecting to a line of a public board: what was typed, and what came of it; each board shows it in its own place."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import StringConstraints
from starlette.responses import Response

from api.fields import MAX_ID, Id, Printable, Sentence
from api.problems import status_of
from api.web.forms import FormBody, checked
from api.web.visit import Visit
from ledger.session import WriteTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.notices.objections import Objection

SAID = frozenset({"already_objected", "line_settled", "notice_over", "too_many_objections"})
"""Refusals that the page says where they happened."""

AfterLine = Annotated[int, Query(alias="after", ge=0, le=MAX_ID)]
LineNumber = Annotated[int | None, Query(alias="line", ge=1, le=MAX_ID)]

Raise: TypeAlias = Callable[[WriteTx, Actor, int, Objection], Awaitable[int]]
"""Raises an objection to a line and returns its id."""


class TypedForm(FormBody):
    """What somebody typed, be it what it may: it is shown again if it does not fit."""

    line: Id
    ground: str = ""
    contact: str = ""


class ObjectionForm(FormBody):
    """What somebody says against a line, and how to reach them if they wish."""

    line: Id
    ground: Sentence
    contact: Annotated[str, StringConstraints(max_length=100, strip_whitespace=True), Printable] = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of a form: the line that was objected to, or what was typed and why it was refused."""

    chosen: int | None = None
    objected: int | None = None
    typed: TypedForm | None = None
    refused: RefusalError | None = None

    def page(self, visit: Visit, template: str, **values: object) -> Response:
        """Return a board's page with it."""
        refused = self.refused
        return visit.page(
            template,
            status=status_of(refused.code) if refused else 200,
            has_camera=False,
            objected=self.objected,
            typed=self.typed,
            sentence=visit.say(refused.code, **refused.params) if refused else "",
            **values,
        )


async def heard_of(visit: Visit, raise_: Raise) -> Heard:
    """Take a form and raise the objection in it.

    Raises:
        RefusalError: `form_stale`, and what no board says.
    """
    typed = await visit.form(TypedForm)
    try:
        form = checked(ObjectionForm, typed.model_dump())
    except RequestValidationError:
        return Heard(typed.line, typed=typed, refused=RefusalError("page.notice.wrong"))

    async def work(tx: WriteTx, actor: Actor) -> int:
        return await raise_(tx, actor, form.line, Objection(form.ground, form.contact or None))

    try:
        await visit.write(work, action="objections.raise", subject=str)
    except RefusalError as refusal:
        if refusal.code not in SAID:
            raise
        return Heard(typed.line, typed=typed, refused=refusal)
    return Heard(objected=form.line)
