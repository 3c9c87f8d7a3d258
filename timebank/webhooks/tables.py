"""Declared for the drift check: programs of others that are told of what happens."""

from sqlalchemy import BigInteger, Column, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA

from ledger.tables import Instant, bank_key, bank_reference, identity_key, metadata

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    bank_key(),
    identity_key(),
    Column("url", Text, nullable=False),
    Column("kinds", ARRAY(Text), nullable=False),
    Column("key_id", Text, nullable=False),
    Column("sealed_secret", BYTEA, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    bank_reference("webhook_endpoints"),
    Index(
        "webhook_endpoints_url_key", "bank_id", "url", unique=True, postgresql_where=text("ended_at is null")
    ),
)
