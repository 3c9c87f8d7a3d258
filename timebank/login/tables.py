"""Declared for the drift check: secrets to log in with, sessions and their tokens."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import BYTEA, UUID

from ledger.tables import NEW_UUID, Instant, bank_key, bank_reference, metadata, tenant_reference

credentials = Table(
    "credentials",
    metadata,
    bank_key(),
    Column("person_id", UUID, primary_key=True),
    Column("password_hash", Text),
    Column("totp_sealed", BYTEA),
    Column("totp_key_id", Text),
    Column("totp_confirmed_at", Instant),
    Column("totp_last_step", BigInteger),
    Column("changed_at", Instant, nullable=False),
    tenant_reference("credentials", "person_id", "people"),
)

login_codes = Table(
    "login_codes",
    metadata,
    bank_key(),
    Column("id", UUID, primary_key=True, server_default=NEW_UUID),
    Column("phone_digest", BYTEA, nullable=False),
    Column("code_digest", BYTEA, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("attempts", BigInteger, nullable=False, server_default=text("0")),
    Column("used_at", Instant),
    bank_reference("login_codes"),
    Index("login_codes_phone_idx", "bank_id", "phone_digest", "sent_at"),
)

login_links = Table(
    "login_links",
    metadata,
    bank_key(),
    Column("digest", BYTEA, primary_key=True),
    Column("person_id", UUID, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    tenant_reference("login_links", "person_id", "people"),
)

sessions = Table(
    "sessions",
    metadata,
    bank_key(),
    Column("id", UUID, primary_key=True, server_default=NEW_UUID),
    Column("person_id", UUID),
    Column("device_id", UUID),
    Column("method", Text, nullable=False),
    Column("client", Text, nullable=False, server_default=text("''")),
    Column("began_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_for", Text),
    tenant_reference("sessions", "person_id", "people"),
    tenant_reference("sessions", "device_id", "devices"),
    CheckConstraint("(person_id is null) <> (device_id is null)", name="sessions_who_check"),
    CheckConstraint(
        "method in ('code', 'password', 'password_totp', 'link', 'device')", name="sessions_method_check"
    ),
    CheckConstraint("(ended_at is null) = (ended_for is null)", name="sessions_ended_check"),
    Index("sessions_person_idx", "bank_id", "person_id", postgresql_where=text("ended_at is null")),
    Index("sessions_device_idx", "bank_id", "device_id", postgresql_where=text("ended_at is null")),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    bank_key(),
    Column("digest", BYTEA, primary_key=True),
    Column("session_id", UUID, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    tenant_reference("refresh_tokens", "session_id", "sessions"),
    Index("refresh_tokens_session_idx", "bank_id", "session_id"),
)
