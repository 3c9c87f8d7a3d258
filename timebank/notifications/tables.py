"""Declared for the drift check: what a person is told."""

from sqlalchemy import Column, Index, Table, Text
from sqlalchemy.dialects.postgresql import JSONB, UUID

from ledger.tables import NOW, Instant, bank_key, identity_key, metadata, tenant_reference

notifications = Table(
    "notifications",
    metadata,
    bank_key(),
    identity_key(),
    Column("person_id", UUID, nullable=False),
    Column("kind", Text, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("made_at", Instant, nullable=False, server_default=NOW),
    Column("read_at", Instant),
    tenant_reference("notifications", "person_id", "people"),
    Index("notifications_person_idx", "bank_id", "person_id", "id"),
)
