"""Declared for the drift check: who reached which level by when."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Table, Text

from ledger.tables import bank_key, metadata, tenant_reference

recognitions = Table(
    "recognitions",
    metadata,
    bank_key(),
    Column("scheme", Text, primary_key=True),
    Column("as_of", Date, primary_key=True),
    Column("volunteer_id", BigInteger, primary_key=True, autoincrement=False),
    Column("level", BigInteger, nullable=False),
    Column("minutes", BigInteger, nullable=False),
    Column("policy_version", BigInteger, nullable=False),
    tenant_reference("recognitions", "volunteer_id", "volunteers"),
    tenant_reference("recognitions", "policy_version", "policy_packs", "version"),
    CheckConstraint("scheme in ('star', 'annual')", name="recognitions_scheme_check"),
    CheckConstraint("level >= 1", name="recognitions_level_check"),
)
