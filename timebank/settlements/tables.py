"""Declared for the drift check: monthly statements of shops and merchants."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import UUID

from ledger.tables import Instant, bank_key, identity_key, metadata, tenant_reference

settlements = Table(
    "settlements",
    metadata,
    bank_key(),
    identity_key(),
    Column("shop_id", BigInteger),
    Column("merchant_id", BigInteger),
    Column("unit", Text, nullable=False),
    Column("month_on", Date, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("unit_cents", BigInteger, nullable=False),
    Column("cents", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("policy_version", BigInteger, nullable=False),
    Column("drafted_by", Text, nullable=False),
    Column("drafted_person_id", UUID),
    Column("drafted_at", Instant, nullable=False),
    Column("approved_by", UUID),
    Column("approved_at", Instant),
    Column("fund_id", BigInteger),
    Column("paid_by", UUID),
    Column("paid_at", Instant),
    Column("transaction_id", BigInteger),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    tenant_reference("settlements", "shop_id", "shops"),
    tenant_reference("settlements", "merchant_id", "merchants"),
    tenant_reference("settlements", "fund_id", "funds"),
    tenant_reference("settlements", "approved_by", "people"),
    tenant_reference("settlements", "paid_by", "people"),
    CheckConstraint("(shop_id is null) <> (merchant_id is null)", name="settlements_payee_check"),
    CheckConstraint("extract(day from month_on) = 1", name="settlements_month_on_check"),
    CheckConstraint(
        "amount > 0 and unit_cents >= 0 and cents = amount * unit_cents", name="settlements_amount_check"
    ),
    CheckConstraint("state in ('drafted', 'approved', 'paid')", name="settlements_state_check"),
    CheckConstraint(
        "(state = 'drafted') = (approved_at is null) and (approved_at is null) = (approved_by is null)",
        name="settlements_approved_check",
    ),
    CheckConstraint("approved_by <> drafted_person_id", name="settlements_eyes_check"),
    CheckConstraint(
        "(state = 'paid') = (transaction_id is not null)"
        " and (state = 'paid') = (paid_at is not null)"
        " and (state = 'paid') = (fund_id is not null)",
        name="settlements_paid_check",
    ),
    Index(
        "settlements_shop_key",
        "bank_id",
        "shop_id",
        "unit",
        "month_on",
        unique=True,
        postgresql_where=text("shop_id is not null"),
    ),
    Index(
        "settlements_merchant_key",
        "bank_id",
        "merchant_id",
        "unit",
        "month_on",
        unique=True,
        postgresql_where=text("merchant_id is not null"),
    ),
)

settlement_items = Table(
    "settlement_items",
    metadata,
    bank_key(),
    Column("transaction_id", BigInteger, primary_key=True, autoincrement=False),
    Column("settlement_id", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    tenant_reference("settlement_items", "settlement_id", "settlements"),
    Index("settlement_items_settlement_idx", "bank_id", "settlement_id", "transaction_id"),
)
