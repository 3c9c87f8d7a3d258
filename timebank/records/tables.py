"""Declared for the drift check: service records and what happened to them, the workbook's attendances, awards."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import BYTEA, JSONB, UUID

from ledger.tables import NOW, Instant, bank_key, identity_key, metadata, tenant_reference

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
    Column("session_id", BigInteger),
    Column("grade", Text),
    Column("origin", Text, nullable=False, server_default=text("'workbook'")),
    Column("state", Text, nullable=False),
    Column("corrects_id", BigInteger),
    Column("made_by", Text, nullable=False, server_default=text("'import'")),
    Column("evaluation", Text),
    Column("credited_transaction_id", BigInteger),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    tenant_reference("service_records", "activity_id", "activities"),
    tenant_reference("service_records", "volunteer_id", "volunteers"),
    tenant_reference("service_records", "policy_version", "policy_packs", "version"),
    CheckConstraint(
        "outcome in ('accepted', 'needs_review', 'not_volunteer_service', 'too_short', 'overlap', 'day_full',"
        " 'impossible_travel')",
        name="service_records_outcome_check",
    ),
    tenant_reference("service_records", "session_id", "activity_sessions"),
    tenant_reference("service_records", "corrects_id", "service_records"),
    CheckConstraint("grade in ('A', 'B', 'C', 'D', 'E')", name="service_records_grade_check"),
    CheckConstraint(
        "origin in ('workbook', 'scans', 'roll_call', 'late_entry', 'correction')",
        name="service_records_origin_check",
    ),
    CheckConstraint(
        "state in ('pending', 'second_review', 'approved', 'noticed', 'objected', 'credited', 'rejected', 'voided')",
        name="service_records_state_check",
    ),
    Index(
        "service_records_activity_volunteer_key",
        "bank_id",
        "activity_id",
        "volunteer_id",
        unique=True,
        postgresql_where=text("session_id is null and state <> 'voided'"),
    ),
    Index(
        "service_records_session_volunteer_key",
        "bank_id",
        "session_id",
        "volunteer_id",
        unique=True,
        postgresql_where=text("session_id is not null and state <> 'voided'"),
    ),
    Index(
        "service_records_review_idx",
        "bank_id",
        "state",
        "id",
        postgresql_where=text("state in ('pending', 'second_review', 'approved', 'noticed', 'objected')"),
    ),
    CheckConstraint("check_out_at > check_in_at", name="service_records_check_out_at_check"),
    CheckConstraint("minutes >= 0 and points >= 0", name="service_records_minutes_check"),
)
Index(
    "service_records_graded_idx",
    service_records.c.bank_id,
    service_records.c.grade,
    service_records.c.volunteer_id,
    postgresql_where=text("credited_transaction_id is not null and grade is not null"),
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


record_entries = Table(
    "record_entries",
    metadata,
    bank_key(),
    identity_key(),
    Column("record_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("person_id", UUID),
    Column("detail", JSONB, nullable=False),
    Column("entered_at", Instant, nullable=False),
    tenant_reference("record_entries", "record_id", "service_records"),
    CheckConstraint(
        "kind in ('made', 'approved', 'approved_second', 'rejected', 'noticed', 'objected',"
        " 'cleared', 'credited', 'voided', 'corrected', 'evaluated', 'noted')",
        name="record_entries_kind_check",
    ),
    Index("record_entries_record_idx", "bank_id", "record_id", "id"),
)

disputes = Table(
    "disputes",
    metadata,
    bank_key(),
    identity_key(),
    Column("record_id", BigInteger, nullable=False),
    Column("person_id", UUID, nullable=False),
    Column("statement", Text, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", UUID),
    Column("decision", Text),
    Column("answer", Text),
    tenant_reference("disputes", "record_id", "service_records"),
    tenant_reference("disputes", "person_id", "people"),
    CheckConstraint("decision in ('upheld', 'dismissed')", name="disputes_decision_check"),
    CheckConstraint("(decided_at is null) = (decision is null)", name="disputes_decided_check"),
    Index(
        "disputes_open_key",
        "bank_id",
        "record_id",
        unique=True,
        postgresql_where=text("decided_at is null"),
    ),
    Index("disputes_person_idx", "bank_id", "person_id", "id"),
)
