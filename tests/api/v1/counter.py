"""A till's counter for tests over HTTP: Carl opens it, Alice shows her code, and what is then asked."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx2

from api.service import Service
from tests.api.conftest import As
from tests.api.v1.markets import once
from tests.timebank.shops.scene import NOW
from tests.timebank.tills.scene import CODE, Desk

TILLS, QUOTES = "/api/v1/tills", "/api/v1/quotes"
NAME = "示例购物者"


@dataclass(slots=True)
class Counter:
    """The desk, asked over HTTP at a time that is set."""

    as_: As
    service: Service
    desk: Desk
    at: datetime = NOW
    till: int = field(default=0)

    async def open(self, by: str = "carl", device: str = "till", **changes: Any) -> httpx2.Response:
        """Open a till at a device."""
        session = self.desk.sessions[device]
        token, _ = self.service.tokens.issue(self.desk.market.bank.code, session, now=self.at)
        body = {"shop_id": self.desk.market.near, "device_token": token, "opening_cash_cents": 1_000}
        answer = await self.as_(by).post(TILLS, json=body | changes)
        if answer.status_code == 201:
            self.till = answer.json()["id"]
        return answer

    async def quote(
        self,
        *lines: dict[str, object],
        shown: dict[str, str] | None = None,
        by: str = "carl",
        till: int | None = None,
    ) -> httpx2.Response:
        """Quote to Alice, who shows a new code, or to what is shown."""
        if shown is None:
            self.at += CODE
            shown = {"code": await self.desk.code("alice", self.at)}
        path = f"{TILLS}/{till or self.till}/quotes"
        return await self.as_(by).post(path, json={"shown": shown, "lines": lines})

    async def confirm(
        self, quote: str, *, by: str = "carl", key: str | None = None, cents: int = 0
    ) -> httpx2.Response:
        """Confirm a quote."""
        path = f"{QUOTES}/{quote}/confirm"
        return await self.as_(by).post(path, json={"cash_cents": cents}, headers=once(key))

    async def redeem(self, quantity: int = 1, *, cents: int = 0) -> Any:
        """Redeem so many bags of rice and return the receipt."""
        quoted = await self.quote(self.rice(quantity))
        answer = await self.confirm(quoted.json()["id"], cents=cents)
        assert answer.status_code == 201, answer.text
        return answer.json()["receipt"]

    def rice(self, quantity: int = 1) -> dict[str, object]:
        """Return a line of so many bags of rice."""
        return {"goods_id": self.desk.market.rice, "quantity": quantity}
