"""Declared for the drift check: how ceilings were set, and the credits that wait for a budget."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, UniqueConstraint

from ledger.tables import Instant, bank_key, identity_key, metadata, tenant_reference

ceilings = Table(
    "ceilings",
    metadata,
    bank_key(),
    identity_key(),
    Column("organisation_id", BigInteger, nullable=False),
    Column("unit", Text, nullable=False),
    Column("change", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("transaction_id", BigInteger, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", Text, nullable=False),
    UniqueConstraint("bank_id", "transaction_id", name="ceilings_transaction_key"),
    tenant_reference("ceilings", "organisation_id", "organisations"),
    CheckConstraint("change <> 0", name="ceilings_change_check"),
    Index("ceilings_organisation_idx", "bank_id", "organisation_id", "unit", "id"),
)

waiting_credits = Table(
    "waiting_credits",
    metadata,
    bank_key(),
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("organisation_id", BigInteger, nullable=False),
    Column("unit", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("since_at", Instant, nullable=False),
    tenant_reference("waiting_credits", "record_id", "service_records"),
    tenant_reference("waiting_credits", "organisation_id", "organisations"),
    CheckConstraint("amount > 0", name="waiting_credits_amount_check"),
    Index("waiting_credits_organisation_idx", "bank_id", "organisation_id", "unit", "record_id"),
)
