"""Declared for the drift check: funds of money and of donated time-coins."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import UUID

from ledger.tables import NEW_UUID, bank_key, identity_key, metadata, tenant_reference

funds = Table(
    "funds",
    metadata,
    bank_key(),
    identity_key(),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("organisation_id", BigInteger, nullable=False),
    Column("owner", UUID, nullable=False, server_default=NEW_UUID),
    Column("closed_on", Date),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    UniqueConstraint("bank_id", "code", name="funds_code_key"),
    UniqueConstraint("bank_id", "owner", name="funds_owner_key"),
    tenant_reference("funds", "organisation_id", "organisations"),
    CheckConstraint("kind in ('money', 'care')", name="funds_kind_check"),
)
