"""Declared for the drift check: goods set aside for a member, with the points for them."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import UUID

from ledger.tables import Instant, bank_key, identity_key, metadata, tenant_reference

reservations = Table(
    "reservations",
    metadata,
    bank_key(),
    identity_key(),
    Column("person_id", UUID, nullable=False),
    Column("shop_id", BigInteger, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("hold_id", BigInteger),
    Column("state", Text, nullable=False),
    Column("policy_version", BigInteger, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("until_at", Instant, nullable=False),
    Column("resolved_at", Instant),
    tenant_reference("reservations", "person_id", "people"),
    tenant_reference("reservations", "shop_id", "shops"),
    UniqueConstraint("bank_id", "hold_id", name="reservations_hold_id_key"),
    CheckConstraint(
        "state in ('reserved', 'picked_up', 'cancelled', 'lapsed')", name="reservations_state_check"
    ),
    CheckConstraint("(state = 'reserved') = (resolved_at is null)", name="reservations_resolved_check"),
    CheckConstraint("points >= 0", name="reservations_points_check"),
    Index("reservations_person_idx", "bank_id", "person_id", "id"),
    Index(
        "reservations_open_idx",
        "bank_id",
        "shop_id",
        "until_at",
        "id",
        postgresql_where=text("state = 'reserved'"),
    ),
)

reservation_lines = Table(
    "reservation_lines",
    metadata,
    bank_key(),
    Column("reservation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("line", BigInteger, primary_key=True, autoincrement=False),
    Column("goods_id", BigInteger, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    tenant_reference("reservation_lines", "reservation_id", "reservations"),
    tenant_reference("reservation_lines", "goods_id", "goods"),
    CheckConstraint("quantity > 0", name="reservation_lines_quantity_check"),
    Index("reservation_lines_goods_idx", "bank_id", "goods_id"),
)
