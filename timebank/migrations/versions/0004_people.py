"""People and what they may do: registers, consents, logins, devices, grants, proxies, notifications, tasks.

Revision ID: 0004
Revises: 0003
"""

from timebank.migrations.statements import IrreversibleMigrationError, admit, execute_each

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
-- A person serves, holds roles, receives service or guards a minor. The id is the vault's subject and the ledger's
-- owner; what identifies anybody is in the vault.
create table people (
  bank_id bigint not null,
  id uuid not null default gen_random_uuid(),
  version bigint not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  erased_at timestamptz,
  constraint people_pkey primary key (bank_id, id),
  constraint people_version_check check (version >= 1)
);
alter table people add constraint people_bank_id_fkey foreign key (bank_id) references banks (id);

create table organisation_moves (
  bank_id bigint not null,
  id bigint generated always as identity,
  organisation_id bigint not null,
  from_parent_id bigint,
  to_parent_id bigint,
  moved_on date not null,
  actor text not null,
  recorded_at timestamptz not null default clock_timestamp(),
  constraint organisation_moves_pkey primary key (bank_id, id),
  constraint organisation_moves_organisation_id_fkey foreign key (bank_id, organisation_id)
    references organisations (bank_id, id),
  constraint organisation_moves_from_parent_id_fkey foreign key (bank_id, from_parent_id)
    references organisations (bank_id, id),
  constraint organisation_moves_to_parent_id_fkey foreign key (bank_id, to_parent_id)
    references organisations (bank_id, id)
);
create index organisation_moves_organisation_idx on organisation_moves (bank_id, organisation_id, id);

-- Where a person belongs, dated. A party member has two at once: at the work unit and at the community (双报到).
create table memberships (
  bank_id bigint not null,
  id bigint generated always as identity,
  person_id uuid not null,
  organisation_id bigint not null,
  kind text not null,
  from_on date not null,
  until_on date,
  recorded_by text not null,
  constraint memberships_pkey primary key (bank_id, id),
  constraint memberships_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint memberships_organisation_id_fkey foreign key (bank_id, organisation_id)
    references organisations (bank_id, id),
  constraint memberships_kind_check check (kind in ('residence', 'team', 'work_unit', 'party_unit', 'party_community')),
  constraint memberships_until_on_check check (until_on is null or until_on >= from_on)
);
create unique index memberships_current_key on memberships (bank_id, person_id, organisation_id, kind)
  where until_on is null;
create index memberships_organisation_idx on memberships (bank_id, organisation_id, person_id);

create table guardianships (
  bank_id bigint not null,
  id bigint generated always as identity,
  minor_id uuid not null,
  guardian_id uuid not null,
  relation text not null,
  from_on date not null,
  until_on date,
  recorded_by text not null,
  constraint guardianships_pkey primary key (bank_id, id),
  constraint guardianships_minor_id_fkey foreign key (bank_id, minor_id) references people (bank_id, id),
  constraint guardianships_guardian_id_fkey foreign key (bank_id, guardian_id) references people (bank_id, id),
  constraint guardianships_guardian_check check (guardian_id <> minor_id),
  constraint guardianships_until_on_check check (until_on is null or until_on >= from_on)
);
create unique index guardianships_current_key on guardianships (bank_id, minor_id, guardian_id) where until_on is null;
create index guardianships_guardian_idx on guardianships (bank_id, guardian_id);

-- A printed card's token finds its holder and is no secret to log in with; only its digest is kept.
create table cards (
  bank_id bigint not null,
  id bigint generated always as identity,
  person_id uuid not null,
  digest bytea not null,
  issued_at timestamptz not null,
  issued_by text not null,
  revoked_at timestamptz,
  revoked_for text,
  constraint cards_pkey primary key (bank_id, id),
  constraint cards_digest_key unique (bank_id, digest),
  constraint cards_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint cards_revoked_check check ((revoked_at is null) = (revoked_for is null))
);
create unique index cards_current_key on cards (bank_id, person_id) where revoked_at is null;

-- For exact look-ups: a keyed digest of a phone or an ID number. Several people may share a phone.
create table blind_indexes (
  bank_id bigint not null,
  person_id uuid not null,
  field text not null,
  digest bytea not null,
  constraint blind_indexes_pkey primary key (bank_id, person_id, field),
  constraint blind_indexes_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint blind_indexes_field_check check (field in ('phone', 'id_number')),
  constraint blind_indexes_digest_check check (octet_length(digest) = 32)
);
create index blind_indexes_digest_idx on blind_indexes (bank_id, field, digest);

-- What a person agreed to, or no longer, one row per declaration; the last one counts.
create table consents (
  bank_id bigint not null,
  id bigint generated always as identity,
  person_id uuid not null,
  purpose text not null,
  is_given boolean not null,
  text_version text not null,
  declared_by uuid not null,
  recorded_at timestamptz not null default clock_timestamp(),
  actor text not null,
  constraint consents_pkey primary key (bank_id, id),
  constraint consents_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint consents_declared_by_fkey foreign key (bank_id, declared_by) references people (bank_id, id),
  constraint consents_purpose_check check (purpose in
    ('location', 'publication', 'merchant', 'employer', 'guardian'))
);
create index consents_person_idx on consents (bank_id, person_id, purpose, id);

-- Who looked at whom, at which fields and what for.
create table look_ups (
  bank_id bigint not null,
  id bigint generated always as identity,
  viewer_id uuid,
  device_id uuid,
  subject_id uuid not null,
  purpose text not null,
  fields text[] not null,
  looked_at timestamptz not null default clock_timestamp(),
  constraint look_ups_pkey primary key (bank_id, id),
  constraint look_ups_viewer_check check (viewer_id is not null or device_id is not null)
);
create index look_ups_subject_idx on look_ups (bank_id, subject_id, id);
create index look_ups_viewer_idx on look_ups (bank_id, viewer_id, id);

create table credentials (
  bank_id bigint not null,
  person_id uuid not null,
  password_hash text,
  totp_sealed bytea,
  totp_key_id text,
  totp_confirmed_at timestamptz,
  totp_last_step bigint,
  changed_at timestamptz not null,
  constraint credentials_pkey primary key (bank_id, person_id),
  constraint credentials_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id)
);

-- One-time codes sent to a phone. A code for a number that nobody has is stored and counted alike, and never right.
create table login_codes (
  bank_id bigint not null,
  id uuid not null default gen_random_uuid(),
  phone_digest bytea not null,
  code_digest bytea not null,
  sent_at timestamptz not null,
  expires_at timestamptz not null,
  attempts bigint not null default 0,
  used_at timestamptz,
  constraint login_codes_pkey primary key (bank_id, id)
);
alter table login_codes add constraint login_codes_bank_id_fkey foreign key (bank_id) references banks (id);
create index login_codes_phone_idx on login_codes (bank_id, phone_digest, sent_at);

create table login_links (
  bank_id bigint not null,
  digest bytea not null,
  person_id uuid not null,
  made_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint login_links_pkey primary key (bank_id, digest),
  constraint login_links_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id)
);

create table devices (
  bank_id bigint not null,
  id uuid not null default gen_random_uuid(),
  kind text not null,
  name text not null,
  organisation_id bigint not null,
  public_key bytea,
  enrolled_at timestamptz not null,
  enrolled_by text not null,
  revoked_at timestamptz,
  revoked_by text,
  constraint devices_pkey primary key (bank_id, id),
  constraint devices_organisation_id_fkey foreign key (bank_id, organisation_id)
    references organisations (bank_id, id),
  constraint devices_kind_check check (kind in ('station', 'till')),
  constraint devices_public_key_check check (octet_length(public_key) = 32),
  constraint devices_revoked_check check ((revoked_at is null) = (revoked_by is null))
);

-- What the QR of an enrolment carries is good for one device, for minutes.
create table device_enrolments (
  bank_id bigint not null,
  digest bytea not null,
  kind text not null,
  name text not null,
  organisation_id bigint not null,
  made_at timestamptz not null,
  made_by text not null,
  expires_at timestamptz not null,
  device_id uuid,
  constraint device_enrolments_pkey primary key (bank_id, digest),
  constraint device_enrolments_organisation_id_fkey foreign key (bank_id, organisation_id)
    references organisations (bank_id, id),
  constraint device_enrolments_device_id_fkey foreign key (bank_id, device_id) references devices (bank_id, id),
  constraint device_enrolments_kind_check check (kind in ('station', 'till'))
);

create table sessions (
  bank_id bigint not null,
  id uuid not null default gen_random_uuid(),
  person_id uuid,
  device_id uuid,
  method text not null,
  client text not null default '',
  began_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  ended_for text,
  constraint sessions_pkey primary key (bank_id, id),
  constraint sessions_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint sessions_device_id_fkey foreign key (bank_id, device_id) references devices (bank_id, id),
  constraint sessions_who_check check ((person_id is null) <> (device_id is null)),
  constraint sessions_method_check check (method in ('code', 'password', 'password_totp', 'link', 'device')),
  constraint sessions_ended_check check ((ended_at is null) = (ended_for is null))
);
create index sessions_person_idx on sessions (bank_id, person_id) where ended_at is null;
create index sessions_device_idx on sessions (bank_id, device_id) where ended_at is null;

-- A refresh token is good once; one that comes back after it was used ends its session.
create table refresh_tokens (
  bank_id bigint not null,
  digest bytea not null,
  session_id uuid not null,
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint refresh_tokens_pkey primary key (bank_id, digest),
  constraint refresh_tokens_session_id_fkey foreign key (bank_id, session_id) references sessions (bank_id, id)
);
create index refresh_tokens_session_idx on refresh_tokens (bank_id, session_id);

-- A role at a node reaches its subtree. Only the end of a grant ever changes.
create table role_grants (
  bank_id bigint not null,
  id bigint generated always as identity,
  person_id uuid not null,
  role text not null,
  organisation_id bigint not null,
  from_at timestamptz not null,
  until_at timestamptz,
  granted_by text not null,
  granted_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz,
  revoked_by text,
  constraint role_grants_pkey primary key (bank_id, id),
  constraint role_grants_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint role_grants_organisation_id_fkey foreign key (bank_id, organisation_id)
    references organisations (bank_id, id),
  constraint role_grants_role_check check (role in ('steward', 'cashier', 'shop_manager', 'merchant',
    'community_worker', 'office', 'auditor', 'administrator')),
  constraint role_grants_until_at_check check (until_at is null or until_at > from_at),
  constraint role_grants_revoked_check check ((revoked_at is null) = (revoked_by is null))
);
create index role_grants_person_idx on role_grants (bank_id, person_id) where revoked_at is null;

-- Who may act for whom (代办), in what, until when.
create table proxies (
  bank_id bigint not null,
  id bigint generated always as identity,
  principal_id uuid not null,
  agent_id uuid not null,
  scopes text[] not null,
  reason text not null,
  from_at timestamptz not null,
  until_at timestamptz not null,
  made_by text not null,
  made_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  ended_by text,
  constraint proxies_pkey primary key (bank_id, id),
  constraint proxies_principal_id_fkey foreign key (bank_id, principal_id) references people (bank_id, id),
  constraint proxies_agent_id_fkey foreign key (bank_id, agent_id) references people (bank_id, id),
  constraint proxies_agent_check check (agent_id <> principal_id),
  constraint proxies_scopes_check check (cardinality(scopes) > 0),
  constraint proxies_until_at_check check (until_at > from_at),
  constraint proxies_ended_check check ((ended_at is null) = (ended_by is null))
);
create index proxies_agent_idx on proxies (bank_id, agent_id) where ended_at is null;
create index proxies_principal_idx on proxies (bank_id, principal_id);

create table notifications (
  bank_id bigint not null,
  id bigint generated always as identity,
  person_id uuid not null,
  kind text not null,
  params jsonb not null,
  made_at timestamptz not null default clock_timestamp(),
  read_at timestamptz,
  constraint notifications_pkey primary key (bank_id, id),
  constraint notifications_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id)
);
create index notifications_person_idx on notifications (bank_id, person_id, id);

-- Every write through the service: who acted, for whom, from which device and session, on what. No personal data.
create table acts (
  bank_id bigint not null,
  id bigint generated always as identity,
  person_id uuid,
  principal_id uuid,
  device_id uuid,
  session_id uuid,
  request_id text not null,
  action text not null,
  subject text not null,
  acted_at timestamptz not null default clock_timestamp(),
  constraint acts_pkey primary key (bank_id, id)
);
alter table acts add constraint acts_bank_id_fkey foreign key (bank_id) references banks (id);
create index acts_person_idx on acts (bank_id, person_id, id);

-- The answer that a request with an Idempotency-Key got, to be given again.
create table replies (
  bank_id bigint not null,
  actor text not null,
  key text not null,
  fingerprint bytea not null,
  status bigint not null,
  body text not null,
  replied_at timestamptz not null default clock_timestamp(),
  constraint replies_pkey primary key (bank_id, actor, key)
);
alter table replies add constraint replies_bank_id_fkey foreign key (bank_id) references banks (id);

-- What takes longer than a request: imports and exports, claimed by a worker with a lease.
create table tasks (
  bank_id bigint not null,
  id uuid not null default gen_random_uuid(),
  kind text not null,
  params jsonb not null,
  requested_by text not null,
  requester_id uuid,
  requested_at timestamptz not null,
  started_at timestamptz,
  lease_until timestamptz,
  attempts bigint not null default 0,
  done bigint not null default 0,
  total bigint,
  finished_at timestamptz,
  outcome text,
  problem text,
  result jsonb,
  constraint tasks_pkey primary key (bank_id, id),
  constraint tasks_outcome_check check (outcome in ('succeeded', 'failed')),
  constraint tasks_finished_check check ((finished_at is null) = (outcome is null))
);
alter table tasks add constraint tasks_bank_id_fkey foreign key (bank_id) references banks (id);
create index tasks_waiting_idx on tasks (bank_id, requested_at, id) where finished_at is null;

create table task_files (
  bank_id bigint not null,
  task_id uuid not null,
  role text not null,
  name text not null,
  media_type text not null,
  key_id text not null,
  sealed bytea not null,
  constraint task_files_pkey primary key (bank_id, task_id, role),
  constraint task_files_task_id_fkey foreign key (bank_id, task_id) references tasks (bank_id, id),
  constraint task_files_role_check check (role in ('input', 'report'))
);

-- Token buckets: how much of a limit is left to a key. Lost in a crash, and no harm done.
create unlogged table throttles (
  bank_id bigint not null,
  key bytea not null,
  tokens double precision not null,
  refilled_at timestamptz not null,
  constraint throttles_pkey primary key (bank_id, key)
);

alter table organisations add column opened_on date, add column closed_on date,
  add column version bigint not null default 1;
alter table organisations drop constraint organisations_level_check;
alter table organisations add constraint organisations_level_check check (level in
  ('district', 'street', 'community', 'grid', 'building', 'team', 'work_unit', 'partner_unit', 'other'));
alter table organisations add constraint organisations_closed_on_check
  check (closed_on is null or opened_on is null or closed_on >= opened_on);
create index organisations_parent_idx on organisations (bank_id, parent_id);
create index volunteers_organisation_idx on volunteers (bank_id, organisation_id, id);
create index volunteers_team_idx on volunteers (bank_id, team_id, id);
"""

# Row-level security hides every row until the bank is named, from the owner too.
PEOPLE_OF_BEFORE = """
do $$
declare
  bank bigint;
begin
  for bank in select id from banks loop
    perform set_config('timebank.bank_id', bank::text, true);
    insert into people (bank_id, id) select v.bank_id, v.owner from volunteers v where v.bank_id = bank;
  end loop;
  perform set_config('timebank.bank_id', '', true);
end
$$;
alter table volunteers add constraint volunteers_owner_fkey foreign key (bank_id, owner)
  references people (bank_id, id);
"""

APPEND_ONLY = ("organisation_moves", "consents", "look_ups", "acts")
TENANT = (
    *APPEND_ONLY,
    "people",
    "memberships",
    "guardianships",
    "cards",
    "blind_indexes",
    "credentials",
    "login_codes",
    "login_links",
    "devices",
    "device_enrolments",
    "sessions",
    "refresh_tokens",
    "role_grants",
    "proxies",
    "notifications",
    "replies",
    "tasks",
    "task_files",
    "throttles",
)
UPDATES = {
    "people": "version, erased_at",
    "organisations": "closed_on, opened_on, version, code",
    "volunteers": "organisation_id, team_id, is_party_member",
    "memberships": "until_on",
    "guardianships": "until_on",
    "cards": "revoked_at, revoked_for",
    "blind_indexes": "digest",
    "credentials": "password_hash, totp_sealed, totp_key_id, totp_confirmed_at, totp_last_step, changed_at",
    "login_codes": "attempts, used_at",
    "login_links": "used_at",
    "devices": "revoked_at, revoked_by",
    "device_enrolments": "device_id",
    "sessions": "seen_at, expires_at, ended_at, ended_for",
    "refresh_tokens": "used_at",
    "role_grants": "revoked_at, revoked_by",
    "proxies": "reason, ended_at, ended_by",
    "notifications": "read_at",
    "tasks": "started_at, lease_until, attempts, done, total, finished_at, outcome, problem, result",
    "task_files": "key_id, sealed",
    "throttles": "tokens, refilled_at",
}
DELETES = (
    "blind_indexes",
    "cards",
    "credentials",
    "login_codes",
    "login_links",
    "sessions",
    "refresh_tokens",
    "notifications",
    "replies",
    "task_files",
    "throttles",
)
UNREADABLE = ("credentials", "login_codes", "login_links", "refresh_tokens", "task_files", "blind_indexes")


def upgrade() -> None:
    execute_each(TABLES)
    execute_each(PEOPLE_OF_BEFORE)
    admit(TENANT, append_only_tables=APPEND_ONLY, updates=UPDATES, deletes=DELETES, unread=UNREADABLE)


def downgrade() -> None:
    """Refuse: the books are append-only, so a schema is only ever left by restoring a backup."""
    raise IrreversibleMigrationError
