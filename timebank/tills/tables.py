"""Declared for the drift check: cashiers' open sessions, what they counted, and baskets being quoted."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import BYTEA, JSONB, UUID

from ledger.tables import NEW_UUID, Instant, bank_key, identity_key, metadata, tenant_reference

tills = Table(
    "tills",
    metadata,
    bank_key(),
    identity_key(),
    Column("shop_id", BigInteger, nullable=False),
    Column("device_id", UUID, nullable=False),
    Column("cashier_id", UUID, nullable=False),
    Column("session_id", UUID, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("opening_cash_cents", BigInteger, nullable=False),
    Column("closed_at", Instant),
    Column("closing_cash_cents", BigInteger),
    Column("expected_cash_cents", BigInteger),
    Column("closed_by", Text),
    Column("note", Text, nullable=False, server_default=text("''")),
    tenant_reference("tills", "shop_id", "shops"),
    tenant_reference("tills", "device_id", "devices"),
    tenant_reference("tills", "cashier_id", "people"),
    CheckConstraint("opening_cash_cents >= 0 and closing_cash_cents >= 0", name="tills_cash_check"),
    CheckConstraint("(closed_at is null) = (closed_by is null)", name="tills_closed_check"),
    Index(
        "tills_open_device_key",
        "bank_id",
        "device_id",
        unique=True,
        postgresql_where=text("closed_at is null"),
    ),
    Index(
        "tills_open_cashier_key",
        "bank_id",
        "cashier_id",
        unique=True,
        postgresql_where=text("closed_at is null"),
    ),
    Index("tills_shop_idx", "bank_id", "shop_id", "id"),
)

till_counts = Table(
    "till_counts",
    metadata,
    bank_key(),
    Column("till_id", BigInteger, primary_key=True, autoincrement=False),
    Column("goods_id", BigInteger, primary_key=True, autoincrement=False),
    Column("expected", BigInteger, nullable=False),
    Column("counted", BigInteger, nullable=False),
    tenant_reference("till_counts", "till_id", "tills"),
    tenant_reference("till_counts", "goods_id", "goods"),
    CheckConstraint("counted >= 0", name="till_counts_counted_check"),
)

quotes = Table(
    "quotes",
    metadata,
    bank_key(),
    Column("id", UUID, primary_key=True, server_default=NEW_UUID),
    Column("till_id", BigInteger, nullable=False),
    Column("person_id", UUID, nullable=False),
    Column("shown", Text, nullable=False),
    Column("proof", BYTEA),
    Column("reservation_id", BigInteger),
    Column("lines", JSONB, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("policy_version", BigInteger, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    tenant_reference("quotes", "till_id", "tills"),
    tenant_reference("quotes", "person_id", "people"),
    tenant_reference("quotes", "reservation_id", "reservations"),
    CheckConstraint("shown in ('code', 'card', 'pick_up')", name="quotes_shown_check"),
    Index("quotes_proof_key", "bank_id", "proof", unique=True, postgresql_where=text("proof is not null")),
    Index("quotes_expires_idx", "bank_id", "expires_at"),
)
