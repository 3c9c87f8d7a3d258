"""Declared for the drift check: what fufen buy at merchants, what was taken, and complaints."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import BYTEA, UUID

from ledger.tables import Instant, bank_key, identity_key, metadata, tenant_reference

offers = Table(
    "offers",
    metadata,
    bank_key(),
    identity_key(),
    Column("merchant_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("terms", Text, nullable=False),
    Column("price_fufen", BigInteger, nullable=False),
    Column("percent", BigInteger),
    Column("amount_cents", BigInteger),
    Column("minutes", BigInteger),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("member_limit", BigInteger),
    Column("total_limit", BigInteger),
    Column("voucher_days", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    tenant_reference("offers", "merchant_id", "merchants"),
    CheckConstraint("kind in ('percent_off', 'amount_off', 'housekeeping')", name="offers_kind_check"),
    CheckConstraint(
        "(kind = 'percent_off') = (percent is not null)"
        " and (kind = 'amount_off') = (amount_cents is not null)"
        " and (kind = 'housekeeping') = (minutes is not null)",
        name="offers_value_check",
    ),
    CheckConstraint(
        "price_fufen > 0 and percent between 1 and 100 and amount_cents > 0 and minutes > 0"
        " and member_limit > 0 and total_limit > 0 and voucher_days between 1 and 3660",
        name="offers_amounts_check",
    ),
    CheckConstraint("ends_on >= starts_on", name="offers_ends_on_check"),
    CheckConstraint("state in ('draft', 'published', 'withdrawn')", name="offers_state_check"),
    Index("offers_merchant_idx", "bank_id", "merchant_id", "id"),
)

acceptances = Table(
    "acceptances",
    metadata,
    bank_key(),
    identity_key(),
    Column("merchant_id", BigInteger, nullable=False),
    Column("offer_id", BigInteger, nullable=False),
    Column("voucher_id", BigInteger),
    Column("person_id", UUID, nullable=False),
    Column("fufen", BigInteger, nullable=False),
    Column("via", Text, nullable=False),
    Column("proof", BYTEA),
    Column("transaction_id", BigInteger, nullable=False),
    Column("policy_version", BigInteger, nullable=False),
    Column("accepted_at", Instant, nullable=False),
    Column("accepted_on", Date, nullable=False),
    Column("accepted_by", Text, nullable=False),
    UniqueConstraint("bank_id", "transaction_id", name="acceptances_transaction_key"),
    tenant_reference("acceptances", "merchant_id", "merchants"),
    tenant_reference("acceptances", "offer_id", "offers"),
    tenant_reference("acceptances", "voucher_id", "vouchers"),
    tenant_reference("acceptances", "person_id", "people"),
    CheckConstraint("via in ('member_code', 'merchant_code', 'voucher')", name="acceptances_via_check"),
    CheckConstraint("(via = 'voucher') = (voucher_id is not null)", name="acceptances_voucher_check"),
    Index(
        "acceptances_proof_key", "bank_id", "proof", unique=True, postgresql_where=text("proof is not null")
    ),
    Index(
        "acceptances_voucher_key",
        "bank_id",
        "voucher_id",
        unique=True,
        postgresql_where=text("voucher_id is not null"),
    ),
    Index("acceptances_merchant_idx", "bank_id", "merchant_id", "id"),
    Index("acceptances_person_idx", "bank_id", "person_id", "accepted_on"),
    Index("acceptances_offer_idx", "bank_id", "offer_id", "person_id"),
)

complaints = Table(
    "complaints",
    metadata,
    bank_key(),
    identity_key(),
    Column("acceptance_id", BigInteger, nullable=False),
    Column("person_id", UUID, nullable=False),
    Column("statement", Text, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", UUID),
    Column("decision", Text),
    Column("answer", Text),
    Column("refund_id", BigInteger),
    tenant_reference("complaints", "acceptance_id", "acceptances"),
    tenant_reference("complaints", "person_id", "people"),
    CheckConstraint("decision in ('upheld', 'dismissed')", name="complaints_decision_check"),
    CheckConstraint("(decided_at is null) = (decision is null)", name="complaints_decided_check"),
    CheckConstraint("refund_id is null or decision = 'upheld'", name="complaints_refund_check"),
    Index(
        "complaints_open_key",
        "bank_id",
        "acceptance_id",
        unique=True,
        postgresql_where=text("decided_at is null"),
    ),
    Index(
        "complaints_refund_key",
        "bank_id",
        "acceptance_id",
        unique=True,
        postgresql_where=text("refund_id is not null"),
    ),
    Index("complaints_person_idx", "bank_id", "person_id", "id"),
)
