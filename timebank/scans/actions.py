"""Recording scans: one transaction for one or for five hundred, with a handful of statements.

Statements, in order: the logins, passes, cards, posters, people and sessions that the batch names (each only if it
names any); what is on record of its members, phones, proofs, digests and device numbers, and their sign-ups; only where
somebody who did not sign up walks into a session of limited places, a lock on that session and a count; one insert;
with an activity's first check-in, that it runs.

Nobody else is locked out beforehand. Two processes that accept the same at once meet at the unique indexes
(`scans_once_key`, `scans_phone_key`, `scans_proof_key`, `scans_digest_key`, `scans_device_key`): the insert of the
second waits for the first and passes the row over, and what was passed over is judged again with what is then on
record. Locks taken first would make two processes take turns in a rush, where hardly anything ever collides. Rows
are inserted in one order, so that two batches do not wait for each other in a ring; if they do, the edge repeats one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from ledger.session import WriteTx
from timebank.activities.steps import start_attended
from timebank.codes.rules import CodeKeys
from timebank.errors import OutageError
from timebank.scans.loading import (
    Stored,
    load_locating,
    load_sessions,
    load_taken,
    lock_places,
)
from timebank.scans.reading import Read, read_requests
from timebank.scans.requests import ScanAnswer, ScanRequest, Stamp
from timebank.scans.rules import (
    GOOD,
    IN,
    OUT,
    SessionFacts,
    Taken,
    Verdict,
    judge,
    nearness,
    needs_place,
    session_of_poster,
)

__all__ = ["ScanAnswer", "ScanRequest", "Stamp", "record_scans"]

ROUNDS = 8
"""So often a batch is judged again because others were first. Each round settles at least what collided before."""

_INSERT = """
insert into scans (bank_id, digest, session_id, station_id, volunteer_id, kind, mode, outcome, happened_at, received_at,
  phone, proof, device_id, device_seq, device_at, is_doubtful, nearness, evidence, actor)
select $1, x.* from unnest($2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[],
  $9::timestamptz[], $10::timestamptz[], $11::bytea[], $12::bytea[], $13::uuid[], $14::bigint[], $15::timestamptz[],
  $16::boolean[], $17::text[], $18::text[], $19::text[]) as x
on conflict do nothing
returning digest
"""


@dataclass(slots=True)
class _Case:
    """A request on its way to an answer."""

    request: ScanRequest
    read: Read
    verdict: Verdict | None = None
    stored: Stored | None = None


async def record_scans(tx: WriteTx, requests: Sequence[ScanRequest], *, codes: CodeKeys) -> list[ScanAnswer]:
    """Judge and keep scans, refused ones too, and return an answer to each.

    A scan whose digest is on record gets its first answer. What comes of a login that is over is answered
    (`session_over`, `forbidden`) and not kept.

    Raises:
        OutageError: `database_busy` if others were first again and again.
    """
    if not requests:
        return []
    reads = await read_requests(tx, requests, codes=codes)
    cases = [_Case(request, read) for request, read in zip(requests, reads, strict=True)]
    ids = {
        id_ for read in reads for id_ in (read.claim.session_id, *(read.candidates or ())) if id_ is not None
    }
    sessions = await load_sessions(tx, ids)
    locating = await load_locating(
        tx,
        {c.read.person_id for c in cases if c.request.location is not None and c.read.person_id is not None},
    )
    open_cases = [case for case in cases if case.read.no_scan is None]
    times: dict[tuple[int, int, str], datetime] = {}
    for _ in range(ROUNDS):
        times |= (await _judge(tx, open_cases, sessions)).pairs
        kept = await _insert(tx, open_cases, sessions, locating)
        open_cases = [case for case in open_cases if case.stored is None and case.request.digest not in kept]
        if not open_cases:
            await _start(tx, cases, sessions)
            return [_answer(case, times) for case in cases]
    raise OutageError("database_busy")


async def _judge(tx: WriteTx, cases: list[_Case], sessions: dict[int, SessionFacts]) -> Taken:
    """Judge each case in order, with what is on record and what those before it took."""
    possible = [
        (session_id, case.read.claim)
        for case in cases
        for session_id in {case.read.claim.session_id, *(case.read.candidates or ())}
        if session_id in sessions
    ]
    taken, stored = await load_taken(
        tx,
        [case.read.claim for case in cases],
        [(id_, claim.volunteer_id) for id_, claim in possible if claim.volunteer_id is not None],
        [(id_, claim.phone) for id_, claim in possible if claim.phone is not None],
    )
    for case in cases:
        if case.read.candidates is not None:
            case.read = _placed(case.read, sessions, taken)
        if case.read.claim.device is not None:
            taken.sequence.setdefault(case.read.claim.device, case.read.claim.digest)
    walked = {
        session.id
        for case in cases
        if (session := sessions.get(case.read.claim.session_id or 0)) is not None
        and needs_place(case.read.claim, session, taken)
    }
    taken.places_left = await lock_places(tx, walked)
    judged: dict[bytes, Verdict] = {}
    for case in cases:
        claim = case.read.claim
        case.stored = stored.get(claim.digest)
        if case.stored is None:
            if claim.digest not in judged:
                judged[claim.digest] = judge(claim, sessions.get(claim.session_id or 0), taken)
            case.verdict = judged[claim.digest]
    return taken


def _placed(read: Read, sessions: dict[int, SessionFacts], taken: Taken) -> Read:
    """Return a poster's scan with the session that it is of."""
    claim = read.claim
    found = session_of_poster(
        [sessions[id_] for id_ in read.candidates or () if id_ in sessions],
        claim.kind,
        claim.happened_at,
        claim.volunteer_id,
        taken,
    )
    fault = claim.fault or ("session_not_open" if found is None else None)
    return replace(read, claim=replace(claim, session_id=found, fault=fault))


async def _insert(
    tx: WriteTx, cases: list[_Case], sessions: dict[int, SessionFacts], locating: set[UUID]
) -> set[bytes]:
    """Keep what was judged now, and return the digests of what was kept: the rest collided."""
    rows = {
        case.request.digest: _row(case, case.verdict, sessions, locating)
        for case in cases
        if case.stored is None and case.verdict is not None
    }
    if not rows:
        return set()
    ordered = sorted(rows.values(), key=lambda row: (row[1] or 0, row[3] or 0, row[4], row[0]))
    # A column of nothing is given as an empty one: unnest fills it up, and the driver need not look at each value.
    columns = [
        [] if all(value is None for value in column) else list(column)
        for column in zip(*ordered, strict=True)
    ]
    return {bytes(row["digest"]) for row in await tx.connection.fetch(_INSERT, tx.bank_id, *columns)}


async def _start(tx: WriteTx, cases: list[_Case], sessions: dict[int, SessionFacts]) -> None:
    """Let the activities run whose first members were checked in just now."""
    begun = {
        case.verdict.session_id
        for case in cases
        if case.stored is None and case.verdict is not None and case.verdict.outcome == "accepted"
    }
    waiting = {id_ for id_ in begun if id_ is not None and sessions[id_].activity_state == "published"}
    if waiting:
        await start_attended(tx, waiting)


def _row(
    case: _Case, verdict: Verdict, sessions: dict[int, SessionFacts], locating: set[UUID]
) -> tuple[object, ...]:
    request, claim, stamp = case.request, case.read.claim, case.request.stamp
    is_numbered = claim.device is not None and stamp is not None
    return (
        claim.digest,
        verdict.session_id,
        verdict.station_id,
        verdict.volunteer_id,
        claim.kind,
        claim.mode,
        verdict.outcome,
        claim.happened_at,
        request.received_at,
        claim.phone,
        claim.proof,
        request.device_id,
        stamp.seq if stamp is not None and is_numbered else None,
        stamp.at if stamp is not None and is_numbered else None,
        verdict.is_doubtful or (stamp is not None and stamp.is_doubtful),
        _nearness(case, verdict, sessions) if case.read.person_id in locating else None,
        request.evidence,
        case.read.actor,
    )


def _nearness(case: _Case, verdict: Verdict, sessions: dict[int, SessionFacts]) -> str | None:
    """Return how near it was, if the place was said: the place itself goes no further than here."""
    if case.request.location is None or verdict.session_id is None or verdict.station_id is None:
        return None
    return nearness(sessions[verdict.session_id].sites[verdict.station_id], *case.request.location)


def _answer(case: _Case, times: dict[tuple[int, int, str], datetime]) -> ScanAnswer:
    claim, person_id = case.read.claim, case.read.person_id
    if case.read.no_scan is not None:
        return ScanAnswer(case.read.no_scan, claim.kind)
    found = case.stored or case.verdict
    assert found is not None  # noqa: S101 -- every case was judged or is on record
    happened_at = claim.happened_at if case.stored is None else case.stored.happened_at
    in_at, out_at = None, None
    if found.outcome in GOOD and found.session_id is not None and found.volunteer_id is not None:
        in_at, out_at = (times.get((found.session_id, found.volunteer_id, kind)) for kind in (IN, OUT))
    return ScanAnswer(found.outcome, claim.kind, found.session_id, person_id, happened_at, in_at, out_at)
