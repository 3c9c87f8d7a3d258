"""Declared for the drift check: people, and where each belongs."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import BYTEA, UUID

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

people = Table(
    "people",
    metadata,
    bank_key(),
    Column("id", UUID, primary_key=True, server_default=NEW_UUID),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    Column("created_at", Instant, nullable=False, server_default=NOW),
    Column("erased_at", Instant),
    bank_reference("people"),
    CheckConstraint("version >= 1", name="people_version_check"),
)

memberships = Table(
    "memberships",
    metadata,
    bank_key(),
    identity_key(),
    Column("person_id", UUID, nullable=False),
    Column("organisation_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("from_on", Date, nullable=False),
    Column("until_on", Date),
    Column("recorded_by", Text, nullable=False),
    tenant_reference("memberships", "person_id", "people"),
    tenant_reference("memberships", "organisation_id", "organisations"),
    CheckConstraint(
        "kind in ('residence', 'team', 'work_unit', 'party_unit', 'party_community')",
        name="memberships_kind_check",
    ),
    CheckConstraint("until_on is null or until_on >= from_on", name="memberships_until_on_check"),
    Index(
        "memberships_current_key",
        "bank_id",
        "person_id",
        "organisation_id",
        "kind",
        unique=True,
        postgresql_where=text("until_on is null"),
    ),
    Index("memberships_organisation_idx", "bank_id", "organisation_id", "person_id"),
)

guardianships = Table(
    "guardianships",
    metadata,
    bank_key(),
    identity_key(),
    Column("minor_id", UUID, nullable=False),
    Column("guardian_id", UUID, nullable=False),
    Column("relation", Text, nullable=False),
    Column("from_on", Date, nullable=False),
    Column("until_on", Date),
    Column("recorded_by", Text, nullable=False),
    tenant_reference("guardianships", "minor_id", "people"),
    tenant_reference("guardianships", "guardian_id", "people"),
    CheckConstraint("guardian_id <> minor_id", name="guardianships_guardian_check"),
    CheckConstraint("until_on is null or until_on >= from_on", name="guardianships_until_on_check"),
    Index(
        "guardianships_current_key",
        "bank_id",
        "minor_id",
        "guardian_id",
        unique=True,
        postgresql_where=text("until_on is null"),
    ),
    Index("guardianships_guardian_idx", "bank_id", "guardian_id"),
)

cards = Table(
    "cards",
    metadata,
    bank_key(),
    identity_key(),
    Column("person_id", UUID, nullable=False),
    Column("digest", BYTEA, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("issued_by", Text, nullable=False),
    Column("revoked_at", Instant),
    Column("revoked_for", Text),
    Column("pin_hash", Text),
    Column("pin_set_at", Instant),
    Column("pin_misses", BigInteger, nullable=False, server_default=text("0")),
    UniqueConstraint("bank_id", "digest", name="cards_digest_key"),
    tenant_reference("cards", "person_id", "people"),
    CheckConstraint("(pin_hash is null) = (pin_set_at is null)", name="cards_pin_check"),
    CheckConstraint("(revoked_at is null) = (revoked_for is null)", name="cards_revoked_check"),
    Index(
        "cards_current_key", "bank_id", "person_id", unique=True, postgresql_where=text("revoked_at is null")
    ),
)
