"""The cast in a story: who asks whom for what over HTTP, at a time that is set, and what Alice has by then."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2
from fastapi import FastAPI

from api.service import Service
from tests.api.cast import Cast
from tests.api.entering import Clock
from timebank.codes.rules import member_code
from timebank.database import Database


@dataclass(slots=True)
class Story:
    """Who asks whom for what, at a time that is set."""

    app: FastAPI
    service: Service
    cast: Cast
    database: Database
    clock: Clock
    seed: bytes = b""
    pass_id: int = 0
    ids: dict[str, int] = field(default_factory=dict)

    async def ask(
        self, name: str, method: str, path: str, body: object = None, **more: Any
    ) -> httpx2.Response:
        """Ask as somebody, once for a key of its own."""
        token, _ = self.service.tokens.issue(self.cast.bank.code, self.cast.sessions[name], now=self.clock.at)
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex, "If-Match": "*"}
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            content = {"content": body} if isinstance(body, bytes) else {"json": body}
            headers |= more.pop("headers", {})
            return await client.request(method, f"/api/v1/{path}", headers=headers, **content, **more)

    async def get(self, name: str, path: str) -> Any:
        """Read something that there is."""
        answer = await self.ask(name, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def do(self, name: str, path: str, body: object = None, *, method: str = "POST") -> Any:
        """Do something that is done."""
        answer = await self.ask(name, method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def refused(self, name: str, path: str, body: object = None) -> str:
        """Try something that is refused and return the code."""
        answer = await self.ask(name, "POST", path, body)
        assert answer.is_client_error, answer.text
        code: str = answer.json()["code"]
        return code

    @property
    def alice(self) -> str:
        """The path of what is Alice's."""
        return f"people/{self.cast.people['alice']}"

    def phone(self) -> str:
        """Return the next code on Alice's phone."""
        self.clock.pass_(seconds=30)
        return member_code(self.seed, bank_id=self.cast.bank.id, pass_id=self.pass_id, at=self.clock.at)

    async def has(self, unit: str) -> tuple[int, int]:
        """Return what Alice has of a unit, and what is set aside."""
        found = (await self.get("alice", f"{self.alice}/balances"))["balances"]
        return next((one["total"], one["held"]) for one in found if one["unit"] == unit)

    async def on_shelf(self) -> int:
        """Return how many bags of rice are on the shelf."""
        found = await self.get("alice", f"goods/{self.ids['rice']}")
        return int(found["stock"])
