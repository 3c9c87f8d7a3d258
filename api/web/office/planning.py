"""What a form says of an activity, and what a page says of one that was refused. Nothing is read or written here."""

from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from api.fields import Code, Id, Name, Sentence
from api.v1.activities import Age, Capacity, Category, Content, Minutes
from api.web.asking import Once, Problem, problem_of
from api.web.forms import FormBody
from api.web.local import LocalMoment, field_of, in_zone
from api.web.visit import Visit
from timebank.activities.queries import Activity
from timebank.activities.rules import Plan
from timebank.errors import RefusalError

Factor = Annotated[str, StringConstraints(pattern=r"^[0-3]([.][0-9]{1,3})?$", strip_whitespace=True)]
SkillsLine = Annotated[str, StringConstraints(max_length=400, strip_whitespace=True)]
MOST_SKILLS = 20
PERMILLE = 1_000


class PlanForm(FormBody):
    """An activity as it is planned; the leader by the volunteer's code, nobody named is who plans it."""

    name: Name
    category: Category
    is_service: Literal["yes", "no"] = "yes"
    team: Id | Literal[""] = ""
    place: Name
    starts: LocalMoment
    ends: LocalMoment
    rest: Minutes = 0
    factor: Factor = "1"
    capacity: Capacity | Literal[""] = ""
    kind: Literal["ordinary", "emergency"] = "ordinary"
    content: Content = ""
    leader: Code | Literal[""] = ""
    skills: SkillsLine = ""
    min_age: Age | Literal[""] = ""
    is_dangerous: Literal["yes", "no"] = "no"
    insurance: Sentence | Literal[""] = ""


class NewForm(PlanForm):
    """A new activity, with a session of its whole time if so wished."""

    code: Code
    organisation: Id
    session: Literal["yes", "no"] = "no"
    station: Annotated[tuple[Id, ...], Field(max_length=50)] = ()
    once: Once


class EditForm(PlanForm):
    """An activity planned otherwise than it was in the version that was seen."""

    version: Id


@dataclass(frozen=True, slots=True)
class Leader:
    """Who leads an activity, as a page shows them."""

    person_id: UUID
    code: str
    name: str


def plan_of(visit: Visit, form: PlanForm, leader_id: UUID | None) -> Plan:
    """Return the plan that a form says."""
    zone = visit.banks_own.zone
    skills = [skill.strip() for skill in form.skills.replace("、", ",").replace("，", ",").split(",")]
    return Plan(
        name=form.name,
        category=form.category,
        is_volunteer_service=form.is_service == "yes",
        team_id=form.team or None,
        place=form.place,
        starts_at=in_zone(form.starts, zone),
        ends_at=in_zone(form.ends, zone),
        rest_minutes=form.rest,
        difficulty_permille=round(float(form.factor) * PERMILLE),
        capacity=form.capacity or None,
        kind=form.kind,
        content=form.content,
        leader_id=leader_id,
        skills=tuple(skill for skill in skills if skill)[:MOST_SKILLS],
        min_age=None if form.min_age == "" else form.min_age,
        is_dangerous=form.is_dangerous == "yes",
        insurance=form.insurance or None,
    )


def typed_of(visit: Visit, found: Activity, leader: Leader | None) -> dict[str, object]:
    """Return an activity as the fields of its form show it."""
    zone = visit.banks_own.zone
    return {
        "name": found.name,
        "category": found.category,
        "is_service": "yes" if found.is_volunteer_service else "no",
        "team": found.team_id or "",
        "place": found.place,
        "starts": field_of(found.starts_at, zone),
        "ends": field_of(found.ends_at, zone),
        "rest": found.rest_minutes,
        "factor": f"{found.difficulty_permille / PERMILLE:g}",
        "capacity": found.capacity or "",
        "kind": found.kind,
        "content": found.content,
        "leader": leader.code if leader else "",
        "skills": "、".join(found.skills),
        "min_age": "" if found.min_age is None else found.min_age,
        "is_dangerous": "yes" if found.is_dangerous else "no",
        "insurance": found.insurance or "",
        "version": found.version,
    }


def problem_in_words(visit: Visit, refusal: RefusalError) -> Problem:
    """Return a refusal in the reader's words, states and fields named as the page names them.

    Raises:
        RefusalError: the login is over.
    """
    params = dict(refusal.params)
    if "state" in params:
        kind = "session_state" if "session" in refusal.code else "state"
        params["state"] = visit.say(f"page.activities.{kind}.{params['state']}")
    if refusal.code == "law_fields_missing":
        named = [visit.say(f"page.activities.field.{field}") for field in str(params["fields"]).split(", ")]
        params["fields"] = ("、" if visit.language == "zh" else ", ").join(named)
    return problem_of(visit, RefusalError(refusal.code, **params))
