"""Declared for the drift check: what takes longer than a request, with its files."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import BYTEA, JSONB, UUID

from ledger.tables import NEW_UUID, Instant, bank_key, bank_reference, metadata, tenant_reference

tasks = Table(
    "tasks",
    metadata,
    bank_key(),
    Column("id", UUID, primary_key=True, server_default=NEW_UUID),
    Column("kind", Text, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("requester_id", UUID),
    Column("requested_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("lease_until", Instant),
    Column("attempts", BigInteger, nullable=False, server_default=text("0")),
    Column("done", BigInteger, nullable=False, server_default=text("0")),
    Column("total", BigInteger),
    Column("finished_at", Instant),
    Column("outcome", Text),
    Column("problem", Text),
    Column("result", JSONB),
    bank_reference("tasks"),
    CheckConstraint("outcome in ('succeeded', 'failed')", name="tasks_outcome_check"),
    CheckConstraint("(finished_at is null) = (outcome is null)", name="tasks_finished_check"),
    Index("tasks_waiting_idx", "bank_id", "requested_at", "id", postgresql_where=text("finished_at is null")),
)

task_files = Table(
    "task_files",
    metadata,
    bank_key(),
    Column("task_id", UUID, primary_key=True),
    Column("role", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("sealed", BYTEA, nullable=False),
    tenant_reference("task_files", "task_id", "tasks"),
    CheckConstraint("role in ('input', 'report')", name="task_files_role_check"),
)
