"""Declared for the drift check: how stars rose and fell."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Table, Text, text

from ledger.tables import Instant, bank_key, identity_key, metadata, tenant_reference

star_changes = Table(
    "star_changes",
    metadata,
    bank_key(),
    identity_key(),
    Column("volunteer_id", BigInteger, nullable=False),
    Column("from_level", BigInteger, nullable=False),
    Column("to_level", BigInteger, nullable=False),
    Column("minutes", BigInteger, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("policy_version", BigInteger, nullable=False),
    Column("reason", Text),
    Column("note", Text, nullable=False, server_default=text("''")),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
    tenant_reference("star_changes", "volunteer_id", "volunteers"),
    tenant_reference("star_changes", "policy_version", "policy_packs", "version"),
    CheckConstraint(
        "from_level >= 0 and to_level >= 0 and from_level <> to_level", name="star_changes_level_check"
    ),
    CheckConstraint("(to_level < from_level) = (reason is not null)", name="star_changes_reason_check"),
    Index("star_changes_volunteer_idx", "bank_id", "volunteer_id", "id"),
)
