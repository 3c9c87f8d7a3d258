"""Declared for the drift check: what moved on shelves other than over the counter."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import UUID

from ledger.tables import Instant, bank_key, identity_key, metadata, tenant_reference

stock_entries = Table(
    "stock_entries",
    metadata,
    bank_key(),
    identity_key(),
    Column("goods_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("to_goods_id", BigInteger),
    Column("unit_cost_cents", BigInteger),
    Column("fund_id", BigInteger),
    Column("expected", BigInteger),
    Column("counted", BigInteger),
    Column("reason", Text, nullable=False),
    Column("transaction_id", BigInteger),
    Column("till_id", BigInteger),
    Column("entered_at", Instant, nullable=False),
    Column("entered_by", UUID, nullable=False),
    tenant_reference("stock_entries", "goods_id", "goods"),
    tenant_reference("stock_entries", "to_goods_id", "goods"),
    tenant_reference("stock_entries", "fund_id", "funds"),
    tenant_reference("stock_entries", "till_id", "tills"),
    tenant_reference("stock_entries", "entered_by", "people"),
    CheckConstraint("kind in ('receive', 'transfer', 'count', 'write_off')", name="stock_entries_kind_check"),
    CheckConstraint("kind = 'count' or quantity > 0", name="stock_entries_quantity_check"),
    CheckConstraint("(kind = 'transfer') = (to_goods_id is not null)", name="stock_entries_transfer_check"),
    CheckConstraint(
        "(kind = 'count') = (counted is not null) and (kind = 'count') = (expected is not null)",
        name="stock_entries_count_check",
    ),
    CheckConstraint("unit_cost_cents >= 0", name="stock_entries_unit_cost_cents_check"),
    Index("stock_entries_goods_idx", "bank_id", "goods_id", "id"),
    Index(
        "stock_entries_to_goods_idx",
        "bank_id",
        "to_goods_id",
        "id",
        postgresql_where=text("to_goods_id is not null"),
    ),
)
