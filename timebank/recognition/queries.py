"""Reading rounds of recognition and their candidates: for who works at them, for certificates and for packs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from ledger.session import ReadTx
from timebank.errors import RefusalError
from timebank.policy.calendar import RecognitionScheme

if TYPE_CHECKING:
    import asyncpg

RoundState = Literal["computing", "review", "notice", "approved", "published", "withdrawn", "revoked"]
CandidateState = Literal["proposed", "excluded", "objected", "revoked"]
Subject = Literal["volunteer", "team", "unit"]

_ROUND = """r.id, r.scheme, r.title, r.organisation_id, o.name as organisation, r.from_on, r.until_on, r.policy_version,
  r.criteria::text as criteria, r.tree_size, r.checkpoint, r.opened_at, r.opened_by, r.state, r.candidates, r.digest,
  r.notice_opened_on, r.notice_closes_on, r.notice_by, r.approved_at, r.approved_by, r.published_at, r.published_by,
  r.ended_at, r.ended_by, r.end_reason, r.version
from recognition_rounds r join organisations o on o.bank_id = $1 and o.id = r.organisation_id"""
_ONE = f"select {_ROUND} where r.bank_id = $1 and r.id = $2"
_ROUNDS = f"""
select {_ROUND} where r.bank_id = $1 and r.id < $2
  and ($3::bigint[] is null or r.organisation_id = any($3::bigint[]))
  and ($4::text[] is null or r.state = any($4::text[])) order by r.id desc limit $5
"""
_CANDIDATE = """c.round_id, c.number, c.subject, c.volunteer_id, c.organisation_id, v.owner as person_id, v.code,
  o.name as organisation, c.community_id, m.name as community, c.level, c.place, c.tied, c.minutes, c.points,
  c.records, c.evidence::text as evidence, c.finding, c.state, c.masked_name
from recognition_candidates c
left join volunteers v on v.bank_id = $1 and v.id = c.volunteer_id
left join organisations o on o.bank_id = $1 and o.id = c.organisation_id
left join organisations m on m.bank_id = $1 and m.id = c.community_id"""
_CANDIDATES = f"""
select {_CANDIDATE} where c.bank_id = $1 and c.round_id = $2 and c.number > $3
  and ($4::text[] is null or c.state = any($4::text[])) order by c.number limit $5
"""
_ONE_CANDIDATE = f"select {_CANDIDATE} where c.bank_id = $1 and c.round_id = $2 and c.number = $3"
_COUNTS = """
select c.state, count(*) as lines from recognition_candidates c
where c.bank_id = $1 and c.round_id = $2 group by c.state
"""
_DECISIONS = """
select d.id, d.decision, d.reason, d.note, d.decided_by, d.decided_at from recognition_decisions d
where d.bank_id = $1 and d.round_id = $2 and d.number = $3 order by d.id
"""


@dataclass(frozen=True, slots=True)
class Round:
    """One making of a list: whose, of which period, by which criteria, frozen by which checkpoint, and how far it is.

    `candidates` and `digest` (of the candidates document) are there once it is computed. `notice_closes_on` is the
    last day of the notice, none where the criteria want no days of it.
    """

    id: int
    scheme: str
    title: str
    organisation_id: int
    organisation: str
    from_on: date
    until_on: date
    policy_version: int
    criteria: RecognitionScheme
    criteria_as_stored: Mapping[str, object]
    """What the document says: no later version of this program adds to it."""
    tree_size: int
    checkpoint: str
    opened_at: datetime
    opened_by: UUID
    state: RoundState
    candidates: int | None
    digest: bytes | None
    notice_opened_on: date | None
    notice_closes_on: date | None
    notice_by: UUID | None
    approved_at: datetime | None
    approved_by: UUID | None
    published_at: datetime | None
    published_by: UUID | None
    ended_at: datetime | None
    ended_by: UUID | None
    end_reason: str | None
    version: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who reached what, as it was found, and what became of it since (`state`).

    A volunteer has `person_id` and `code`, a team or unit `organisation_id` and `organisation`. `place` is shared by
    `tied` candidates. `finding`: `named`, `over_quota`, `tied_over_quota`, `barred:debt`, `barred:voided_record`.
    `masked_name`, of a team or unit its own name, is there since the notice for whom that showed. On the list are those
    whose state is `proposed`.
    """

    round_id: int
    number: int
    subject: Subject
    volunteer_id: int | None
    organisation_id: int | None
    person_id: UUID | None
    code: str | None
    organisation: str | None
    community_id: int | None
    community: str | None
    level: int
    place: int
    tied: int
    minutes: int
    points: int
    records: int
    evidence: Mapping[str, Any]
    finding: str
    state: CandidateState
    masked_name: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """A step by which a candidate's state became another: which, why and by whom."""

    id: int
    decision: Literal["exclude", "include", "revoke"]
    reason: str
    note: str
    decided_by: UUID
    decided_at: datetime


async def round_of(tx: ReadTx, round_id: int) -> Round:
    """Return one round, whoever asks.

    Raises:
        RefusalError: `unknown_round`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, round_id)
    if row is None:
        raise RefusalError("unknown_round")
    return _round(row)


async def rounds(
    tx: ReadTx,
    *,
    before_id: int,
    limit: int,
    organisations: Sequence[int] | None = None,
    states: Sequence[RoundState] | None = None,
) -> list[Round]:
    """Return rounds of some organisations (None: all), the newest first."""
    rows = await tx.connection.fetch(_ROUNDS, tx.bank_id, before_id, organisations, states, limit)
    return [_round(row) for row in rows]


async def candidates(
    tx: ReadTx,
    round_id: int,
    *,
    after: int = 0,
    limit: int,
    states: Sequence[CandidateState] | None = None,
) -> list[Candidate]:
    """Return a round's candidates in the order of the list, from after number `after`."""
    rows = await tx.connection.fetch(_CANDIDATES, tx.bank_id, round_id, after, states, limit)
    return [_candidate(row) for row in rows]


async def candidate(tx: ReadTx, round_id: int, number: int) -> Candidate:
    """Return one candidate.

    Raises:
        RefusalError: `unknown_candidate`.
    """
    row = await tx.connection.fetchrow(_ONE_CANDIDATE, tx.bank_id, round_id, number)
    if row is None:
        raise RefusalError("unknown_candidate")
    return _candidate(row)


async def counts(tx: ReadTx, round_id: int) -> dict[str, int]:
    """Return how many candidates of a round are in each state."""
    rows = await tx.connection.fetch(_COUNTS, tx.bank_id, round_id)
    return {row["state"]: row["lines"] for row in rows}


async def decisions(tx: ReadTx, round_id: int, number: int) -> list[Decision]:
    """Return what was decided about a candidate, in order."""
    return [Decision(*row) for row in await tx.connection.fetch(_DECISIONS, tx.bank_id, round_id, number)]


def _round(row: "asyncpg.Record") -> Round:
    text = row["criteria"]
    criteria = {
        "criteria": RecognitionScheme.model_validate_json(text),
        "criteria_as_stored": json.loads(text),
    }
    return Round(**{**row, **criteria})


def _candidate(row: "asyncpg.Record") -> Candidate:
    return Candidate(**{**row, "evidence": json.loads(row["evidence"])})
