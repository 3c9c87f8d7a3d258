"""Declared for the drift check: token buckets."""

from sqlalchemy import Column, Double, Table
from sqlalchemy.dialects.postgresql import BYTEA

from ledger.tables import Instant, bank_key, metadata

throttles = Table(
    "throttles",
    metadata,
    bank_key(),
    Column("key", BYTEA, primary_key=True),
    Column("tokens", Double, nullable=False),
    Column("refilled_at", Instant, nullable=False),
    prefixes=["UNLOGGED"],
)
