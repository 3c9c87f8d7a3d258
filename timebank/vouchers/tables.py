"""Declared for the drift check: vouchers and every use of one."""

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

from ledger.tables import Instant, bank_key, identity_key, metadata, tenant_reference

vouchers = Table(
    "vouchers",
    metadata,
    bank_key(),
    identity_key(),
    Column("offer_id", BigInteger, nullable=False),
    Column("merchant_id", BigInteger, nullable=False),
    Column("person_id", UUID, nullable=False),
    Column("fufen", BigInteger, nullable=False),
    Column("hold_id", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("policy_version", BigInteger, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("issued_by", Text, nullable=False),
    Column("expires_on", Date, nullable=False),
    Column("until_at", Instant, nullable=False),
    Column("resolved_at", Instant),
    UniqueConstraint("bank_id", "hold_id", name="vouchers_hold_id_key"),
    tenant_reference("vouchers", "offer_id", "offers"),
    tenant_reference("vouchers", "merchant_id", "merchants"),
    tenant_reference("vouchers", "person_id", "people"),
    CheckConstraint("state in ('issued', 'used', 'cancelled', 'lapsed')", name="vouchers_state_check"),
    CheckConstraint("(state = 'issued') = (resolved_at is null)", name="vouchers_resolved_check"),
    CheckConstraint("fufen > 0", name="vouchers_fufen_check"),
    Index("vouchers_person_idx", "bank_id", "person_id", "id"),
    Index("vouchers_offer_idx", "bank_id", "offer_id", "person_id"),
    Index("vouchers_open_idx", "bank_id", "until_at", "id", postgresql_where=text("state = 'issued'")),
)

voucher_uses = Table(
    "voucher_uses",
    metadata,
    bank_key(),
    identity_key(),
    Column("digest", BYTEA, nullable=False),
    Column("voucher_id", BigInteger),
    Column("merchant_id", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("used_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("is_offline", Boolean, nullable=False),
    Column("actor", Text, nullable=False),
    UniqueConstraint("bank_id", "merchant_id", "digest", name="voucher_uses_digest_key"),
    tenant_reference("voucher_uses", "voucher_id", "vouchers"),
    tenant_reference("voucher_uses", "merchant_id", "merchants"),
    Index(
        "voucher_uses_once_key",
        "bank_id",
        "voucher_id",
        unique=True,
        postgresql_where=text("outcome = 'honoured'"),
    ),
    Index("voucher_uses_merchant_idx", "bank_id", "merchant_id", "id"),
)
