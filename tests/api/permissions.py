"""The tables of docs/permissions.md as data, and a request for each route that nothing but a permission can refuse."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from tests.api.bodies import NOWHERE, Target, bodies, target
from timebank.permissions import PERMISSIONS, Role, Rule, Whom

DOCUMENT = Path(__file__).parents[2] / "docs" / "permissions.md"


@dataclass(frozen=True, slots=True)
class Route:
    """A line of the table of routes."""

    method: str
    path: str
    permission: str
    of: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _tables() -> Iterator[list[list[str]]]:
    table: list[list[str]] = []
    for line in [*DOCUMENT.read_text(encoding="utf-8").splitlines(), ""]:
        if line.startswith("|"):
            table.append([cell.strip() for cell in line.strip("|").split("|")])
        elif table:
            yield table[2:]
            table = []


def documented_permissions() -> dict[str, Rule]:
    """Return the first table."""
    rules = {}
    whom = {"": Whom.NOBODY, "self": Whom.SELF, "all": Whom.EVERYBODY}
    for name, self_or_all, scope, *marks, devices in next(_tables()):
        roles = frozenset(role for role, mark in zip(Role, marks, strict=True) if mark == "x")
        kinds = frozenset(filter(None, devices.replace(" ", "").split(",")))
        rules[name] = Rule(whom[self_or_all], roles, scope or None, kinds)
    return rules


def documented_routes() -> list[Route]:
    """Return the second table."""
    *_, table = _tables()
    return [
        Route(route.split(" ")[0], route.split(" ")[1], permission, of) for route, permission, of in table
    ]


ROUTES = documented_routes()


def request(route: Route, about: Target) -> tuple[str, dict[str, object]]:
    """Return the address and the arguments of a request that is well-formed; rows that are named are not there."""
    values: dict[str, object] = {
        "person_id": about.person,
        "organisation_id": about.organisation,
        "unit": "point",
        "bank": "nobody",
        "version": 1,
        "session_id": NOWHERE,
        "device_id": NOWHERE,
        "task_id": NOWHERE,
        "quote_id": NOWHERE,
        "day": "2026-01-01",
        "channel": "wechat",
        "job": "expire",
        "period": "2026-01-01",
    }
    path = route.path.format_map(_Otherwise(values))
    given = {"Idempotency-Key": uuid4().hex, "If-Match": "*", "X-Phone": "0" * 32}
    arguments: dict[str, object] = {"headers": given}
    if str(route) == "POST /api/v1/imports":
        arguments["files"] = {"file": ("a.xlsx", b"nothing", "application/octet-stream")}
    elif (body := bodies(about).get(str(route))) is not None:
        arguments["json"] = body
    if str(route) == "GET /api/v1/people/{person_id}":
        path += "?purpose=service"
    if str(route) == "GET /api/v1/calendar-days":
        path += "?from=2026-01-01&until=2026-01-31"
    if route.path.endswith("/consistency"):
        path += "?old_size=1&new_size=2"
    if "/code" in route.path and "{station_id}" in route.path:
        path += "?activity_session_id=1"
    return path, arguments


class _Otherwise(dict[str, object]):
    """Names of other rows: none of them is there."""

    def __missing__(self, key: str) -> object:
        return 999_999_999


__all__ = ["PERMISSIONS", "ROUTES", "Route", "Target", "documented_permissions", "request", "target"]
