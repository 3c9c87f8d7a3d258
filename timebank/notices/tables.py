"""Declared for the drift check: public notices, their lines, and objections to them."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import BYTEA, UUID

from ledger.tables import Instant, bank_key, identity_key, metadata, tenant_reference

notices = Table(
    "notices",
    metadata,
    bank_key(),
    identity_key(),
    Column("organisation_id", BigInteger, nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("closes_on", Date, nullable=False),
    Column("working_days", BigInteger, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    tenant_reference("notices", "organisation_id", "organisations"),
    CheckConstraint("closes_on >= opened_on", name="notices_closes_on_check"),
    CheckConstraint("working_days >= 0", name="notices_working_days_check"),
    Index("notices_open_idx", "bank_id", "closes_on", "id", postgresql_where=text("closed_at is null")),
    Index("notices_organisation_idx", "bank_id", "organisation_id", "id"),
)

notice_lines = Table(
    "notice_lines",
    metadata,
    bank_key(),
    Column("notice_id", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("line", BigInteger, nullable=False),
    Column("masked_name", Text, nullable=False),
    Column("state", Text, nullable=False),
    UniqueConstraint("bank_id", "notice_id", "line", name="notice_lines_line_key"),
    tenant_reference("notice_lines", "notice_id", "notices"),
    tenant_reference("notice_lines", "record_id", "service_records"),
    CheckConstraint("state in ('shown', 'objected', 'struck', 'credited')", name="notice_lines_state_check"),
    Index(
        "notice_lines_record_key",
        "bank_id",
        "record_id",
        unique=True,
        postgresql_where=text("state <> 'struck'"),
    ),
)

objections = Table(
    "objections",
    metadata,
    bank_key(),
    identity_key(),
    Column("notice_id", BigInteger, nullable=False),
    Column("record_id", BigInteger, nullable=False),
    Column("ground", Text, nullable=False),
    Column("raised_by", UUID),
    Column("contact_sealed", BYTEA),
    Column("contact_key_id", Text),
    Column("raised_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", UUID),
    Column("decision", Text),
    Column("reason", Text),
    ForeignKeyConstraint(
        ["bank_id", "notice_id", "record_id"],
        ["notice_lines.bank_id", "notice_lines.notice_id", "notice_lines.record_id"],
        name="objections_line_fkey",
    ),
    CheckConstraint("decision in ('upheld', 'dismissed')", name="objections_decision_check"),
    CheckConstraint("(decided_at is null) = (decision is null)", name="objections_decided_check"),
    CheckConstraint("(contact_sealed is null) = (contact_key_id is null)", name="objections_contact_check"),
    Index("objections_line_idx", "bank_id", "notice_id", "record_id", "id"),
)
