"""Declared for the drift check: who serves, without what identifies a person."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import UUID

from ledger.tables import NEW_UUID, bank_key, bank_reference, identity_key, metadata, tenant_reference

volunteers = Table(
    "volunteers",
    metadata,
    bank_key(),
    identity_key(),
    Column("code", Text, nullable=False),
    Column("owner", UUID, nullable=False, server_default=NEW_UUID),
    Column("organisation_id", BigInteger),
    Column("team_id", BigInteger),
    Column("is_party_member", Boolean, nullable=False),
    Column("registered_on", Date),
    bank_reference("volunteers"),
    tenant_reference("volunteers", "organisation_id", "organisations"),
    tenant_reference("volunteers", "team_id", "organisations"),
    tenant_reference("volunteers", "owner", "people"),
    UniqueConstraint("bank_id", "code", name="volunteers_code_key"),
    UniqueConstraint("bank_id", "owner", name="volunteers_owner_key"),
    Index("volunteers_organisation_idx", "bank_id", "organisation_id", "id"),
    Index("volunteers_team_idx", "bank_id", "team_id", "id"),
)
