"""Declared for the drift check: who is kin of whom."""

from sqlalchemy import CheckConstraint, Column, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import UUID

from ledger.tables import Instant, bank_key, identity_key, metadata, tenant_reference

kinships = Table(
    "kinships",
    metadata,
    bank_key(),
    identity_key(),
    Column("person_id", UUID, nullable=False),
    Column("kin_id", UUID, nullable=False),
    Column("relation", Text, nullable=False),
    Column("declared_at", Instant, nullable=False),
    Column("declared_by", Text, nullable=False),
    Column("confirmed_at", Instant),
    Column("confirmed_by", UUID),
    Column("ended_at", Instant),
    Column("ended_by", Text),
    tenant_reference("kinships", "person_id", "people"),
    tenant_reference("kinships", "kin_id", "people"),
    CheckConstraint(
        "relation in ('spouse', 'parent', 'child', 'grandparent', 'grandchild')",
        name="kinships_relation_check",
    ),
    CheckConstraint("kin_id <> person_id", name="kinships_kin_id_check"),
    CheckConstraint("(confirmed_at is null) = (confirmed_by is null)", name="kinships_confirmed_check"),
    CheckConstraint("(ended_at is null) = (ended_by is null)", name="kinships_ended_check"),
    Index(
        "kinships_current_key",
        "bank_id",
        "person_id",
        "kin_id",
        unique=True,
        postgresql_where=text("ended_at is null"),
    ),
    Index("kinships_kin_idx", "bank_id", "kin_id"),
)
