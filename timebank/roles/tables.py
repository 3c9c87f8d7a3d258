"""Declared for the drift check: who may do what where, and who may act for whom."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from ledger.tables import NOW, Instant, bank_key, identity_key, metadata, tenant_reference

role_grants = Table(
    "role_grants",
    metadata,
    bank_key(),
    identity_key(),
    Column("person_id", UUID, nullable=False),
    Column("role", Text, nullable=False),
    Column("organisation_id", BigInteger, nullable=False),
    Column("from_at", Instant, nullable=False),
    Column("until_at", Instant),
    Column("granted_by", Text, nullable=False),
    Column("granted_at", Instant, nullable=False, server_default=NOW),
    Column("revoked_at", Instant),
    Column("revoked_by", Text),
    tenant_reference("role_grants", "person_id", "people"),
    tenant_reference("role_grants", "organisation_id", "organisations"),
    CheckConstraint(
        "role in ('steward', 'cashier', 'shop_manager', 'merchant', 'community_worker', 'office', 'auditor',"
        " 'administrator')",
        name="role_grants_role_check",
    ),
    CheckConstraint("until_at is null or until_at > from_at", name="role_grants_until_at_check"),
    CheckConstraint("(revoked_at is null) = (revoked_by is null)", name="role_grants_revoked_check"),
    Index("role_grants_person_idx", "bank_id", "person_id", postgresql_where=text("revoked_at is null")),
)

proxies = Table(
    "proxies",
    metadata,
    bank_key(),
    identity_key(),
    Column("principal_id", UUID, nullable=False),
    Column("agent_id", UUID, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("reason", Text, nullable=False),
    Column("from_at", Instant, nullable=False),
    Column("until_at", Instant, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", Instant, nullable=False, server_default=NOW),
    Column("ended_at", Instant),
    Column("ended_by", Text),
    tenant_reference("proxies", "principal_id", "people"),
    tenant_reference("proxies", "agent_id", "people"),
    CheckConstraint("agent_id <> principal_id", name="proxies_agent_check"),
    CheckConstraint("cardinality(scopes) > 0", name="proxies_scopes_check"),
    CheckConstraint("until_at > from_at", name="proxies_until_at_check"),
    CheckConstraint("(ended_at is null) = (ended_by is null)", name="proxies_ended_check"),
    Index("proxies_agent_idx", "bank_id", "agent_id", postgresql_where=text("ended_at is null")),
    Index("proxies_principal_idx", "bank_id", "principal_id"),
)
