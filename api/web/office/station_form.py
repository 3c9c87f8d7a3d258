"""What the form of a station says, and a station as the form shows it. Nothing is read or written here."""

from decimal import Decimal
from typing import Annotated, Literal, TypeAlias, get_args
from uuid import UUID

from pydantic import StringConstraints

from api.fields import Code, Id, Name
from api.v1.stations import Kind
from api.web.forms import FormBody, OfEitherWidth
from timebank.stations.queries import Plan

KINDS: tuple[Kind, ...] = get_args(Kind)
MICRO = 6
"""Places after the point in which a degree is kept."""

Degrees: TypeAlias = Annotated[
    str,
    OfEitherWidth,
    StringConstraints(pattern=r"^(-?[0-9]{1,3}([.][0-9]{1,6})?)?$", strip_whitespace=True),
]
Metres: TypeAlias = Annotated[
    str, OfEitherWidth, StringConstraints(pattern=r"^[0-9]{0,4}$", strip_whitespace=True)
]


class StationForm(FormBody):
    """A station as it is typed; without degrees it has no position."""

    code: Code
    name: Name
    kind: Kind
    place: Name
    hours: Name
    organisation: Id
    latitude: Degrees = ""
    longitude: Degrees = ""
    radius: Metres = ""


class EditForm(StationForm):
    """A station as it is to be, with who runs it, and the version that was seen."""

    steward: UUID | Literal[""] = ""
    version: Id


def said_of(form: StationForm) -> dict[str, object]:
    """Return what is said of a station by the names that the API calls it; half a position is refused there."""
    said = form.model_dump(include={"code", "name", "kind", "place", "hours"})
    at = {
        "latitude_e6": _micro(form.latitude),
        "longitude_e6": _micro(form.longitude),
        "radius_metres": int(form.radius) if form.radius else None,
    }
    known = {name: number for name, number in at.items() if number is not None}
    return {**said, "organisation_id": form.organisation, "position": known or None}


def typed_from(plan: Plan) -> dict[str, object]:
    """Return a station as the fields of its form show it."""
    at = plan.position
    return {
        "code": plan.code,
        "name": plan.name,
        "kind": plan.kind,
        "place": plan.place,
        "hours": plan.hours,
        "organisation": str(plan.organisation_id),
        "steward": str(plan.steward_id or ""),
        "latitude": degrees(at.latitude_e6) if at else "",
        "longitude": degrees(at.longitude_e6) if at else "",
        "radius": at.radius_metres if at else "",
    }


def degrees(micro: int) -> str:
    """Return millionths of a degree as degrees: 25100000 is 25.1."""
    return f"{Decimal(micro).scaleb(-MICRO).normalize():f}"


def _micro(typed: str) -> int | None:
    return int(Decimal(typed).scaleb(MICRO)) if typed else None
