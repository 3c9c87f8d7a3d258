"""Declared for the drift check: merchants of the whitelist and who accepts for them."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import UUID

from ledger.tables import NEW_UUID, Instant, bank_key, identity_key, metadata, tenant_reference

merchants = Table(
    "merchants",
    metadata,
    bank_key(),
    identity_key(),
    Column("organisation_id", BigInteger, nullable=False),
    Column("owner", UUID, nullable=False, server_default=NEW_UUID),
    Column("name", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("licence", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    UniqueConstraint("bank_id", "owner", name="merchants_owner_key"),
    UniqueConstraint("bank_id", "licence", name="merchants_licence_key"),
    tenant_reference("merchants", "organisation_id", "organisations"),
    CheckConstraint(
        "state in ('applied', 'vetted', 'active', 'suspended', 'rejected', 'closed')",
        name="merchants_state_check",
    ),
    Index("merchants_organisation_idx", "bank_id", "organisation_id", "id"),
)

merchant_entries = Table(
    "merchant_entries",
    metadata,
    bank_key(),
    identity_key(),
    Column("merchant_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("person_id", UUID),
    Column("entered_at", Instant, nullable=False),
    tenant_reference("merchant_entries", "merchant_id", "merchants"),
    tenant_reference("merchant_entries", "person_id", "people"),
    CheckConstraint(
        "kind in ('applied', 'vetted', 'activated', 'suspended', 'resumed', 'rejected', 'closed')",
        name="merchant_entries_kind_check",
    ),
    Index("merchant_entries_merchant_idx", "bank_id", "merchant_id", "id"),
)

merchant_staff = Table(
    "merchant_staff",
    metadata,
    bank_key(),
    Column("merchant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person_id", UUID, primary_key=True),
    Column("since_at", Instant, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("until_at", Instant),
    tenant_reference("merchant_staff", "merchant_id", "merchants"),
    tenant_reference("merchant_staff", "person_id", "people"),
    Index("merchant_staff_person_idx", "bank_id", "person_id"),
)
