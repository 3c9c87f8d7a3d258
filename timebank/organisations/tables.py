"""Declared for the drift check: the tree of organisations."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Table, Text, UniqueConstraint

from ledger.tables import bank_key, bank_reference, identity_key, metadata, tenant_reference

organisations = Table(
    "organisations",
    metadata,
    bank_key(),
    identity_key(),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("parent_id", BigInteger),
    bank_reference("organisations"),
    tenant_reference("organisations", "parent_id", "organisations"),
    UniqueConstraint("bank_id", "level", "code", name="organisations_code_key"),
    CheckConstraint(
        "level in ('district', 'street', 'community', 'grid', 'team', 'other')",
        name="organisations_level_check",
    ),
    CheckConstraint("parent_id <> id", name="organisations_parent_check"),
)
