"""Declared for the drift check: days on which the bank departs from the published calendar."""

from sqlalchemy import Boolean, Column, Date, Table, Text

from ledger.tables import Instant, bank_key, bank_reference, metadata

calendar_days = Table(
    "calendar_days",
    metadata,
    bank_key(),
    Column("day", Date, primary_key=True),
    Column("is_working", Boolean, nullable=False),
    Column("name", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_at", Instant, nullable=False),
    bank_reference("calendar_days"),
)
