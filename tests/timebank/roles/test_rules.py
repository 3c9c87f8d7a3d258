"""Which grants and proxies may be made."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from timebank.errors import RefusalError
from timebank.permissions import SCOPES
from timebank.roles.rules import LONGEST_PROXY, check_grant, check_proxy

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ADAM, ALICE, BOB = (UUID(int=number) for number in (1, 2, 3))


def grant(**changes: Any) -> None:
    given = {"granter_id": ADAM, "person_id": BOB, "from_at": NOW, "until_at": None, "now": NOW}
    check_grant(**{**given, **changes})


def proxy(**changes: Any) -> None:
    given = {
        "maker_id": ALICE,
        "principal_id": ALICE,
        "agent_id": BOB,
        "scopes": ["standing"],
        "from_at": NOW,
        "until_at": NOW + LONGEST_PROXY,
        "now": NOW,
    }
    check_proxy(**{**given, **changes})


@pytest.mark.parametrize(
    "changes", [{}, {"from_at": NOW + SECOND}, {"until_at": NOW + SECOND}, {"granter_id": None}]
)
def test_a_grant_that_may_be_made(changes: dict[str, object]) -> None:
    grant(**changes)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"granter_id": BOB}, "grant_to_oneself"),
        ({"from_at": NOW - SECOND}, "period_invalid"),
        ({"until_at": NOW}, "period_invalid"),
        ({"from_at": NOW + SECOND, "until_at": NOW + SECOND}, "period_invalid"),
    ],
)
def test_a_grant_that_may_not(changes: dict[str, object], code: str) -> None:
    with pytest.raises(RefusalError, match=f"^{code}$"):
        grant(**changes)


@pytest.mark.parametrize("changes", [{}, {"maker_id": ADAM}, {"scopes": SCOPES}, {"until_at": NOW + SECOND}])
def test_a_proxy_that_may_be_made(changes: dict[str, object]) -> None:
    proxy(**changes)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"agent_id": ALICE}, "proxy_of_oneself"),
        ({"maker_id": BOB}, "proxy_to_oneself"),
        ({"scopes": []}, "proxy_scope_invalid"),
        ({"scopes": ["standing", "anything"]}, "proxy_scope_invalid"),
        ({"from_at": NOW - SECOND}, "period_invalid"),
        ({"until_at": NOW}, "period_invalid"),
        ({"until_at": NOW + LONGEST_PROXY + SECOND}, "proxy_too_long"),
    ],
)
def test_a_proxy_that_may_not(changes: dict[str, object], code: str) -> None:
    with pytest.raises(RefusalError, match=f"^{code}$"):
        proxy(**changes)
