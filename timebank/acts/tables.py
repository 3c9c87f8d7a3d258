"""Declared for the drift check: who did what, and the answers given to keyed requests."""

from sqlalchemy import BigInteger, Column, Index, Table, Text
from sqlalchemy.dialects.postgresql import BYTEA, UUID

from ledger.tables import NOW, Instant, bank_key, bank_reference, identity_key, metadata

acts = Table(
    "acts",
    metadata,
    bank_key(),
    identity_key(),
    Column("person_id", UUID),
    Column("principal_id", UUID),
    Column("device_id", UUID),
    Column("session_id", UUID),
    Column("request_id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("acted_at", Instant, nullable=False, server_default=NOW),
    bank_reference("acts"),
    Index("acts_person_idx", "bank_id", "person_id", "id"),
)

replies = Table(
    "replies",
    metadata,
    bank_key(),
    Column("actor", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", BYTEA, nullable=False),
    Column("status", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("replied_at", Instant, nullable=False, server_default=NOW),
    bank_reference("replies"),
)
