"""Declared for the drift check: the adopted policy packs."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from ledger.tables import NOW, Instant, bank_key, bank_reference, metadata

policy_packs = Table(
    "policy_packs",
    metadata,
    bank_key(),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("effective_from", Date, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("adopted_by", Text, nullable=False),
    Column("adopted_at", Instant, nullable=False, server_default=NOW),
    Column("note", Text, nullable=False, server_default=text("''")),
    bank_reference("policy_packs"),
    UniqueConstraint("bank_id", "effective_from", name="policy_packs_effective_from_key"),
    CheckConstraint("version >= 1", name="policy_packs_version_check"),
)
