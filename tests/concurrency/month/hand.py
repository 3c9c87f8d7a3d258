"""A login that asks over HTTP, now of one worker, now of another, and loses an answer now and then."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid4

from tests.served import token
from tests.shared_clock import SharedClock
from tests.wire import Answer, Wire
from timebank.database import Bank

_BEFORE = datetime(1, 1, 1, tzinfo=UTC)
IDLE_SECONDS = 2
TOKEN_LASTS = timedelta(minutes=5)
LOST, LATE, TWICE = 0.02, 0.04, 0.07
"""The share of requests whose answer is lost at once; with those lost a little later; with those sent twice at once."""


@dataclass(frozen=True, slots=True)
class Line:
    """The bank, the time there, and the ports of those who serve it."""

    bank: Bank
    clock: SharedClock
    ports: Sequence[int]


@dataclass(slots=True)
class Hand:
    """Somebody in a session."""

    line: Line
    session: UUID
    luck: Random
    _token: str = ""
    _until: datetime = _BEFORE
    _idle: dict[int, list[tuple[float, Wire]]] = field(default_factory=dict)

    def bearer(self) -> str:
        """Return an access token of now."""
        now = self.line.clock()
        if now >= self._until:
            self._token = token(self.line.bank, self.session, now=now)
            self._until = now + TOKEN_LASTS
        return self._token

    async def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask a worker and return its answer."""
        port = self.line.ports[self.luck.random() < 1 / 2]
        wire = self._wire(port)
        wire.token = self.bearer()
        answer = await wire.request(method, path, body, headers)
        self._idle[port].append((time.monotonic(), wire))
        return answer

    async def insist(self, path: str, body: object, *, key: str | None = None) -> Answer:
        """Ask for what is done once: plainly, after a lost answer, or of two workers at once, who must agree."""
        header, chance = {"Idempotency-Key": key or uuid4().hex}, self.luck.random()
        if chance < LATE:
            lost = Wire("127.0.0.1", self.line.ports[chance < LOST], self.bearer())
            wait = 0 if chance < LOST else self.luck.uniform(0, 0.02)
            await lost.lose("POST", path, body, header, seconds=wait)
        elif chance < TWICE:
            both = [Wire("127.0.0.1", port, self.bearer()) for port in self.line.ports]
            one, two = await asyncio.gather(*(wire.request("POST", path, body, header) for wire in both))
            for wire in both:
                wire.close()
            assert (one.status, _said(one)) == (two.status, _said(two))
            return one
        return await self.ask("POST", path, body, header)

    async def get(self, path: str) -> Answer:
        """Read something that there is."""
        answer = await self.ask("GET", path)
        assert answer.status == 200, answer
        return answer

    def _wire(self, port: int) -> Wire:
        """Return a connection that nobody uses: the newest, unless a server may have closed it by now."""
        idle = self._idle.setdefault(port, [])
        while idle:
            since, wire = idle.pop()
            if time.monotonic() - since < IDLE_SECONDS:
                return wire
            wire.close()
        return Wire("127.0.0.1", port)

    def close(self) -> None:
        """Close what is open."""
        for wires in self._idle.values():
            for _, wire in wires:
                wire.close()


def _said(answer: Answer) -> object:
    """Return an answer without what names the request."""
    return {name: value for name, value in answer.json.items() if name not in {"request_id", "instance"}}
