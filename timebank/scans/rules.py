"""What becomes of a scan: the order in which it is refused, repeats, doubts and nearness. Pure.

A scan is judged with what is on record and what others before it in the same batch took. Whatever the judgement, the
scan is kept: the steward counts the refused ones.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["in", "out"]
Mode: TypeAlias = Literal["station_code", "member_code", "card", "poster", "roll_call", "late_entry"]
Nearness: TypeAlias = Literal["inside", "near", "far"]

IN: Final = "in"
OUT: Final = "out"
ACCEPTED: Final = "accepted"
REPEAT: Final = "repeat"
"""A member who is checked in already, or out: a friendly success, and evidence like the first."""

GOOD: Final = frozenset({ACCEPTED, REPEAT})
"""The outcomes of who is checked in, or out."""

REFUSALS: Final = (
    # what arrived from a device offline
    "signature_invalid",
    "sequence_conflict",
    "device_revoked",
    "clock_in_future",
    # what the paper, the code or the card itself says
    "check_out_before_check_in",
    "code_unreadable",
    "code_of_other_bank",
    "code_forged",
    "code_expired",
    "code_early",
    "code_replayed",  # a receipt on another phone; what somebody else used up is found at the end
    "card_unknown",
    "pass_revoked",
    # where and who
    "unknown_activity_session",
    "session_mismatch",
    "station_not_of_session",
    "no_volunteer",
    # when, and what others did before
    "session_not_open",
    "phone_used",
    "not_signed_up",
)
"""The refusals in their order of precedence: of several that apply the first is answered."""

NOT_KEPT: Final = ("session_over", "forbidden")
"""A login that ended, or is a device's, scans nothing: these are answers, but no scans."""

DEFAULT_RADIUS_METRES: Final = 300
NEAR_RADII: Final = 3
_EARTH_METRES: Final = 6_371_000
_MILLION: Final = 1_000_000

RUNNING: Final = frozenset({"published", "running"})
PLANNED, CLOSED = "planned", "closed"


@dataclass(frozen=True, slots=True)
class Site:
    """A station as a scan needs it; its place in millionths of a degree, if it is known."""

    id: int
    latitude_e6: int | None
    longitude_e6: int | None
    radius_metres: int | None


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """A session as a scan needs it. `organisations` are the activity's and its stations'.

    `is_guarded` if its sign-up asks for the age: dangerous work, or a lowest age.
    """

    id: int
    state: str
    activity_state: str
    is_emergency: bool
    starts_at: datetime
    ends_at: datetime
    early: timedelta
    late: timedelta
    capacity: int | None
    sites: Mapping[int, Site]
    organisations: frozenset[int]
    is_guarded: bool = False

    def takes(self, kind: Kind, at: datetime, *, afterwards: bool) -> bool:
        """Tell whether it takes a scan of that kind at that moment.

        Check-in opens `early` before the start and ends with the session, check-out `late` after it. What is told
        `afterwards` (a station was offline, papers came in) counts in a session that was closed meanwhile, too.
        """
        if self.state == CLOSED:
            if not afterwards or self.activity_state == "cancelled":
                return False
        elif self.state != PLANNED or self.activity_state not in RUNNING:
            return False
        last = self.ends_at if kind == IN else self.ends_at + self.late
        return self.starts_at - self.early <= at <= last


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A scan as read, before it is judged. `fault` is what was found wrong while reading it.

    `asked_session_id` is the session that the caller meant, where the code names another by itself. `within` are the
    organisations in whose sessions the actor may scan; None for all. `is_known` says that the actor may name this
    member without a code of theirs, `is_own` that it is themself whom they scanned: evidence of nobody else.
    """

    digest: bytes
    kind: Kind
    mode: Mode
    happened_at: datetime
    session_id: int | None = None
    asked_session_id: int | None = None
    station_id: int | None = None
    volunteer_id: int | None = None
    is_known: bool = True
    is_own: bool = False
    is_afterwards: bool = False
    phone: bytes | None = None
    proof: bytes | None = None
    fault: str | None = None
    late_fault: str | None = None
    within: frozenset[int] | None = None
    device: tuple[object, int] | None = None
    prior: bytes | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a scan: `accepted`, `repeat` or a refusal; and what of it may be kept as true."""

    outcome: str
    session_id: int | None
    station_id: int | None
    volunteer_id: int | None
    is_doubtful: bool = False

    @property
    def is_good(self) -> bool:
        """Tell whether the member is checked in, or out."""
        return self.outcome in GOOD


@dataclass(slots=True)
class Taken:
    """What is on record, and what the scans judged so far took."""

    pairs: dict[tuple[int, int, str], datetime] = field(default_factory=dict)
    phones: dict[tuple[int, bytes], set[int]] = field(default_factory=dict)
    proofs: dict[bytes, int] = field(default_factory=dict)
    sequence: dict[tuple[object, int], bytes] = field(default_factory=dict)
    signed_up: set[tuple[int, int]] = field(default_factory=set)
    places_left: dict[int, int] = field(default_factory=dict)

    def take(self, claim: Claim, session_id: int, volunteer_id: int) -> None:
        """Enter a scan that was accepted."""
        is_new = not any((session_id, volunteer_id, kind) in self.pairs for kind in (IN, OUT))
        self.pairs[session_id, volunteer_id, claim.kind] = claim.happened_at
        self.use_phone(session_id, claim.phone, volunteer_id)
        if claim.proof is not None:
            self.proofs[claim.proof] = volunteer_id
        if is_new and session_id in self.places_left and (session_id, volunteer_id) not in self.signed_up:
            self.places_left[session_id] -= 1

    def use_phone(self, session_id: int, phone: bytes | None, volunteer_id: int) -> None:
        """Enter whom a phone served, if only by a repeat: it serves nobody else in that session."""
        if phone is not None:
            self.phones.setdefault((session_id, phone), set()).add(volunteer_id)


def judge(claim: Claim, session: SessionFacts | None, taken: Taken) -> Verdict:
    """Judge a scan and enter what it took; `REFUSALS` is the order of precedence."""
    if session is not None and claim.within is not None and not claim.within & session.organisations:
        session = None
    fault = _sequence_fault(claim, taken)
    fault = fault or claim.fault or _fault_of_place_and_person(claim, session)
    site = claim.station_id if session is not None and claim.station_id in session.sites else None
    if fault is None and session is not None and claim.volunteer_id is not None:
        fault = _fault_of_moment(claim, session, claim.volunteer_id, taken)
        if fault is None and claim.late_fault is None:
            taken.take(claim, session.id, claim.volunteer_id)
        elif fault == REPEAT and claim.late_fault is None:
            taken.use_phone(session.id, claim.phone, claim.volunteer_id)
        fault = fault or ACCEPTED
    if fault in GOOD:
        # What the station itself sent away stays so: nobody was told that they are checked in.
        fault = claim.late_fault or fault
    assert fault is not None  # noqa: S101 -- without session or member there is a fault
    session_id, is_doubtful = None if session is None else session.id, claim.is_own or _is_fork(claim, taken)
    return Verdict(fault, session_id, site, claim.volunteer_id, is_doubtful)


def _sequence_fault(claim: Claim, taken: Taken) -> str | None:
    if claim.fault == "signature_invalid" or claim.device is None:
        return None
    if taken.sequence.setdefault(claim.device, claim.digest) != claim.digest:
        return "sequence_conflict"
    return None


def _is_fork(claim: Claim, taken: Taken) -> bool:
    """Tell whether the entry before it, if that is known, is another than the one it says it follows."""
    if claim.device is None or claim.prior is None:
        return False
    device, seq = claim.device
    return taken.sequence.get((device, seq - 1), claim.prior) != claim.prior


def _fault_of_place_and_person(claim: Claim, session: SessionFacts | None) -> str | None:
    if session is None:
        return "unknown_activity_session"
    if claim.asked_session_id not in (None, session.id):
        return "session_mismatch"
    if claim.station_id is not None and claim.station_id not in session.sites:
        return "station_not_of_session"
    return "no_volunteer" if claim.volunteer_id is None else None


def _fault_of_moment(claim: Claim, session: SessionFacts, volunteer_id: int, taken: Taken) -> str | None:
    """Return what speaks against it at this moment, `repeat` if it only happened already, or None."""
    if not session.takes(claim.kind, claim.happened_at, afterwards=claim.is_afterwards):
        return "session_not_open"
    is_signed_up = (session.id, volunteer_id) in taken.signed_up
    if not claim.is_known and not is_signed_up:
        return "no_volunteer"
    fault = _fault_of_use(claim, session.id, volunteer_id, taken)
    if fault is not None:
        return fault
    if is_signed_up or any((session.id, volunteer_id, kind) in taken.pairs for kind in (IN, OUT)):
        return None
    return "not_signed_up" if _is_turned_away(claim, session, taken) else None


def _fault_of_use(claim: Claim, session_id: int, volunteer_id: int, taken: Taken) -> str | None:
    """Return whether the code or the phone served another, or the member is there already."""
    used_by = None if claim.proof is None else taken.proofs.get(claim.proof)
    if used_by not in (None, volunteer_id):
        return "code_replayed"
    if claim.phone is not None and taken.phones.get((session_id, claim.phone), set()) - {volunteer_id}:
        return "phone_used"
    if (session_id, volunteer_id, claim.kind) in taken.pairs:
        return REPEAT
    return None if used_by is None else "code_replayed"


def _is_turned_away(claim: Claim, session: SessionFacts, taken: Taken) -> bool:
    """Tell whether somebody who did not sign up is sent away: from a full session, a guarded one, or by a poster.

    In an emergency no session is full. What happened without the server is no longer to be sent away, and in what
    order it is told must not matter.
    """
    if claim.mode == "poster":
        return True
    if claim.is_afterwards:
        return False
    if session.is_guarded:
        return True
    if session.is_emergency:
        return False
    return taken.places_left.get(session.id, 1) <= 0


def needs_place(claim: Claim, session: SessionFacts, taken: Taken) -> bool:
    """Tell whether it depends on the places left in a session what becomes of a scan."""
    if session.capacity is None or session.is_emergency or claim.is_afterwards or claim.volunteer_id is None:
        return False
    if claim.fault is not None or claim.mode == "poster" or session.is_guarded:
        # Refused anyway, or signed up: nobody is to wait for the lock.
        return False
    return (session.id, claim.volunteer_id) not in taken.signed_up


def session_of_poster(
    sessions: Iterable[SessionFacts], kind: Kind, at: datetime, volunteer_id: int | None, taken: Taken
) -> int | None:
    """Return which of a station's sessions a poster is scanned for, None if none takes the scan.

    A check-out is of the session checked in to; else it is one signed up for; of several the first to start.
    """

    def rank(session: SessionFacts) -> tuple[bool, bool, datetime, int]:
        is_in = volunteer_id is not None and (session.id, volunteer_id, IN) in taken.pairs
        is_signed_up = (session.id, volunteer_id) in taken.signed_up
        return (not (is_in and kind == OUT), not is_signed_up, session.starts_at, session.id)

    found = [session for session in sessions if session.takes(kind, at, afterwards=False)]
    return min(found, key=rank).id if found else None


def nearness(site: Site, latitude: float, longitude: float) -> Nearness | None:
    """Return how near a phone is to a station: all that is kept of where it was; None if the place is not known."""
    if site.latitude_e6 is None or site.longitude_e6 is None:
        return None
    north, east = math.radians(site.latitude_e6 / _MILLION), math.radians(site.longitude_e6 / _MILLION)
    phi, lam = math.radians(latitude), math.radians(longitude)
    square = (
        math.sin((phi - north) / 2) ** 2 + math.cos(phi) * math.cos(north) * math.sin((lam - east) / 2) ** 2
    )
    metres = 2 * _EARTH_METRES * math.asin(math.sqrt(min(1.0, square)))
    radius = site.radius_metres or DEFAULT_RADIUS_METRES
    if metres <= radius:
        return "inside"
    return "near" if metres <= NEAR_RADII * radius else "far"
