"""Declared for the drift check: sealed personal fields."""

from sqlalchemy import CheckConstraint, Column, Index, Table, Text
from sqlalchemy.dialects.postgresql import BYTEA, UUID

from ledger.tables import bank_key, bank_reference, metadata, tenant_reference

vault = Table(
    "vault",
    metadata,
    bank_key(),
    Column("subject", UUID, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("key_id", Text, nullable=False),
    Column("sealed", BYTEA, nullable=False),
    bank_reference("vault"),
)

blind_indexes = Table(
    "blind_indexes",
    metadata,
    bank_key(),
    Column("person_id", UUID, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("digest", BYTEA, nullable=False),
    tenant_reference("blind_indexes", "person_id", "people"),
    CheckConstraint("field in ('phone', 'id_number')", name="blind_indexes_field_check"),
    CheckConstraint("octet_length(digest) = 32", name="blind_indexes_digest_check"),
    Index("blind_indexes_digest_idx", "bank_id", "field", "digest"),
)
