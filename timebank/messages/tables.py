"""Declared for the drift check: the outbox, and by which ways people wish to be told."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, UUID

from ledger.tables import NEW_UUID, Instant, bank_key, identity_key, metadata, tenant_reference

channel_choices = Table(
    "channel_choices",
    metadata,
    bank_key(),
    Column("person_id", UUID, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("chosen_at", Instant, nullable=False),
    tenant_reference("channel_choices", "person_id", "people"),
    CheckConstraint("channel in ('email', 'sms', 'wechat')", name="channel_choices_channel_check"),
)

messages = Table(
    "messages",
    metadata,
    bank_key(),
    identity_key(),
    Column("reference", UUID, nullable=False, server_default=NEW_UUID),
    Column("channel", Text, nullable=False),
    Column("person_id", UUID),
    Column("endpoint_id", BigInteger),
    Column("notification_id", BigInteger),
    Column("kind", Text, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", BigInteger, nullable=False, server_default=text("0")),
    Column("again_at", Instant, nullable=False),
    Column("holder", UUID),
    Column("lease_until", Instant),
    Column("ended_at", Instant),
    Column("problem", Text),
    UniqueConstraint("bank_id", "reference", name="messages_reference_key"),
    tenant_reference("messages", "person_id", "people"),
    tenant_reference("messages", "endpoint_id", "webhook_endpoints"),
    tenant_reference("messages", "notification_id", "notifications"),
    CheckConstraint("channel in ('email', 'sms', 'wechat', 'webhook')", name="messages_channel_check"),
    CheckConstraint("(channel = 'webhook') = (endpoint_id is not null)", name="messages_recipient_check"),
    CheckConstraint(
        "state in ('waiting', 'sending', 'sent', 'dropped', 'failed')", name="messages_state_check"
    ),
    Index(
        "messages_open_idx",
        "bank_id",
        "again_at",
        "id",
        postgresql_where=text("state in ('waiting', 'sending')"),
    ),
    Index(
        "messages_notification_key",
        "bank_id",
        "notification_id",
        "channel",
        unique=True,
        postgresql_where=text("notification_id is not null and endpoint_id is null"),
    ),
    Index("messages_person_idx", "bank_id", "person_id", "id"),
)
