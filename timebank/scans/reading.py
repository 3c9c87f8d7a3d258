"""From requests to claims: whose code it is, which session it names, and what is wrong with it by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import TypeAlias
from uuid import UUID

from ledger.session import ReadTx
from timebank.codes.rules import (
    MEMBER_WINDOW_SECONDS,
    CodeKeys,
    MemberCode,
    MerchantCode,
    PickUpCode,
    PosterCode,
    StationCode,
    check_member_code,
    check_poster_code,
    check_station_code,
    pass_seed,
    read_code,
)
from timebank.errors import RefusalError
from timebank.people.cards import digest as card_digest
from timebank.scans.loading import (
    Bearing,
    Member,
    PosterFacts,
    load_cards,
    load_logins,
    load_passes,
    load_people,
    load_posters,
)
from timebank.scans.receipts import Receipt, read_receipt
from timebank.scans.requests import ScanRequest
from timebank.scans.rules import Claim, Mode

Code: TypeAlias = StationCode | PosterCode | MemberCode | Receipt

OFFLINE_TOLERANCE = timedelta(seconds=MEMBER_WINDOW_SECONDS)
"""A station without network may be so far behind or ahead: with the code's own tolerance two windows."""


@dataclass(frozen=True, slots=True)
class Read:
    """A claim, whose it is, the sessions that it could be of if its code names none, and why it is no scan at all."""

    claim: Claim
    person_id: UUID | None
    candidates: tuple[int, ...] | None = None
    no_scan: str | None = None
    actor: str = ""


@dataclass(slots=True)
class _Register:
    """What was loaded for a batch."""

    logins: dict[UUID, Member]
    passes: dict[int, Bearing]
    cards: dict[bytes, Bearing]
    posters: dict[int, PosterFacts]
    people: dict[UUID, Member]


async def read_requests(tx: ReadTx, requests: Sequence[ScanRequest], *, codes: CodeKeys) -> list[Read]:
    """Return what each request claims."""
    parsed = [_parse(request, tx.bank_id, codes) for request in requests]
    now = max(request.received_at for request in requests)
    known = _Register(
        logins=await load_logins(tx, {r.login_id for r in requests if r.login_id is not None}, now=now),
        passes=await load_passes(tx, {code.pass_id for code, _ in parsed if isinstance(code, MemberCode)}),
        cards=await load_cards(tx, {card_digest(r.card) for r in requests if r.card is not None}),
        posters=await load_posters(
            tx, {code.station_id for code, _ in parsed if isinstance(code, PosterCode)}, now=now
        ),
        people={},
    )
    bearers = {bearing.person_id for bearing in (*known.passes.values(), *known.cards.values())}
    named = {request.person_id for request in requests if request.person_id is not None}
    known.people = await load_people(tx, bearers | named)
    return [
        _read(request, code, fault, known, tx.bank_id, codes)
        for request, (code, fault) in zip(requests, parsed, strict=True)
    ]


def _parse(request: ScanRequest, bank_id: int, codes: CodeKeys) -> tuple[Code | None, str | None]:
    """Return what a code says, and what is wrong with it; of a member's code that is found out with the pass."""
    at = request.happened_at or request.received_at
    code: Code | None = None
    try:
        if request.receipt is not None:
            code = read_receipt(codes, request.receipt, bank_id=bank_id, phone=request.phone, now=at)
            return code, code.fault
        if request.code is None and request.member_code is None:
            return None, None
        shown = read_code(request.code or request.member_code or "")
        if isinstance(shown, MerchantCode | PickUpCode) or isinstance(shown, MemberCode) != (
            request.code is None
        ):
            # A member's code where a station's belongs, or the other way round, or what is no code of check-in.
            return None, "code_unreadable"
        code = shown
        if isinstance(code, StationCode):
            check_station_code(codes, code, bank_id=bank_id, now=at)
        elif isinstance(code, PosterCode):
            check_poster_code(codes, code, bank_id=bank_id)
        elif code.bank_id != bank_id:
            return None, "code_of_other_bank"
    except RefusalError as refused:
        # Another bank's ids are nobody's here.
        return (None if refused.code == "code_of_other_bank" else code), refused.code
    return code, None


def _read(
    request: ScanRequest,
    code: Code | None,
    fault: str | None,
    known: _Register,
    bank_id: int,
    codes: CodeKeys,
) -> Read:
    at = request.happened_at or request.received_at
    base = Claim(
        digest=request.digest,
        kind=request.kind,
        mode=_mode(request, code),
        happened_at=at,
        session_id=request.session_id,
        station_id=request.station_id,
        phone=request.phone,
        fault=request.fault,
        within=request.within,
        is_afterwards=request.is_afterwards,
    )
    if request.stamp is not None:
        stamp = request.stamp
        base = replace(base, fault=stamp.fault or base.fault, late_fault=stamp.told, prior=stamp.prior)
        if stamp.fault != "signature_invalid":
            base = replace(base, device=(request.device_id, stamp.seq))
    if request.member_code is not None or request.card is not None:
        return _read_shown(request, base, code, fault, known, bank_id, codes)
    member = _member_of(request, known)
    if member is None and request.login_id is not None:
        return Read(base, None, no_scan="session_over")
    if request.login_id is not None and member is not None and member.person_id is None:
        return Read(base, None, no_scan="forbidden")
    claim = replace(
        base,
        fault=base.fault or fault,
        volunteer_id=None if member is None else member.volunteer_id,
        is_known=_is_known(request, member),
    )
    actor = request.actor or f"person:{member.person_id if member else None}"
    claim, candidates = _with_place(claim, code, known)
    return Read(claim, None if member is None else member.person_id, candidates, actor=actor)


def _read_shown(  # noqa: PLR0917 -- as above
    request: ScanRequest,
    base: Claim,
    code: Code | None,
    fault: str | None,
    known: _Register,
    bank_id: int,
    codes: CodeKeys,
) -> Read:
    """Read what a member showed to a station: their rotating code, or their card."""
    at, bearing, proof = base.happened_at, None, None
    if request.card is not None:
        bearing = known.cards.get(card_digest(request.card))
        if bearing is None or not bearing.is_good_at(at):
            bearing, fault = None, "card_unknown"
    elif isinstance(code, MemberCode):
        bearing = known.passes.get(code.pass_id)
        fault = _fault_of_member_code(code, bearing, request, bank_id, codes)
        if fault not in {None, "pass_revoked", "code_expired", "code_early"}:
            bearing = None
        if request.stamp is None:
            # Used up in one session: in another one at the same moment the code was a picture of it. What stations
            # without network saw must not depend on who tells first; overlaps are found when records are made.
            proof = member_proof(code, request.kind)
    member = None if bearing is None else known.people.get(bearing.person_id)
    claim = replace(
        base,
        fault=base.fault or fault,
        volunteer_id=None if member is None else member.volunteer_id,
        proof=proof,
        # Who only brings a queue did not scan what is in it.
        is_own=request.stamp is None and member is not None and request.actor == f"person:{member.person_id}",
    )
    return Read(claim, None if member is None else member.person_id, actor=request.actor)


def _fault_of_member_code(
    code: MemberCode, bearing: Bearing | None, request: ScanRequest, bank_id: int, codes: CodeKeys
) -> str | None:
    if bearing is None:
        return "code_forged"
    seed = pass_seed(codes, bank_id=bank_id, pass_id=code.pass_id, key_id=bearing.key_id)
    if seed is None:
        return "pass_revoked"
    at = request.happened_at or request.received_at
    moments = [at] if request.stamp is None else [at, at - OFFLINE_TOLERANCE, at + OFFLINE_TOLERANCE]
    fault: str | None = None
    for moment in moments:
        try:
            check_member_code(seed, code, bank_id=bank_id, now=moment)
        except RefusalError as refused:
            fault = fault or refused.code
        else:
            return None if bearing.is_good_at(at) else "pass_revoked"
    return fault


def _with_place(claim: Claim, code: Code | None, known: _Register) -> tuple[Claim, tuple[int, ...] | None]:
    """Add what the code says about the place, and return the sessions that it could be of if it names none."""
    asked = claim.session_id
    if isinstance(code, StationCode):
        named = replace(claim, station_id=code.station_id, session_id=code.session_id, asked_session_id=asked)
        return named, None
    if isinstance(code, Receipt):
        touched = replace(
            claim,
            station_id=code.station_id,
            session_id=code.session_id,
            asked_session_id=asked,
            proof=code.proof,
            happened_at=claim.happened_at if code.fault is not None else code.touched_at,
        )
        return touched, None
    if isinstance(code, PosterCode):
        poster = known.posters.get(code.station_id)
        is_old = poster is None or poster.serial != code.serial
        fault = claim.fault or ("code_expired" if is_old else None)
        candidates = None if asked is not None else () if poster is None else poster.session_ids
        return replace(claim, station_id=code.station_id, fault=fault), candidates
    return claim, None


def _member_of(request: ScanRequest, known: _Register) -> Member | None:
    if request.login_id is not None:
        return known.logins.get(request.login_id)
    return None if request.person_id is None else known.people.get(request.person_id)


def _is_known(request: ScanRequest, member: Member | None) -> bool:
    """Tell whether who writes a list may name this member without a code: in their reach, or signed up anyway."""
    if request.by_hand is None or request.within is None:
        return True
    return member is not None and bool(member.organisations & request.within)


def _mode(request: ScanRequest, code: Code | None) -> Mode:
    if request.by_hand is not None:
        return request.by_hand
    if request.card is not None:
        return "card"
    if request.member_code is not None:
        return "member_code"
    return "poster" if isinstance(code, PosterCode) else "station_code"


def member_proof(code: MemberCode, kind: str) -> bytes:
    """Return what a scan of that kind uses a code of a phone up by."""
    return sha256(f"member\0{code.pass_id}\0{code.window}\0{kind}".encode()).digest()
