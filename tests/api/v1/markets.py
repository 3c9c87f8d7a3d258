"""Two shops of apple for tests over HTTP, and what an office does with them."""

from collections.abc import Mapping
from itertools import count

import httpx2

from tests.api.conftest import As

SHOPS, GOODS, FUNDS = "/api/v1/shops", "/api/v1/goods", "/api/v1/funds"
ANY = {"If-Match": "*"}

_numbers = count(1)


def once(key: str | None = None) -> dict[str, str]:
    """Return the header of a request that is done once."""
    return {"Idempotency-Key": key or f"test-{next(_numbers)}"}


def said(answer: httpx2.Response) -> tuple[int, str]:
    """Return status and code of a refusal."""
    return answer.status_code, answer.json()["code"]


async def enter_stock(
    as_: As, goods_id: int, what: str, body: Mapping[str, object], *, by: str = "mia"
) -> httpx2.Response:
    """Ask for receipts, transfers, counts or write-offs of an item."""
    return await as_(by).post(f"{GOODS}/{goods_id}/{what}", json=body, headers=once())


async def bring(as_: As, goods_id: int, quantity: int, cents: int = 100) -> None:
    """Put so many on the shelf."""
    answer = await enter_stock(as_, goods_id, "receipts", {"quantity": quantity, "unit_cost_cents": cents})
    assert answer.status_code == 201, answer.text
