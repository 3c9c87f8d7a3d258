"""Declared for the drift check: the phones that make rotating member codes."""

from sqlalchemy import Column, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import UUID

from ledger.tables import Instant, bank_key, identity_key, metadata, tenant_reference

passes = Table(
    "passes",
    metadata,
    bank_key(),
    identity_key(),
    Column("person_id", UUID, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    tenant_reference("passes", "person_id", "people"),
    Index("passes_person_idx", "bank_id", "person_id", postgresql_where=text("revoked_at is null")),
)
