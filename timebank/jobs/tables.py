"""Declared for the drift check: which job ran for which period, how often it was tried, and what it passed over."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, UUID

from ledger.tables import Instant, bank_key, bank_reference, identity_key, metadata

job_runs = Table(
    "job_runs",
    metadata,
    bank_key(),
    Column("job", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("result", JSONB),
    Column("due_at", Instant),
    Column("state", Text, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("tries", BigInteger, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("holder", UUID),
    Column("lease_until", Instant),
    Column("again_at", Instant),
    Column("done", BigInteger, nullable=False, server_default=text("0")),
    Column("total", BigInteger),
    Column("problem", Text),
    bank_reference("job_runs"),
    CheckConstraint("state in ('running', 'waiting', 'succeeded', 'failed')", name="job_runs_state_check"),
    Index(
        "job_runs_open_idx",
        "bank_id",
        "job",
        "period",
        postgresql_where=text("state in ('running', 'waiting')"),
    ),
    Index("job_runs_started_idx", "bank_id", text("started_at desc"), "job", "period"),
)

job_attempts = Table(
    "job_attempts",
    metadata,
    bank_key(),
    identity_key(),
    Column("job", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("attempt", BigInteger, nullable=False),
    Column("holder", UUID, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("outcome", Text),
    Column("problem", Text),
    Column("result", JSONB),
    bank_reference("job_attempts"),
    UniqueConstraint("bank_id", "job", "period", "attempt", name="job_attempts_attempt_key"),
    CheckConstraint(
        "outcome in ('succeeded', 'broken', 'lost', 'given_back')", name="job_attempts_outcome_check"
    ),
    CheckConstraint("(ended_at is null) = (outcome is null)", name="job_attempts_ended_check"),
)

job_faults = Table(
    "job_faults",
    metadata,
    bank_key(),
    identity_key(),
    Column("job", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("problem", Text, nullable=False),
    Column("happened_at", Instant, nullable=False),
    bank_reference("job_faults"),
    Index("job_faults_run_idx", "bank_id", "job", "period", "id"),
)

job_pauses = Table(
    "job_pauses",
    metadata,
    bank_key(),
    Column("job", Text, primary_key=True),
    Column("paused_at", Instant, nullable=False),
    Column("paused_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    bank_reference("job_pauses"),
)
