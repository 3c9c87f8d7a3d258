"""Declared for the drift check: what people agreed to, and who looked at whom."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from ledger.tables import NOW, Instant, bank_key, identity_key, metadata, tenant_reference

consents = Table(
    "consents",
    metadata,
    bank_key(),
    identity_key(),
    Column("person_id", UUID, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("is_given", Boolean, nullable=False),
    Column("text_version", Text, nullable=False),
    Column("declared_by", UUID, nullable=False),
    Column("recorded_at", Instant, nullable=False, server_default=NOW),
    Column("actor", Text, nullable=False),
    tenant_reference("consents", "person_id", "people"),
    tenant_reference("consents", "declared_by", "people"),
    CheckConstraint(
        "purpose in ('location', 'publication', 'merchant', 'employer', 'guardian')",
        name="consents_purpose_check",
    ),
    Index("consents_person_idx", "bank_id", "person_id", "purpose", "id"),
)

look_ups = Table(
    "look_ups",
    metadata,
    bank_key(),
    identity_key(),
    Column("viewer_id", UUID),
    Column("device_id", UUID),
    Column("subject_id", UUID, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("fields", ARRAY(Text), nullable=False),
    Column("looked_at", Instant, nullable=False, server_default=NOW),
    CheckConstraint("viewer_id is not null or device_id is not null", name="look_ups_viewer_check"),
    Index("look_ups_subject_idx", "bank_id", "subject_id", "id"),
    Index("look_ups_viewer_idx", "bank_id", "viewer_id", "id"),
)
