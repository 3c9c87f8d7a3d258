"""The ledger: units, accounts, transactions, postings, periods, folds and the sealed tree.

Revision ID: 0001
Revises:
"""

from timebank.migrations.statements import (
    IrreversibleMigrationError,
    append_only,
    execute_each,
    grant,
    isolate,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
-- Banks and epochs are reference tables: small, shared, without bank_id as a key prefix.
create table banks (
  id bigint generated always as identity,
  code text not null,
  name text not null,
  zone text not null,
  owner uuid not null default gen_random_uuid(),
  opened_at timestamptz not null default clock_timestamp(),
  constraint banks_pkey primary key (id),
  constraint banks_code_key unique (code),
  constraint banks_owner_key unique (owner),
  constraint banks_code_check check (code ~ '^[a-z][a-z0-9-]{0,39}$')
);

-- Transaction ids restart on another server; base keeps positions growing after a restore there.
create table epochs (
  system_identifier text not null,
  base bigint not null,
  begun_at timestamptz not null default clock_timestamp(),
  constraint epochs_pkey primary key (system_identifier),
  constraint epochs_base_check check (base >= 0)
);

create sequence transaction_ids as bigint;

create table units (
  bank_id bigint not null,
  id bigint generated always as identity,
  code text not null,
  class text not null,
  spendable boolean not null,
  constraint units_pkey primary key (bank_id, id),
  constraint units_code_key unique (bank_id, code),
  constraint units_class_check check (class in ('honour', 'value', 'goods', 'score', 'money')),
  constraint units_spendable_check check (not spendable or class in ('value', 'goods', 'money')),
  constraint units_code_check check (code ~ '^[A-Za-z][A-Za-z0-9_.:/-]{0,79}$')
);
alter table units add constraint units_bank_id_fkey foreign key (bank_id) references banks (id);

create table accounts (
  bank_id bigint not null,
  id bigint generated always as identity,
  owner uuid not null,
  unit_id bigint not null,
  kind text not null,
  guarded boolean not null,
  expires_on date,
  floor bigint not null default 0,
  balance bigint not null default 0,
  last_seq bigint not null default 0,
  folded_before bigint not null default 0,
  opened_at timestamptz not null default clock_timestamp(),
  constraint accounts_pkey primary key (bank_id, id),
  constraint accounts_unit_key unique (bank_id, id, unit_id),
  constraint accounts_place_key unique nulls not distinct (bank_id, owner, unit_id, kind, expires_on),
  constraint accounts_unit_id_fkey foreign key (bank_id, unit_id) references units (bank_id, id),
  constraint accounts_kind_check check (kind in ('wallet', 'held', 'shelf', 'issuance', 'expired', 'takings',
    'supply', 'handed_out', 'converted', 'clearing', 'variance')),
  constraint accounts_guarded_check check (guarded = (kind in ('wallet', 'held', 'shelf'))),
  constraint accounts_expires_on_check check (expires_on is null or kind in ('wallet', 'held')),
  constraint accounts_balance_check check (not guarded or balance >= floor),
  constraint accounts_last_seq_check check (last_seq >= 0 and (guarded or last_seq = 0))
) with (fillfactor = 70);
create index accounts_expires_on_idx on accounts (bank_id, expires_on, id) where expires_on is not null;

-- No foreign key to banks: every posting would share-lock that one row; units and accounts have it.
create table transactions (
  bank_id bigint not null,
  id bigint not null,
  kind text not null,
  idempotency_key text not null,
  fingerprint bytea not null,
  effective_at timestamptz not null,
  recorded_at timestamptz not null,
  xact bigint not null,
  actor text not null,
  memo text not null default '',
  metadata jsonb not null default '{}',
  refusal text,
  refusal_detail jsonb,
  reverses_id bigint,
  resolves_id bigint,
  hold_until timestamptz,
  salt bytea not null default uuid_send(gen_random_uuid()),
  constraint transactions_pkey primary key (bank_id, id),
  constraint transactions_idempotency_key unique (bank_id, idempotency_key),
  constraint transactions_reverses_id_fkey foreign key (bank_id, reverses_id)
    references transactions (bank_id, id),
  constraint transactions_resolves_id_fkey foreign key (bank_id, resolves_id)
    references transactions (bank_id, id),
  constraint transactions_refusal_check check ((refusal is null) = (refusal_detail is null)),
  constraint transactions_fingerprint_check check (octet_length(fingerprint) = 16),
  constraint transactions_salt_check check (octet_length(salt) = 16),
  constraint transactions_key_length_check check (length(idempotency_key) between 1 and 200),
  constraint transactions_kind_check check (kind ~ '^[a-z][a-z_]{0,39}$'),
  constraint transactions_hold_until_check check (hold_until is null or hold_until > effective_at)
);
create index transactions_xact_idx on transactions (bank_id, xact, id);
create unique index transactions_reverses_id_key on transactions (bank_id, reverses_id)
  where reverses_id is not null and refusal is null;
create unique index transactions_resolves_id_key on transactions (bank_id, resolves_id)
  where resolves_id is not null and refusal is null;
create index transactions_hold_until_idx on transactions (bank_id, hold_until, id)
  where hold_until is not null and refusal is null;

create table postings (
  bank_id bigint not null,
  transaction_id bigint not null,
  xact bigint not null,
  unit_id bigint not null,
  from_account_id bigint not null,
  to_account_id bigint not null,
  amount bigint not null,
  from_seq bigint,
  from_balance bigint,
  to_seq bigint,
  to_balance bigint,
  line integer not null,
  constraint postings_pkey primary key (bank_id, transaction_id, line),
  constraint postings_transaction_id_fkey foreign key (bank_id, transaction_id)
    references transactions (bank_id, id),
  constraint postings_from_account_id_fkey foreign key (bank_id, from_account_id, unit_id)
    references accounts (bank_id, id, unit_id),
  constraint postings_to_account_id_fkey foreign key (bank_id, to_account_id, unit_id)
    references accounts (bank_id, id, unit_id),
  constraint postings_amount_check check (amount > 0),
  constraint postings_line_check check (line >= 1),
  constraint postings_sides_check check (from_account_id <> to_account_id),
  constraint postings_from_seq_check check ((from_seq is null) = (from_balance is null) and from_seq > 0),
  constraint postings_to_seq_check check ((to_seq is null) = (to_balance is null) and to_seq > 0)
);
create unique index postings_from_seq_key on postings (bank_id, from_account_id, from_seq)
  where from_seq is not null;
create unique index postings_to_seq_key on postings (bank_id, to_account_id, to_seq)
  where to_seq is not null;
create index postings_from_open_idx on postings (bank_id, from_account_id, xact) where from_seq is null;
create index postings_to_open_idx on postings (bank_id, to_account_id, xact) where to_seq is null;

-- What open accounts took in and gave out, per effective day, up to accounts.folded_before: a projection.
create table folds (
  bank_id bigint not null,
  account_id bigint not null,
  effective_on date not null,
  received bigint not null,
  given bigint not null,
  constraint folds_pkey primary key (bank_id, account_id, effective_on),
  constraint folds_account_id_fkey foreign key (bank_id, account_id) references accounts (bank_id, id),
  constraint folds_amounts_check check (received >= 0 and given >= 0)
);

create table closures (
  bank_id bigint not null,
  closed_before timestamptz not null,
  actor text not null,
  xact bigint not null,
  recorded_at timestamptz not null default clock_timestamp(),
  constraint closures_pkey primary key (bank_id, closed_before)
);
alter table closures add constraint closures_bank_id_fkey foreign key (bank_id) references banks (id);

-- Which unit may be exchanged for which, from when; to_unit may name a class as 'class:goods'.
create table exchange_rules (
  bank_id bigint not null,
  from_unit text not null,
  to_unit text not null,
  effective_from timestamptz not null,
  is_allowed boolean not null,
  constraint exchange_rules_pkey primary key (bank_id, from_unit, to_unit, effective_from)
);
alter table exchange_rules add constraint exchange_rules_bank_id_fkey
  foreign key (bank_id) references banks (id);

create table leaves (
  bank_id bigint not null,
  leaf_index bigint not null,
  transaction_id bigint not null,
  hash bytea not null,
  constraint leaves_pkey primary key (bank_id, leaf_index),
  constraint leaves_transaction_id_key unique (bank_id, transaction_id),
  constraint leaves_transaction_id_fkey foreign key (bank_id, transaction_id)
    references transactions (bank_id, id),
  constraint leaves_leaf_index_check check (leaf_index >= 0),
  constraint leaves_hash_check check (octet_length(hash) = 32)
);

-- Perfect subtrees of 256, 65536, … leaves (level 8, 16, …); smaller ones are folded from leaves when read.
create table nodes (
  bank_id bigint not null,
  level integer not null,
  node_index bigint not null,
  hash bytea not null,
  constraint nodes_pkey primary key (bank_id, level, node_index),
  constraint nodes_level_check check (level > 0 and level % 8 = 0),
  constraint nodes_hash_check check (octet_length(hash) = 32)
);
alter table nodes add constraint nodes_bank_id_fkey foreign key (bank_id) references banks (id);

create table checkpoints (
  bank_id bigint not null,
  tree_size bigint not null,
  root bytea not null,
  sealed_before bigint not null,
  sealed_at timestamptz not null,
  note text not null,
  constraint checkpoints_pkey primary key (bank_id, tree_size),
  constraint checkpoints_root_check check (octet_length(root) = 32),
  constraint checkpoints_tree_size_check check (tree_size > 0)
);
alter table checkpoints add constraint checkpoints_bank_id_fkey foreign key (bank_id) references banks (id);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'ledger rows are append-only' using errcode = 'TB001';
end
$$;

-- Invariant 9, held by the database too: no accepted transaction may take effect inside a closed period.
create function refuse_closed_period() returns trigger language plpgsql as $$
begin
  if exists (
    select 1 from added t
    where t.refusal is null and t.effective_at < (
      select max(c.closed_before) from closures c where c.bank_id = t.bank_id)
  ) then
    raise exception 'the period is closed' using errcode = 'TB002';
  end if;
  return null;
end
$$;
create trigger transactions_closed_period after insert on transactions
  referencing new table as added for each statement execute function refuse_closed_period();

create trigger accounts_identity before update of bank_id, id, owner, unit_id, kind, guarded, expires_on, floor
  on accounts for each statement execute function refuse_change();
create trigger accounts_keep before delete or truncate
  on accounts for each statement execute function refuse_change();
"""

APPEND_ONLY = (
    "units",
    "transactions",
    "postings",
    "closures",
    "exchange_rules",
    "leaves",
    "nodes",
    "checkpoints",
)
TENANT = (*APPEND_ONLY, "accounts", "folds")


def upgrade() -> None:
    execute_each(TABLES)
    append_only(*APPEND_ONLY)
    isolate(*TENANT)
    grant("select, insert", "timebank_app", *TENANT, "banks")
    grant("update (balance, last_seq, folded_before)", "timebank_app", "accounts")
    grant("update (received, given)", "timebank_app", "folds")
    grant("select", "timebank_app", "epochs")
    grant("select", "timebank_reader", *TENANT, "banks", "epochs")
    execute_each("grant usage on sequence transaction_ids to timebank_app;")


def downgrade() -> None:
    """Refuse: the books are append-only, so a schema is only ever left by restoring a backup."""
    raise IrreversibleMigrationError
