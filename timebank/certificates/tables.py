"""Declared for the drift check: what was certified."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import BYTEA, UUID

from ledger.tables import Instant, bank_key, identity_key, metadata, tenant_reference

certificates = Table(
    "certificates",
    metadata,
    bank_key(),
    identity_key(),
    Column("number", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("person_id", UUID, nullable=False),
    Column("round_id", BigInteger),
    Column("candidate_number", BigInteger),
    Column("from_on", Date, nullable=False),
    Column("until_on", Date, nullable=False),
    Column("minutes", BigInteger, nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("digest", BYTEA, nullable=False),
    Column("key_id", Text),
    Column("sealed", BYTEA),
    Column("issued_at", Instant, nullable=False),
    Column("issued_by", Text, nullable=False),
    Column("revoked_at", Instant),
    Column("revoked_by", Text),
    Column("revoke_reason", Text),
    UniqueConstraint("bank_id", "number", name="certificates_number_key"),
    tenant_reference("certificates", "person_id", "people"),
    ForeignKeyConstraint(
        ["bank_id", "round_id", "candidate_number"],
        [
            "recognition_candidates.bank_id",
            "recognition_candidates.round_id",
            "recognition_candidates.number",
        ],
        name="certificates_candidate_fkey",
    ),
    CheckConstraint("kind in ('service', 'recognition')", name="certificates_kind_check"),
    CheckConstraint("(kind = 'recognition') = (round_id is not null)", name="certificates_candidate_check"),
    CheckConstraint("octet_length(digest) = 32", name="certificates_digest_check"),
    CheckConstraint("(sealed is null) = (key_id is null)", name="certificates_sealed_check"),
    CheckConstraint("(revoked_at is null) = (revoke_reason is null)", name="certificates_revoked_check"),
    Index("certificates_person_idx", "bank_id", "person_id", "id"),
    Index("certificates_revoked_idx", "bank_id", "id", postgresql_where=text("revoked_at is not null")),
    Index(
        "certificates_candidate_key",
        "bank_id",
        "round_id",
        "candidate_number",
        unique=True,
        postgresql_where=text("revoked_at is null"),
    ),
)
