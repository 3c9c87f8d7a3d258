"""Declared for the drift check: sealed personal fields."""

from sqlalchemy import Column, Table, Text
from sqlalchemy.dialects.postgresql import BYTEA, UUID

from ledger.tables import bank_key, bank_reference, metadata

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
