"""Earning: sessions of activities, sign-ups, stations, passes, scans, records under review, notices, the calendar.

Revision ID: 0005
Revises: 0004
"""

from timebank.migrations.statements import IrreversibleMigrationError, admit, execute_each

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = """
-- What was imported is over; what is made here goes from draft to closed.
alter table activities add column state text not null default 'closed',
  add column kind text not null default 'ordinary',
  add column content text not null default '',
  add column leader_id uuid,
  add column skills text[] not null default '{}',
  add column min_age bigint,
  add column is_dangerous boolean not null default false,
  add column insurance text,
  add column created_by uuid,
  add column created_at timestamptz not null default clock_timestamp(),
  add column approved_by uuid,
  add column published_at timestamptz,
  add column version bigint not null default 1;
alter table activities add constraint activities_state_check
  check (state in ('draft', 'published', 'running', 'closed', 'cancelled'));
alter table activities add constraint activities_kind_check check (kind in ('ordinary', 'emergency'));
alter table activities add constraint activities_min_age_check check (min_age between 0 and 120);
alter table activities add constraint activities_leader_id_fkey foreign key (bank_id, leader_id)
  references people (bank_id, id);
alter table activities add constraint activities_created_by_fkey foreign key (bank_id, created_by)
  references people (bank_id, id);
alter table activities add constraint activities_approved_by_fkey foreign key (bank_id, approved_by)
  references people (bank_id, id);
create index activities_organisation_idx on activities (bank_id, organisation_id, id);
create index activities_starts_idx on activities (bank_id, starts_at, id);

-- One planned start-to-end of an activity at a place (场次). An imported activity is its own only session and has none.
create table activity_sessions (
  bank_id bigint not null,
  id bigint generated always as identity,
  activity_id bigint not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  place text not null,
  rest_minutes bigint not null,
  capacity bigint,
  state text not null default 'planned',
  closed_at timestamptz,
  closed_by text,
  version bigint not null default 1,
  constraint activity_sessions_pkey primary key (bank_id, id),
  constraint activity_sessions_starts_key unique (bank_id, activity_id, starts_at),
  constraint activity_sessions_activity_id_fkey foreign key (bank_id, activity_id) references activities (bank_id, id),
  constraint activity_sessions_ends_at_check check (ends_at > starts_at),
  constraint activity_sessions_rest_minutes_check check (rest_minutes >= 0),
  constraint activity_sessions_capacity_check check (capacity > 0),
  constraint activity_sessions_state_check check (state in ('planned', 'closed', 'cancelled')),
  constraint activity_sessions_closed_check check ((state = 'closed') = (closed_at is not null))
);
create index activity_sessions_starts_idx on activity_sessions (bank_id, starts_at, id);
create index activity_sessions_open_idx on activity_sessions (bank_id, ends_at, id) where state = 'planned';

create table sign_ups (
  bank_id bigint not null,
  id bigint generated always as identity,
  session_id bigint not null,
  volunteer_id bigint not null,
  team_id bigint,
  state text not null,
  queued_at timestamptz not null,
  changed_at timestamptz not null,
  changed_by text not null,
  constraint sign_ups_pkey primary key (bank_id, id),
  constraint sign_ups_volunteer_key unique (bank_id, session_id, volunteer_id),
  constraint sign_ups_session_id_fkey foreign key (bank_id, session_id) references activity_sessions (bank_id, id),
  constraint sign_ups_volunteer_id_fkey foreign key (bank_id, volunteer_id) references volunteers (bank_id, id),
  constraint sign_ups_team_id_fkey foreign key (bank_id, team_id) references organisations (bank_id, id),
  constraint sign_ups_state_check check (state in ('signed_up', 'waiting', 'withdrawn'))
);
create index sign_ups_volunteer_idx on sign_ups (bank_id, volunteer_id, id);
create index sign_ups_queue_idx on sign_ups (bank_id, session_id, state, queued_at, id);

create table stations (
  bank_id bigint not null,
  id bigint generated always as identity,
  code text not null,
  name text not null,
  kind text not null,
  place text not null,
  hours text not null,
  organisation_id bigint not null,
  steward_id uuid,
  latitude_e6 bigint,
  longitude_e6 bigint,
  radius_metres bigint,
  poster_serial bigint not null default 1,
  closed_on date,
  version bigint not null default 1,
  constraint stations_pkey primary key (bank_id, id),
  constraint stations_code_key unique (bank_id, code),
  constraint stations_organisation_id_fkey foreign key (bank_id, organisation_id)
    references organisations (bank_id, id),
  constraint stations_steward_id_fkey foreign key (bank_id, steward_id) references people (bank_id, id),
  constraint stations_kind_check check (kind in
    ('neighbourhood', 'warm_stop', 'elder_canteen', 'party_centre', 'health', 'other')),
  constraint stations_location_check check ((latitude_e6 is null) = (longitude_e6 is null)),
  constraint stations_latitude_check check (latitude_e6 between -90000000 and 90000000),
  constraint stations_longitude_check check (longitude_e6 between -180000000 and 180000000),
  constraint stations_radius_check check (radius_metres > 0)
);
create index stations_organisation_idx on stations (bank_id, organisation_id, id);

-- Where a session checks people in; one may have several stations.
create table session_stations (
  bank_id bigint not null,
  session_id bigint not null,
  station_id bigint not null,
  constraint session_stations_pkey primary key (bank_id, session_id, station_id),
  constraint session_stations_session_id_fkey foreign key (bank_id, session_id)
    references activity_sessions (bank_id, id),
  constraint session_stations_station_id_fkey foreign key (bank_id, station_id) references stations (bank_id, id)
);

-- A member's phone that makes rotating codes; the seed is derived from the key ring and this row, and not kept.
create table passes (
  bank_id bigint not null,
  id bigint generated always as identity,
  person_id uuid not null,
  key_id text not null,
  issued_at timestamptz not null,
  revoked_at timestamptz,
  constraint passes_pkey primary key (bank_id, id),
  constraint passes_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id)
);
create index passes_person_idx on passes (bank_id, person_id) where revoked_at is null;

-- Every scan that arrived, whatever came of it. digest is what makes a scan sent twice the same one; proof is what it
-- used up (a receipt, a window of a member's code); phone a digest of the browser it came from.
create table scans (
  bank_id bigint not null,
  id bigint generated always as identity,
  digest bytea not null,
  session_id bigint,
  station_id bigint,
  volunteer_id bigint,
  kind text not null,
  mode text not null,
  outcome text not null,
  happened_at timestamptz not null,
  received_at timestamptz not null,
  phone bytea,
  proof bytea,
  device_id uuid,
  device_seq bigint,
  device_at timestamptz,
  is_doubtful boolean not null default false,
  nearness text,
  evidence text,
  actor text not null,
  constraint scans_pkey primary key (bank_id, id),
  constraint scans_digest_key unique (bank_id, digest),
  constraint scans_session_id_fkey foreign key (bank_id, session_id) references activity_sessions (bank_id, id),
  constraint scans_station_id_fkey foreign key (bank_id, station_id) references stations (bank_id, id),
  constraint scans_volunteer_id_fkey foreign key (bank_id, volunteer_id) references volunteers (bank_id, id),
  constraint scans_device_id_fkey foreign key (bank_id, device_id) references devices (bank_id, id),
  constraint scans_kind_check check (kind in ('in', 'out')),
  constraint scans_mode_check check (mode in
    ('station_code', 'member_code', 'card', 'poster', 'roll_call', 'late_entry')),
  constraint scans_nearness_check check (nearness in ('inside', 'near', 'far')),
  constraint scans_device_check check ((device_seq is null) = (device_at is null)),
  constraint scans_whole_check check (outcome not in ('accepted', 'repeat')
    or (session_id is not null and volunteer_id is not null))
);
create unique index scans_once_key on scans (bank_id, session_id, volunteer_id, kind) where outcome = 'accepted';
create unique index scans_phone_key on scans (bank_id, session_id, phone, kind)
  where outcome = 'accepted' and phone is not null;
create index scans_phone_again_idx on scans (bank_id, session_id, phone)
  where outcome = 'repeat' and phone is not null;
create unique index scans_proof_key on scans (bank_id, proof) where outcome = 'accepted' and proof is not null;
create unique index scans_device_key on scans (bank_id, device_id, device_seq)
  where device_seq is not null and outcome <> 'sequence_conflict';
create index scans_session_idx on scans (bank_id, session_id, id);
create index scans_volunteer_idx on scans (bank_id, volunteer_id, happened_at);

-- A record's facts never change; its state does, each change with an entry. A correction is a new record.
alter table service_records add column session_id bigint,
  add column grade text,
  add column origin text not null default 'workbook',
  add column state text not null default 'credited',
  add column corrects_id bigint,
  add column made_by text not null default 'import',
  add column evaluation text,
  add column credited_transaction_id bigint,
  add column version bigint not null default 1;
alter table service_records add constraint service_records_session_id_fkey foreign key (bank_id, session_id)
  references activity_sessions (bank_id, id);
alter table service_records add constraint service_records_corrects_id_fkey foreign key (bank_id, corrects_id)
  references service_records (bank_id, id);
alter table service_records add constraint service_records_grade_check check (grade in ('A', 'B', 'C', 'D', 'E'));
alter table service_records add constraint service_records_origin_check
  check (origin in ('workbook', 'scans', 'roll_call', 'late_entry', 'correction'));
alter table service_records add constraint service_records_state_check check (state in
  ('pending', 'second_review', 'approved', 'noticed', 'objected', 'credited', 'rejected', 'voided'));
alter table service_records drop constraint service_records_outcome_check;
alter table service_records add constraint service_records_outcome_check check (outcome in
  ('accepted', 'needs_review', 'not_volunteer_service', 'too_short', 'overlap', 'day_full', 'impossible_travel'));
alter table service_records drop constraint service_records_activity_volunteer_key;
create unique index service_records_activity_volunteer_key on service_records (bank_id, activity_id, volunteer_id)
  where session_id is null and state <> 'voided';
create unique index service_records_session_volunteer_key on service_records (bank_id, session_id, volunteer_id)
  where session_id is not null and state <> 'voided';
create index service_records_review_idx on service_records (bank_id, state, id)
  where state in ('pending', 'second_review', 'approved', 'noticed', 'objected');

create table record_entries (
  bank_id bigint not null,
  id bigint generated always as identity,
  record_id bigint not null,
  kind text not null,
  actor text not null,
  person_id uuid,
  detail jsonb not null,
  entered_at timestamptz not null,
  constraint record_entries_pkey primary key (bank_id, id),
  constraint record_entries_record_id_fkey foreign key (bank_id, record_id) references service_records (bank_id, id),
  constraint record_entries_kind_check check (kind in ('made', 'approved', 'approved_second', 'rejected', 'noticed',
    'objected', 'cleared', 'credited', 'voided', 'corrected', 'evaluated', 'noted'))
);
create index record_entries_record_idx on record_entries (bank_id, record_id, id);

-- What a volunteer says against their own record (民政部令第67号 Art 12-13). The words are theirs and can be erased.
create table disputes (
  bank_id bigint not null,
  id bigint generated always as identity,
  record_id bigint not null,
  person_id uuid not null,
  statement text not null,
  raised_at timestamptz not null,
  decided_at timestamptz,
  decided_by uuid,
  decision text,
  answer text,
  constraint disputes_pkey primary key (bank_id, id),
  constraint disputes_record_id_fkey foreign key (bank_id, record_id) references service_records (bank_id, id),
  constraint disputes_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint disputes_decision_check check (decision in ('upheld', 'dismissed')),
  constraint disputes_decided_check check ((decided_at is null) = (decision is null))
);
create unique index disputes_open_key on disputes (bank_id, record_id) where decided_at is null;
create index disputes_person_idx on disputes (bank_id, person_id, id);

create table notices (
  bank_id bigint not null,
  id bigint generated always as identity,
  organisation_id bigint not null,
  opened_on date not null,
  closes_on date not null,
  working_days bigint not null,
  opened_by text not null,
  opened_at timestamptz not null,
  closed_at timestamptz,
  constraint notices_pkey primary key (bank_id, id),
  constraint notices_organisation_id_fkey foreign key (bank_id, organisation_id)
    references organisations (bank_id, id),
  constraint notices_closes_on_check check (closes_on >= opened_on),
  constraint notices_working_days_check check (working_days >= 0)
);
create index notices_open_idx on notices (bank_id, closes_on, id) where closed_at is null;
create index notices_organisation_idx on notices (bank_id, organisation_id, id);

create table notice_lines (
  bank_id bigint not null,
  notice_id bigint not null,
  record_id bigint not null,
  line bigint not null,
  masked_name text not null,
  state text not null,
  constraint notice_lines_pkey primary key (bank_id, notice_id, record_id),
  constraint notice_lines_line_key unique (bank_id, notice_id, line),
  constraint notice_lines_notice_id_fkey foreign key (bank_id, notice_id) references notices (bank_id, id),
  constraint notice_lines_record_id_fkey foreign key (bank_id, record_id) references service_records (bank_id, id),
  constraint notice_lines_state_check check (state in ('shown', 'objected', 'struck', 'credited'))
);
create unique index notice_lines_record_key on notice_lines (bank_id, record_id) where state <> 'struck';

create table objections (
  bank_id bigint not null,
  id bigint generated always as identity,
  notice_id bigint not null,
  record_id bigint not null,
  ground text not null,
  raised_by uuid,
  contact_sealed bytea,
  contact_key_id text,
  raised_at timestamptz not null,
  decided_at timestamptz,
  decided_by uuid,
  decision text,
  reason text,
  constraint objections_pkey primary key (bank_id, id),
  constraint objections_line_fkey foreign key (bank_id, notice_id, record_id)
    references notice_lines (bank_id, notice_id, record_id),
  constraint objections_decision_check check (decision in ('upheld', 'dismissed')),
  constraint objections_decided_check check ((decided_at is null) = (decision is null)),
  constraint objections_contact_check check ((contact_sealed is null) = (contact_key_id is null))
);
create index objections_line_idx on objections (bank_id, notice_id, record_id, id);

-- Days on which the bank departs from the published calendar of holidays and make-up days.
create table calendar_days (
  bank_id bigint not null,
  day date not null,
  is_working boolean not null,
  name text not null,
  set_by text not null,
  set_at timestamptz not null,
  constraint calendar_days_pkey primary key (bank_id, day)
);
alter table calendar_days add constraint calendar_days_bank_id_fkey foreign key (bank_id) references banks (id);

-- Why a version of the policy pack was adopted.
alter table policy_packs add column note text not null default '';
"""

# Row-level security hides every row until the bank is named, from the owner too.
RECORDS_OF_BEFORE = """
do $$
declare
  bank bigint;
begin
  for bank in select id from banks loop
    perform set_config('timebank.bank_id', bank::text, true);
    update service_records set state = case outcome when 'needs_review' then 'pending' else 'rejected' end
      where bank_id = bank and outcome <> 'accepted';
  end loop;
  perform set_config('timebank.bank_id', '', true);
end
$$;
alter table service_records alter column state drop default;
"""

APPEND_ONLY = ("scans", "record_entries")
TENANT = (
    *APPEND_ONLY,
    "activity_sessions",
    "sign_ups",
    "stations",
    "session_stations",
    "passes",
    "disputes",
    "notices",
    "notice_lines",
    "objections",
    "calendar_days",
)
UPDATES = {
    "activities": "name, category, is_volunteer_service, organisation_id, team_id, place, starts_at, ends_at,"
    " rest_minutes, difficulty_permille, capacity, state, kind, content, leader_id, skills, min_age, is_dangerous,"
    " insurance, approved_by, published_at, version",
    "activity_sessions": "starts_at, ends_at, place, rest_minutes, capacity, state, closed_at, closed_by, version",
    "sign_ups": "team_id, state, queued_at, changed_at, changed_by",
    "stations": "code, name, kind, place, hours, organisation_id, steward_id, latitude_e6, longitude_e6,"
    " radius_metres, poster_serial, closed_on, version",
    "passes": "revoked_at",
    "service_records": "state, evaluation, credited_transaction_id, version",
    "disputes": "statement, decided_at, decided_by, decision, answer",
    "notices": "closed_at",
    "notice_lines": "masked_name, state",
    "objections": "ground, raised_by, contact_sealed, contact_key_id, decided_at, decided_by, decision, reason",
    "calendar_days": "is_working, name, set_by, set_at",
}
DELETES = ("session_stations", "passes", "calendar_days")


def upgrade() -> None:
    execute_each(TABLES)
    execute_each(RECORDS_OF_BEFORE)
    admit(TENANT, append_only_tables=APPEND_ONLY, updates=UPDATES, deletes=DELETES)


def downgrade() -> None:
    """Refuse: the books are append-only, so a schema is only ever left by restoring a backup."""
    raise IrreversibleMigrationError
