"""A draft of the next policy pack: checked field by field, held against the one before, tried on the past, adopted."""

import secrets
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field as Checked
from pydantic import StringConstraints, model_validator
from starlette.responses import Response

from api.fields import MAX_ID, Day, Printable
from api.routers import bare
from api.v1 import policy as policy_doors
from api.v1 import policy_trials as trial_doors
from api.v1.policy import VersionIn, VersionOut
from api.v1.policy_trials import SimulationIn
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask, problem_of
from api.web.forms import MAX_FIELDS, FormBody
from api.web.office.policy import Base, base_of
from api.web.office.policy_fields import GROUPS, Part
from api.web.office.policy_result import Trial, trial_of
from api.web.office.policy_typing import Typed, is_left_out, placed, read, rows_of, typed_of
from api.web.office.policy_words import GOODS, ChangedLine, changed_lines, label_of, option_name, unit_name
from api.web.rendering import CHINESE
from api.web.visit import Visit
from timebank.errors import RefusalError
from timebank.policy.checking import problems as problems_of
from timebank.policy.diff import changes
from timebank.policy.rules import PolicyPack, default_pack, written

router = bare()

PREFIX = "pack."
"""What the names of the pack's own fields begin with."""
LONGEST_TEXT = 10_000

Text = Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]
Of = Annotated[int | None, Query(ge=1, le=MAX_ID)]
Note = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True), Printable]


class DraftForm(FormBody):
    """What is in the fields of the pack, and what is to be done with it."""

    do: Literal["check", "simulate", "adopt", "file"] = "check"
    base: Annotated[int, Checked(ge=0, le=MAX_ID)] = 0
    typed: Annotated[
        dict[str, Text | Annotated[list[Text], Checked(max_length=20)]], Checked(max_length=MAX_FIELDS)
    ]
    effective_from: Day | Literal[""] = ""
    note: Note = ""
    from_on: Day | Literal[""] = ""
    until_on: Day | Literal[""] = ""
    with_people: Literal["on", ""] = ""
    once: Once

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, fields: dict[str, object]) -> dict[str, object]:
        """Take the pack's fields together, whatever their names."""
        typed = {
            name.removeprefix(PREFIX): value for name, value in fields.items() if name.startswith(PREFIX)
        }
        rest = {name: value for name, value in fields.items() if not name.startswith(PREFIX)}
        return {**rest, "typed": typed}


@dataclass(slots=True)
class Looked:
    """A draft as it was looked at: what is wrong with it, what it changes, what it would have issued."""

    base: Base
    typed: Typed
    form: DraftForm | None = None
    pack: PolicyPack | None = None
    faults: dict[str, list[str]] = field(default_factory=dict)
    lines: list[ChangedLine] = field(default_factory=list)
    trial: Trial | None = None
    problem: Problem | None = None

    @property
    def days(self) -> tuple[date, date]:
        """The days to try it on, both included: those that were typed, else a year and this month up to today."""
        today = self.base.today
        first = self.form.from_on if self.form else ""
        last = self.form.until_on if self.form else ""
        return (
            first if isinstance(first, date) else date(today.year - 1, today.month, 1),
            last if isinstance(last, date) else today,
        )


@router.get("/office/policy/draft")
async def show_draft(visit: VisitOf, of: Of = None) -> Response:
    """Show the form of a draft that begins as a version, or as the latest."""
    base = await base_of(visit, of)
    return _page(visit, Looked(base, typed_of(base.pack or default_pack())))


@router.post("/office/policy/draft")
async def look_at_draft(visit: VisitOf) -> Response:
    """Check a draft, and try, hand out or adopt it if nothing is wrong with it."""
    form = await visit.form(DraftForm)
    looked = Looked(await base_of(visit, form.base or None), dict(form.typed), form)
    said = read(looked.typed)
    looked.pack, found = problems_of(said.said)
    if looked.pack is None:
        looked.faults = placed(found, said.places, chinese=visit.language == CHINESE)
        return _page(visit, looked, status=422)
    looked.lines = changed_lines(visit, changes(looked.base.pack, looked.pack))
    if form.do == "file":
        headers = {"Content-Disposition": 'attachment; filename="policy-draft.json"'}
        return visit.finish(Response(written(looked.pack), media_type="application/json", headers=headers))
    if form.do == "adopt":
        return await _adopted(visit, looked, form, looked.pack)
    if form.do == "simulate":
        await _try(visit, looked, looked.pack, with_people=form.with_people == "on")
    return _page(visit, looked, status=looked.problem.status if looked.problem else 200)


async def _try(visit: Visit, looked: Looked, pack: PolicyPack, *, with_people: bool) -> None:
    first, last = looked.days
    asked = SimulationIn(pack=pack, from_on=first, until_on=last, with_people=with_people)
    try:
        found = await trial_doors.simulate_policy_pack(visit.caller, asked)
    except RefusalError as refusal:
        looked.problem = problem_of(visit, refusal)
        return
    looked.trial = await trial_of(visit, found)


async def _adopted(visit: Visit, looked: Looked, form: DraftForm, pack: PolicyPack) -> Response:
    """Adopt the draft, once for the form."""
    if not isinstance(form.effective_from, date):
        looked.problem = problem_of(visit, RefusalError("page.policy.day_needed"))
        return _page(visit, looked, status=422)
    asked = VersionIn(pack=pack, effective_from=form.effective_from, note=form.note)
    door = policy_doors.create_policy_version(visit.caller, asked, form.once)
    adopted = await ask(visit, door, VersionOut)
    if isinstance(adopted, Problem):
        looked.problem = adopted
        return _page(visit, looked, status=adopted.status)
    return visit.go(f"/office/policy/{adopted.version}")


def _page(visit: Visit, looked: Looked, *, status: int = 200) -> Response:
    return visit.page(
        "office/policy_draft.html",
        status=status,
        looked=looked,
        groups=GROUPS,
        prefix=PREFIX,
        once=secrets.token_hex(16),
        rows=lambda part: _rows(looked.typed, part),
        label=lambda part, each: label_of(visit, part, each),
        option=lambda one: option_name(visit, one),
        units=_units(looked.typed),
        unit_name=lambda code: unit_name(visit, code),
    )


def _rows(typed: Typed, part: Part) -> list[int]:
    """Return the rows that the form shows of a list: those there are, and one to be added."""
    there = rows_of(part, typed)
    return [
        *(row for row in there if not is_left_out(part, typed, row)),
        there[-1] + 1 if there else 0,
    ]


def _units(typed: Typed) -> list[str]:
    """Return the units that the draft lists, and what stands for all goods."""
    return [
        *(
            str(code)
            for name, code in typed.items()
            if name.startswith("units.") and name.endswith(".code") and code
        ),
        GOODS,
    ]
