"""What a channel is: the interface behind which e-mail, webhooks, short messages and WeChat are all alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message in clear, for as long as its sending takes.

    `reference` is the same however often it is sent, so that whoever gets it twice can tell. `to` is a mail address, a
    phone, a person's pseudonymous id or a URL, as the channel has it; `secret` signs what goes to an endpoint.
    """

    reference: UUID
    bank: str
    kind: str
    params: Mapping[str, object]
    person_id: UUID | None
    made_at: datetime
    sent_at: datetime
    to: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)


class UndeliverableError(Exception):
    """It is of no use to try again: `problem` is a word of ours, never what the other end said.

    `is_gone` if nothing is to be sent there any more.
    """

    def __init__(self, problem: str, *, is_gone: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.is_gone = is_gone


class TemporaryError(Exception):
    """It may go better another time: `problem` is a word of ours.

    `is_of_channel` if it is not this message's fault, and would be every other's.
    """

    def __init__(self, problem: str, *, is_of_channel: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.is_of_channel = is_of_channel


class Channel(Protocol):
    """A way out of the bank. It knows neither the database nor the outbox, and takes half a minute at most."""

    @property
    def name(self) -> str:
        """Return what the outbox calls it."""

    async def send(self, outgoing: Outgoing) -> None:
        """Send it and return once the other end has taken it.

        Raises:
            UndeliverableError: it never will. Anything else that is raised means that it may go better another time.
        """
