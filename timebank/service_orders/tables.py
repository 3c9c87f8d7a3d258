"""Declared for the drift check: service paid with time-coins."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import UUID

from ledger.tables import Instant, bank_key, identity_key, metadata, tenant_reference

service_orders = Table(
    "service_orders",
    metadata,
    bank_key(),
    identity_key(),
    Column("organisation_id", BigInteger, nullable=False),
    Column("person_id", UUID, nullable=False),
    Column("served_id", UUID, nullable=False),
    Column("category", Text, nullable=False),
    Column("wish", Text, nullable=False),
    Column("wanted_at", Instant, nullable=False),
    Column("minutes", BigInteger, nullable=False),
    Column("coins", BigInteger, nullable=False),
    Column("coins_used", BigInteger),
    Column("hold_id", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("server_id", UUID),
    Column("policy_version", BigInteger, nullable=False),
    Column("ordered_at", Instant, nullable=False),
    Column("ordered_by", Text, nullable=False),
    Column("until_at", Instant, nullable=False),
    Column("assigned_by", Text),
    Column("resolved_at", Instant),
    Column("resolved_by", Text),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    UniqueConstraint("bank_id", "hold_id", name="service_orders_hold_id_key"),
    tenant_reference("service_orders", "organisation_id", "organisations"),
    tenant_reference("service_orders", "person_id", "people"),
    tenant_reference("service_orders", "served_id", "people"),
    tenant_reference("service_orders", "server_id", "people"),
    CheckConstraint(
        "minutes > 0 and coins > 0 and coins_used between 1 and coins", name="service_orders_amounts_check"
    ),
    CheckConstraint(
        "state in ('ordered', 'assigned', 'done', 'cancelled', 'lapsed')", name="service_orders_state_check"
    ),
    CheckConstraint(
        "(state in ('ordered', 'assigned')) = (resolved_at is null)", name="service_orders_resolved_check"
    ),
    Index("service_orders_organisation_idx", "bank_id", "organisation_id", "state", "id"),
    Index("service_orders_person_idx", "bank_id", "person_id", "id"),
    Index(
        "service_orders_server_idx",
        "bank_id",
        "server_id",
        "id",
        postgresql_where=text("server_id is not null"),
    ),
    Index(
        "service_orders_open_idx",
        "bank_id",
        "until_at",
        "id",
        postgresql_where=text("state in ('ordered', 'assigned')"),
    ),
)
