"""Declared for the drift check: one unit turned into another."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import UUID

from ledger.tables import Instant, bank_key, identity_key, metadata, tenant_reference

conversions = Table(
    "conversions",
    metadata,
    bank_key(),
    identity_key(),
    Column("person_id", UUID, nullable=False),
    Column("from_unit", Text, nullable=False),
    Column("from_amount", BigInteger, nullable=False),
    Column("to_unit", Text, nullable=False),
    Column("to_amount", BigInteger, nullable=False),
    Column("transaction_id", BigInteger, nullable=False),
    Column("policy_version", BigInteger, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_on", Date, nullable=False),
    Column("made_by", Text, nullable=False),
    UniqueConstraint("bank_id", "transaction_id", name="conversions_transaction_key"),
    tenant_reference("conversions", "person_id", "people"),
    CheckConstraint("from_amount > 0 and to_amount > 0", name="conversions_amounts_check"),
    Index("conversions_person_idx", "bank_id", "person_id", "id"),
)
