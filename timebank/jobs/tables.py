"""Declared for the drift check: which job ran for which period."""

from sqlalchemy import Column, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from ledger.tables import Instant, bank_key, bank_reference, metadata

job_runs = Table(
    "job_runs",
    metadata,
    bank_key(),
    Column("job", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("result", JSONB),
    bank_reference("job_runs"),
)
