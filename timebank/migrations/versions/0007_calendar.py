"""The calendar: claimed job runs, outgoing messages, stars, recognition rounds, certificates.

Revision ID: 0007
Revises: 0006
"""

from timebank.migrations.statements import IrreversibleMigrationError, admit, execute_each

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# A run is claimed by its row: who holds the lease works at it, and nobody finishes it without.
JOB_RUNS = """
alter table job_runs add column due_at timestamptz;
alter table job_runs add column state text not null default 'succeeded';
alter table job_runs add column attempts bigint not null default 1;
alter table job_runs add column tries bigint not null default 1;
alter table job_runs add column asked_by text not null default 'hand';
alter table job_runs add column holder uuid;
alter table job_runs add column lease_until timestamptz;
alter table job_runs add column again_at timestamptz;
alter table job_runs add column done bigint not null default 0;
alter table job_runs add column total bigint;
alter table job_runs add column problem text;
alter table job_runs alter column state drop default;
alter table job_runs alter column attempts drop default;
alter table job_runs alter column tries drop default;
alter table job_runs alter column asked_by drop default;
alter table job_runs add constraint job_runs_state_check
  check (state in ('running', 'waiting', 'succeeded', 'failed'));
create index job_runs_open_idx on job_runs (bank_id, job, period) where state in ('running', 'waiting');
create index job_runs_started_idx on job_runs (bank_id, started_at desc, job, period);
"""

# Who holds more stars than their hours make stands in the daily standing too, and is found at once.
STANDINGS = """
alter table recognitions add column held bigint;
alter table recognitions drop constraint recognitions_level_check;
alter table recognitions add constraint recognitions_level_check
  check (level >= 1 or (level = 0 and coalesce(held, 0) >= 1));
create index recognitions_above_idx on recognitions (bank_id, as_of, volunteer_id) where level < held;
create index service_records_graded_idx on service_records (bank_id, grade, volunteer_id)
  where credited_transaction_id is not null and grade is not null;
"""

TABLES = """
-- Each attempt at a run: what the run's row says last, this says for all of them.
create table job_attempts (
  bank_id bigint not null,
  id bigint generated always as identity,
  job text not null,
  period text not null,
  attempt bigint not null,
  holder uuid not null,
  asked_by text not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  outcome text,
  problem text,
  result jsonb,
  constraint job_attempts_pkey primary key (bank_id, id),
  constraint job_attempts_attempt_key unique (bank_id, job, period, attempt),
  constraint job_attempts_outcome_check check (outcome in ('succeeded', 'broken', 'lost', 'given_back')),
  constraint job_attempts_ended_check check ((ended_at is null) = (outcome is null))
);
alter table job_attempts add constraint job_attempts_bank_id_fkey foreign key (bank_id) references banks (id);

-- What a run passed over because it failed, one thing each: the run went on without it.
create table job_faults (
  bank_id bigint not null,
  id bigint generated always as identity,
  job text not null,
  period text not null,
  item text not null,
  problem text not null,
  happened_at timestamptz not null,
  constraint job_faults_pkey primary key (bank_id, id)
);
alter table job_faults add constraint job_faults_bank_id_fkey foreign key (bank_id) references banks (id);
create index job_faults_run_idx on job_faults (bank_id, job, period, id);

create table job_pauses (
  bank_id bigint not null,
  job text not null,
  paused_at timestamptz not null,
  paused_by text not null,
  reason text not null,
  constraint job_pauses_pkey primary key (bank_id, job)
);
alter table job_pauses add constraint job_pauses_bank_id_fkey foreign key (bank_id) references banks (id);

-- On which ways besides the service itself a person wishes to be told.
create table channel_choices (
  bank_id bigint not null,
  person_id uuid not null,
  channel text not null,
  chosen_at timestamptz not null,
  constraint channel_choices_pkey primary key (bank_id, person_id, channel),
  constraint channel_choices_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint channel_choices_channel_check check (channel in ('email', 'sms', 'wechat'))
);

-- Programs of others that are told of what happens; the secret signs what they get.
create table webhook_endpoints (
  bank_id bigint not null,
  id bigint generated always as identity,
  url text not null,
  kinds text[] not null,
  key_id text not null,
  sealed_secret bytea not null,
  made_by text not null,
  made_at timestamptz not null,
  ended_at timestamptz,
  version bigint not null default 1,
  constraint webhook_endpoints_pkey primary key (bank_id, id)
);
alter table webhook_endpoints add constraint webhook_endpoints_bank_id_fkey foreign key (bank_id) references banks (id);
create unique index webhook_endpoints_url_key on webhook_endpoints (bank_id, url) where ended_at is null;

-- The outbox: written with what it tells of, sent afterwards, each once.
create table messages (
  bank_id bigint not null,
  id bigint generated always as identity,
  reference uuid not null default gen_random_uuid(),
  channel text not null,
  person_id uuid,
  endpoint_id bigint,
  notification_id bigint,
  kind text not null,
  params jsonb not null,
  made_at timestamptz not null,
  state text not null,
  attempts bigint not null default 0,
  again_at timestamptz not null,
  holder uuid,
  lease_until timestamptz,
  ended_at timestamptz,
  problem text,
  constraint messages_pkey primary key (bank_id, id),
  constraint messages_reference_key unique (bank_id, reference),
  constraint messages_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint messages_endpoint_id_fkey foreign key (bank_id, endpoint_id) references webhook_endpoints (bank_id, id),
  constraint messages_notification_id_fkey foreign key (bank_id, notification_id)
    references notifications (bank_id, id),
  constraint messages_channel_check check (channel in ('email', 'sms', 'wechat', 'webhook')),
  constraint messages_recipient_check check ((channel = 'webhook') = (endpoint_id is not null)),
  constraint messages_state_check check (state in ('waiting', 'sending', 'sent', 'dropped', 'failed'))
);
create index messages_open_idx on messages (bank_id, again_at, id) where state in ('waiting', 'sending');
create unique index messages_notification_key on messages (bank_id, notification_id, channel)
  where notification_id is not null and endpoint_id is null;
create index messages_person_idx on messages (bank_id, person_id, id);

-- Who was warned of what end, how many days before: each once.
create table expiry_warnings (
  bank_id bigint not null,
  owner uuid not null,
  unit text not null,
  expires_on date not null,
  days bigint not null,
  amount bigint not null,
  warned_at timestamptz not null,
  constraint expiry_warnings_pkey primary key (bank_id, owner, unit, expires_on, days),
  constraint expiry_warnings_amount_check check (amount > 0)
);
alter table expiry_warnings add constraint expiry_warnings_bank_id_fkey foreign key (bank_id) references banks (id);

-- How each volunteer's stars rose, and, only with a reason, fell. The last one is what they have.
create table star_changes (
  bank_id bigint not null,
  id bigint generated always as identity,
  volunteer_id bigint not null,
  from_level bigint not null,
  to_level bigint not null,
  minutes bigint not null,
  as_of date not null,
  policy_version bigint not null,
  reason text,
  note text not null default '',
  changed_by text not null,
  changed_at timestamptz not null,
  constraint star_changes_pkey primary key (bank_id, id),
  constraint star_changes_volunteer_id_fkey foreign key (bank_id, volunteer_id) references volunteers (bank_id, id),
  constraint star_changes_policy_version_fkey foreign key (bank_id, policy_version)
    references policy_packs (bank_id, version),
  constraint star_changes_level_check check (from_level >= 0 and to_level >= 0 and from_level <> to_level),
  constraint star_changes_reason_check check ((to_level < from_level) = (reason is not null))
);
create index star_changes_volunteer_idx on star_changes (bank_id, volunteer_id, id);

-- One making of a list: what it counts is frozen by a checkpoint of the tree, and what was found by its digest.
create table recognition_rounds (
  bank_id bigint not null,
  id bigint generated always as identity,
  scheme text not null,
  title text not null,
  organisation_id bigint not null,
  from_on date not null,
  until_on date not null,
  policy_version bigint not null,
  criteria jsonb not null,
  tree_size bigint not null,
  checkpoint text not null,
  opened_at timestamptz not null,
  opened_by uuid not null,
  state text not null,
  candidates bigint,
  digest bytea,
  notice_opened_on date,
  notice_closes_on date,
  notice_by uuid,
  approved_at timestamptz,
  approved_by uuid,
  published_at timestamptz,
  published_by uuid,
  ended_at timestamptz,
  ended_by uuid,
  end_reason text,
  version bigint not null default 1,
  constraint recognition_rounds_pkey primary key (bank_id, id),
  constraint recognition_rounds_organisation_id_fkey foreign key (bank_id, organisation_id)
    references organisations (bank_id, id),
  constraint recognition_rounds_policy_version_fkey foreign key (bank_id, policy_version)
    references policy_packs (bank_id, version),
  constraint recognition_rounds_state_check
    check (state in ('computing', 'review', 'notice', 'approved', 'published', 'withdrawn', 'revoked')),
  constraint recognition_rounds_until_on_check check (until_on >= from_on),
  constraint recognition_rounds_digest_check check (state in ('computing', 'withdrawn') or digest is not null)
);
create index recognition_rounds_organisation_idx on recognition_rounds (bank_id, organisation_id, id);

-- Who could be on a list, as the registers said when it was frozen, and what each reached; what the books hold is
-- sealed, and the registers change.
create table recognition_subjects (
  bank_id bigint not null,
  round_id bigint not null,
  subject uuid not null,
  volunteer_id bigint,
  organisation_id bigint,
  community_id bigint,
  minutes bigint,
  any_minutes bigint,
  points bigint,
  records bigint,
  evidence jsonb,
  bars text[],
  constraint recognition_subjects_pkey primary key (bank_id, round_id, subject),
  constraint recognition_subjects_round_id_fkey foreign key (bank_id, round_id)
    references recognition_rounds (bank_id, id),
  constraint recognition_subjects_whom_check check ((volunteer_id is null) <> (organisation_id is null)),
  constraint recognition_subjects_tally_check check (
    num_nulls(minutes, any_minutes, points, records, evidence, bars) in (0, 6))
);

-- Whose hours count for a team or a unit, from when to when, as the registers said when it was frozen.
create table recognition_members (
  bank_id bigint not null,
  round_id bigint not null,
  organisation_id bigint not null,
  person_id uuid not null,
  from_on date not null,
  until_on date,
  constraint recognition_members_pkey primary key (bank_id, round_id, organisation_id, person_id, from_on),
  constraint recognition_members_round_id_fkey foreign key (bank_id, round_id)
    references recognition_rounds (bank_id, id)
);
create index recognition_members_person_idx on recognition_members (bank_id, person_id, round_id);

-- Who reached what, in the order of the list. What was found stays as it was found; `state` is what became of it.
create table recognition_candidates (
  bank_id bigint not null,
  round_id bigint not null,
  number bigint not null,
  subject text not null,
  volunteer_id bigint,
  organisation_id bigint,
  community_id bigint,
  level bigint not null,
  place bigint not null,
  tied bigint not null,
  minutes bigint not null,
  points bigint not null,
  records bigint not null,
  evidence jsonb not null,
  finding text not null,
  state text not null,
  masked_name text,
  constraint recognition_candidates_pkey primary key (bank_id, round_id, number),
  constraint recognition_candidates_volunteer_key unique (bank_id, round_id, volunteer_id),
  constraint recognition_candidates_organisation_key unique (bank_id, round_id, organisation_id),
  constraint recognition_candidates_round_id_fkey foreign key (bank_id, round_id)
    references recognition_rounds (bank_id, id),
  constraint recognition_candidates_volunteer_id_fkey foreign key (bank_id, volunteer_id)
    references volunteers (bank_id, id),
  constraint recognition_candidates_organisation_id_fkey foreign key (bank_id, organisation_id)
    references organisations (bank_id, id),
  constraint recognition_candidates_community_id_fkey foreign key (bank_id, community_id)
    references organisations (bank_id, id),
  constraint recognition_candidates_subject_check check (subject in ('volunteer', 'team', 'unit')),
  constraint recognition_candidates_whom_check check ((volunteer_id is null) <> (organisation_id is null)),
  constraint recognition_candidates_state_check check (state in ('proposed', 'excluded', 'objected', 'revoked'))
);
create index recognition_candidates_volunteer_idx on recognition_candidates (bank_id, volunteer_id, round_id);
create index recognition_candidates_community_idx on recognition_candidates (bank_id, round_id, community_id, number);

-- Why a candidate's state is another than was found: each step, who and why.
create table recognition_decisions (
  bank_id bigint not null,
  id bigint generated always as identity,
  round_id bigint not null,
  number bigint not null,
  decision text not null,
  reason text not null,
  note text not null default '',
  decided_by uuid not null,
  decided_at timestamptz not null,
  constraint recognition_decisions_pkey primary key (bank_id, id),
  constraint recognition_decisions_candidate_fkey foreign key (bank_id, round_id, number)
    references recognition_candidates (bank_id, round_id, number),
  constraint recognition_decisions_decision_check check (decision in ('exclude', 'include', 'revoke'))
);
create index recognition_decisions_candidate_idx on recognition_decisions (bank_id, round_id, number, id);

create table recognition_objections (
  bank_id bigint not null,
  id bigint generated always as identity,
  round_id bigint not null,
  number bigint not null,
  ground text not null,
  raised_by uuid,
  contact_sealed bytea,
  contact_key_id text,
  raised_at timestamptz not null,
  decided_at timestamptz,
  decided_by uuid,
  decision text,
  reason text,
  constraint recognition_objections_pkey primary key (bank_id, id),
  constraint recognition_objections_candidate_fkey foreign key (bank_id, round_id, number)
    references recognition_candidates (bank_id, round_id, number),
  constraint recognition_objections_decision_check check (decision in ('upheld', 'dismissed')),
  constraint recognition_objections_decided_check check ((decided_at is null) = (decision is null)),
  constraint recognition_objections_contact_check check ((contact_sealed is null) = (contact_key_id is null))
);
create index recognition_objections_candidate_idx on recognition_objections (bank_id, round_id, number, id);

-- What was certified: the signed document, sealed, and its digest, which stays when the person is erased.
create table certificates (
  bank_id bigint not null,
  id bigint generated always as identity,
  number text not null,
  kind text not null,
  person_id uuid not null,
  round_id bigint,
  candidate_number bigint,
  from_on date not null,
  until_on date not null,
  minutes bigint not null,
  records bigint not null,
  digest bytea not null,
  key_id text,
  sealed bytea,
  issued_at timestamptz not null,
  issued_by text not null,
  revoked_at timestamptz,
  revoked_by text,
  revoke_reason text,
  constraint certificates_pkey primary key (bank_id, id),
  constraint certificates_number_key unique (bank_id, number),
  constraint certificates_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint certificates_candidate_fkey foreign key (bank_id, round_id, candidate_number)
    references recognition_candidates (bank_id, round_id, number),
  constraint certificates_kind_check check (kind in ('service', 'recognition')),
  constraint certificates_candidate_check check ((kind = 'recognition') = (round_id is not null)),
  constraint certificates_digest_check check (octet_length(digest) = 32),
  constraint certificates_sealed_check check ((sealed is null) = (key_id is null)),
  constraint certificates_revoked_check check ((revoked_at is null) = (revoke_reason is null))
);
create index certificates_person_idx on certificates (bank_id, person_id, id);
create index certificates_revoked_idx on certificates (bank_id, id) where revoked_at is not null;
create unique index certificates_candidate_key on certificates (bank_id, round_id, candidate_number)
  where revoked_at is null;
"""

# What everybody stood at last is what they hold, and nobody is told of it again. Row-level security hides every row
# until the bank is named, from the owner too.
STARS_OF_BEFORE = """
do $$
declare
  bank bigint;
begin
  for bank in select id from banks loop
    perform set_config('timebank.bank_id', bank::text, true);
    insert into star_changes (bank_id, volunteer_id, from_level, to_level, minutes, as_of, policy_version, changed_by,
      changed_at)
    select r.bank_id, r.volunteer_id, 0, r.level, r.minutes, r.as_of, r.policy_version, 'upgrade', clock_timestamp()
    from recognitions r where r.bank_id = bank and r.scheme = 'star'
      and r.as_of = (select max(x.as_of) from recognitions x where x.bank_id = bank and x.scheme = 'star')
    order by r.volunteer_id;
  end loop;
  perform set_config('timebank.bank_id', '', true);
end
$$;
"""

APPEND_ONLY = ("job_faults", "expiry_warnings", "star_changes")
TENANT = (
    *APPEND_ONLY,
    "job_attempts",
    "job_pauses",
    "channel_choices",
    "webhook_endpoints",
    "messages",
    "recognition_rounds",
    "recognition_subjects",
    "recognition_members",
    "recognition_candidates",
    "recognition_decisions",
    "recognition_objections",
    "certificates",
)
UPDATES = {
    "job_runs": "state, due_at, attempts, tries, asked_by, holder, lease_until, again_at, done, total, problem",
    "job_attempts": "ended_at, outcome, problem, result",
    "webhook_endpoints": "url, kinds, key_id, sealed_secret, ended_at, version",
    "messages": "state, attempts, again_at, holder, lease_until, ended_at, problem, params",
    "recognition_rounds": "title, state, candidates, digest, notice_opened_on, notice_closes_on, notice_by,"
    " approved_at, approved_by, published_at, published_by, ended_at, ended_by, end_reason, version",
    "recognition_subjects": "minutes, any_minutes, points, records, evidence, bars",
    "recognition_candidates": "state, masked_name",
    # What somebody wrote about a person goes when the person is erased.
    "recognition_decisions": "note",
    "recognition_objections": "ground, contact_sealed, contact_key_id, decided_at, decided_by, decision, reason",
    "certificates": "key_id, sealed, revoked_at, revoked_by, revoke_reason",
}
DELETES = ("job_pauses", "channel_choices", "messages", "recognition_candidates")


def upgrade() -> None:
    execute_each(JOB_RUNS)
    execute_each(STANDINGS)
    execute_each(TABLES)
    admit(TENANT, append_only_tables=APPEND_ONLY, updates=UPDATES, deletes=DELETES)
    execute_each(STARS_OF_BEFORE)


def downgrade() -> None:
    """Refuse: the books are append-only, so a schema is only ever left by restoring a backup."""
    raise IrreversibleMigrationError
