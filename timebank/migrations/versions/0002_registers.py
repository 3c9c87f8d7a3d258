"""The registers: policy packs, organisations, volunteers and their vault, activities, records, shops, jobs.

Revision ID: 0002
Revises: 0001
"""

from timebank.migrations.statements import (
    IrreversibleMigrationError,
    append_only,
    execute_each,
    grant,
    isolate,
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
create table policy_packs (
  bank_id bigint not null,
  version bigint not null,
  effective_from date not null,
  body jsonb not null,
  adopted_by text not null,
  adopted_at timestamptz not null default clock_timestamp(),
  constraint policy_packs_pkey primary key (bank_id, version),
  constraint policy_packs_effective_from_key unique (bank_id, effective_from),
  constraint policy_packs_version_check check (version >= 1)
);
alter table policy_packs add constraint policy_packs_bank_id_fkey foreign key (bank_id) references banks (id);

create table organisations (
  bank_id bigint not null,
  id bigint generated always as identity,
  code text not null,
  name text not null,
  level text not null,
  parent_id bigint,
  constraint organisations_pkey primary key (bank_id, id),
  constraint organisations_code_key unique (bank_id, level, code),
  constraint organisations_parent_id_fkey foreign key (bank_id, parent_id)
    references organisations (bank_id, id),
  constraint organisations_level_check check (level in
    ('district', 'street', 'community', 'grid', 'team', 'other')),
  constraint organisations_parent_check check (parent_id <> id)
);
alter table organisations add constraint organisations_bank_id_fkey foreign key (bank_id) references banks (id);

-- What identifies a person is in the vault; owner is all that the ledger knows of anybody.
create table volunteers (
  bank_id bigint not null,
  id bigint generated always as identity,
  code text not null,
  owner uuid not null default gen_random_uuid(),
  organisation_id bigint,
  team_id bigint,
  is_party_member boolean not null,
  registered_on date,
  constraint volunteers_pkey primary key (bank_id, id),
  constraint volunteers_code_key unique (bank_id, code),
  constraint volunteers_owner_key unique (bank_id, owner),
  constraint volunteers_organisation_id_fkey foreign key (bank_id, organisation_id)
    references organisations (bank_id, id),
  constraint volunteers_team_id_fkey foreign key (bank_id, team_id) references organisations (bank_id, id)
);
alter table volunteers add constraint volunteers_bank_id_fkey foreign key (bank_id) references banks (id);

create table vault (
  bank_id bigint not null,
  subject uuid not null,
  field text not null,
  key_id text not null,
  sealed bytea not null,
  constraint vault_pkey primary key (bank_id, subject, field)
);
alter table vault add constraint vault_bank_id_fkey foreign key (bank_id) references banks (id);

create table activities (
  bank_id bigint not null,
  id bigint generated always as identity,
  code text not null,
  name text not null,
  category text not null,
  is_volunteer_service boolean not null,
  organisation_id bigint,
  team_id bigint,
  leader_code text not null,
  place text not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  rest_minutes bigint not null,
  difficulty_permille bigint not null,
  capacity bigint,
  constraint activities_pkey primary key (bank_id, id),
  constraint activities_code_key unique (bank_id, code),
  constraint activities_organisation_id_fkey foreign key (bank_id, organisation_id)
    references organisations (bank_id, id),
  constraint activities_team_id_fkey foreign key (bank_id, team_id) references organisations (bank_id, id),
  constraint activities_rest_minutes_check check (rest_minutes >= 0),
  constraint activities_difficulty_permille_check check (difficulty_permille >= 0)
);
alter table activities add constraint activities_bank_id_fkey foreign key (bank_id) references banks (id);

create table service_records (
  bank_id bigint not null,
  id bigint generated always as identity,
  activity_id bigint not null,
  volunteer_id bigint not null,
  check_in_at timestamptz not null,
  check_out_at timestamptz not null,
  served_from timestamptz,
  served_until timestamptz,
  minutes bigint not null,
  points bigint not null,
  policy_version bigint not null,
  outcome text not null,
  recorded_at timestamptz not null default clock_timestamp(),
  constraint service_records_pkey primary key (bank_id, id),
  constraint service_records_activity_volunteer_key unique (bank_id, activity_id, volunteer_id),
  constraint service_records_activity_id_fkey foreign key (bank_id, activity_id)
    references activities (bank_id, id),
  constraint service_records_volunteer_id_fkey foreign key (bank_id, volunteer_id)
    references volunteers (bank_id, id),
  constraint service_records_policy_version_fkey foreign key (bank_id, policy_version)
    references policy_packs (bank_id, version),
  constraint service_records_outcome_check check (outcome in
    ('accepted', 'needs_review', 'not_volunteer_service', 'too_short', 'overlap')),
  constraint service_records_check_out_at_check check (check_out_at > check_in_at),
  constraint service_records_minutes_check check (minutes >= 0 and points >= 0)
);
create index service_records_volunteer_idx on service_records (bank_id, volunteer_id, id);

-- One row per line of an attendance sheet, whatever came of it; digest is its content and its occurrence.
create table attendances (
  bank_id bigint not null,
  digest bytea not null,
  activity_code text not null,
  volunteer_code text not null,
  check_in_at timestamptz,
  check_out_at timestamptz,
  method text not null,
  outcome text not null,
  record_id bigint,
  constraint attendances_pkey primary key (bank_id, digest),
  constraint attendances_record_id_fkey foreign key (bank_id, record_id)
    references service_records (bank_id, id)
);
create index attendances_record_idx on attendances (bank_id, record_id) where record_id is not null;

create table awards (
  bank_id bigint not null,
  digest bytea not null,
  volunteer_id bigint,
  title text not null,
  points bigint,
  awarded_on date,
  outcome text not null,
  constraint awards_pkey primary key (bank_id, digest),
  constraint awards_volunteer_id_fkey foreign key (bank_id, volunteer_id) references volunteers (bank_id, id)
);

create table shops (
  bank_id bigint not null,
  id bigint generated always as identity,
  code text not null,
  owner uuid not null default gen_random_uuid(),
  constraint shops_pkey primary key (bank_id, id),
  constraint shops_code_key unique (bank_id, code),
  constraint shops_owner_key unique (bank_id, owner)
);
alter table shops add constraint shops_bank_id_fkey foreign key (bank_id) references banks (id);

create table goods (
  bank_id bigint not null,
  id bigint generated always as identity,
  shop_id bigint not null,
  sku text not null,
  name text not null,
  unit_code text not null,
  price_points bigint not null,
  opening_stock bigint not null,
  opening_at timestamptz not null,
  constraint goods_pkey primary key (bank_id, id),
  constraint goods_sku_key unique (bank_id, shop_id, sku),
  constraint goods_shop_id_fkey foreign key (bank_id, shop_id) references shops (bank_id, id),
  constraint goods_unit_code_fkey foreign key (bank_id, unit_code) references units (bank_id, code),
  constraint goods_price_points_check check (price_points >= 0),
  constraint goods_opening_stock_check check (opening_stock >= 0)
);

create table redemptions (
  bank_id bigint not null,
  digest bytea not null,
  receipt text not null,
  volunteer_id bigint,
  shop_code text not null,
  sku text not null,
  quantity bigint,
  points bigint,
  redeemed_at timestamptz,
  cashier text not null,
  outcome text not null,
  constraint redemptions_pkey primary key (bank_id, digest),
  constraint redemptions_volunteer_id_fkey foreign key (bank_id, volunteer_id)
    references volunteers (bank_id, id)
);
create index redemptions_receipt_idx on redemptions (bank_id, receipt);

create table job_runs (
  bank_id bigint not null,
  job text not null,
  period text not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  result jsonb,
  constraint job_runs_pkey primary key (bank_id, job, period)
);
alter table job_runs add constraint job_runs_bank_id_fkey foreign key (bank_id) references banks (id);

create table recognitions (
  bank_id bigint not null,
  scheme text not null,
  as_of date not null,
  volunteer_id bigint not null,
  level bigint not null,
  minutes bigint not null,
  policy_version bigint not null,
  constraint recognitions_pkey primary key (bank_id, scheme, as_of, volunteer_id),
  constraint recognitions_volunteer_id_fkey foreign key (bank_id, volunteer_id)
    references volunteers (bank_id, id),
  constraint recognitions_policy_version_fkey foreign key (bank_id, policy_version)
    references policy_packs (bank_id, version),
  constraint recognitions_scheme_check check (scheme in ('star', 'annual')),
  constraint recognitions_level_check check (level >= 1)
);
"""

TENANT = (
    "policy_packs",
    "organisations",
    "volunteers",
    "vault",
    "activities",
    "service_records",
    "attendances",
    "awards",
    "shops",
    "goods",
    "redemptions",
    "job_runs",
    "recognitions",
)


def upgrade() -> None:
    execute_each(TABLES)
    append_only("policy_packs")
    isolate(*TENANT)
    grant("select, insert", "timebank_app", *TENANT)
    grant("update (name, level, parent_id)", "timebank_app", "organisations")
    grant("update (outcome, record_id)", "timebank_app", "attendances")
    grant("update (outcome, volunteer_id)", "timebank_app", "awards")
    grant("update (started_at, finished_at, result)", "timebank_app", "job_runs")
    grant("delete", "timebank_app", "recognitions")
    grant("update (key_id, sealed), delete", "timebank_app", "vault")
    grant("select", "timebank_reader", *(table for table in TENANT if table != "vault"))


def downgrade() -> None:
    """Refuse: the books are append-only, so a schema is only ever left by restoring a backup."""
    raise IrreversibleMigrationError
