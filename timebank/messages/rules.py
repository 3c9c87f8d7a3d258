"""What becomes of a message: when it is tried again, when it is given up, what a lapsed lease means. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

EMAIL, SMS, WECHAT, WEBHOOK = "email", "sms", "wechat", "webhook"
CHANNELS: Final = (EMAIL, SMS, WECHAT)
"""What a person may choose; a webhook is nobody's choice, but an administrator's."""

REPEATABLE: Final = frozenset({EMAIL, WEBHOOK})
"""Where whoever gets a message twice can tell by its reference. What costs money or rings a phone is not sent again
unless it certainly was not sent before."""

ADDRESS_FIELDS: Final[Mapping[str, str]] = {EMAIL: "email", SMS: "phone"}
"""Channel: the personal field that says where to. WeChat's gateway knows people by their pseudonymous id."""

LEASE: Final = timedelta(minutes=3)
SEND_SECONDS: Final = 30.0
"""One sending takes no longer: what is claimed together is sent well within the lease."""

MAX_ATTEMPTS: Final = 15
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
PATIENCE: Final = timedelta(days=3)
"""So long a message waits that is given back untried again and again: what is down for ever, or sealed under a key
that is lost, must not fill the outbox."""

State: TypeAlias = Literal["waiting", "sent", "dropped", "failed"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a message: its state, when it may be tried again, what was wrong; `is_counted` as an attempt."""

    state: State
    again_at: datetime | None = None
    problem: str | None = None
    is_counted: bool = True


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: a minute, then twice as long each time, six hours at most."""
    doublings = min(attempts - 1, 20)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def after_failure(attempts: int, problem: str, *, now: datetime) -> Verdict:
    """Return what becomes of a message whose attempt failed and may go better another time: some 40 hours in all."""
    if attempts >= MAX_ATTEMPTS:
        return Verdict("failed", problem=problem)
    return Verdict("waiting", now + pause_after(attempts), problem)


def given_back(problem: str | None, *, made_at: datetime, now: datetime) -> Verdict:
    """Return what becomes of a message that was claimed and not tried: it waits, or has failed if it did for days."""
    if problem is not None and now - made_at > PATIENCE:
        return Verdict("failed", problem=problem, is_counted=False)
    return Verdict("waiting", now + FIRST_PAUSE, problem, is_counted=False)


def of_lapsed(channel: str, attempts: int) -> Verdict | None:
    """Return what becomes of a message whose sender died, or was lost, while at it; None if it is sent again."""
    if channel not in REPEATABLE:
        return Verdict("dropped", problem="unknown_outcome")
    if attempts >= MAX_ATTEMPTS:
        return Verdict("failed", problem="unknown_outcome")
    return None
