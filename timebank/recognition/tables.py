"""Declared for the drift check: who reached which level by when, and the rounds that make lists of them."""

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
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, UUID

from ledger.tables import Instant, bank_key, identity_key, metadata, tenant_reference

recognitions = Table(
    "recognitions",
    metadata,
    bank_key(),
    Column("scheme", Text, primary_key=True),
    Column("as_of", Date, primary_key=True),
    Column("volunteer_id", BigInteger, primary_key=True, autoincrement=False),
    Column("level", BigInteger, nullable=False),
    Column("minutes", BigInteger, nullable=False),
    Column("policy_version", BigInteger, nullable=False),
    Column("held", BigInteger),
    tenant_reference("recognitions", "volunteer_id", "volunteers"),
    tenant_reference("recognitions", "policy_version", "policy_packs", "version"),
    CheckConstraint("scheme in ('star', 'annual')", name="recognitions_scheme_check"),
    CheckConstraint("level >= 1 or (level = 0 and coalesce(held, 0) >= 1)", name="recognitions_level_check"),
    Index(
        "recognitions_above_idx", "bank_id", "as_of", "volunteer_id", postgresql_where=text("level < held")
    ),
)

recognition_rounds = Table(
    "recognition_rounds",
    metadata,
    bank_key(),
    identity_key(),
    Column("scheme", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("organisation_id", BigInteger, nullable=False),
    Column("from_on", Date, nullable=False),
    Column("until_on", Date, nullable=False),
    Column("policy_version", BigInteger, nullable=False),
    Column("criteria", JSONB, nullable=False),
    Column("tree_size", BigInteger, nullable=False),
    Column("checkpoint", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("opened_by", UUID, nullable=False),
    Column("state", Text, nullable=False),
    Column("candidates", BigInteger),
    Column("digest", BYTEA),
    Column("notice_opened_on", Date),
    Column("notice_closes_on", Date),
    Column("notice_by", UUID),
    Column("approved_at", Instant),
    Column("approved_by", UUID),
    Column("published_at", Instant),
    Column("published_by", UUID),
    Column("ended_at", Instant),
    Column("ended_by", UUID),
    Column("end_reason", Text),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    tenant_reference("recognition_rounds", "organisation_id", "organisations"),
    tenant_reference("recognition_rounds", "policy_version", "policy_packs", "version"),
    CheckConstraint(
        "state in ('computing', 'review', 'notice', 'approved', 'published', 'withdrawn', 'revoked')",
        name="recognition_rounds_state_check",
    ),
    CheckConstraint("until_on >= from_on", name="recognition_rounds_until_on_check"),
    CheckConstraint(
        "state in ('computing', 'withdrawn') or digest is not null",
        name="recognition_rounds_digest_check",
    ),
    Index("recognition_rounds_organisation_idx", "bank_id", "organisation_id", "id"),
)

recognition_subjects = Table(
    "recognition_subjects",
    metadata,
    bank_key(),
    Column("round_id", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", UUID, primary_key=True),
    Column("volunteer_id", BigInteger),
    Column("organisation_id", BigInteger),
    Column("community_id", BigInteger),
    Column("minutes", BigInteger),
    Column("any_minutes", BigInteger),
    Column("points", BigInteger),
    Column("records", BigInteger),
    Column("evidence", JSONB),
    Column("bars", ARRAY(Text)),
    tenant_reference("recognition_subjects", "round_id", "recognition_rounds"),
    CheckConstraint(
        "(volunteer_id is null) <> (organisation_id is null)", name="recognition_subjects_whom_check"
    ),
    CheckConstraint(
        "num_nulls(minutes, any_minutes, points, records, evidence, bars) in (0, 6)",
        name="recognition_subjects_tally_check",
    ),
)

recognition_members = Table(
    "recognition_members",
    metadata,
    bank_key(),
    Column("round_id", BigInteger, primary_key=True, autoincrement=False),
    Column("organisation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person_id", UUID, primary_key=True),
    Column("from_on", Date, primary_key=True),
    Column("until_on", Date),
    tenant_reference("recognition_members", "round_id", "recognition_rounds"),
    Index("recognition_members_person_idx", "bank_id", "person_id", "round_id"),
)

recognition_candidates = Table(
    "recognition_candidates",
    metadata,
    bank_key(),
    Column("round_id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False),
    Column("volunteer_id", BigInteger),
    Column("organisation_id", BigInteger),
    Column("community_id", BigInteger),
    Column("level", BigInteger, nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("tied", BigInteger, nullable=False),
    Column("minutes", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("evidence", JSONB, nullable=False),
    Column("finding", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("masked_name", Text),
    UniqueConstraint("bank_id", "round_id", "volunteer_id", name="recognition_candidates_volunteer_key"),
    UniqueConstraint(
        "bank_id", "round_id", "organisation_id", name="recognition_candidates_organisation_key"
    ),
    tenant_reference("recognition_candidates", "round_id", "recognition_rounds"),
    tenant_reference("recognition_candidates", "volunteer_id", "volunteers"),
    tenant_reference("recognition_candidates", "organisation_id", "organisations"),
    tenant_reference("recognition_candidates", "community_id", "organisations"),
    CheckConstraint("subject in ('volunteer', 'team', 'unit')", name="recognition_candidates_subject_check"),
    CheckConstraint(
        "(volunteer_id is null) <> (organisation_id is null)", name="recognition_candidates_whom_check"
    ),
    CheckConstraint(
        "state in ('proposed', 'excluded', 'objected', 'revoked')", name="recognition_candidates_state_check"
    ),
    Index("recognition_candidates_volunteer_idx", "bank_id", "volunteer_id", "round_id"),
    Index("recognition_candidates_community_idx", "bank_id", "round_id", "community_id", "number"),
)

recognition_decisions = Table(
    "recognition_decisions",
    metadata,
    bank_key(),
    identity_key(),
    Column("round_id", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("decision", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=text("''")),
    Column("decided_by", UUID, nullable=False),
    Column("decided_at", Instant, nullable=False),
    ForeignKeyConstraint(
        ["bank_id", "round_id", "number"],
        [
            "recognition_candidates.bank_id",
            "recognition_candidates.round_id",
            "recognition_candidates.number",
        ],
        name="recognition_decisions_candidate_fkey",
    ),
    CheckConstraint(
        "decision in ('exclude', 'include', 'revoke')", name="recognition_decisions_decision_check"
    ),
    Index("recognition_decisions_candidate_idx", "bank_id", "round_id", "number", "id"),
)

recognition_objections = Table(
    "recognition_objections",
    metadata,
    bank_key(),
    identity_key(),
    Column("round_id", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("ground", Text, nullable=False),
    Column("raised_by", UUID),
    Column("contact_sealed", BYTEA),
    Column("contact_key_id", Text),
    Column("raised_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", UUID),
    Column("decision", Text),
    Column("reason", Text),
    ForeignKeyConstraint(
        ["bank_id", "round_id", "number"],
        [
            "recognition_candidates.bank_id",
            "recognition_candidates.round_id",
            "recognition_candidates.number",
        ],
        name="recognition_objections_candidate_fkey",
    ),
    CheckConstraint("decision in ('upheld', 'dismissed')", name="recognition_objections_decision_check"),
    CheckConstraint("(decided_at is null) = (decision is null)", name="recognition_objections_decided_check"),
    CheckConstraint(
        "(contact_sealed is null) = (contact_key_id is null)", name="recognition_objections_contact_check"
    ),
    Index("recognition_objections_candidate_idx", "bank_id", "round_id", "number", "id"),
)
