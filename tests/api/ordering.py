"""Ordering service over HTTP, for its tests: asking, assigning, finishing, cancelling."""

from datetime import timedelta
from typing import Any

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.entering import Clock
from tests.api.timecoins import coins_of
from timebank.database import Database

ORDERS = "/api/v1/service-orders"


async def order(
    as_: As, cast: Cast, clock: Clock, *, by: str = "alice", of: str = "alice", key: str = "o1", **body: Any
) -> Any:
    """Order an errand of an hour and a half for three hours from now."""
    asked = {
        "category": "errands",
        "wish": "测试：陪同取药",
        "wanted_at": (clock() + timedelta(hours=3)).isoformat(),
        "minutes": 90,
        **body,
    }
    return await as_(by).post(
        f"/api/v1/people/{cast.people[of]}/service-orders", json=asked, headers={"Idempotency-Key": key}
    )


async def assign(
    as_: As, cast: Cast, id_: int, server: str = "carl", *, by: str = "wen", **headers: str
) -> Any:
    """Say who serves."""
    return await as_(by).post(
        f"{ORDERS}/{id_}/assign",
        json={"server_id": str(cast.people[server])},
        headers={"If-Match": "*", **headers},
    )


async def finish(as_: As, id_: int, minutes: int = 50, *, by: str = "wen", key: str = "f1") -> Any:
    """Say how long it took."""
    return await as_(by).post(
        f"{ORDERS}/{id_}/done", json={"minutes_used": minutes}, headers={"Idempotency-Key": key}
    )


async def cancel(as_: As, path: str, *, by: str, key: str = "c1") -> Any:
    """Cancel an order at a path."""
    return await as_(by).post(f"{path}/cancel", headers={"Idempotency-Key": key})


async def living_in_apple(as_: As, cast: Cast, name: str) -> None:
    """Let one of the cast move to apple."""
    body = {"organisation_id": cast.organisations["apple"], "kind": "residence"}
    answer = await as_("adam").post(f"/api/v1/people/{cast.people[name]}/memberships", json=body)
    assert answer.status_code == 201


async def balances(database: Database, cast: Cast, name: str) -> tuple[int, int]:
    """Return what one has to spend, and what is held."""
    owner = cast.people[name]
    return (
        await coins_of(database, cast.bank, owner),
        await coins_of(database, cast.bank, owner, kind="held"),
    )
