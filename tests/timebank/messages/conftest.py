"""An outbox with real receivers, and people of the cast who wish to be told."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio

from ledger.session import ReadTx, WriteTx
from tests.api.cast import Cast
from tests.timebank.messages.receivers import HOST, LOCAL, Hooks, Inbox, certificate, hook_server, mail_server
from timebank.database import Database
from timebank.messages.channels import Channel, Outgoing
from timebank.messages.choices import choose_channel
from timebank.messages.email import EmailChannel, Relay
from timebank.messages.rules import CHANNELS
from timebank.messages.sending import Outbox
from timebank.messages.webhook import WebhookChannel
from timebank.vault.actions import replace_fields
from timebank.vault.cipher import Cipher
from timebank.webhooks.actions import make_endpoint

NOON = datetime(2026, 5, 9, 4, 0, tzinfo=UTC)
CIPHER = Cipher(b"v" * 32)
ADDRESS = "alice@mail.example.org"


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a machine that is held up take its time; tests of what is too slow set limits of their own."""
    monkeypatch.setattr("timebank.messages.posting.TIMEOUT", httpx2.Timeout(60.0))
    monkeypatch.setattr("timebank.messages.sending.TURN", timedelta(minutes=5))


@dataclass(slots=True)
class Spy:
    """A channel that keeps what it is given, and fails if told to."""

    name: str
    sent: list[Outgoing] = field(default_factory=list)
    failure: BaseException | None = None
    gate: asyncio.Event | None = None

    async def send(self, outgoing: Outgoing) -> None:
        """Keep it."""
        self.sent.append(outgoing)
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure


@dataclass(slots=True)
class Post:
    """The outbox of the cast's bank under a clock that a test turns."""

    database: Database
    cast: Cast
    now: datetime = NOON
    channels: dict[str, Channel] = field(default_factory=dict)

    @property
    def outbox(self) -> Outbox:
        """Return what sending takes."""
        return Outbox(self.database, CIPHER, self.channels, lambda: self.now)

    def spy(self, name: str) -> Spy:
        """Put a spy in a channel's place."""
        made = Spy(name)
        self.channels[name] = made
        return made

    def later(self, **parts: float) -> None:
        """Let time pass."""
        self.now += timedelta(**parts)

    async def choose(self, who: str, *channels: str, **fields: str) -> UUID:
        """Let one of the cast have personal fields and choose channels."""
        person_id = self.cast.people[who]

        async def work(tx: WriteTx) -> None:
            await replace_fields(tx, CIPHER, person_id, fields)
            for channel in channels:
                await choose_channel(tx, person_id=person_id, channel=channel, offered=CHANNELS, now=self.now)

        await self.database.write(self.cast.bank, work)
        return person_id

    async def endpoint(
        self, port: int = 443, kinds: Sequence[str] = ("*",), path: str = "/in"
    ) -> tuple[int, str]:
        """Make an endpoint and return its id and secret."""
        url = f"https://{HOST}:{port}{path}"
        made = await self.database.write(
            self.cast.bank,
            lambda tx: make_endpoint(tx, CIPHER, url=url, kinds=kinds, actor="test", now=self.now),
        )
        return made.endpoint.id, made.secret

    async def rows(self) -> list[tuple[str, str, int, str | None]]:
        """Return (channel, state, attempts, problem) of every message, oldest first."""

        async def work(tx: ReadTx) -> list[tuple[str, str, int, str | None]]:
            found = await tx.connection.fetch(
                "select channel, state, attempts, problem from messages where bank_id = $1 order by id",
                tx.bank_id,
            )
            return [(row[0], row[1], row[2], row[3]) for row in found]

        return await self.database.read(self.cast.bank, work)


@pytest.fixture
def post(database: Database, cast: Cast) -> Post:
    """Return the outbox of a new bank; no channel is set up yet."""
    return Post(database, cast)


@pytest_asyncio.fixture
async def inbox(post: Post) -> AsyncIterator[Inbox]:
    """Return what a real mail server gets; e-mail is set up."""
    found = Inbox()
    async with mail_server(found) as port:
        relay = Relay(LOCAL, port, is_tls=False, is_starttls=False)
        post.channels["email"] = EmailChannel(relay, "no-reply@bank.example.org")
        yield found


@pytest_asyncio.fixture
async def hooks(post: Post, tmp_path: Path) -> AsyncIterator[Hooks]:
    """Return what a real HTTPS receiver gets; webhooks lead to it."""
    server, trusting = certificate(tmp_path)

    async def resolve(name: str, port: int) -> list[str]:
        del port
        assert name == HOST
        return [LOCAL]

    post.channels["webhook"] = WebhookChannel(context=trusting, resolve=resolve, is_allowed=lambda _: True)
    async with hook_server(Hooks(), server) as running:
        yield running
