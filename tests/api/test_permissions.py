"""Every route refuses every role that docs/permissions.md does not name for it: in reach, out of reach, elsewhere."""

from collections.abc import Iterable

import pytest
from fastapi import FastAPI

from tests.api.cast import DEVICES, STAFF, TREE, VOLUNTEERS, Cast, enter
from tests.api.conftest import As
from tests.api.permissions import PERMISSIONS, ROUTES, Route, documented_permissions, request, target
from tests.conftest import new_bank
from timebank.database import Database
from timebank.permissions import Rule, Whom

EVERYBODY = (*VOLUNTEERS, *STAFF, *DEVICES)
NOT_TRIED = {"POST /api/v1/logout", "POST /api/v1/sessions/end-others"}
"""They end the session that the next request would be made with; tests/api/v1/test_sessions.py has them."""

HERE = ("alice", "apple")
BEFORE_THE_DOOR = {401, 403}
NOT_FOUND, FORBIDDEN = 404, 403


def test_the_document_shows_the_permissions_of_the_program() -> None:
    assert documented_permissions() == dict(PERMISSIONS)


def test_the_document_has_every_route_once(app: FastAPI) -> None:
    found = {
        f"{method.upper()} {path}" for path, methods in app.openapi()["paths"].items() for method in methods
    }
    assert sorted(str(route) for route in ROUTES) == sorted(found)
    assert {route.permission for route in ROUTES} - {"public", "login"} <= set(PERMISSIONS)


def test_every_permission_is_asked_for_somewhere() -> None:
    assert set(PERMISSIONS) - {route.permission for route in ROUTES} == set()


def ancestors(place: str) -> Iterable[str]:
    """Return a place of the tree and all above it."""
    parents = {code: parent for code, _, parent in TREE}
    found: str | None = place
    while found is not None:
        yield found
        found = parents[found]


def reaches(name: str, rule: Rule, place: str) -> bool:
    """Tell whether one of the cast has a permission at a place by a role or as a device."""
    if name in DEVICES:
        return name in rule.devices and DEVICES[name] in ancestors(place)
    if name in STAFF:
        role, at = STAFF[name]
        return role in rule.roles and at in ancestors(place)
    return False


def expected(route: Route, name: str, person: str, place: str) -> set[int] | None:
    """Return what may come: 403 where there is no permission, 404 out of reach; None for anything but 401 and 403."""
    if route.permission in {"public", "login"}:
        return None
    rule = PERMISSIONS[route.permission]
    is_device = name in DEVICES
    if not is_device and (
        rule.whom is Whom.EVERYBODY or (rule.whom is Whom.SELF and route.of == "person" and name == person)
    ):
        return None
    if not reaches(name, rule, DEVICES[name] if is_device else STAFF[name][1] if name in STAFF else place):
        own_rows = route.of in {"row", ""} and rule.whom is Whom.SELF and not is_device
        return {NOT_FOUND, FORBIDDEN} if own_rows else {FORBIDDEN}
    asked_at = {"bank": "root", "person": place, "organisation": place}.get(route.of)
    if asked_at is None or reaches(name, rule, asked_at):
        return None
    return {FORBIDDEN} if route.of == "bank" else {NOT_FOUND}


def asked(route: Route, cast: Cast, person: str, place: str) -> tuple[str, object]:
    """Return what a request names: its path and its body."""
    path, arguments = request(route, target(cast, person, place))
    return path, arguments.get("json")


@pytest.mark.parametrize(("person", "place"), [HERE, ("bob", "birch")])
@pytest.mark.parametrize("name", EVERYBODY)
async def test_a_role_gets_what_the_document_says(
    as_: As, cast: Cast, name: str, person: str, place: str
) -> None:
    wrong = []
    for route in ROUTES:
        path, arguments = request(route, target(cast, person, place))
        # What names neither person nor place is asked once, and not again about another.
        is_new = (person, place) == HERE or asked(route, cast, *HERE) != (path, arguments.get("json"))
        if str(route) in NOT_TRIED or not is_new:
            continue
        answer = await as_(name).request(route.method, path, **arguments)  # type: ignore[arg-type]  # arguments of many types
        wanted = expected(route, name, person, place)
        right = answer.status_code not in BEFORE_THE_DOOR if wanted is None else answer.status_code in wanted
        if not right or answer.status_code >= 500:
            wrong.append((str(route), answer.status_code, answer.json().get("code"), wanted))
    assert wrong == []


async def test_a_stranger_gets_nothing_but_what_is_public(as_: As, cast: Cast) -> None:
    for route in ROUTES:
        path, arguments = request(route, target(cast, "alice", "apple"))
        answer = await as_("stranger").request(route.method, path, **arguments)  # type: ignore[arg-type]  # arguments of many types
        if route.permission != "public":
            assert (answer.status_code, answer.json()["code"]) == (401, "token_missing"), route


@pytest.mark.parametrize("name", EVERYBODY)
async def test_another_bank_is_not_there(as_: As, database: Database, cast: Cast, name: str) -> None:
    assert cast.sessions
    other = await enter(database, await new_bank(database))
    for route in ROUTES:
        if route.of not in {"person", "organisation"}:
            continue
        path, arguments = request(route, target(other, "alice", "apple"))
        answer = await as_(name).request(route.method, path, **arguments)  # type: ignore[arg-type]  # arguments of many types
        assert answer.status_code in {NOT_FOUND, FORBIDDEN}, (str(route), answer.text)
