"""Declared for the drift check: activities, what became of attendances, and awards."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import BYTEA

from ledger.tables import NOW, Instant, bank_key, bank_reference, identity_key, metadata, tenant_reference

activities = Table(
    "activities",
    metadata,
    bank_key(),
    identity_key(),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("is_volunteer_service", Boolean, nullable=False),
    Column("organisation_id", BigInteger),
    Column("team_id", BigInteger),
    Column("leader_code", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("rest_minutes", BigInteger, nullable=False),
    Column("difficulty_permille", BigInteger, nullable=False),
    Column("capacity", BigInteger),
    bank_reference("activities"),
    tenant_reference("activities", "organisation_id", "organisations"),
    tenant_reference("activities", "team_id", "organisations"),
    UniqueConstraint("bank_id", "code", name="activities_code_key"),
    CheckConstraint("rest_minutes >= 0", name="activities_rest_minutes_check"),
    CheckConstraint("difficulty_permille >= 0", name="activities_difficulty_permille_check"),
)

service_records = Table(
    "service_records",
    metadata,
    bank_key(),
    identity_key(),
    Column("activity_id", BigInteger, nullable=False),
    Column("volunteer_id", BigInteger, nullable=False),
    Column("check_in_at", Instant, nullable=False),
    Column("check_out_at", Instant, nullable=False),
    Column("served_from", Instant),
    Column("served_until", Instant),
    Column("minutes", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("policy_version", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False, server_default=NOW),
    tenant_reference("service_records", "activity_id", "activities"),
    tenant_reference("service_records", "volunteer_id", "volunteers"),
    tenant_reference("service_records", "policy_version", "policy_packs", "version"),
    UniqueConstraint("bank_id", "activity_id", "volunteer_id", name="service_records_activity_volunteer_key"),
    CheckConstraint(
        "outcome in ('accepted', 'needs_review', 'not_volunteer_service', 'too_short', 'overlap')",
        name="service_records_outcome_check",
    ),
    CheckConstraint("check_out_at > check_in_at", name="service_records_check_out_at_check"),
    CheckConstraint("minutes >= 0 and points >= 0", name="service_records_minutes_check"),
)
Index(
    "service_records_volunteer_idx",
    service_records.c.bank_id,
    service_records.c.volunteer_id,
    service_records.c.id,
)

attendances = Table(
    "attendances",
    metadata,
    bank_key(),
    Column("digest", BYTEA, primary_key=True),
    Column("activity_code", Text, nullable=False),
    Column("volunteer_code", Text, nullable=False),
    Column("check_in_at", Instant),
    Column("check_out_at", Instant),
    Column("method", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("record_id", BigInteger),
    tenant_reference("attendances", "record_id", "service_records"),
)
Index(
    "attendances_record_idx",
    attendances.c.bank_id,
    attendances.c.record_id,
    postgresql_where=text("record_id is not null"),
)

awards = Table(
    "awards",
    metadata,
    bank_key(),
    Column("digest", BYTEA, primary_key=True),
    Column("volunteer_id", BigInteger),
    Column("title", Text, nullable=False),
    Column("points", BigInteger),
    Column("awarded_on", Date),
    Column("outcome", Text, nullable=False),
    tenant_reference("awards", "volunteer_id", "volunteers"),
)
