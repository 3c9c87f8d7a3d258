"""The ledger's schema declared once more, for the drift check alone: queries are SQL, migrations make the tables.

What SQLAlchemy has no words for (triggers, grants, row-level security) is in `timebank/migrations/schema.sql`.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import BYTEA, JSONB, TIMESTAMP, UUID

metadata = MetaData(naming_convention={"pk": "%(table_name)s_pkey"})
"""Tables of the ledger, to which the domain adds its own."""

Instant = TIMESTAMP(timezone=True)
NOW = text("clock_timestamp()")
NEW_UUID = text("gen_random_uuid()")


def bank_key() -> Column[int]:
    """Return the column that leads every key of a tenant table."""
    return Column("bank_id", BigInteger, primary_key=True, autoincrement=False)


def identity_key() -> Column[int]:
    """Return an id that the database numbers."""
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def bank_reference(table: str) -> ForeignKeyConstraint:
    """Return the foreign key to the banks; tables that reach them through another have none of their own."""
    return ForeignKeyConstraint(["bank_id"], ["banks.id"], name=f"{table}_bank_id_fkey")


def tenant_reference(table: str, column: str, target: str, target_column: str = "id") -> ForeignKeyConstraint:
    """Return a foreign key between two tables of one bank."""
    return ForeignKeyConstraint(
        ["bank_id", column], [f"{target}.bank_id", f"{target}.{target_column}"], name=f"{table}_{column}_fkey"
    )


Sequence("transaction_ids", data_type=BigInteger, metadata=metadata)

banks = Table(
    "banks",
    metadata,
    identity_key(),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("owner", UUID, nullable=False, server_default=NEW_UUID),
    Column("opened_at", Instant, nullable=False, server_default=NOW),
    UniqueConstraint("code", name="banks_code_key"),
    UniqueConstraint("owner", name="banks_owner_key"),
    CheckConstraint("code ~ '^[a-z][a-z0-9-]{0,39}$'", name="banks_code_check"),
)

epochs = Table(
    "epochs",
    metadata,
    Column("system_identifier", Text, primary_key=True),
    Column("base", BigInteger, nullable=False),
    Column("begun_at", Instant, nullable=False, server_default=NOW),
    CheckConstraint("base >= 0", name="epochs_base_check"),
)

units = Table(
    "units",
    metadata,
    bank_key(),
    identity_key(),
    Column("code", Text, nullable=False),
    Column("class", Text, nullable=False),
    Column("spendable", Boolean, nullable=False),
    bank_reference("units"),
    UniqueConstraint("bank_id", "code", name="units_code_key"),
    CheckConstraint("class in ('honour', 'value', 'goods', 'score', 'money')", name="units_class_check"),
    CheckConstraint("not spendable or class in ('value', 'goods', 'money')", name="units_spendable_check"),
    CheckConstraint("code ~ '^[A-Za-z][A-Za-z0-9_.:/-]{0,79}$'", name="units_code_check"),
)

accounts = Table(
    "accounts",
    metadata,
    bank_key(),
    identity_key(),
    Column("owner", UUID, nullable=False),
    Column("unit_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("guarded", Boolean, nullable=False),
    Column("expires_on", Date),
    Column("floor", BigInteger, nullable=False, server_default=text("0")),
    Column("balance", BigInteger, nullable=False, server_default=text("0")),
    Column("last_seq", BigInteger, nullable=False, server_default=text("0")),
    Column("folded_before", BigInteger, nullable=False, server_default=text("0")),
    Column("opened_at", Instant, nullable=False, server_default=NOW),
    tenant_reference("accounts", "unit_id", "units"),
    UniqueConstraint("bank_id", "id", "unit_id", name="accounts_unit_key"),
    UniqueConstraint(
        "bank_id",
        "owner",
        "unit_id",
        "kind",
        "expires_on",
        name="accounts_place_key",
        postgresql_nulls_not_distinct=True,
    ),
    CheckConstraint(
        "kind in ('wallet', 'held', 'shelf', 'budget', 'issuance', 'expired', 'takings', 'supply', 'handed_out',"
        " 'converted', 'clearing', 'variance')",
        name="accounts_kind_check",
    ),
    CheckConstraint(
        "guarded = (kind in ('wallet', 'held', 'shelf', 'budget'))", name="accounts_guarded_check"
    ),
    CheckConstraint("expires_on is null or kind in ('wallet', 'held')", name="accounts_expires_on_check"),
    CheckConstraint("not guarded or balance >= floor", name="accounts_balance_check"),
    CheckConstraint("last_seq >= 0 and (guarded or last_seq = 0)", name="accounts_last_seq_check"),
    postgresql_with={"fillfactor": "70"},
)
Index(
    "accounts_expires_on_idx",
    accounts.c.bank_id,
    accounts.c.expires_on,
    accounts.c.id,
    postgresql_where=text("expires_on is not null"),
)

transactions = Table(
    "transactions",
    metadata,
    bank_key(),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("fingerprint", BYTEA, nullable=False),
    Column("effective_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("xact", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("memo", Text, nullable=False, server_default=text("''")),
    Column("metadata", JSONB, nullable=False, server_default=text("'{}'")),
    Column("refusal", Text),
    Column("refusal_detail", JSONB),
    Column("reverses_id", BigInteger),
    Column("resolves_id", BigInteger),
    Column("hold_until", Instant),
    Column("salt", BYTEA, nullable=False, server_default=text("uuid_send(gen_random_uuid())")),
    tenant_reference("transactions", "reverses_id", "transactions"),
    tenant_reference("transactions", "resolves_id", "transactions"),
    UniqueConstraint("bank_id", "idempotency_key", name="transactions_idempotency_key"),
    CheckConstraint("(refusal is null) = (refusal_detail is null)", name="transactions_refusal_check"),
    CheckConstraint("octet_length(fingerprint) = 16", name="transactions_fingerprint_check"),
    CheckConstraint("octet_length(salt) = 16", name="transactions_salt_check"),
    CheckConstraint("length(idempotency_key) between 1 and 200", name="transactions_key_length_check"),
    CheckConstraint("kind ~ '^[a-z][a-z_]{0,39}$'", name="transactions_kind_check"),
    CheckConstraint("hold_until is null or hold_until > effective_at", name="transactions_hold_until_check"),
)
Index("transactions_xact_idx", transactions.c.bank_id, transactions.c.xact, transactions.c.id)
for _column in ("reverses_id", "resolves_id"):
    Index(
        f"transactions_{_column}_key",
        transactions.c.bank_id,
        transactions.c[_column],
        unique=True,
        postgresql_where=text(f"{_column} is not null and refusal is null"),
    )
Index(
    "transactions_hold_until_idx",
    transactions.c.bank_id,
    transactions.c.hold_until,
    transactions.c.id,
    postgresql_where=text("hold_until is not null and refusal is null"),
)

postings = Table(
    "postings",
    metadata,
    bank_key(),
    Column("transaction_id", BigInteger, primary_key=True, autoincrement=False),
    Column("xact", BigInteger, nullable=False),
    Column("unit_id", BigInteger, nullable=False),
    Column("from_account_id", BigInteger, nullable=False),
    Column("to_account_id", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("from_seq", BigInteger),
    Column("from_balance", BigInteger),
    Column("to_seq", BigInteger),
    Column("to_balance", BigInteger),
    Column("line", Integer, primary_key=True, autoincrement=False),
    tenant_reference("postings", "transaction_id", "transactions"),
    CheckConstraint("amount > 0", name="postings_amount_check"),
    CheckConstraint("line >= 1", name="postings_line_check"),
    CheckConstraint("from_account_id <> to_account_id", name="postings_sides_check"),
)
for _side in ("from", "to"):
    _account, _seq = postings.c[f"{_side}_account_id"], postings.c[f"{_side}_seq"]
    postings.append_constraint(
        ForeignKeyConstraint(
            ["bank_id", _account.name, "unit_id"],
            ["accounts.bank_id", "accounts.id", "accounts.unit_id"],
            name=f"postings_{_account.name}_fkey",
        )
    )
    postings.append_constraint(
        CheckConstraint(
            f"({_side}_seq is null) = ({_side}_balance is null) and {_side}_seq > 0",
            name=f"postings_{_side}_seq_check",
        )
    )
    Index(
        f"postings_{_side}_seq_key",
        postings.c.bank_id,
        _account,
        _seq,
        unique=True,
        postgresql_where=text(f"{_side}_seq is not null"),
    )
    Index(
        f"postings_{_side}_open_idx",
        postings.c.bank_id,
        _account,
        postings.c.xact,
        postgresql_where=text(f"{_side}_seq is null"),
    )

folds = Table(
    "folds",
    metadata,
    bank_key(),
    Column("account_id", BigInteger, primary_key=True, autoincrement=False),
    Column("effective_on", Date, primary_key=True),
    Column("received", BigInteger, nullable=False),
    Column("given", BigInteger, nullable=False),
    tenant_reference("folds", "account_id", "accounts"),
    CheckConstraint("received >= 0 and given >= 0", name="folds_amounts_check"),
)

closures = Table(
    "closures",
    metadata,
    bank_key(),
    Column("closed_before", Instant, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("xact", BigInteger, nullable=False),
    Column("recorded_at", Instant, nullable=False, server_default=NOW),
    bank_reference("closures"),
)

exchange_rules = Table(
    "exchange_rules",
    metadata,
    bank_key(),
    Column("from_unit", Text, primary_key=True),
    Column("to_unit", Text, primary_key=True),
    Column("effective_from", Instant, primary_key=True),
    Column("is_allowed", Boolean, nullable=False),
    bank_reference("exchange_rules"),
)

leaves = Table(
    "leaves",
    metadata,
    bank_key(),
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("transaction_id", BigInteger, nullable=False),
    Column("hash", BYTEA, nullable=False),
    tenant_reference("leaves", "transaction_id", "transactions"),
    UniqueConstraint("bank_id", "transaction_id", name="leaves_transaction_id_key"),
    CheckConstraint("leaf_index >= 0", name="leaves_leaf_index_check"),
    CheckConstraint("octet_length(hash) = 32", name="leaves_hash_check"),
)

nodes = Table(
    "nodes",
    metadata,
    bank_key(),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("node_index", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", BYTEA, nullable=False),
    bank_reference("nodes"),
    CheckConstraint("level > 0 and level % 8 = 0", name="nodes_level_check"),
    CheckConstraint("octet_length(hash) = 32", name="nodes_hash_check"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    bank_key(),
    Column("tree_size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", BYTEA, nullable=False),
    Column("sealed_before", BigInteger, nullable=False),
    Column("sealed_at", Instant, nullable=False),
    Column("note", Text, nullable=False),
    bank_reference("checkpoints"),
    CheckConstraint("octet_length(root) = 32", name="checkpoints_root_check"),
    CheckConstraint("tree_size > 0", name="checkpoints_tree_size_check"),
)
