"""Declared for the drift check: stations and tills as actors of their own."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Table, Text
from sqlalchemy.dialects.postgresql import BYTEA, UUID

from ledger.tables import NEW_UUID, Instant, bank_key, metadata, tenant_reference

devices = Table(
    "devices",
    metadata,
    bank_key(),
    Column("id", UUID, primary_key=True, server_default=NEW_UUID),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("organisation_id", BigInteger, nullable=False),
    Column("public_key", BYTEA),
    Column("enrolled_at", Instant, nullable=False),
    Column("enrolled_by", Text, nullable=False),
    Column("revoked_at", Instant),
    Column("revoked_by", Text),
    tenant_reference("devices", "organisation_id", "organisations"),
    CheckConstraint("kind in ('station', 'till')", name="devices_kind_check"),
    CheckConstraint("octet_length(public_key) = 32", name="devices_public_key_check"),
    CheckConstraint("(revoked_at is null) = (revoked_by is null)", name="devices_revoked_check"),
)

device_enrolments = Table(
    "device_enrolments",
    metadata,
    bank_key(),
    Column("digest", BYTEA, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("organisation_id", BigInteger, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("device_id", UUID),
    tenant_reference("device_enrolments", "organisation_id", "organisations"),
    tenant_reference("device_enrolments", "device_id", "devices"),
    CheckConstraint("kind in ('station', 'till')", name="device_enrolments_kind_check"),
)
