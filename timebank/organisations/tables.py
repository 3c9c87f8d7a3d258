"""Declared for the drift check: the tree of organisations."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import UUID

from ledger.tables import (
    NEW_UUID,
    NOW,
    Instant,
    bank_key,
    bank_reference,
    identity_key,
    metadata,
    tenant_reference,
)

organisations = Table(
    "organisations",
    metadata,
    bank_key(),
    identity_key(),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("parent_id", BigInteger),
    Column("opened_on", Date),
    Column("closed_on", Date),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    Column("owner", UUID, nullable=False, server_default=NEW_UUID),
    bank_reference("organisations"),
    UniqueConstraint("bank_id", "owner", name="organisations_owner_key"),
    tenant_reference("organisations", "parent_id", "organisations"),
    UniqueConstraint("bank_id", "level", "code", name="organisations_code_key"),
    CheckConstraint(
        "level in ('district', 'street', 'community', 'grid', 'building',"
        " 'team', 'work_unit', 'partner_unit', 'other')",
        name="organisations_level_check",
    ),
    CheckConstraint("parent_id <> id", name="organisations_parent_check"),
    CheckConstraint(
        "closed_on is null or opened_on is null or closed_on >= opened_on",
        name="organisations_closed_on_check",
    ),
    Index("organisations_parent_idx", "bank_id", "parent_id"),
)

organisation_moves = Table(
    "organisation_moves",
    metadata,
    bank_key(),
    identity_key(),
    Column("organisation_id", BigInteger, nullable=False),
    Column("from_parent_id", BigInteger),
    Column("to_parent_id", BigInteger),
    Column("moved_on", Date, nullable=False),
    Column("actor", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False, server_default=NOW),
    tenant_reference("organisation_moves", "organisation_id", "organisations"),
    tenant_reference("organisation_moves", "from_parent_id", "organisations"),
    tenant_reference("organisation_moves", "to_parent_id", "organisations"),
    Index("organisation_moves_organisation_idx", "bank_id", "organisation_id", "id"),
)
