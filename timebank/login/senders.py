"""Sending one-time codes: the interface, the default that only writes a log, and sending without being waited for."""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from timebank.settings import Settings

MAX_WAITING = 1000

log = structlog.get_logger("timebank.login")


@dataclass(frozen=True, slots=True)
class Message:
    """A code for a phone. The reference is what both ends may name; it is no secret."""

    phone: str = field(repr=False)
    code: str = field(repr=False)
    reference: str


class Sender(Protocol):
    """What an installation connects to its gateway for short messages."""

    async def send(self, message: Message) -> None:
        """Send the code, or raise; it is not tried again: who waits in vain asks for another code."""


class LogSender:
    """Write the code to the log, without the phone. For trying things out on one's own machine."""

    async def send(self, message: Message) -> None:
        """Write one line."""
        log.info("login_code", reference=message.reference, code=message.code)


def default_sender(settings: Settings) -> Sender | None:
    """Return the log for the embedded server; none for a real one, where a log is no place for codes."""
    return LogSender() if settings.database_url is None else None


class Outgoing:
    """Messages on their way. A request does not wait for the gateway: how long that takes would tell whom it knows."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def hand_over(self, sender: Sender, message: Message) -> None:
        """Begin to send; what fails is logged by its reference."""
        if len(self._tasks) >= MAX_WAITING:
            log.warning("code_not_sent", reference=message.reference, error="too many waiting")
            return
        task = asyncio.create_task(_send(sender, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Wait until everything handed over was sent or failed."""
        while self._tasks:
            await asyncio.wait(self._tasks)


async def _send(sender: Sender, message: Message) -> None:
    try:
        await sender.send(message)
    except Exception as error:  # noqa: BLE001 -- the edge to somebody else's program
        log.warning("code_not_sent", reference=message.reference, error=type(error).__name__)
