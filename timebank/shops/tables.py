"""Declared for the drift check: shops, their goods, and redemptions."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import BYTEA, UUID

from ledger.tables import (
    NEW_UUID,
    Instant,
    bank_key,
    bank_reference,
    identity_key,
    metadata,
    tenant_reference,
)

shops = Table(
    "shops",
    metadata,
    bank_key(),
    identity_key(),
    Column("code", Text, nullable=False),
    Column("owner", UUID, nullable=False, server_default=NEW_UUID),
    bank_reference("shops"),
    UniqueConstraint("bank_id", "code", name="shops_code_key"),
    UniqueConstraint("bank_id", "owner", name="shops_owner_key"),
)

goods = Table(
    "goods",
    metadata,
    bank_key(),
    identity_key(),
    Column("shop_id", BigInteger, nullable=False),
    Column("sku", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("unit_code", Text, nullable=False),
    Column("price_points", BigInteger, nullable=False),
    Column("opening_stock", BigInteger, nullable=False),
    Column("opening_at", Instant, nullable=False),
    tenant_reference("goods", "shop_id", "shops"),
    tenant_reference("goods", "unit_code", "units", "code"),
    UniqueConstraint("bank_id", "shop_id", "sku", name="goods_sku_key"),
    CheckConstraint("price_points >= 0", name="goods_price_points_check"),
    CheckConstraint("opening_stock >= 0", name="goods_opening_stock_check"),
)

redemptions = Table(
    "redemptions",
    metadata,
    bank_key(),
    Column("digest", BYTEA, primary_key=True),
    Column("receipt", Text, nullable=False),
    Column("volunteer_id", BigInteger),
    Column("shop_code", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("quantity", BigInteger),
    Column("points", BigInteger),
    Column("redeemed_at", Instant),
    Column("cashier", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    tenant_reference("redemptions", "volunteer_id", "volunteers"),
)
Index("redemptions_receipt_idx", redemptions.c.bank_id, redemptions.c.receipt)
