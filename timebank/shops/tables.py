"""Declared for the drift check: shops, their goods, and the slips of an imported workbook."""

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
    Column("name", Text),
    Column("organisation_id", BigInteger),
    Column("closed_on", Date),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    bank_reference("shops"),
    tenant_reference("shops", "organisation_id", "organisations"),
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
    Column("category", Text, nullable=False, server_default=text("''")),
    Column("description", Text, nullable=False, server_default=text("''")),
    Column("barcode", Text),
    Column("member_day_limit", BigInteger),
    Column("member_month_limit", BigInteger),
    Column("low_stock_at", BigInteger),
    Column("low_stock_told_at", Instant),
    Column("is_listed", Boolean, nullable=False, server_default=text("true")),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    tenant_reference("goods", "shop_id", "shops"),
    tenant_reference("goods", "unit_code", "units", "code"),
    UniqueConstraint("bank_id", "shop_id", "sku", name="goods_sku_key"),
    CheckConstraint("price_points >= 0", name="goods_price_points_check"),
    CheckConstraint("opening_stock >= 0", name="goods_opening_stock_check"),
    CheckConstraint("member_day_limit > 0 and member_month_limit > 0", name="goods_limits_check"),
    CheckConstraint("low_stock_at >= 0", name="goods_low_stock_at_check"),
    Index(
        "goods_barcode_key",
        "bank_id",
        "shop_id",
        "barcode",
        unique=True,
        postgresql_where=text("barcode is not null"),
    ),
)

goods_pictures = Table(
    "goods_pictures",
    metadata,
    bank_key(),
    Column("goods_id", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", BYTEA, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("content", BYTEA, nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("set_by", Text, nullable=False),
    tenant_reference("goods_pictures", "goods_id", "goods"),
    CheckConstraint("octet_length(content) <= 524288", name="goods_pictures_content_check"),
)

redemption_slips = Table(
    "redemption_slips",
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
    tenant_reference("redemption_slips", "volunteer_id", "volunteers"),
)
Index("redemption_slips_receipt_idx", redemption_slips.c.bank_id, redemption_slips.c.receipt)
