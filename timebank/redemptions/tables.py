"""Declared for the drift check: goods handed out for points, and refunds."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from ledger.tables import Instant, bank_key, identity_key, metadata, tenant_reference

redemptions = Table(
    "redemptions",
    metadata,
    bank_key(),
    identity_key(),
    Column("receipt", Text, nullable=False),
    Column("shop_id", BigInteger, nullable=False),
    Column("till_id", BigInteger, nullable=False),
    Column("quote_id", UUID, nullable=False),
    Column("reservation_id", BigInteger),
    Column("person_id", UUID, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("cash_cents", BigInteger, nullable=False, server_default=text("0")),
    Column("transaction_id", BigInteger, nullable=False),
    Column("policy_version", BigInteger, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_on", Date, nullable=False),
    Column("made_by", Text, nullable=False),
    UniqueConstraint("bank_id", "receipt", name="redemptions_receipt_key"),
    UniqueConstraint("bank_id", "quote_id", name="redemptions_quote_key"),
    UniqueConstraint("bank_id", "transaction_id", name="redemptions_transaction_key"),
    tenant_reference("redemptions", "shop_id", "shops"),
    tenant_reference("redemptions", "till_id", "tills"),
    tenant_reference("redemptions", "reservation_id", "reservations"),
    tenant_reference("redemptions", "person_id", "people"),
    CheckConstraint("points >= 0 and cash_cents >= 0", name="redemptions_points_check"),
    Index(
        "redemptions_reservation_key",
        "bank_id",
        "reservation_id",
        unique=True,
        postgresql_where=text("reservation_id is not null"),
    ),
    Index("redemptions_person_idx", "bank_id", "person_id", "made_on"),
    Index("redemptions_till_idx", "bank_id", "till_id", "id"),
    Index("redemptions_shop_idx", "bank_id", "shop_id", "id"),
)

redemption_lines = Table(
    "redemption_lines",
    metadata,
    bank_key(),
    Column("redemption_id", BigInteger, primary_key=True, autoincrement=False),
    Column("line", BigInteger, primary_key=True, autoincrement=False),
    Column("goods_id", BigInteger, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    tenant_reference("redemption_lines", "redemption_id", "redemptions"),
    tenant_reference("redemption_lines", "goods_id", "goods"),
    CheckConstraint("quantity > 0", name="redemption_lines_quantity_check"),
    Index("redemption_lines_goods_idx", "bank_id", "goods_id"),
)

refunds = Table(
    "refunds",
    metadata,
    bank_key(),
    identity_key(),
    Column("redemption_id", BigInteger, nullable=False),
    Column("transaction_id", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by_manager", Boolean, nullable=False),
    Column("till_id", BigInteger),
    Column("made_at", Instant, nullable=False),
    Column("made_by", Text, nullable=False),
    UniqueConstraint("bank_id", "redemption_id", name="refunds_redemption_key"),
    tenant_reference("refunds", "redemption_id", "redemptions"),
    tenant_reference("refunds", "till_id", "tills"),
    CheckConstraint("by_manager = (till_id is null)", name="refunds_till_check"),
    Index("refunds_till_idx", "bank_id", "till_id", postgresql_where=text("till_id is not null")),
)
