"""A scan as it is asked for, and what is answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from timebank.scans.rules import GOOD, Kind


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where a scan stands in the queue of a device that was offline, and what was found out about it.

    `at` is the device's clock, `prior` the digest of the entry before. `fault` and `is_doubtful` are the device's:
    a signature that does not verify, a clock that is not to be believed. `told` is how the device itself refused it.
    """

    seq: int
    at: datetime
    prior: bytes
    fault: str | None = None
    is_doubtful: bool = False
    told: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRequest:
    """One scan, of whatever kind. Exactly one of `code`, `receipt`, `member_code`, `card` and `by_hand` is given.

    `digest` makes a scan that is sent twice the same one. With a code or a receipt the member is whoever logged in
    (`login_id`, with whom the transaction begins) or `person_id`; with a member's code or card whoever it is of; by
    hand `person_id`. `happened_at` is when it happened if that is not when it was received. `within` are the
    organisations in whose sessions the actor may take scans, None for all.
    """

    digest: bytes
    kind: Kind
    received_at: datetime
    actor: str = ""
    login_id: UUID | None = None
    person_id: UUID | None = None
    session_id: int | None = None
    station_id: int | None = None
    code: str | None = None
    receipt: str | None = None
    member_code: str | None = None
    card: str | None = None
    by_hand: Literal["roll_call", "late_entry"] | None = None
    happened_at: datetime | None = None
    phone: bytes | None = None
    location: tuple[float, float] | None = None
    evidence: str | None = None
    within: frozenset[int] | None = None
    device_id: UUID | None = None
    stamp: Stamp | None = None
    fault: str | None = None

    @property
    def is_afterwards(self) -> bool:
        """Tell whether it is told after it happened: by a device that was offline, or from papers."""
        return self.stamp is not None or self.by_hand == "late_entry"


@dataclass(frozen=True, slots=True)
class ScanAnswer:
    """What became of a scan: `accepted`, `repeat` or a refusal's code; when it happened, and the member's times so far.

    The times are those of the first accepted check-in and check-out, whatever of them there is.
    """

    outcome: str
    kind: Kind
    session_id: int | None = None
    person_id: UUID | None = None
    happened_at: datetime | None = None
    check_in_at: datetime | None = None
    check_out_at: datetime | None = None

    @property
    def is_good(self) -> bool:
        """Tell whether the member is checked in, or out."""
        return self.outcome in GOOD
