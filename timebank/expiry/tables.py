"""Declared for the drift check: who was warned of what end."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Table, Text
from sqlalchemy.dialects.postgresql import UUID

from ledger.tables import Instant, bank_key, bank_reference, metadata

expiry_warnings = Table(
    "expiry_warnings",
    metadata,
    bank_key(),
    Column("owner", UUID, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("expires_on", Date, primary_key=True),
    Column("days", BigInteger, primary_key=True, autoincrement=False),
    Column("amount", BigInteger, nullable=False),
    Column("warned_at", Instant, nullable=False),
    bank_reference("expiry_warnings"),
    CheckConstraint("amount > 0", name="expiry_warnings_amount_check"),
)
