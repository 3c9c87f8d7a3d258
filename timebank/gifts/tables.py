"""Declared for the drift check: time-coins that changed hands."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import UUID

from ledger.tables import Instant, bank_key, identity_key, metadata, tenant_reference

gifts = Table(
    "gifts",
    metadata,
    bank_key(),
    identity_key(),
    Column("kind", Text, nullable=False),
    Column("from_person_id", UUID),
    Column("to_person_id", UUID),
    Column("fund_id", BigInteger),
    Column("amount", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("transaction_id", BigInteger, nullable=False),
    Column("policy_version", BigInteger, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", Text, nullable=False),
    UniqueConstraint("bank_id", "transaction_id", name="gifts_transaction_key"),
    tenant_reference("gifts", "from_person_id", "people"),
    tenant_reference("gifts", "to_person_id", "people"),
    tenant_reference("gifts", "fund_id", "funds"),
    CheckConstraint("kind in ('gift', 'donation', 'grant')", name="gifts_kind_check"),
    CheckConstraint(
        "(kind = 'grant') = (from_person_id is null)"
        " and (kind = 'donation') = (to_person_id is null)"
        " and (kind = 'gift') = (fund_id is null)",
        name="gifts_sides_check",
    ),
    CheckConstraint("amount > 0", name="gifts_amount_check"),
    Index("gifts_from_idx", "bank_id", "from_person_id", "id"),
    Index("gifts_to_idx", "bank_id", "to_person_id", "id"),
)
