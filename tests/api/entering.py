"""Logging in, for tests of the API: a clock that is set, phones of the cast, and a sender that keeps what it sends."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pyotp

from api.service import Service
from ledger.session import WriteTx
from tests.api.cast import Cast
from tests.api.conftest import As
from timebank.login.links import make_login_link
from timebank.login.senders import Message
from timebank.vault.actions import put_fields
from timebank.vault.blind import PHONE, put_index

PASSWORD = "gleaming-river-42"
ALICE, WEN, NOBODY = "19900000001", "19900000002", "19900000009"


@dataclass(slots=True)
class Clock:
    """What time it is for the service."""

    at: datetime = field(
        default_factory=lambda: datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    )

    def __call__(self) -> datetime:
        """Return the time."""
        return self.at

    def pass_(self, **by: float) -> None:
        """Let time pass."""
        self.at += timedelta(**by)


@dataclass(slots=True)
class Phones:
    """A sender that keeps what came to which phone."""

    messages: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        """Keep a message."""
        self.messages.append(message)


@dataclass(slots=True)
class Door:
    """The way in for whoever has no token yet."""

    as_: As
    cast: Cast
    service: Service
    clock: Clock
    phones: Phones

    async def post(self, path: str, **body: object) -> Any:
        """Post to a route of the login as a stranger, naming the bank."""
        return await self.as_("stranger").post(f"/api/v1/{path}", json={"bank": self.cast.bank.code, **body})

    async def write(self, work: Any) -> Any:
        """Run work in a transaction of the cast's bank."""
        return await self.service.database.write(self.cast.bank, work)

    async def give_phone(self, person: str, phone: str, name: str = "测试甲") -> UUID:
        """Let one of the cast have a phone and a name."""
        id_ = self.cast.people[person]

        async def work(tx: WriteTx) -> None:
            await put_index(tx, self.service.blind, id_, PHONE, phone)
            await put_fields(tx, self.service.cipher, [(id_, "name", name)])

        await self.write(work)
        return id_

    async def ask_for_code(self, phone: str) -> tuple[str, str]:
        """Ask for a code and return its id, and the code itself if it was sent."""
        answer = await self.post("login/codes", phone=phone)
        assert answer.status_code == 202, answer.text
        await self.service.outgoing.settle()
        sent = [m.code for m in self.phones.messages if m.reference == answer.json()["reference"]]
        return answer.json()["code_id"], sent[0] if sent else "000000"

    async def enter(self, phone: str) -> dict[str, Any]:
        """Log in by code and return the tokens."""
        code_id, code = await self.ask_for_code(phone)
        answer = await self.post("login/codes/verify", code_id=code_id, code=code)
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()["tokens"]
        return tokens

    async def link(self, person: str, **lifetime: float) -> str:
        """Make a login link for one of the cast and return its token."""
        id_ = self.cast.people[person]
        until = timedelta(**(lifetime or {"minutes": 10}))
        token: str = await self.write(lambda tx: make_login_link(tx, id_, now=self.clock(), lifetime=until))
        return token

    async def call(self, tokens: dict[str, Any], method: str, path: str, **body: object) -> Any:
        """Call a route with an access token."""
        return await self.as_("stranger").request(
            method,
            f"/api/v1/{path}",
            headers={"Authorization": f"Bearer {tokens['access_token']}"},
            **({"json": body} if body else {}),  # type: ignore[arg-type]  # arguments of many types
        )

    async def set_password(self, phone: str, password: str = PASSWORD) -> dict[str, Any]:
        """Log in by code, set a password, and return the tokens."""
        tokens = await self.enter(phone)
        answer = await self.call(tokens, "PUT", "me/password", new_password=password)
        assert answer.status_code == 204, answer.text
        return tokens

    async def set_up_totp(self, tokens: dict[str, Any]) -> pyotp.TOTP:
        """Set up and confirm a second factor; its code of now is used then."""
        answer = await self.call(tokens, "POST", "me/totp", password=None)
        assert answer.status_code == 201, answer.text
        totp = pyotp.parse_uri(answer.json()["uri"])
        assert isinstance(totp, pyotp.TOTP)
        answer = await self.call(tokens, "POST", "me/totp/confirm", code=totp.at(self.clock.at))
        assert answer.status_code == 204, answer.text
        return totp
