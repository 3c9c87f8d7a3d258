-- What the migrations make: written by `python -m timebank.migrations.dump`, held to them by a test.

CREATE SCHEMA timebank;

CREATE FUNCTION timebank.issue(bank bigint, base bigint, kinds text, keys text, fingerprints text, effective_ats text, actors text, memos text, metadatas text, salts bytea, owners text, target_units text, target_kinds text, expiries text, totals text, counts text, places text, lines text, unit_ids text, from_ids text, targets text, amounts text, numbers text, sums text) RETURNS bigint[]
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
declare
  ids bigint[];
  account_ids bigint[];
  balances bigint[];
  seqs bigint[];
  recorded timestamptz;
  position bigint;
begin
  perform set_config('timebank.bank_id', bank::text, true), pg_advisory_xact_lock_shared((29794::bigint << 48) + bank);
  with wanted as materialized (
    select x.id, t.place, t.total, t.postings
    from unnest(owners::uuid[], target_units::bigint[], target_kinds::text[], expiries::date[], totals::bigint[],
        counts::bigint[]) with ordinality as t (owner, unit_id, kind, expires_on, total, postings, place),
      lateral (select a.id from accounts a where a.bank_id = bank and a.owner = t.owner and a.unit_id = t.unit_id
        and a.kind = t.kind and a.expires_on is not distinct from t.expires_on offset 0) x
    order by x.id
  ), credited as (
    update accounts a set balance = a.balance + w.total, last_seq = a.last_seq + w.postings
    from wanted w where a.bank_id = bank and a.id = w.id
    returning w.place, a.id, a.balance - w.total as balance, a.last_seq - w.postings as seq
  )
  select array_agg(c.id order by c.place), array_agg(c.balance order by c.place), array_agg(c.seq order by c.place)
  into account_ids, balances, seqs from credited c;
  if cardinality(account_ids) is distinct from cardinality(owners::uuid[]) then
    raise exception 'an account is not there' using errcode = 'TB003';
  end if;
  ids := array(select nextval('transaction_ids') from generate_series(1, octet_length(salts) / 16));
  recorded := clock_timestamp();
  position := base + pg_current_xact_id()::text::bigint;
  insert into transactions (bank_id, id, kind, idempotency_key, fingerprint, effective_at, recorded_at, xact,
    actor, memo, metadata, salt)
  select bank, t.id, t.kind, t.key, t.fingerprint, t.effective_at, recorded, position,
    t.actor, t.memo, t.metadata::jsonb, substr(salts, 16 * (t.place - 1)::int + 1, 16)
  from unnest(ids, kinds::text[], keys::text[], fingerprints::bytea[], effective_ats::timestamptz[],
    actors::text[], memos::text[], metadatas::text[]) with ordinality
    as t (id, kind, key, fingerprint, effective_at, actor, memo, metadata, place);
  insert into postings (bank_id, transaction_id, xact, line, unit_id, from_account_id, to_account_id, amount,
    to_seq, to_balance)
  select bank, ids[p.place], position, p.line, p.unit_id, p.from_id, account_ids[p.target], p.amount,
    seqs[p.target] + p.number, balances[p.target] + p.sum
  from unnest(places::int[], lines::int[], unit_ids::bigint[], from_ids::bigint[], targets::int[], amounts::bigint[],
    numbers::bigint[], sums::bigint[]) as p (place, line, unit_id, from_id, target, amount, number, sum);
  return ids;
end
$$;

CREATE FUNCTION timebank.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise exception 'ledger rows are append-only' using errcode = 'TB001';
end
$$;

CREATE FUNCTION timebank.refuse_closed_period() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE TABLE timebank.acceptances (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    merchant_id bigint NOT NULL,
    offer_id bigint NOT NULL,
    voucher_id bigint,
    person_id uuid NOT NULL,
    fufen bigint NOT NULL,
    via text NOT NULL,
    proof bytea,
    transaction_id bigint NOT NULL,
    policy_version bigint NOT NULL,
    accepted_at timestamp with time zone NOT NULL,
    accepted_on date NOT NULL,
    accepted_by text NOT NULL,
    CONSTRAINT acceptances_via_check CHECK ((via = ANY (ARRAY['member_code'::text, 'merchant_code'::text, 'voucher'::text]))),
    CONSTRAINT acceptances_voucher_check CHECK (((via = 'voucher'::text) = (voucher_id IS NOT NULL)))
);

ALTER TABLE ONLY timebank.acceptances FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.acceptances ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.acceptances_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.accounts (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    owner uuid NOT NULL,
    unit_id bigint NOT NULL,
    kind text NOT NULL,
    guarded boolean NOT NULL,
    expires_on date,
    floor bigint DEFAULT 0 NOT NULL,
    balance bigint DEFAULT 0 NOT NULL,
    last_seq bigint DEFAULT 0 NOT NULL,
    folded_before bigint DEFAULT 0 NOT NULL,
    opened_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT accounts_balance_check CHECK (((NOT guarded) OR (balance >= floor))),
    CONSTRAINT accounts_expires_on_check CHECK (((expires_on IS NULL) OR (kind = ANY (ARRAY['wallet'::text, 'held'::text])))),
    CONSTRAINT accounts_guarded_check CHECK ((guarded = (kind = ANY (ARRAY['wallet'::text, 'held'::text, 'shelf'::text, 'budget'::text])))),
    CONSTRAINT accounts_kind_check CHECK ((kind = ANY (ARRAY['wallet'::text, 'held'::text, 'shelf'::text, 'budget'::text, 'issuance'::text, 'expired'::text, 'takings'::text, 'supply'::text, 'handed_out'::text, 'converted'::text, 'clearing'::text, 'variance'::text]))),
    CONSTRAINT accounts_last_seq_check CHECK (((last_seq >= 0) AND (guarded OR (last_seq = 0))))
)
WITH (fillfactor='70');

ALTER TABLE ONLY timebank.accounts FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.accounts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.accounts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.activities (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    category text NOT NULL,
    is_volunteer_service boolean NOT NULL,
    organisation_id bigint,
    team_id bigint,
    leader_code text NOT NULL,
    place text NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    rest_minutes bigint NOT NULL,
    difficulty_permille bigint NOT NULL,
    capacity bigint,
    state text DEFAULT 'closed'::text NOT NULL,
    kind text DEFAULT 'ordinary'::text NOT NULL,
    content text DEFAULT ''::text NOT NULL,
    leader_id uuid,
    skills text[] DEFAULT '{}'::text[] NOT NULL,
    min_age bigint,
    is_dangerous boolean DEFAULT false NOT NULL,
    insurance text,
    created_by uuid,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    approved_by uuid,
    published_at timestamp with time zone,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT activities_difficulty_permille_check CHECK ((difficulty_permille >= 0)),
    CONSTRAINT activities_kind_check CHECK ((kind = ANY (ARRAY['ordinary'::text, 'emergency'::text]))),
    CONSTRAINT activities_min_age_check CHECK (((min_age >= 0) AND (min_age <= 120))),
    CONSTRAINT activities_rest_minutes_check CHECK ((rest_minutes >= 0)),
    CONSTRAINT activities_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'published'::text, 'running'::text, 'closed'::text, 'cancelled'::text])))
);

ALTER TABLE ONLY timebank.activities FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.activities ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.activities_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.activity_sessions (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    activity_id bigint NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    place text NOT NULL,
    rest_minutes bigint NOT NULL,
    capacity bigint,
    state text DEFAULT 'planned'::text NOT NULL,
    closed_at timestamp with time zone,
    closed_by text,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT activity_sessions_capacity_check CHECK ((capacity > 0)),
    CONSTRAINT activity_sessions_closed_check CHECK (((state = 'closed'::text) = (closed_at IS NOT NULL))),
    CONSTRAINT activity_sessions_ends_at_check CHECK ((ends_at > starts_at)),
    CONSTRAINT activity_sessions_rest_minutes_check CHECK ((rest_minutes >= 0)),
    CONSTRAINT activity_sessions_state_check CHECK ((state = ANY (ARRAY['planned'::text, 'closed'::text, 'cancelled'::text])))
);

ALTER TABLE ONLY timebank.activity_sessions FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.activity_sessions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.activity_sessions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.acts (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    person_id uuid,
    principal_id uuid,
    device_id uuid,
    session_id uuid,
    request_id text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    acted_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE ONLY timebank.acts FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.acts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.acts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.attendances (
    bank_id bigint NOT NULL,
    digest bytea NOT NULL,
    activity_code text NOT NULL,
    volunteer_code text NOT NULL,
    check_in_at timestamp with time zone,
    check_out_at timestamp with time zone,
    method text NOT NULL,
    outcome text NOT NULL,
    record_id bigint
);

ALTER TABLE ONLY timebank.attendances FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.awards (
    bank_id bigint NOT NULL,
    digest bytea NOT NULL,
    volunteer_id bigint,
    title text NOT NULL,
    points bigint,
    awarded_on date,
    outcome text NOT NULL
);

ALTER TABLE ONLY timebank.awards FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.banks (
    id bigint NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    zone text NOT NULL,
    owner uuid DEFAULT gen_random_uuid() NOT NULL,
    opened_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT banks_code_check CHECK ((code ~ '^[a-z][a-z0-9-]{0,39}$'::text))
);

ALTER TABLE timebank.banks ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.banks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.blind_indexes (
    bank_id bigint NOT NULL,
    person_id uuid NOT NULL,
    field text NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT blind_indexes_digest_check CHECK ((octet_length(digest) = 32)),
    CONSTRAINT blind_indexes_field_check CHECK ((field = ANY (ARRAY['phone'::text, 'id_number'::text])))
);

ALTER TABLE ONLY timebank.blind_indexes FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.calendar_days (
    bank_id bigint NOT NULL,
    day date NOT NULL,
    is_working boolean NOT NULL,
    name text NOT NULL,
    set_by text NOT NULL,
    set_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY timebank.calendar_days FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.cards (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    person_id uuid NOT NULL,
    digest bytea NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    issued_by text NOT NULL,
    revoked_at timestamp with time zone,
    revoked_for text,
    pin_hash text,
    pin_set_at timestamp with time zone,
    pin_misses bigint DEFAULT 0 NOT NULL,
    CONSTRAINT cards_pin_check CHECK (((pin_hash IS NULL) = (pin_set_at IS NULL))),
    CONSTRAINT cards_revoked_check CHECK (((revoked_at IS NULL) = (revoked_for IS NULL)))
);

ALTER TABLE ONLY timebank.cards FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.cards ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.cards_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.ceilings (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    organisation_id bigint NOT NULL,
    unit text NOT NULL,
    change bigint NOT NULL,
    reason text NOT NULL,
    transaction_id bigint NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_by text NOT NULL,
    CONSTRAINT ceilings_change_check CHECK ((change <> 0))
);

ALTER TABLE ONLY timebank.ceilings FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.ceilings ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.ceilings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.certificates (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    number text NOT NULL,
    kind text NOT NULL,
    person_id uuid NOT NULL,
    round_id bigint,
    candidate_number bigint,
    from_on date NOT NULL,
    until_on date NOT NULL,
    minutes bigint NOT NULL,
    records bigint NOT NULL,
    digest bytea NOT NULL,
    key_id text,
    sealed bytea,
    issued_at timestamp with time zone NOT NULL,
    issued_by text NOT NULL,
    revoked_at timestamp with time zone,
    revoked_by text,
    revoke_reason text,
    CONSTRAINT certificates_candidate_check CHECK (((kind = 'recognition'::text) = (round_id IS NOT NULL))),
    CONSTRAINT certificates_digest_check CHECK ((octet_length(digest) = 32)),
    CONSTRAINT certificates_kind_check CHECK ((kind = ANY (ARRAY['service'::text, 'recognition'::text]))),
    CONSTRAINT certificates_revoked_check CHECK (((revoked_at IS NULL) = (revoke_reason IS NULL))),
    CONSTRAINT certificates_sealed_check CHECK (((sealed IS NULL) = (key_id IS NULL)))
);

ALTER TABLE ONLY timebank.certificates FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.certificates ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.certificates_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.channel_choices (
    bank_id bigint NOT NULL,
    person_id uuid NOT NULL,
    channel text NOT NULL,
    chosen_at timestamp with time zone NOT NULL,
    CONSTRAINT channel_choices_channel_check CHECK ((channel = ANY (ARRAY['email'::text, 'sms'::text, 'wechat'::text])))
);

ALTER TABLE ONLY timebank.channel_choices FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.checkpoints (
    bank_id bigint NOT NULL,
    tree_size bigint NOT NULL,
    root bytea NOT NULL,
    sealed_before bigint NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    note text NOT NULL,
    CONSTRAINT checkpoints_root_check CHECK ((octet_length(root) = 32)),
    CONSTRAINT checkpoints_tree_size_check CHECK ((tree_size > 0))
);

ALTER TABLE ONLY timebank.checkpoints FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.closures (
    bank_id bigint NOT NULL,
    closed_before timestamp with time zone NOT NULL,
    actor text NOT NULL,
    xact bigint NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE ONLY timebank.closures FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.complaints (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    acceptance_id bigint NOT NULL,
    person_id uuid NOT NULL,
    statement text NOT NULL,
    raised_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    decided_by uuid,
    decision text,
    answer text,
    refund_id bigint,
    CONSTRAINT complaints_decided_check CHECK (((decided_at IS NULL) = (decision IS NULL))),
    CONSTRAINT complaints_decision_check CHECK ((decision = ANY (ARRAY['upheld'::text, 'dismissed'::text]))),
    CONSTRAINT complaints_refund_check CHECK (((refund_id IS NULL) OR (decision = 'upheld'::text)))
);

ALTER TABLE ONLY timebank.complaints FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.complaints ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.complaints_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.consents (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    person_id uuid NOT NULL,
    purpose text NOT NULL,
    is_given boolean NOT NULL,
    text_version text NOT NULL,
    declared_by uuid NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    actor text NOT NULL,
    CONSTRAINT consents_purpose_check CHECK ((purpose = ANY (ARRAY['location'::text, 'publication'::text, 'merchant'::text, 'employer'::text, 'guardian'::text])))
);

ALTER TABLE ONLY timebank.consents FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.consents ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.consents_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.conversions (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    person_id uuid NOT NULL,
    from_unit text NOT NULL,
    from_amount bigint NOT NULL,
    to_unit text NOT NULL,
    to_amount bigint NOT NULL,
    transaction_id bigint NOT NULL,
    policy_version bigint NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_on date NOT NULL,
    made_by text NOT NULL,
    CONSTRAINT conversions_amounts_check CHECK (((from_amount > 0) AND (to_amount > 0)))
);

ALTER TABLE ONLY timebank.conversions FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.conversions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.conversions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.credentials (
    bank_id bigint NOT NULL,
    person_id uuid NOT NULL,
    password_hash text,
    totp_sealed bytea,
    totp_key_id text,
    totp_confirmed_at timestamp with time zone,
    totp_last_step bigint,
    changed_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY timebank.credentials FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.device_enrolments (
    bank_id bigint NOT NULL,
    digest bytea NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    organisation_id bigint NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_by text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    device_id uuid,
    CONSTRAINT device_enrolments_kind_check CHECK ((kind = ANY (ARRAY['station'::text, 'till'::text])))
);

ALTER TABLE ONLY timebank.device_enrolments FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.devices (
    bank_id bigint NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    organisation_id bigint NOT NULL,
    public_key bytea,
    enrolled_at timestamp with time zone NOT NULL,
    enrolled_by text NOT NULL,
    revoked_at timestamp with time zone,
    revoked_by text,
    CONSTRAINT devices_kind_check CHECK ((kind = ANY (ARRAY['station'::text, 'till'::text]))),
    CONSTRAINT devices_public_key_check CHECK ((octet_length(public_key) = 32)),
    CONSTRAINT devices_revoked_check CHECK (((revoked_at IS NULL) = (revoked_by IS NULL)))
);

ALTER TABLE ONLY timebank.devices FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.disputes (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    record_id bigint NOT NULL,
    person_id uuid NOT NULL,
    statement text NOT NULL,
    raised_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    decided_by uuid,
    decision text,
    answer text,
    CONSTRAINT disputes_decided_check CHECK (((decided_at IS NULL) = (decision IS NULL))),
    CONSTRAINT disputes_decision_check CHECK ((decision = ANY (ARRAY['upheld'::text, 'dismissed'::text])))
);

ALTER TABLE ONLY timebank.disputes FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.disputes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.disputes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.epochs (
    system_identifier text NOT NULL,
    base bigint NOT NULL,
    begun_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT epochs_base_check CHECK ((base >= 0))
);

CREATE TABLE timebank.exchange_rules (
    bank_id bigint NOT NULL,
    from_unit text NOT NULL,
    to_unit text NOT NULL,
    effective_from timestamp with time zone NOT NULL,
    is_allowed boolean NOT NULL
);

ALTER TABLE ONLY timebank.exchange_rules FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.expiry_warnings (
    bank_id bigint NOT NULL,
    owner uuid NOT NULL,
    unit text NOT NULL,
    expires_on date NOT NULL,
    days bigint NOT NULL,
    amount bigint NOT NULL,
    warned_at timestamp with time zone NOT NULL,
    CONSTRAINT expiry_warnings_amount_check CHECK ((amount > 0))
);

ALTER TABLE ONLY timebank.expiry_warnings FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.folds (
    bank_id bigint NOT NULL,
    account_id bigint NOT NULL,
    effective_on date NOT NULL,
    received bigint NOT NULL,
    given bigint NOT NULL,
    CONSTRAINT folds_amounts_check CHECK (((received >= 0) AND (given >= 0)))
);

ALTER TABLE ONLY timebank.folds FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.funds (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    organisation_id bigint NOT NULL,
    owner uuid DEFAULT gen_random_uuid() NOT NULL,
    closed_on date,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT funds_kind_check CHECK ((kind = ANY (ARRAY['money'::text, 'care'::text])))
);

ALTER TABLE ONLY timebank.funds FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.funds ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.funds_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.gifts (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    kind text NOT NULL,
    from_person_id uuid,
    to_person_id uuid,
    fund_id bigint,
    amount bigint NOT NULL,
    reason text NOT NULL,
    transaction_id bigint NOT NULL,
    policy_version bigint NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_by text NOT NULL,
    CONSTRAINT gifts_amount_check CHECK ((amount > 0)),
    CONSTRAINT gifts_kind_check CHECK ((kind = ANY (ARRAY['gift'::text, 'donation'::text, 'grant'::text]))),
    CONSTRAINT gifts_sides_check CHECK ((((kind = 'grant'::text) = (from_person_id IS NULL)) AND ((kind = 'donation'::text) = (to_person_id IS NULL)) AND ((kind = 'gift'::text) = (fund_id IS NULL))))
);

ALTER TABLE ONLY timebank.gifts FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.gifts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.gifts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.goods (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    shop_id bigint NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    unit_code text NOT NULL,
    price_points bigint NOT NULL,
    opening_stock bigint NOT NULL,
    opening_at timestamp with time zone NOT NULL,
    category text DEFAULT ''::text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    barcode text,
    member_day_limit bigint,
    member_month_limit bigint,
    low_stock_at bigint,
    low_stock_told_at timestamp with time zone,
    is_listed boolean DEFAULT true NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT goods_limits_check CHECK (((member_day_limit > 0) AND (member_month_limit > 0))),
    CONSTRAINT goods_low_stock_at_check CHECK ((low_stock_at >= 0)),
    CONSTRAINT goods_opening_stock_check CHECK ((opening_stock >= 0)),
    CONSTRAINT goods_price_points_check CHECK ((price_points >= 0))
);

ALTER TABLE ONLY timebank.goods FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.goods ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.goods_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.goods_pictures (
    bank_id bigint NOT NULL,
    goods_id bigint NOT NULL,
    digest bytea NOT NULL,
    media_type text NOT NULL,
    content bytea NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT goods_pictures_content_check CHECK ((octet_length(content) <= 524288))
);

ALTER TABLE ONLY timebank.goods_pictures FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.guardianships (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    minor_id uuid NOT NULL,
    guardian_id uuid NOT NULL,
    relation text NOT NULL,
    from_on date NOT NULL,
    until_on date,
    recorded_by text NOT NULL,
    CONSTRAINT guardianships_guardian_check CHECK ((guardian_id <> minor_id)),
    CONSTRAINT guardianships_until_on_check CHECK (((until_on IS NULL) OR (until_on >= from_on)))
);

ALTER TABLE ONLY timebank.guardianships FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.guardianships ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.guardianships_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.job_attempts (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    job text NOT NULL,
    period text NOT NULL,
    attempt bigint NOT NULL,
    holder uuid NOT NULL,
    asked_by text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    outcome text,
    problem text,
    result jsonb,
    CONSTRAINT job_attempts_ended_check CHECK (((ended_at IS NULL) = (outcome IS NULL))),
    CONSTRAINT job_attempts_outcome_check CHECK ((outcome = ANY (ARRAY['succeeded'::text, 'broken'::text, 'lost'::text, 'given_back'::text])))
);

ALTER TABLE ONLY timebank.job_attempts FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.job_attempts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.job_attempts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.job_faults (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    job text NOT NULL,
    period text NOT NULL,
    item text NOT NULL,
    problem text NOT NULL,
    happened_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY timebank.job_faults FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.job_faults ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.job_faults_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.job_pauses (
    bank_id bigint NOT NULL,
    job text NOT NULL,
    paused_at timestamp with time zone NOT NULL,
    paused_by text NOT NULL,
    reason text NOT NULL
);

ALTER TABLE ONLY timebank.job_pauses FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.job_runs (
    bank_id bigint NOT NULL,
    job text NOT NULL,
    period text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    result jsonb,
    due_at timestamp with time zone,
    state text NOT NULL,
    attempts bigint NOT NULL,
    tries bigint NOT NULL,
    asked_by text NOT NULL,
    holder uuid,
    lease_until timestamp with time zone,
    again_at timestamp with time zone,
    done bigint DEFAULT 0 NOT NULL,
    total bigint,
    problem text,
    CONSTRAINT job_runs_state_check CHECK ((state = ANY (ARRAY['running'::text, 'waiting'::text, 'succeeded'::text, 'failed'::text])))
);

ALTER TABLE ONLY timebank.job_runs FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.kinships (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    person_id uuid NOT NULL,
    kin_id uuid NOT NULL,
    relation text NOT NULL,
    declared_at timestamp with time zone NOT NULL,
    declared_by text NOT NULL,
    confirmed_at timestamp with time zone,
    confirmed_by uuid,
    ended_at timestamp with time zone,
    ended_by text,
    CONSTRAINT kinships_confirmed_check CHECK (((confirmed_at IS NULL) = (confirmed_by IS NULL))),
    CONSTRAINT kinships_ended_check CHECK (((ended_at IS NULL) = (ended_by IS NULL))),
    CONSTRAINT kinships_kin_id_check CHECK ((kin_id <> person_id)),
    CONSTRAINT kinships_relation_check CHECK ((relation = ANY (ARRAY['spouse'::text, 'parent'::text, 'child'::text, 'grandparent'::text, 'grandchild'::text])))
);

ALTER TABLE ONLY timebank.kinships FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.kinships ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.kinships_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.leaves (
    bank_id bigint NOT NULL,
    leaf_index bigint NOT NULL,
    transaction_id bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT leaves_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT leaves_leaf_index_check CHECK ((leaf_index >= 0))
);

ALTER TABLE ONLY timebank.leaves FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.login_codes (
    bank_id bigint NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    phone_digest bytea NOT NULL,
    code_digest bytea NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    attempts bigint DEFAULT 0 NOT NULL,
    used_at timestamp with time zone
);

ALTER TABLE ONLY timebank.login_codes FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.login_links (
    bank_id bigint NOT NULL,
    digest bytea NOT NULL,
    person_id uuid NOT NULL,
    made_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);

ALTER TABLE ONLY timebank.login_links FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.look_ups (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    viewer_id uuid,
    device_id uuid,
    subject_id uuid NOT NULL,
    purpose text NOT NULL,
    fields text[] NOT NULL,
    looked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT look_ups_viewer_check CHECK (((viewer_id IS NOT NULL) OR (device_id IS NOT NULL)))
);

ALTER TABLE ONLY timebank.look_ups FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.look_ups ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.look_ups_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.memberships (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    person_id uuid NOT NULL,
    organisation_id bigint NOT NULL,
    kind text NOT NULL,
    from_on date NOT NULL,
    until_on date,
    recorded_by text NOT NULL,
    CONSTRAINT memberships_kind_check CHECK ((kind = ANY (ARRAY['residence'::text, 'team'::text, 'work_unit'::text, 'party_unit'::text, 'party_community'::text]))),
    CONSTRAINT memberships_until_on_check CHECK (((until_on IS NULL) OR (until_on >= from_on)))
);

ALTER TABLE ONLY timebank.memberships FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.memberships ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.memberships_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.merchant_entries (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    merchant_id bigint NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL,
    actor text NOT NULL,
    person_id uuid,
    entered_at timestamp with time zone NOT NULL,
    CONSTRAINT merchant_entries_kind_check CHECK ((kind = ANY (ARRAY['applied'::text, 'vetted'::text, 'activated'::text, 'suspended'::text, 'resumed'::text, 'rejected'::text, 'closed'::text])))
);

ALTER TABLE ONLY timebank.merchant_entries FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.merchant_entries ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.merchant_entries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.merchant_staff (
    bank_id bigint NOT NULL,
    merchant_id bigint NOT NULL,
    person_id uuid NOT NULL,
    since_at timestamp with time zone NOT NULL,
    added_by text NOT NULL,
    until_at timestamp with time zone
);

ALTER TABLE ONLY timebank.merchant_staff FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.merchants (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    organisation_id bigint NOT NULL,
    owner uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    category text NOT NULL,
    address text NOT NULL,
    licence text NOT NULL,
    state text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT merchants_state_check CHECK ((state = ANY (ARRAY['applied'::text, 'vetted'::text, 'active'::text, 'suspended'::text, 'rejected'::text, 'closed'::text])))
);

ALTER TABLE ONLY timebank.merchants FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.merchants ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.merchants_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.messages (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    reference uuid DEFAULT gen_random_uuid() NOT NULL,
    channel text NOT NULL,
    person_id uuid,
    endpoint_id bigint,
    notification_id bigint,
    kind text NOT NULL,
    params jsonb NOT NULL,
    made_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    attempts bigint DEFAULT 0 NOT NULL,
    again_at timestamp with time zone NOT NULL,
    holder uuid,
    lease_until timestamp with time zone,
    ended_at timestamp with time zone,
    problem text,
    CONSTRAINT messages_channel_check CHECK ((channel = ANY (ARRAY['email'::text, 'sms'::text, 'wechat'::text, 'webhook'::text]))),
    CONSTRAINT messages_recipient_check CHECK (((channel = 'webhook'::text) = (endpoint_id IS NOT NULL))),
    CONSTRAINT messages_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'sending'::text, 'sent'::text, 'dropped'::text, 'failed'::text])))
);

ALTER TABLE ONLY timebank.messages FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.messages ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.messages_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.nodes (
    bank_id bigint NOT NULL,
    level integer NOT NULL,
    node_index bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT nodes_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT nodes_level_check CHECK (((level > 0) AND ((level % 8) = 0)))
);

ALTER TABLE ONLY timebank.nodes FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.notice_lines (
    bank_id bigint NOT NULL,
    notice_id bigint NOT NULL,
    record_id bigint NOT NULL,
    line bigint NOT NULL,
    masked_name text NOT NULL,
    state text NOT NULL,
    CONSTRAINT notice_lines_state_check CHECK ((state = ANY (ARRAY['shown'::text, 'objected'::text, 'struck'::text, 'credited'::text])))
);

ALTER TABLE ONLY timebank.notice_lines FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.notices (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    organisation_id bigint NOT NULL,
    opened_on date NOT NULL,
    closes_on date NOT NULL,
    working_days bigint NOT NULL,
    opened_by text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT notices_closes_on_check CHECK ((closes_on >= opened_on)),
    CONSTRAINT notices_working_days_check CHECK ((working_days >= 0))
);

ALTER TABLE ONLY timebank.notices FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.notices ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.notices_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.notifications (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    person_id uuid NOT NULL,
    kind text NOT NULL,
    params jsonb NOT NULL,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    read_at timestamp with time zone
);

ALTER TABLE ONLY timebank.notifications FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.notifications ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.notifications_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.objections (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    notice_id bigint NOT NULL,
    record_id bigint NOT NULL,
    ground text NOT NULL,
    raised_by uuid,
    contact_sealed bytea,
    contact_key_id text,
    raised_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    decided_by uuid,
    decision text,
    reason text,
    CONSTRAINT objections_contact_check CHECK (((contact_sealed IS NULL) = (contact_key_id IS NULL))),
    CONSTRAINT objections_decided_check CHECK (((decided_at IS NULL) = (decision IS NULL))),
    CONSTRAINT objections_decision_check CHECK ((decision = ANY (ARRAY['upheld'::text, 'dismissed'::text])))
);

ALTER TABLE ONLY timebank.objections FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.objections ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.objections_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.offers (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    merchant_id bigint NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    terms text NOT NULL,
    price_fufen bigint NOT NULL,
    percent bigint,
    amount_cents bigint,
    minutes bigint,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    member_limit bigint,
    total_limit bigint,
    voucher_days bigint NOT NULL,
    state text NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT offers_amounts_check CHECK (((price_fufen > 0) AND ((percent >= 1) AND (percent <= 100)) AND (amount_cents > 0) AND (minutes > 0) AND (member_limit > 0) AND (total_limit > 0) AND ((voucher_days >= 1) AND (voucher_days <= 3660)))),
    CONSTRAINT offers_ends_on_check CHECK ((ends_on >= starts_on)),
    CONSTRAINT offers_kind_check CHECK ((kind = ANY (ARRAY['percent_off'::text, 'amount_off'::text, 'housekeeping'::text]))),
    CONSTRAINT offers_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'published'::text, 'withdrawn'::text]))),
    CONSTRAINT offers_value_check CHECK ((((kind = 'percent_off'::text) = (percent IS NOT NULL)) AND ((kind = 'amount_off'::text) = (amount_cents IS NOT NULL)) AND ((kind = 'housekeeping'::text) = (minutes IS NOT NULL))))
);

ALTER TABLE ONLY timebank.offers FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.offers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.offers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.organisation_moves (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    organisation_id bigint NOT NULL,
    from_parent_id bigint,
    to_parent_id bigint,
    moved_on date NOT NULL,
    actor text NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE ONLY timebank.organisation_moves FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.organisation_moves ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.organisation_moves_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.organisations (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    level text NOT NULL,
    parent_id bigint,
    opened_on date,
    closed_on date,
    version bigint DEFAULT 1 NOT NULL,
    owner uuid DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT organisations_closed_on_check CHECK (((closed_on IS NULL) OR (opened_on IS NULL) OR (closed_on >= opened_on))),
    CONSTRAINT organisations_level_check CHECK ((level = ANY (ARRAY['district'::text, 'street'::text, 'community'::text, 'grid'::text, 'building'::text, 'team'::text, 'work_unit'::text, 'partner_unit'::text, 'other'::text]))),
    CONSTRAINT organisations_parent_check CHECK ((parent_id <> id))
);

ALTER TABLE ONLY timebank.organisations FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.organisations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.organisations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.passes (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    person_id uuid NOT NULL,
    key_id text NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone
);

ALTER TABLE ONLY timebank.passes FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.passes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.passes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.people (
    bank_id bigint NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    erased_at timestamp with time zone,
    CONSTRAINT people_version_check CHECK ((version >= 1))
);

ALTER TABLE ONLY timebank.people FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.policy_packs (
    bank_id bigint NOT NULL,
    version bigint NOT NULL,
    effective_from date NOT NULL,
    body jsonb NOT NULL,
    adopted_by text NOT NULL,
    adopted_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    CONSTRAINT policy_packs_version_check CHECK ((version >= 1))
);

ALTER TABLE ONLY timebank.policy_packs FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.postings (
    bank_id bigint NOT NULL,
    transaction_id bigint NOT NULL,
    xact bigint NOT NULL,
    unit_id bigint NOT NULL,
    from_account_id bigint NOT NULL,
    to_account_id bigint NOT NULL,
    amount bigint NOT NULL,
    from_seq bigint,
    from_balance bigint,
    to_seq bigint,
    to_balance bigint,
    line integer NOT NULL,
    CONSTRAINT postings_amount_check CHECK ((amount > 0)),
    CONSTRAINT postings_from_seq_check CHECK ((((from_seq IS NULL) = (from_balance IS NULL)) AND (from_seq > 0))),
    CONSTRAINT postings_line_check CHECK ((line >= 1)),
    CONSTRAINT postings_sides_check CHECK ((from_account_id <> to_account_id)),
    CONSTRAINT postings_to_seq_check CHECK ((((to_seq IS NULL) = (to_balance IS NULL)) AND (to_seq > 0)))
);

ALTER TABLE ONLY timebank.postings FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.proxies (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    principal_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    scopes text[] NOT NULL,
    reason text NOT NULL,
    from_at timestamp with time zone NOT NULL,
    until_at timestamp with time zone NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    ended_at timestamp with time zone,
    ended_by text,
    CONSTRAINT proxies_agent_check CHECK ((agent_id <> principal_id)),
    CONSTRAINT proxies_ended_check CHECK (((ended_at IS NULL) = (ended_by IS NULL))),
    CONSTRAINT proxies_scopes_check CHECK ((cardinality(scopes) > 0)),
    CONSTRAINT proxies_until_at_check CHECK ((until_at > from_at))
);

ALTER TABLE ONLY timebank.proxies FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.proxies ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.proxies_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.quotes (
    bank_id bigint NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    till_id bigint NOT NULL,
    person_id uuid NOT NULL,
    shown text NOT NULL,
    proof bytea,
    reservation_id bigint,
    lines jsonb NOT NULL,
    points bigint NOT NULL,
    policy_version bigint NOT NULL,
    made_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT quotes_shown_check CHECK ((shown = ANY (ARRAY['code'::text, 'card'::text, 'pick_up'::text])))
);

ALTER TABLE ONLY timebank.quotes FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.recognition_candidates (
    bank_id bigint NOT NULL,
    round_id bigint NOT NULL,
    number bigint NOT NULL,
    subject text NOT NULL,
    volunteer_id bigint,
    organisation_id bigint,
    community_id bigint,
    level bigint NOT NULL,
    place bigint NOT NULL,
    tied bigint NOT NULL,
    minutes bigint NOT NULL,
    points bigint NOT NULL,
    records bigint NOT NULL,
    evidence jsonb NOT NULL,
    finding text NOT NULL,
    state text NOT NULL,
    masked_name text,
    CONSTRAINT recognition_candidates_state_check CHECK ((state = ANY (ARRAY['proposed'::text, 'excluded'::text, 'objected'::text, 'revoked'::text]))),
    CONSTRAINT recognition_candidates_subject_check CHECK ((subject = ANY (ARRAY['volunteer'::text, 'team'::text, 'unit'::text]))),
    CONSTRAINT recognition_candidates_whom_check CHECK (((volunteer_id IS NULL) <> (organisation_id IS NULL)))
);

ALTER TABLE ONLY timebank.recognition_candidates FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.recognition_decisions (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    round_id bigint NOT NULL,
    number bigint NOT NULL,
    decision text NOT NULL,
    reason text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    decided_by uuid NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    CONSTRAINT recognition_decisions_decision_check CHECK ((decision = ANY (ARRAY['exclude'::text, 'include'::text, 'revoke'::text])))
);

ALTER TABLE ONLY timebank.recognition_decisions FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.recognition_decisions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.recognition_decisions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.recognition_members (
    bank_id bigint NOT NULL,
    round_id bigint NOT NULL,
    organisation_id bigint NOT NULL,
    person_id uuid NOT NULL,
    from_on date NOT NULL,
    until_on date
);

ALTER TABLE ONLY timebank.recognition_members FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.recognition_objections (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    round_id bigint NOT NULL,
    number bigint NOT NULL,
    ground text NOT NULL,
    raised_by uuid,
    contact_sealed bytea,
    contact_key_id text,
    raised_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    decided_by uuid,
    decision text,
    reason text,
    CONSTRAINT recognition_objections_contact_check CHECK (((contact_sealed IS NULL) = (contact_key_id IS NULL))),
    CONSTRAINT recognition_objections_decided_check CHECK (((decided_at IS NULL) = (decision IS NULL))),
    CONSTRAINT recognition_objections_decision_check CHECK ((decision = ANY (ARRAY['upheld'::text, 'dismissed'::text])))
);

ALTER TABLE ONLY timebank.recognition_objections FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.recognition_objections ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.recognition_objections_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.recognition_rounds (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    scheme text NOT NULL,
    title text NOT NULL,
    organisation_id bigint NOT NULL,
    from_on date NOT NULL,
    until_on date NOT NULL,
    policy_version bigint NOT NULL,
    criteria jsonb NOT NULL,
    tree_size bigint NOT NULL,
    checkpoint text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    opened_by uuid NOT NULL,
    state text NOT NULL,
    candidates bigint,
    digest bytea,
    notice_opened_on date,
    notice_closes_on date,
    notice_by uuid,
    approved_at timestamp with time zone,
    approved_by uuid,
    published_at timestamp with time zone,
    published_by uuid,
    ended_at timestamp with time zone,
    ended_by uuid,
    end_reason text,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT recognition_rounds_digest_check CHECK (((state = ANY (ARRAY['computing'::text, 'withdrawn'::text])) OR (digest IS NOT NULL))),
    CONSTRAINT recognition_rounds_state_check CHECK ((state = ANY (ARRAY['computing'::text, 'review'::text, 'notice'::text, 'approved'::text, 'published'::text, 'withdrawn'::text, 'revoked'::text]))),
    CONSTRAINT recognition_rounds_until_on_check CHECK ((until_on >= from_on))
);

ALTER TABLE ONLY timebank.recognition_rounds FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.recognition_rounds ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.recognition_rounds_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.recognition_subjects (
    bank_id bigint NOT NULL,
    round_id bigint NOT NULL,
    subject uuid NOT NULL,
    volunteer_id bigint,
    organisation_id bigint,
    community_id bigint,
    minutes bigint,
    any_minutes bigint,
    points bigint,
    records bigint,
    evidence jsonb,
    bars text[],
    CONSTRAINT recognition_subjects_tally_check CHECK ((num_nulls(minutes, any_minutes, points, records, evidence, bars) = ANY (ARRAY[0, 6]))),
    CONSTRAINT recognition_subjects_whom_check CHECK (((volunteer_id IS NULL) <> (organisation_id IS NULL)))
);

ALTER TABLE ONLY timebank.recognition_subjects FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.recognitions (
    bank_id bigint NOT NULL,
    scheme text NOT NULL,
    as_of date NOT NULL,
    volunteer_id bigint NOT NULL,
    level bigint NOT NULL,
    minutes bigint NOT NULL,
    policy_version bigint NOT NULL,
    held bigint,
    CONSTRAINT recognitions_level_check CHECK (((level >= 1) OR ((level = 0) AND (COALESCE(held, (0)::bigint) >= 1)))),
    CONSTRAINT recognitions_scheme_check CHECK ((scheme = ANY (ARRAY['star'::text, 'annual'::text])))
);

ALTER TABLE ONLY timebank.recognitions FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.record_entries (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    record_id bigint NOT NULL,
    kind text NOT NULL,
    actor text NOT NULL,
    person_id uuid,
    detail jsonb NOT NULL,
    entered_at timestamp with time zone NOT NULL,
    CONSTRAINT record_entries_kind_check CHECK ((kind = ANY (ARRAY['made'::text, 'approved'::text, 'approved_second'::text, 'rejected'::text, 'noticed'::text, 'objected'::text, 'cleared'::text, 'credited'::text, 'voided'::text, 'corrected'::text, 'evaluated'::text, 'noted'::text])))
);

ALTER TABLE ONLY timebank.record_entries FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.record_entries ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.record_entries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.redemption_lines (
    bank_id bigint NOT NULL,
    redemption_id bigint NOT NULL,
    line bigint NOT NULL,
    goods_id bigint NOT NULL,
    quantity bigint NOT NULL,
    points bigint NOT NULL,
    CONSTRAINT redemption_lines_quantity_check CHECK ((quantity > 0))
);

ALTER TABLE ONLY timebank.redemption_lines FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.redemption_slips (
    bank_id bigint CONSTRAINT redemptions_bank_id_not_null NOT NULL,
    digest bytea CONSTRAINT redemptions_digest_not_null NOT NULL,
    receipt text CONSTRAINT redemptions_receipt_not_null NOT NULL,
    volunteer_id bigint,
    shop_code text CONSTRAINT redemptions_shop_code_not_null NOT NULL,
    sku text CONSTRAINT redemptions_sku_not_null NOT NULL,
    quantity bigint,
    points bigint,
    redeemed_at timestamp with time zone,
    cashier text CONSTRAINT redemptions_cashier_not_null NOT NULL,
    outcome text CONSTRAINT redemptions_outcome_not_null NOT NULL
);

ALTER TABLE ONLY timebank.redemption_slips FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.redemptions (
    bank_id bigint CONSTRAINT redemptions_bank_id_not_null1 NOT NULL,
    id bigint NOT NULL,
    receipt text CONSTRAINT redemptions_receipt_not_null1 NOT NULL,
    shop_id bigint NOT NULL,
    till_id bigint NOT NULL,
    quote_id uuid NOT NULL,
    reservation_id bigint,
    person_id uuid NOT NULL,
    points bigint NOT NULL,
    cash_cents bigint DEFAULT 0 NOT NULL,
    transaction_id bigint NOT NULL,
    policy_version bigint NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_on date NOT NULL,
    made_by text NOT NULL,
    CONSTRAINT redemptions_points_check CHECK (((points >= 0) AND (cash_cents >= 0)))
);

ALTER TABLE ONLY timebank.redemptions FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.redemptions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.redemptions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.refresh_tokens (
    bank_id bigint NOT NULL,
    digest bytea NOT NULL,
    session_id uuid NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);

ALTER TABLE ONLY timebank.refresh_tokens FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.refunds (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    redemption_id bigint NOT NULL,
    transaction_id bigint NOT NULL,
    reason text NOT NULL,
    by_manager boolean NOT NULL,
    till_id bigint,
    made_at timestamp with time zone NOT NULL,
    made_by text NOT NULL,
    CONSTRAINT refunds_till_check CHECK ((by_manager = (till_id IS NULL)))
);

ALTER TABLE ONLY timebank.refunds FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.refunds ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.refunds_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.replies (
    bank_id bigint NOT NULL,
    actor text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status bigint NOT NULL,
    body text NOT NULL,
    replied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE ONLY timebank.replies FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.reservation_lines (
    bank_id bigint NOT NULL,
    reservation_id bigint NOT NULL,
    line bigint NOT NULL,
    goods_id bigint NOT NULL,
    quantity bigint NOT NULL,
    points bigint NOT NULL,
    CONSTRAINT reservation_lines_quantity_check CHECK ((quantity > 0))
);

ALTER TABLE ONLY timebank.reservation_lines FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.reservations (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    person_id uuid NOT NULL,
    shop_id bigint NOT NULL,
    key_id text NOT NULL,
    points bigint NOT NULL,
    hold_id bigint,
    state text NOT NULL,
    policy_version bigint NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_by text NOT NULL,
    until_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    CONSTRAINT reservations_points_check CHECK ((points >= 0)),
    CONSTRAINT reservations_resolved_check CHECK (((state = 'reserved'::text) = (resolved_at IS NULL))),
    CONSTRAINT reservations_state_check CHECK ((state = ANY (ARRAY['reserved'::text, 'picked_up'::text, 'cancelled'::text, 'lapsed'::text])))
);

ALTER TABLE ONLY timebank.reservations FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.reservations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.reservations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.role_grants (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    person_id uuid NOT NULL,
    role text NOT NULL,
    organisation_id bigint NOT NULL,
    from_at timestamp with time zone NOT NULL,
    until_at timestamp with time zone,
    granted_by text NOT NULL,
    granted_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    revoked_at timestamp with time zone,
    revoked_by text,
    CONSTRAINT role_grants_revoked_check CHECK (((revoked_at IS NULL) = (revoked_by IS NULL))),
    CONSTRAINT role_grants_role_check CHECK ((role = ANY (ARRAY['steward'::text, 'cashier'::text, 'shop_manager'::text, 'merchant'::text, 'community_worker'::text, 'office'::text, 'auditor'::text, 'administrator'::text]))),
    CONSTRAINT role_grants_until_at_check CHECK (((until_at IS NULL) OR (until_at > from_at)))
);

ALTER TABLE ONLY timebank.role_grants FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.role_grants ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.role_grants_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.scans (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    digest bytea NOT NULL,
    session_id bigint,
    station_id bigint,
    volunteer_id bigint,
    kind text NOT NULL,
    mode text NOT NULL,
    outcome text NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    phone bytea,
    proof bytea,
    device_id uuid,
    device_seq bigint,
    device_at timestamp with time zone,
    is_doubtful boolean DEFAULT false NOT NULL,
    nearness text,
    evidence text,
    actor text NOT NULL,
    CONSTRAINT scans_device_check CHECK (((device_seq IS NULL) = (device_at IS NULL))),
    CONSTRAINT scans_kind_check CHECK ((kind = ANY (ARRAY['in'::text, 'out'::text]))),
    CONSTRAINT scans_mode_check CHECK ((mode = ANY (ARRAY['station_code'::text, 'member_code'::text, 'card'::text, 'poster'::text, 'roll_call'::text, 'late_entry'::text]))),
    CONSTRAINT scans_nearness_check CHECK ((nearness = ANY (ARRAY['inside'::text, 'near'::text, 'far'::text]))),
    CONSTRAINT scans_whole_check CHECK (((outcome <> ALL (ARRAY['accepted'::text, 'repeat'::text])) OR ((session_id IS NOT NULL) AND (volunteer_id IS NOT NULL))))
);

ALTER TABLE ONLY timebank.scans FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.scans ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.scans_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.schema_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE timebank.service_orders (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    organisation_id bigint NOT NULL,
    person_id uuid NOT NULL,
    served_id uuid NOT NULL,
    category text NOT NULL,
    wish text NOT NULL,
    wanted_at timestamp with time zone NOT NULL,
    minutes bigint NOT NULL,
    coins bigint NOT NULL,
    coins_used bigint,
    hold_id bigint NOT NULL,
    state text NOT NULL,
    server_id uuid,
    policy_version bigint NOT NULL,
    ordered_at timestamp with time zone NOT NULL,
    ordered_by text NOT NULL,
    until_at timestamp with time zone NOT NULL,
    assigned_by text,
    resolved_at timestamp with time zone,
    resolved_by text,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT service_orders_amounts_check CHECK (((minutes > 0) AND (coins > 0) AND ((coins_used >= 1) AND (coins_used <= coins)))),
    CONSTRAINT service_orders_resolved_check CHECK (((state = ANY (ARRAY['ordered'::text, 'assigned'::text])) = (resolved_at IS NULL))),
    CONSTRAINT service_orders_state_check CHECK ((state = ANY (ARRAY['ordered'::text, 'assigned'::text, 'done'::text, 'cancelled'::text, 'lapsed'::text])))
);

ALTER TABLE ONLY timebank.service_orders FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.service_orders ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.service_orders_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.service_records (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    activity_id bigint NOT NULL,
    volunteer_id bigint NOT NULL,
    check_in_at timestamp with time zone NOT NULL,
    check_out_at timestamp with time zone NOT NULL,
    served_from timestamp with time zone,
    served_until timestamp with time zone,
    minutes bigint NOT NULL,
    points bigint NOT NULL,
    policy_version bigint NOT NULL,
    outcome text NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    session_id bigint,
    grade text,
    origin text DEFAULT 'workbook'::text NOT NULL,
    state text NOT NULL,
    corrects_id bigint,
    made_by text DEFAULT 'import'::text NOT NULL,
    evaluation text,
    credited_transaction_id bigint,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT service_records_check_out_at_check CHECK ((check_out_at > check_in_at)),
    CONSTRAINT service_records_grade_check CHECK ((grade = ANY (ARRAY['A'::text, 'B'::text, 'C'::text, 'D'::text, 'E'::text]))),
    CONSTRAINT service_records_minutes_check CHECK (((minutes >= 0) AND (points >= 0))),
    CONSTRAINT service_records_origin_check CHECK ((origin = ANY (ARRAY['workbook'::text, 'scans'::text, 'roll_call'::text, 'late_entry'::text, 'correction'::text]))),
    CONSTRAINT service_records_outcome_check CHECK ((outcome = ANY (ARRAY['accepted'::text, 'needs_review'::text, 'not_volunteer_service'::text, 'too_short'::text, 'overlap'::text, 'day_full'::text, 'impossible_travel'::text]))),
    CONSTRAINT service_records_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'second_review'::text, 'approved'::text, 'noticed'::text, 'objected'::text, 'credited'::text, 'rejected'::text, 'voided'::text])))
);

ALTER TABLE ONLY timebank.service_records FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.service_records ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.service_records_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.session_stations (
    bank_id bigint NOT NULL,
    session_id bigint NOT NULL,
    station_id bigint NOT NULL
);

ALTER TABLE ONLY timebank.session_stations FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.sessions (
    bank_id bigint NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    person_id uuid,
    device_id uuid,
    method text NOT NULL,
    client text DEFAULT ''::text NOT NULL,
    began_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    ended_for text,
    CONSTRAINT sessions_ended_check CHECK (((ended_at IS NULL) = (ended_for IS NULL))),
    CONSTRAINT sessions_method_check CHECK ((method = ANY (ARRAY['code'::text, 'password'::text, 'password_totp'::text, 'link'::text, 'device'::text]))),
    CONSTRAINT sessions_who_check CHECK (((person_id IS NULL) <> (device_id IS NULL)))
);

ALTER TABLE ONLY timebank.sessions FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.settlement_items (
    bank_id bigint NOT NULL,
    transaction_id bigint NOT NULL,
    settlement_id bigint NOT NULL,
    amount bigint NOT NULL
);

ALTER TABLE ONLY timebank.settlement_items FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.settlements (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    shop_id bigint,
    merchant_id bigint,
    unit text NOT NULL,
    month_on date NOT NULL,
    amount bigint NOT NULL,
    unit_cents bigint NOT NULL,
    cents bigint NOT NULL,
    state text NOT NULL,
    policy_version bigint NOT NULL,
    drafted_by text NOT NULL,
    drafted_person_id uuid,
    drafted_at timestamp with time zone NOT NULL,
    approved_by uuid,
    approved_at timestamp with time zone,
    fund_id bigint,
    paid_by uuid,
    paid_at timestamp with time zone,
    transaction_id bigint,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT settlements_amount_check CHECK (((amount > 0) AND (unit_cents >= 0) AND (cents = (amount * unit_cents)))),
    CONSTRAINT settlements_approved_check CHECK ((((state = 'drafted'::text) = (approved_at IS NULL)) AND ((approved_at IS NULL) = (approved_by IS NULL)))),
    CONSTRAINT settlements_eyes_check CHECK ((approved_by <> drafted_person_id)),
    CONSTRAINT settlements_month_on_check CHECK ((EXTRACT(day FROM month_on) = (1)::numeric)),
    CONSTRAINT settlements_paid_check CHECK ((((state = 'paid'::text) = (transaction_id IS NOT NULL)) AND ((state = 'paid'::text) = (paid_at IS NOT NULL)) AND ((state = 'paid'::text) = (fund_id IS NOT NULL)))),
    CONSTRAINT settlements_payee_check CHECK (((shop_id IS NULL) <> (merchant_id IS NULL))),
    CONSTRAINT settlements_state_check CHECK ((state = ANY (ARRAY['drafted'::text, 'approved'::text, 'paid'::text])))
);

ALTER TABLE ONLY timebank.settlements FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.settlements ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.settlements_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.shops (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    code text NOT NULL,
    owner uuid DEFAULT gen_random_uuid() NOT NULL,
    name text,
    organisation_id bigint,
    closed_on date,
    version bigint DEFAULT 1 NOT NULL
);

ALTER TABLE ONLY timebank.shops FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.shops ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.shops_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.sign_ups (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    session_id bigint NOT NULL,
    volunteer_id bigint NOT NULL,
    team_id bigint,
    state text NOT NULL,
    queued_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    changed_by text NOT NULL,
    CONSTRAINT sign_ups_state_check CHECK ((state = ANY (ARRAY['signed_up'::text, 'waiting'::text, 'withdrawn'::text])))
);

ALTER TABLE ONLY timebank.sign_ups FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.sign_ups ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.sign_ups_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.star_changes (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    volunteer_id bigint NOT NULL,
    from_level bigint NOT NULL,
    to_level bigint NOT NULL,
    minutes bigint NOT NULL,
    as_of date NOT NULL,
    policy_version bigint NOT NULL,
    reason text,
    note text DEFAULT ''::text NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT star_changes_level_check CHECK (((from_level >= 0) AND (to_level >= 0) AND (from_level <> to_level))),
    CONSTRAINT star_changes_reason_check CHECK (((to_level < from_level) = (reason IS NOT NULL)))
);

ALTER TABLE ONLY timebank.star_changes FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.star_changes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.star_changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.stations (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    place text NOT NULL,
    hours text NOT NULL,
    organisation_id bigint NOT NULL,
    steward_id uuid,
    latitude_e6 bigint,
    longitude_e6 bigint,
    radius_metres bigint,
    poster_serial bigint DEFAULT 1 NOT NULL,
    closed_on date,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT stations_kind_check CHECK ((kind = ANY (ARRAY['neighbourhood'::text, 'warm_stop'::text, 'elder_canteen'::text, 'party_centre'::text, 'health'::text, 'other'::text]))),
    CONSTRAINT stations_latitude_check CHECK (((latitude_e6 >= '-90000000'::integer) AND (latitude_e6 <= 90000000))),
    CONSTRAINT stations_location_check CHECK (((latitude_e6 IS NULL) = (longitude_e6 IS NULL))),
    CONSTRAINT stations_longitude_check CHECK (((longitude_e6 >= '-180000000'::integer) AND (longitude_e6 <= 180000000))),
    CONSTRAINT stations_radius_check CHECK ((radius_metres > 0))
);

ALTER TABLE ONLY timebank.stations FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.stations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.stations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.stock_entries (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    goods_id bigint NOT NULL,
    kind text NOT NULL,
    quantity bigint NOT NULL,
    to_goods_id bigint,
    unit_cost_cents bigint,
    fund_id bigint,
    expected bigint,
    counted bigint,
    reason text NOT NULL,
    transaction_id bigint,
    till_id bigint,
    entered_at timestamp with time zone NOT NULL,
    entered_by uuid NOT NULL,
    CONSTRAINT stock_entries_count_check CHECK ((((kind = 'count'::text) = (counted IS NOT NULL)) AND ((kind = 'count'::text) = (expected IS NOT NULL)))),
    CONSTRAINT stock_entries_kind_check CHECK ((kind = ANY (ARRAY['receive'::text, 'transfer'::text, 'count'::text, 'write_off'::text]))),
    CONSTRAINT stock_entries_quantity_check CHECK (((kind = 'count'::text) OR (quantity > 0))),
    CONSTRAINT stock_entries_transfer_check CHECK (((kind = 'transfer'::text) = (to_goods_id IS NOT NULL))),
    CONSTRAINT stock_entries_unit_cost_cents_check CHECK ((unit_cost_cents >= 0))
);

ALTER TABLE ONLY timebank.stock_entries FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.stock_entries ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.stock_entries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.task_files (
    bank_id bigint NOT NULL,
    task_id uuid NOT NULL,
    role text NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    key_id text NOT NULL,
    sealed bytea NOT NULL,
    CONSTRAINT task_files_role_check CHECK ((role = ANY (ARRAY['input'::text, 'report'::text])))
);

ALTER TABLE ONLY timebank.task_files FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.tasks (
    bank_id bigint NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    kind text NOT NULL,
    params jsonb NOT NULL,
    requested_by text NOT NULL,
    requester_id uuid,
    requested_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    lease_until timestamp with time zone,
    attempts bigint DEFAULT 0 NOT NULL,
    done bigint DEFAULT 0 NOT NULL,
    total bigint,
    finished_at timestamp with time zone,
    outcome text,
    problem text,
    result jsonb,
    CONSTRAINT tasks_finished_check CHECK (((finished_at IS NULL) = (outcome IS NULL))),
    CONSTRAINT tasks_outcome_check CHECK ((outcome = ANY (ARRAY['succeeded'::text, 'failed'::text])))
);

ALTER TABLE ONLY timebank.tasks FORCE ROW LEVEL SECURITY;

CREATE UNLOGGED TABLE timebank.throttles (
    bank_id bigint NOT NULL,
    key bytea NOT NULL,
    tokens double precision NOT NULL,
    refilled_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY timebank.throttles FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.till_counts (
    bank_id bigint NOT NULL,
    till_id bigint NOT NULL,
    goods_id bigint NOT NULL,
    expected bigint NOT NULL,
    counted bigint NOT NULL,
    CONSTRAINT till_counts_counted_check CHECK ((counted >= 0))
);

ALTER TABLE ONLY timebank.till_counts FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.tills (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    shop_id bigint NOT NULL,
    device_id uuid NOT NULL,
    cashier_id uuid NOT NULL,
    session_id uuid NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    opening_cash_cents bigint NOT NULL,
    closed_at timestamp with time zone,
    closing_cash_cents bigint,
    expected_cash_cents bigint,
    closed_by text,
    note text DEFAULT ''::text NOT NULL,
    CONSTRAINT tills_cash_check CHECK (((opening_cash_cents >= 0) AND (closing_cash_cents >= 0))),
    CONSTRAINT tills_closed_check CHECK (((closed_at IS NULL) = (closed_by IS NULL)))
);

ALTER TABLE ONLY timebank.tills FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.tills ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.tills_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE SEQUENCE timebank.transaction_ids
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE timebank.transactions (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    kind text NOT NULL,
    idempotency_key text NOT NULL,
    fingerprint bytea NOT NULL,
    effective_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    xact bigint NOT NULL,
    actor text NOT NULL,
    memo text DEFAULT ''::text NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    refusal text,
    refusal_detail jsonb,
    reverses_id bigint,
    resolves_id bigint,
    hold_until timestamp with time zone,
    salt bytea DEFAULT uuid_send(gen_random_uuid()) NOT NULL,
    CONSTRAINT transactions_fingerprint_check CHECK ((octet_length(fingerprint) = 16)),
    CONSTRAINT transactions_hold_until_check CHECK (((hold_until IS NULL) OR (hold_until > effective_at))),
    CONSTRAINT transactions_key_length_check CHECK (((length(idempotency_key) >= 1) AND (length(idempotency_key) <= 200))),
    CONSTRAINT transactions_kind_check CHECK ((kind ~ '^[a-z][a-z_]{0,39}$'::text)),
    CONSTRAINT transactions_refusal_check CHECK (((refusal IS NULL) = (refusal_detail IS NULL))),
    CONSTRAINT transactions_salt_check CHECK ((octet_length(salt) = 16))
);

ALTER TABLE ONLY timebank.transactions FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.units (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    code text NOT NULL,
    class text NOT NULL,
    spendable boolean NOT NULL,
    CONSTRAINT units_class_check CHECK ((class = ANY (ARRAY['honour'::text, 'value'::text, 'goods'::text, 'score'::text, 'money'::text]))),
    CONSTRAINT units_code_check CHECK ((code ~ '^[A-Za-z][A-Za-z0-9_.:/-]{0,79}$'::text)),
    CONSTRAINT units_spendable_check CHECK (((NOT spendable) OR (class = ANY (ARRAY['value'::text, 'goods'::text, 'money'::text]))))
);

ALTER TABLE ONLY timebank.units FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.units ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.units_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.vault (
    bank_id bigint NOT NULL,
    subject uuid NOT NULL,
    field text NOT NULL,
    key_id text NOT NULL,
    sealed bytea NOT NULL
);

ALTER TABLE ONLY timebank.vault FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.volunteers (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    code text NOT NULL,
    owner uuid DEFAULT gen_random_uuid() NOT NULL,
    organisation_id bigint,
    team_id bigint,
    is_party_member boolean NOT NULL,
    registered_on date
);

ALTER TABLE ONLY timebank.volunteers FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.volunteers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.volunteers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.voucher_uses (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    digest bytea NOT NULL,
    voucher_id bigint,
    merchant_id bigint NOT NULL,
    outcome text NOT NULL,
    used_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    is_offline boolean NOT NULL,
    actor text NOT NULL
);

ALTER TABLE ONLY timebank.voucher_uses FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.voucher_uses ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.voucher_uses_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.vouchers (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    offer_id bigint NOT NULL,
    merchant_id bigint NOT NULL,
    person_id uuid NOT NULL,
    kind text NOT NULL,
    value bigint NOT NULL,
    fufen bigint NOT NULL,
    hold_id bigint NOT NULL,
    key_id text NOT NULL,
    state text NOT NULL,
    policy_version bigint NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    issued_by text NOT NULL,
    expires_on date NOT NULL,
    until_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    CONSTRAINT vouchers_amounts_check CHECK (((fufen > 0) AND (value > 0))),
    CONSTRAINT vouchers_kind_check CHECK ((kind = ANY (ARRAY['percent_off'::text, 'amount_off'::text, 'housekeeping'::text]))),
    CONSTRAINT vouchers_resolved_check CHECK (((state = 'issued'::text) = (resolved_at IS NULL))),
    CONSTRAINT vouchers_state_check CHECK ((state = ANY (ARRAY['issued'::text, 'used'::text, 'cancelled'::text, 'lapsed'::text])))
);

ALTER TABLE ONLY timebank.vouchers FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.vouchers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.vouchers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE timebank.waiting_credits (
    bank_id bigint NOT NULL,
    record_id bigint NOT NULL,
    organisation_id bigint NOT NULL,
    unit text NOT NULL,
    amount bigint NOT NULL,
    since_at timestamp with time zone NOT NULL,
    CONSTRAINT waiting_credits_amount_check CHECK ((amount > 0))
);

ALTER TABLE ONLY timebank.waiting_credits FORCE ROW LEVEL SECURITY;

CREATE TABLE timebank.webhook_endpoints (
    bank_id bigint NOT NULL,
    id bigint NOT NULL,
    url text NOT NULL,
    kinds text[] NOT NULL,
    key_id text NOT NULL,
    sealed_secret bytea NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    version bigint DEFAULT 1 NOT NULL
);

ALTER TABLE ONLY timebank.webhook_endpoints FORCE ROW LEVEL SECURITY;

ALTER TABLE timebank.webhook_endpoints ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME timebank.webhook_endpoints_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY timebank.acceptances
    ADD CONSTRAINT acceptances_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.acceptances
    ADD CONSTRAINT acceptances_transaction_key UNIQUE (bank_id, transaction_id);

ALTER TABLE ONLY timebank.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.accounts
    ADD CONSTRAINT accounts_place_key UNIQUE NULLS NOT DISTINCT (bank_id, owner, unit_id, kind, expires_on);

ALTER TABLE ONLY timebank.accounts
    ADD CONSTRAINT accounts_unit_key UNIQUE (bank_id, id, unit_id);

ALTER TABLE ONLY timebank.activities
    ADD CONSTRAINT activities_code_key UNIQUE (bank_id, code);

ALTER TABLE ONLY timebank.activities
    ADD CONSTRAINT activities_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.activity_sessions
    ADD CONSTRAINT activity_sessions_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.acts
    ADD CONSTRAINT acts_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.attendances
    ADD CONSTRAINT attendances_pkey PRIMARY KEY (bank_id, digest);

ALTER TABLE ONLY timebank.awards
    ADD CONSTRAINT awards_pkey PRIMARY KEY (bank_id, digest);

ALTER TABLE ONLY timebank.banks
    ADD CONSTRAINT banks_code_key UNIQUE (code);

ALTER TABLE ONLY timebank.banks
    ADD CONSTRAINT banks_owner_key UNIQUE (owner);

ALTER TABLE ONLY timebank.banks
    ADD CONSTRAINT banks_pkey PRIMARY KEY (id);

ALTER TABLE ONLY timebank.blind_indexes
    ADD CONSTRAINT blind_indexes_pkey PRIMARY KEY (bank_id, person_id, field);

ALTER TABLE ONLY timebank.calendar_days
    ADD CONSTRAINT calendar_days_pkey PRIMARY KEY (bank_id, day);

ALTER TABLE ONLY timebank.cards
    ADD CONSTRAINT cards_digest_key UNIQUE (bank_id, digest);

ALTER TABLE ONLY timebank.cards
    ADD CONSTRAINT cards_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.ceilings
    ADD CONSTRAINT ceilings_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.ceilings
    ADD CONSTRAINT ceilings_transaction_key UNIQUE (bank_id, transaction_id);

ALTER TABLE ONLY timebank.certificates
    ADD CONSTRAINT certificates_number_key UNIQUE (bank_id, number);

ALTER TABLE ONLY timebank.certificates
    ADD CONSTRAINT certificates_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.channel_choices
    ADD CONSTRAINT channel_choices_pkey PRIMARY KEY (bank_id, person_id, channel);

ALTER TABLE ONLY timebank.checkpoints
    ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (bank_id, tree_size);

ALTER TABLE ONLY timebank.closures
    ADD CONSTRAINT closures_pkey PRIMARY KEY (bank_id, closed_before);

ALTER TABLE ONLY timebank.complaints
    ADD CONSTRAINT complaints_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.consents
    ADD CONSTRAINT consents_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.conversions
    ADD CONSTRAINT conversions_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.conversions
    ADD CONSTRAINT conversions_transaction_key UNIQUE (bank_id, transaction_id);

ALTER TABLE ONLY timebank.credentials
    ADD CONSTRAINT credentials_pkey PRIMARY KEY (bank_id, person_id);

ALTER TABLE ONLY timebank.device_enrolments
    ADD CONSTRAINT device_enrolments_pkey PRIMARY KEY (bank_id, digest);

ALTER TABLE ONLY timebank.devices
    ADD CONSTRAINT devices_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.disputes
    ADD CONSTRAINT disputes_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.epochs
    ADD CONSTRAINT epochs_pkey PRIMARY KEY (system_identifier);

ALTER TABLE ONLY timebank.exchange_rules
    ADD CONSTRAINT exchange_rules_pkey PRIMARY KEY (bank_id, from_unit, to_unit, effective_from);

ALTER TABLE ONLY timebank.expiry_warnings
    ADD CONSTRAINT expiry_warnings_pkey PRIMARY KEY (bank_id, owner, unit, expires_on, days);

ALTER TABLE ONLY timebank.folds
    ADD CONSTRAINT folds_pkey PRIMARY KEY (bank_id, account_id, effective_on);

ALTER TABLE ONLY timebank.funds
    ADD CONSTRAINT funds_code_key UNIQUE (bank_id, code);

ALTER TABLE ONLY timebank.funds
    ADD CONSTRAINT funds_owner_key UNIQUE (bank_id, owner);

ALTER TABLE ONLY timebank.funds
    ADD CONSTRAINT funds_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.gifts
    ADD CONSTRAINT gifts_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.gifts
    ADD CONSTRAINT gifts_transaction_key UNIQUE (bank_id, transaction_id);

ALTER TABLE ONLY timebank.goods_pictures
    ADD CONSTRAINT goods_pictures_pkey PRIMARY KEY (bank_id, goods_id);

ALTER TABLE ONLY timebank.goods
    ADD CONSTRAINT goods_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.goods
    ADD CONSTRAINT goods_sku_key UNIQUE (bank_id, shop_id, sku);

ALTER TABLE ONLY timebank.guardianships
    ADD CONSTRAINT guardianships_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.job_attempts
    ADD CONSTRAINT job_attempts_attempt_key UNIQUE (bank_id, job, period, attempt);

ALTER TABLE ONLY timebank.job_attempts
    ADD CONSTRAINT job_attempts_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.job_faults
    ADD CONSTRAINT job_faults_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.job_pauses
    ADD CONSTRAINT job_pauses_pkey PRIMARY KEY (bank_id, job);

ALTER TABLE ONLY timebank.job_runs
    ADD CONSTRAINT job_runs_pkey PRIMARY KEY (bank_id, job, period);

ALTER TABLE ONLY timebank.kinships
    ADD CONSTRAINT kinships_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.leaves
    ADD CONSTRAINT leaves_pkey PRIMARY KEY (bank_id, leaf_index);

ALTER TABLE ONLY timebank.leaves
    ADD CONSTRAINT leaves_transaction_id_key UNIQUE (bank_id, transaction_id);

ALTER TABLE ONLY timebank.login_codes
    ADD CONSTRAINT login_codes_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.login_links
    ADD CONSTRAINT login_links_pkey PRIMARY KEY (bank_id, digest);

ALTER TABLE ONLY timebank.look_ups
    ADD CONSTRAINT look_ups_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.memberships
    ADD CONSTRAINT memberships_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.merchant_entries
    ADD CONSTRAINT merchant_entries_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.merchant_staff
    ADD CONSTRAINT merchant_staff_pkey PRIMARY KEY (bank_id, merchant_id, person_id);

ALTER TABLE ONLY timebank.merchants
    ADD CONSTRAINT merchants_licence_key UNIQUE (bank_id, licence);

ALTER TABLE ONLY timebank.merchants
    ADD CONSTRAINT merchants_owner_key UNIQUE (bank_id, owner);

ALTER TABLE ONLY timebank.merchants
    ADD CONSTRAINT merchants_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.messages
    ADD CONSTRAINT messages_reference_key UNIQUE (bank_id, reference);

ALTER TABLE ONLY timebank.nodes
    ADD CONSTRAINT nodes_pkey PRIMARY KEY (bank_id, level, node_index);

ALTER TABLE ONLY timebank.notice_lines
    ADD CONSTRAINT notice_lines_line_key UNIQUE (bank_id, notice_id, line);

ALTER TABLE ONLY timebank.notice_lines
    ADD CONSTRAINT notice_lines_pkey PRIMARY KEY (bank_id, notice_id, record_id);

ALTER TABLE ONLY timebank.notices
    ADD CONSTRAINT notices_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.notifications
    ADD CONSTRAINT notifications_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.objections
    ADD CONSTRAINT objections_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.offers
    ADD CONSTRAINT offers_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.organisation_moves
    ADD CONSTRAINT organisation_moves_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.organisations
    ADD CONSTRAINT organisations_code_key UNIQUE (bank_id, level, code);

ALTER TABLE ONLY timebank.organisations
    ADD CONSTRAINT organisations_owner_key UNIQUE (bank_id, owner);

ALTER TABLE ONLY timebank.organisations
    ADD CONSTRAINT organisations_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.passes
    ADD CONSTRAINT passes_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.people
    ADD CONSTRAINT people_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.policy_packs
    ADD CONSTRAINT policy_packs_effective_from_key UNIQUE (bank_id, effective_from);

ALTER TABLE ONLY timebank.policy_packs
    ADD CONSTRAINT policy_packs_pkey PRIMARY KEY (bank_id, version);

ALTER TABLE ONLY timebank.postings
    ADD CONSTRAINT postings_pkey PRIMARY KEY (bank_id, transaction_id, line);

ALTER TABLE ONLY timebank.proxies
    ADD CONSTRAINT proxies_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.quotes
    ADD CONSTRAINT quotes_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.recognition_candidates
    ADD CONSTRAINT recognition_candidates_organisation_key UNIQUE (bank_id, round_id, organisation_id);

ALTER TABLE ONLY timebank.recognition_candidates
    ADD CONSTRAINT recognition_candidates_pkey PRIMARY KEY (bank_id, round_id, number);

ALTER TABLE ONLY timebank.recognition_candidates
    ADD CONSTRAINT recognition_candidates_volunteer_key UNIQUE (bank_id, round_id, volunteer_id);

ALTER TABLE ONLY timebank.recognition_decisions
    ADD CONSTRAINT recognition_decisions_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.recognition_members
    ADD CONSTRAINT recognition_members_pkey PRIMARY KEY (bank_id, round_id, organisation_id, person_id, from_on);

ALTER TABLE ONLY timebank.recognition_objections
    ADD CONSTRAINT recognition_objections_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.recognition_rounds
    ADD CONSTRAINT recognition_rounds_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.recognition_subjects
    ADD CONSTRAINT recognition_subjects_pkey PRIMARY KEY (bank_id, round_id, subject);

ALTER TABLE ONLY timebank.recognitions
    ADD CONSTRAINT recognitions_pkey PRIMARY KEY (bank_id, scheme, as_of, volunteer_id);

ALTER TABLE ONLY timebank.record_entries
    ADD CONSTRAINT record_entries_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.redemption_lines
    ADD CONSTRAINT redemption_lines_pkey PRIMARY KEY (bank_id, redemption_id, line);

ALTER TABLE ONLY timebank.redemption_slips
    ADD CONSTRAINT redemption_slips_pkey PRIMARY KEY (bank_id, digest);

ALTER TABLE ONLY timebank.redemptions
    ADD CONSTRAINT redemptions_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.redemptions
    ADD CONSTRAINT redemptions_quote_key UNIQUE (bank_id, quote_id);

ALTER TABLE ONLY timebank.redemptions
    ADD CONSTRAINT redemptions_receipt_key UNIQUE (bank_id, receipt);

ALTER TABLE ONLY timebank.redemptions
    ADD CONSTRAINT redemptions_transaction_key UNIQUE (bank_id, transaction_id);

ALTER TABLE ONLY timebank.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (bank_id, digest);

ALTER TABLE ONLY timebank.refunds
    ADD CONSTRAINT refunds_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.refunds
    ADD CONSTRAINT refunds_redemption_key UNIQUE (bank_id, redemption_id);

ALTER TABLE ONLY timebank.replies
    ADD CONSTRAINT replies_pkey PRIMARY KEY (bank_id, actor, key);

ALTER TABLE ONLY timebank.reservation_lines
    ADD CONSTRAINT reservation_lines_pkey PRIMARY KEY (bank_id, reservation_id, line);

ALTER TABLE ONLY timebank.reservations
    ADD CONSTRAINT reservations_hold_id_key UNIQUE (bank_id, hold_id);

ALTER TABLE ONLY timebank.reservations
    ADD CONSTRAINT reservations_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.role_grants
    ADD CONSTRAINT role_grants_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.scans
    ADD CONSTRAINT scans_digest_key UNIQUE (bank_id, digest);

ALTER TABLE ONLY timebank.scans
    ADD CONSTRAINT scans_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.schema_version
    ADD CONSTRAINT schema_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY timebank.service_orders
    ADD CONSTRAINT service_orders_hold_id_key UNIQUE (bank_id, hold_id);

ALTER TABLE ONLY timebank.service_orders
    ADD CONSTRAINT service_orders_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.service_records
    ADD CONSTRAINT service_records_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.session_stations
    ADD CONSTRAINT session_stations_pkey PRIMARY KEY (bank_id, session_id, station_id);

ALTER TABLE ONLY timebank.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.settlement_items
    ADD CONSTRAINT settlement_items_pkey PRIMARY KEY (bank_id, transaction_id);

ALTER TABLE ONLY timebank.settlements
    ADD CONSTRAINT settlements_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.shops
    ADD CONSTRAINT shops_code_key UNIQUE (bank_id, code);

ALTER TABLE ONLY timebank.shops
    ADD CONSTRAINT shops_owner_key UNIQUE (bank_id, owner);

ALTER TABLE ONLY timebank.shops
    ADD CONSTRAINT shops_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.sign_ups
    ADD CONSTRAINT sign_ups_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.sign_ups
    ADD CONSTRAINT sign_ups_volunteer_key UNIQUE (bank_id, session_id, volunteer_id);

ALTER TABLE ONLY timebank.star_changes
    ADD CONSTRAINT star_changes_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.stations
    ADD CONSTRAINT stations_code_key UNIQUE (bank_id, code);

ALTER TABLE ONLY timebank.stations
    ADD CONSTRAINT stations_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.stock_entries
    ADD CONSTRAINT stock_entries_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.task_files
    ADD CONSTRAINT task_files_pkey PRIMARY KEY (bank_id, task_id, role);

ALTER TABLE ONLY timebank.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.throttles
    ADD CONSTRAINT throttles_pkey PRIMARY KEY (bank_id, key);

ALTER TABLE ONLY timebank.till_counts
    ADD CONSTRAINT till_counts_pkey PRIMARY KEY (bank_id, till_id, goods_id);

ALTER TABLE ONLY timebank.tills
    ADD CONSTRAINT tills_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.transactions
    ADD CONSTRAINT transactions_idempotency_key UNIQUE (bank_id, idempotency_key);

ALTER TABLE ONLY timebank.transactions
    ADD CONSTRAINT transactions_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.units
    ADD CONSTRAINT units_code_key UNIQUE (bank_id, code);

ALTER TABLE ONLY timebank.units
    ADD CONSTRAINT units_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.vault
    ADD CONSTRAINT vault_pkey PRIMARY KEY (bank_id, subject, field);

ALTER TABLE ONLY timebank.volunteers
    ADD CONSTRAINT volunteers_code_key UNIQUE (bank_id, code);

ALTER TABLE ONLY timebank.volunteers
    ADD CONSTRAINT volunteers_owner_key UNIQUE (bank_id, owner);

ALTER TABLE ONLY timebank.volunteers
    ADD CONSTRAINT volunteers_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.voucher_uses
    ADD CONSTRAINT voucher_uses_digest_key UNIQUE (bank_id, merchant_id, digest);

ALTER TABLE ONLY timebank.voucher_uses
    ADD CONSTRAINT voucher_uses_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.vouchers
    ADD CONSTRAINT vouchers_hold_id_key UNIQUE (bank_id, hold_id);

ALTER TABLE ONLY timebank.vouchers
    ADD CONSTRAINT vouchers_pkey PRIMARY KEY (bank_id, id);

ALTER TABLE ONLY timebank.waiting_credits
    ADD CONSTRAINT waiting_credits_pkey PRIMARY KEY (bank_id, record_id);

ALTER TABLE ONLY timebank.webhook_endpoints
    ADD CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (bank_id, id);

CREATE INDEX acceptances_merchant_idx ON timebank.acceptances USING btree (bank_id, merchant_id, id);

CREATE INDEX acceptances_offer_idx ON timebank.acceptances USING btree (bank_id, offer_id, person_id);

CREATE INDEX acceptances_person_idx ON timebank.acceptances USING btree (bank_id, person_id, accepted_on);

CREATE UNIQUE INDEX acceptances_proof_key ON timebank.acceptances USING btree (bank_id, proof) WHERE (proof IS NOT NULL);

CREATE UNIQUE INDEX acceptances_voucher_key ON timebank.acceptances USING btree (bank_id, voucher_id) WHERE (voucher_id IS NOT NULL);

CREATE INDEX accounts_expires_on_idx ON timebank.accounts USING btree (bank_id, expires_on, id) WHERE (expires_on IS NOT NULL);

CREATE INDEX activities_organisation_idx ON timebank.activities USING btree (bank_id, organisation_id, id);

CREATE INDEX activities_starts_idx ON timebank.activities USING btree (bank_id, starts_at, id);

CREATE INDEX activity_sessions_open_idx ON timebank.activity_sessions USING btree (bank_id, ends_at, id) WHERE (state = 'planned'::text);

CREATE INDEX activity_sessions_starts_idx ON timebank.activity_sessions USING btree (bank_id, starts_at, id);

CREATE UNIQUE INDEX activity_sessions_starts_key ON timebank.activity_sessions USING btree (bank_id, activity_id, starts_at) WHERE (state <> 'cancelled'::text);

CREATE INDEX acts_person_idx ON timebank.acts USING btree (bank_id, person_id, id);

CREATE INDEX attendances_record_idx ON timebank.attendances USING btree (bank_id, record_id) WHERE (record_id IS NOT NULL);

CREATE INDEX blind_indexes_digest_idx ON timebank.blind_indexes USING btree (bank_id, field, digest);

CREATE UNIQUE INDEX cards_current_key ON timebank.cards USING btree (bank_id, person_id) WHERE (revoked_at IS NULL);

CREATE INDEX ceilings_organisation_idx ON timebank.ceilings USING btree (bank_id, organisation_id, unit, id);

CREATE UNIQUE INDEX certificates_candidate_key ON timebank.certificates USING btree (bank_id, round_id, candidate_number) WHERE (revoked_at IS NULL);

CREATE INDEX certificates_person_idx ON timebank.certificates USING btree (bank_id, person_id, id);

CREATE INDEX certificates_revoked_idx ON timebank.certificates USING btree (bank_id, id) WHERE (revoked_at IS NOT NULL);

CREATE UNIQUE INDEX complaints_open_key ON timebank.complaints USING btree (bank_id, acceptance_id) WHERE (decided_at IS NULL);

CREATE INDEX complaints_person_idx ON timebank.complaints USING btree (bank_id, person_id, id);

CREATE UNIQUE INDEX complaints_refund_key ON timebank.complaints USING btree (bank_id, acceptance_id) WHERE (refund_id IS NOT NULL);

CREATE INDEX consents_person_idx ON timebank.consents USING btree (bank_id, person_id, purpose, id);

CREATE INDEX conversions_person_idx ON timebank.conversions USING btree (bank_id, person_id, id);

CREATE UNIQUE INDEX disputes_open_key ON timebank.disputes USING btree (bank_id, record_id) WHERE (decided_at IS NULL);

CREATE INDEX disputes_person_idx ON timebank.disputes USING btree (bank_id, person_id, id);

CREATE INDEX gifts_from_idx ON timebank.gifts USING btree (bank_id, from_person_id, id);

CREATE INDEX gifts_to_idx ON timebank.gifts USING btree (bank_id, to_person_id, id);

CREATE UNIQUE INDEX goods_barcode_key ON timebank.goods USING btree (bank_id, shop_id, barcode) WHERE (barcode IS NOT NULL);

CREATE UNIQUE INDEX guardianships_current_key ON timebank.guardianships USING btree (bank_id, minor_id, guardian_id) WHERE (until_on IS NULL);

CREATE INDEX guardianships_guardian_idx ON timebank.guardianships USING btree (bank_id, guardian_id);

CREATE INDEX job_faults_run_idx ON timebank.job_faults USING btree (bank_id, job, period, id);

CREATE INDEX job_runs_open_idx ON timebank.job_runs USING btree (bank_id, job, period) WHERE (state = ANY (ARRAY['running'::text, 'waiting'::text]));

CREATE INDEX job_runs_started_idx ON timebank.job_runs USING btree (bank_id, started_at DESC, job, period);

CREATE UNIQUE INDEX kinships_current_key ON timebank.kinships USING btree (bank_id, person_id, kin_id) WHERE (ended_at IS NULL);

CREATE INDEX kinships_kin_idx ON timebank.kinships USING btree (bank_id, kin_id);

CREATE INDEX login_codes_phone_idx ON timebank.login_codes USING btree (bank_id, phone_digest, sent_at);

CREATE INDEX look_ups_subject_idx ON timebank.look_ups USING btree (bank_id, subject_id, id);

CREATE INDEX look_ups_viewer_idx ON timebank.look_ups USING btree (bank_id, viewer_id, id);

CREATE UNIQUE INDEX memberships_current_key ON timebank.memberships USING btree (bank_id, person_id, organisation_id, kind) WHERE (until_on IS NULL);

CREATE INDEX memberships_organisation_idx ON timebank.memberships USING btree (bank_id, organisation_id, person_id);

CREATE INDEX merchant_entries_merchant_idx ON timebank.merchant_entries USING btree (bank_id, merchant_id, id);

CREATE INDEX merchant_staff_person_idx ON timebank.merchant_staff USING btree (bank_id, person_id);

CREATE INDEX merchants_organisation_idx ON timebank.merchants USING btree (bank_id, organisation_id, id);

CREATE UNIQUE INDEX messages_notification_key ON timebank.messages USING btree (bank_id, notification_id, channel) WHERE ((notification_id IS NOT NULL) AND (endpoint_id IS NULL));

CREATE INDEX messages_open_idx ON timebank.messages USING btree (bank_id, again_at, id) WHERE (state = ANY (ARRAY['waiting'::text, 'sending'::text]));

CREATE INDEX messages_person_idx ON timebank.messages USING btree (bank_id, person_id, id);

CREATE UNIQUE INDEX notice_lines_record_key ON timebank.notice_lines USING btree (bank_id, record_id) WHERE (state <> 'struck'::text);

CREATE INDEX notices_open_idx ON timebank.notices USING btree (bank_id, closes_on, id) WHERE (closed_at IS NULL);

CREATE INDEX notices_organisation_idx ON timebank.notices USING btree (bank_id, organisation_id, id);

CREATE INDEX notifications_person_idx ON timebank.notifications USING btree (bank_id, person_id, id);

CREATE INDEX objections_line_idx ON timebank.objections USING btree (bank_id, notice_id, record_id, id);

CREATE INDEX offers_merchant_idx ON timebank.offers USING btree (bank_id, merchant_id, id);

CREATE INDEX organisation_moves_organisation_idx ON timebank.organisation_moves USING btree (bank_id, organisation_id, id);

CREATE INDEX organisations_parent_idx ON timebank.organisations USING btree (bank_id, parent_id);

CREATE INDEX passes_person_idx ON timebank.passes USING btree (bank_id, person_id) WHERE (revoked_at IS NULL);

CREATE INDEX postings_from_open_idx ON timebank.postings USING btree (bank_id, from_account_id, xact) WHERE (from_seq IS NULL);

CREATE UNIQUE INDEX postings_from_seq_key ON timebank.postings USING btree (bank_id, from_account_id, from_seq) WHERE (from_seq IS NOT NULL);

CREATE INDEX postings_to_open_idx ON timebank.postings USING btree (bank_id, to_account_id, xact) WHERE (to_seq IS NULL);

CREATE UNIQUE INDEX postings_to_seq_key ON timebank.postings USING btree (bank_id, to_account_id, to_seq) WHERE (to_seq IS NOT NULL);

CREATE INDEX proxies_agent_idx ON timebank.proxies USING btree (bank_id, agent_id) WHERE (ended_at IS NULL);

CREATE INDEX proxies_principal_idx ON timebank.proxies USING btree (bank_id, principal_id);

CREATE INDEX quotes_expires_idx ON timebank.quotes USING btree (bank_id, expires_at);

CREATE UNIQUE INDEX quotes_proof_key ON timebank.quotes USING btree (bank_id, proof) WHERE (proof IS NOT NULL);

CREATE INDEX recognition_candidates_community_idx ON timebank.recognition_candidates USING btree (bank_id, round_id, community_id, number);

CREATE INDEX recognition_candidates_volunteer_idx ON timebank.recognition_candidates USING btree (bank_id, volunteer_id, round_id);

CREATE INDEX recognition_decisions_candidate_idx ON timebank.recognition_decisions USING btree (bank_id, round_id, number, id);

CREATE INDEX recognition_members_person_idx ON timebank.recognition_members USING btree (bank_id, person_id, round_id);

CREATE INDEX recognition_objections_candidate_idx ON timebank.recognition_objections USING btree (bank_id, round_id, number, id);

CREATE INDEX recognition_rounds_organisation_idx ON timebank.recognition_rounds USING btree (bank_id, organisation_id, id);

CREATE INDEX recognitions_above_idx ON timebank.recognitions USING btree (bank_id, as_of, volunteer_id) WHERE (level < held);

CREATE INDEX record_entries_record_idx ON timebank.record_entries USING btree (bank_id, record_id, id);

CREATE INDEX redemption_lines_goods_idx ON timebank.redemption_lines USING btree (bank_id, goods_id);

CREATE INDEX redemption_slips_receipt_idx ON timebank.redemption_slips USING btree (bank_id, receipt);

CREATE INDEX redemptions_person_idx ON timebank.redemptions USING btree (bank_id, person_id, made_on);

CREATE UNIQUE INDEX redemptions_reservation_key ON timebank.redemptions USING btree (bank_id, reservation_id) WHERE (reservation_id IS NOT NULL);

CREATE INDEX redemptions_shop_idx ON timebank.redemptions USING btree (bank_id, shop_id, id);

CREATE INDEX redemptions_till_idx ON timebank.redemptions USING btree (bank_id, till_id, id);

CREATE INDEX refresh_tokens_session_idx ON timebank.refresh_tokens USING btree (bank_id, session_id);

CREATE INDEX refunds_till_idx ON timebank.refunds USING btree (bank_id, till_id) WHERE (till_id IS NOT NULL);

CREATE INDEX reservation_lines_goods_idx ON timebank.reservation_lines USING btree (bank_id, goods_id);

CREATE INDEX reservations_open_idx ON timebank.reservations USING btree (bank_id, shop_id, until_at, id) WHERE (state = 'reserved'::text);

CREATE INDEX reservations_person_idx ON timebank.reservations USING btree (bank_id, person_id, id);

CREATE INDEX role_grants_person_idx ON timebank.role_grants USING btree (bank_id, person_id) WHERE (revoked_at IS NULL);

CREATE UNIQUE INDEX scans_device_key ON timebank.scans USING btree (bank_id, device_id, device_seq) WHERE ((device_seq IS NOT NULL) AND (outcome <> 'sequence_conflict'::text));

CREATE UNIQUE INDEX scans_once_key ON timebank.scans USING btree (bank_id, session_id, volunteer_id, kind) WHERE (outcome = 'accepted'::text);

CREATE INDEX scans_phone_again_idx ON timebank.scans USING btree (bank_id, session_id, phone) WHERE ((outcome = 'repeat'::text) AND (phone IS NOT NULL));

CREATE UNIQUE INDEX scans_phone_key ON timebank.scans USING btree (bank_id, session_id, phone, kind) WHERE ((outcome = 'accepted'::text) AND (phone IS NOT NULL));

CREATE UNIQUE INDEX scans_proof_key ON timebank.scans USING btree (bank_id, proof) WHERE ((outcome = 'accepted'::text) AND (proof IS NOT NULL));

CREATE INDEX scans_session_idx ON timebank.scans USING btree (bank_id, session_id, id);

CREATE INDEX scans_volunteer_idx ON timebank.scans USING btree (bank_id, volunteer_id, happened_at);

CREATE INDEX service_orders_open_idx ON timebank.service_orders USING btree (bank_id, until_at, id) WHERE (state = ANY (ARRAY['ordered'::text, 'assigned'::text]));

CREATE INDEX service_orders_organisation_idx ON timebank.service_orders USING btree (bank_id, organisation_id, state, id);

CREATE INDEX service_orders_person_idx ON timebank.service_orders USING btree (bank_id, person_id, id);

CREATE INDEX service_orders_server_idx ON timebank.service_orders USING btree (bank_id, server_id, id) WHERE (server_id IS NOT NULL);

CREATE UNIQUE INDEX service_records_activity_volunteer_key ON timebank.service_records USING btree (bank_id, activity_id, volunteer_id) WHERE ((session_id IS NULL) AND (state <> 'voided'::text));

CREATE INDEX service_records_graded_idx ON timebank.service_records USING btree (bank_id, grade, volunteer_id) WHERE ((credited_transaction_id IS NOT NULL) AND (grade IS NOT NULL));

CREATE INDEX service_records_review_idx ON timebank.service_records USING btree (bank_id, state, id) WHERE (state = ANY (ARRAY['pending'::text, 'second_review'::text, 'approved'::text, 'noticed'::text, 'objected'::text]));

CREATE UNIQUE INDEX service_records_session_volunteer_key ON timebank.service_records USING btree (bank_id, session_id, volunteer_id) WHERE ((session_id IS NOT NULL) AND (state <> 'voided'::text));

CREATE INDEX service_records_volunteer_idx ON timebank.service_records USING btree (bank_id, volunteer_id, id);

CREATE INDEX sessions_device_idx ON timebank.sessions USING btree (bank_id, device_id) WHERE (ended_at IS NULL);

CREATE INDEX sessions_person_idx ON timebank.sessions USING btree (bank_id, person_id) WHERE (ended_at IS NULL);

CREATE INDEX settlement_items_settlement_idx ON timebank.settlement_items USING btree (bank_id, settlement_id, transaction_id);

CREATE UNIQUE INDEX settlements_merchant_key ON timebank.settlements USING btree (bank_id, merchant_id, unit, month_on) WHERE (merchant_id IS NOT NULL);

CREATE UNIQUE INDEX settlements_shop_key ON timebank.settlements USING btree (bank_id, shop_id, unit, month_on) WHERE (shop_id IS NOT NULL);

CREATE INDEX sign_ups_queue_idx ON timebank.sign_ups USING btree (bank_id, session_id, state, queued_at, id);

CREATE INDEX sign_ups_volunteer_idx ON timebank.sign_ups USING btree (bank_id, volunteer_id, id);

CREATE INDEX star_changes_volunteer_idx ON timebank.star_changes USING btree (bank_id, volunteer_id, id);

CREATE INDEX stations_organisation_idx ON timebank.stations USING btree (bank_id, organisation_id, id);

CREATE INDEX stock_entries_goods_idx ON timebank.stock_entries USING btree (bank_id, goods_id, id);

CREATE INDEX stock_entries_to_goods_idx ON timebank.stock_entries USING btree (bank_id, to_goods_id, id) WHERE (to_goods_id IS NOT NULL);

CREATE INDEX tasks_waiting_idx ON timebank.tasks USING btree (bank_id, requested_at, id) WHERE (finished_at IS NULL);

CREATE UNIQUE INDEX tills_open_cashier_key ON timebank.tills USING btree (bank_id, cashier_id) WHERE (closed_at IS NULL);

CREATE UNIQUE INDEX tills_open_device_key ON timebank.tills USING btree (bank_id, device_id) WHERE (closed_at IS NULL);

CREATE INDEX tills_shop_idx ON timebank.tills USING btree (bank_id, shop_id, id);

CREATE INDEX transactions_hold_until_idx ON timebank.transactions USING btree (bank_id, hold_until, id) WHERE ((hold_until IS NOT NULL) AND (refusal IS NULL));

CREATE UNIQUE INDEX transactions_resolves_id_key ON timebank.transactions USING btree (bank_id, resolves_id) WHERE ((resolves_id IS NOT NULL) AND (refusal IS NULL));

CREATE UNIQUE INDEX transactions_reverses_id_key ON timebank.transactions USING btree (bank_id, reverses_id) WHERE ((reverses_id IS NOT NULL) AND (refusal IS NULL));

CREATE INDEX transactions_xact_idx ON timebank.transactions USING btree (bank_id, xact, id);

CREATE INDEX volunteers_organisation_idx ON timebank.volunteers USING btree (bank_id, organisation_id, id);

CREATE INDEX volunteers_team_idx ON timebank.volunteers USING btree (bank_id, team_id, id);

CREATE INDEX voucher_uses_merchant_idx ON timebank.voucher_uses USING btree (bank_id, merchant_id, id);

CREATE UNIQUE INDEX voucher_uses_once_key ON timebank.voucher_uses USING btree (bank_id, voucher_id) WHERE (outcome = 'honoured'::text);

CREATE INDEX vouchers_offer_idx ON timebank.vouchers USING btree (bank_id, offer_id, person_id);

CREATE INDEX vouchers_open_idx ON timebank.vouchers USING btree (bank_id, until_at, id) WHERE (state = 'issued'::text);

CREATE INDEX vouchers_person_idx ON timebank.vouchers USING btree (bank_id, person_id, id);

CREATE INDEX waiting_credits_organisation_idx ON timebank.waiting_credits USING btree (bank_id, organisation_id, unit, record_id);

CREATE UNIQUE INDEX webhook_endpoints_url_key ON timebank.webhook_endpoints USING btree (bank_id, url) WHERE (ended_at IS NULL);

CREATE TRIGGER acceptances_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.acceptances FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER accounts_identity BEFORE UPDATE OF bank_id, id, owner, unit_id, kind, guarded, expires_on, floor ON timebank.accounts FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER accounts_keep BEFORE DELETE OR TRUNCATE ON timebank.accounts FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER acts_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.acts FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER ceilings_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.ceilings FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER checkpoints_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.checkpoints FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER closures_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.closures FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER consents_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.consents FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER conversions_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.conversions FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER exchange_rules_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.exchange_rules FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER expiry_warnings_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.expiry_warnings FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER gifts_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.gifts FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER job_faults_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.job_faults FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER leaves_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.leaves FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER look_ups_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.look_ups FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER merchant_entries_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.merchant_entries FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER nodes_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.nodes FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER organisation_moves_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.organisation_moves FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER policy_packs_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.policy_packs FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER postings_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.postings FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER record_entries_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.record_entries FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER redemption_lines_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.redemption_lines FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER redemptions_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.redemptions FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER refunds_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.refunds FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER reservation_lines_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.reservation_lines FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER scans_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.scans FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER settlement_items_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.settlement_items FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER star_changes_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.star_changes FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER stock_entries_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.stock_entries FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER till_counts_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.till_counts FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER transactions_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.transactions FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER transactions_closed_period AFTER INSERT ON timebank.transactions REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_closed_period();

CREATE TRIGGER units_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.units FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

CREATE TRIGGER voucher_uses_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON timebank.voucher_uses FOR EACH STATEMENT EXECUTE FUNCTION timebank.refuse_change();

ALTER TABLE ONLY timebank.acceptances
    ADD CONSTRAINT acceptances_merchant_id_fkey FOREIGN KEY (bank_id, merchant_id) REFERENCES timebank.merchants(bank_id, id);

ALTER TABLE ONLY timebank.acceptances
    ADD CONSTRAINT acceptances_offer_id_fkey FOREIGN KEY (bank_id, offer_id) REFERENCES timebank.offers(bank_id, id);

ALTER TABLE ONLY timebank.acceptances
    ADD CONSTRAINT acceptances_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.acceptances
    ADD CONSTRAINT acceptances_voucher_id_fkey FOREIGN KEY (bank_id, voucher_id) REFERENCES timebank.vouchers(bank_id, id);

ALTER TABLE ONLY timebank.accounts
    ADD CONSTRAINT accounts_unit_id_fkey FOREIGN KEY (bank_id, unit_id) REFERENCES timebank.units(bank_id, id);

ALTER TABLE ONLY timebank.activities
    ADD CONSTRAINT activities_approved_by_fkey FOREIGN KEY (bank_id, approved_by) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.activities
    ADD CONSTRAINT activities_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.activities
    ADD CONSTRAINT activities_created_by_fkey FOREIGN KEY (bank_id, created_by) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.activities
    ADD CONSTRAINT activities_leader_id_fkey FOREIGN KEY (bank_id, leader_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.activities
    ADD CONSTRAINT activities_organisation_id_fkey FOREIGN KEY (bank_id, organisation_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.activities
    ADD CONSTRAINT activities_team_id_fkey FOREIGN KEY (bank_id, team_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.activity_sessions
    ADD CONSTRAINT activity_sessions_activity_id_fkey FOREIGN KEY (bank_id, activity_id) REFERENCES timebank.activities(bank_id, id);

ALTER TABLE ONLY timebank.acts
    ADD CONSTRAINT acts_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.attendances
    ADD CONSTRAINT attendances_record_id_fkey FOREIGN KEY (bank_id, record_id) REFERENCES timebank.service_records(bank_id, id);

ALTER TABLE ONLY timebank.awards
    ADD CONSTRAINT awards_volunteer_id_fkey FOREIGN KEY (bank_id, volunteer_id) REFERENCES timebank.volunteers(bank_id, id);

ALTER TABLE ONLY timebank.blind_indexes
    ADD CONSTRAINT blind_indexes_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.calendar_days
    ADD CONSTRAINT calendar_days_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.cards
    ADD CONSTRAINT cards_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.ceilings
    ADD CONSTRAINT ceilings_organisation_id_fkey FOREIGN KEY (bank_id, organisation_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.certificates
    ADD CONSTRAINT certificates_candidate_fkey FOREIGN KEY (bank_id, round_id, candidate_number) REFERENCES timebank.recognition_candidates(bank_id, round_id, number);

ALTER TABLE ONLY timebank.certificates
    ADD CONSTRAINT certificates_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.channel_choices
    ADD CONSTRAINT channel_choices_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.checkpoints
    ADD CONSTRAINT checkpoints_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.closures
    ADD CONSTRAINT closures_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.complaints
    ADD CONSTRAINT complaints_acceptance_id_fkey FOREIGN KEY (bank_id, acceptance_id) REFERENCES timebank.acceptances(bank_id, id);

ALTER TABLE ONLY timebank.complaints
    ADD CONSTRAINT complaints_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.consents
    ADD CONSTRAINT consents_declared_by_fkey FOREIGN KEY (bank_id, declared_by) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.consents
    ADD CONSTRAINT consents_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.conversions
    ADD CONSTRAINT conversions_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.credentials
    ADD CONSTRAINT credentials_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.device_enrolments
    ADD CONSTRAINT device_enrolments_device_id_fkey FOREIGN KEY (bank_id, device_id) REFERENCES timebank.devices(bank_id, id);

ALTER TABLE ONLY timebank.device_enrolments
    ADD CONSTRAINT device_enrolments_organisation_id_fkey FOREIGN KEY (bank_id, organisation_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.devices
    ADD CONSTRAINT devices_organisation_id_fkey FOREIGN KEY (bank_id, organisation_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.disputes
    ADD CONSTRAINT disputes_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.disputes
    ADD CONSTRAINT disputes_record_id_fkey FOREIGN KEY (bank_id, record_id) REFERENCES timebank.service_records(bank_id, id);

ALTER TABLE ONLY timebank.exchange_rules
    ADD CONSTRAINT exchange_rules_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.expiry_warnings
    ADD CONSTRAINT expiry_warnings_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.folds
    ADD CONSTRAINT folds_account_id_fkey FOREIGN KEY (bank_id, account_id) REFERENCES timebank.accounts(bank_id, id);

ALTER TABLE ONLY timebank.funds
    ADD CONSTRAINT funds_organisation_id_fkey FOREIGN KEY (bank_id, organisation_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.gifts
    ADD CONSTRAINT gifts_from_person_id_fkey FOREIGN KEY (bank_id, from_person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.gifts
    ADD CONSTRAINT gifts_fund_id_fkey FOREIGN KEY (bank_id, fund_id) REFERENCES timebank.funds(bank_id, id);

ALTER TABLE ONLY timebank.gifts
    ADD CONSTRAINT gifts_to_person_id_fkey FOREIGN KEY (bank_id, to_person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.goods_pictures
    ADD CONSTRAINT goods_pictures_goods_id_fkey FOREIGN KEY (bank_id, goods_id) REFERENCES timebank.goods(bank_id, id);

ALTER TABLE ONLY timebank.goods
    ADD CONSTRAINT goods_shop_id_fkey FOREIGN KEY (bank_id, shop_id) REFERENCES timebank.shops(bank_id, id);

ALTER TABLE ONLY timebank.goods
    ADD CONSTRAINT goods_unit_code_fkey FOREIGN KEY (bank_id, unit_code) REFERENCES timebank.units(bank_id, code);

ALTER TABLE ONLY timebank.guardianships
    ADD CONSTRAINT guardianships_guardian_id_fkey FOREIGN KEY (bank_id, guardian_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.guardianships
    ADD CONSTRAINT guardianships_minor_id_fkey FOREIGN KEY (bank_id, minor_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.job_attempts
    ADD CONSTRAINT job_attempts_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.job_faults
    ADD CONSTRAINT job_faults_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.job_pauses
    ADD CONSTRAINT job_pauses_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.job_runs
    ADD CONSTRAINT job_runs_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.kinships
    ADD CONSTRAINT kinships_kin_id_fkey FOREIGN KEY (bank_id, kin_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.kinships
    ADD CONSTRAINT kinships_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.leaves
    ADD CONSTRAINT leaves_transaction_id_fkey FOREIGN KEY (bank_id, transaction_id) REFERENCES timebank.transactions(bank_id, id);

ALTER TABLE ONLY timebank.login_codes
    ADD CONSTRAINT login_codes_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.login_links
    ADD CONSTRAINT login_links_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.memberships
    ADD CONSTRAINT memberships_organisation_id_fkey FOREIGN KEY (bank_id, organisation_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.memberships
    ADD CONSTRAINT memberships_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.merchant_entries
    ADD CONSTRAINT merchant_entries_merchant_id_fkey FOREIGN KEY (bank_id, merchant_id) REFERENCES timebank.merchants(bank_id, id);

ALTER TABLE ONLY timebank.merchant_entries
    ADD CONSTRAINT merchant_entries_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.merchant_staff
    ADD CONSTRAINT merchant_staff_merchant_id_fkey FOREIGN KEY (bank_id, merchant_id) REFERENCES timebank.merchants(bank_id, id);

ALTER TABLE ONLY timebank.merchant_staff
    ADD CONSTRAINT merchant_staff_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.merchants
    ADD CONSTRAINT merchants_organisation_id_fkey FOREIGN KEY (bank_id, organisation_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.messages
    ADD CONSTRAINT messages_endpoint_id_fkey FOREIGN KEY (bank_id, endpoint_id) REFERENCES timebank.webhook_endpoints(bank_id, id);

ALTER TABLE ONLY timebank.messages
    ADD CONSTRAINT messages_notification_id_fkey FOREIGN KEY (bank_id, notification_id) REFERENCES timebank.notifications(bank_id, id);

ALTER TABLE ONLY timebank.messages
    ADD CONSTRAINT messages_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.nodes
    ADD CONSTRAINT nodes_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.notice_lines
    ADD CONSTRAINT notice_lines_notice_id_fkey FOREIGN KEY (bank_id, notice_id) REFERENCES timebank.notices(bank_id, id);

ALTER TABLE ONLY timebank.notice_lines
    ADD CONSTRAINT notice_lines_record_id_fkey FOREIGN KEY (bank_id, record_id) REFERENCES timebank.service_records(bank_id, id);

ALTER TABLE ONLY timebank.notices
    ADD CONSTRAINT notices_organisation_id_fkey FOREIGN KEY (bank_id, organisation_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.notifications
    ADD CONSTRAINT notifications_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.objections
    ADD CONSTRAINT objections_line_fkey FOREIGN KEY (bank_id, notice_id, record_id) REFERENCES timebank.notice_lines(bank_id, notice_id, record_id);

ALTER TABLE ONLY timebank.offers
    ADD CONSTRAINT offers_merchant_id_fkey FOREIGN KEY (bank_id, merchant_id) REFERENCES timebank.merchants(bank_id, id);

ALTER TABLE ONLY timebank.organisation_moves
    ADD CONSTRAINT organisation_moves_from_parent_id_fkey FOREIGN KEY (bank_id, from_parent_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.organisation_moves
    ADD CONSTRAINT organisation_moves_organisation_id_fkey FOREIGN KEY (bank_id, organisation_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.organisation_moves
    ADD CONSTRAINT organisation_moves_to_parent_id_fkey FOREIGN KEY (bank_id, to_parent_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.organisations
    ADD CONSTRAINT organisations_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.organisations
    ADD CONSTRAINT organisations_parent_id_fkey FOREIGN KEY (bank_id, parent_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.passes
    ADD CONSTRAINT passes_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.people
    ADD CONSTRAINT people_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.policy_packs
    ADD CONSTRAINT policy_packs_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.postings
    ADD CONSTRAINT postings_from_account_id_fkey FOREIGN KEY (bank_id, from_account_id, unit_id) REFERENCES timebank.accounts(bank_id, id, unit_id);

ALTER TABLE ONLY timebank.postings
    ADD CONSTRAINT postings_to_account_id_fkey FOREIGN KEY (bank_id, to_account_id, unit_id) REFERENCES timebank.accounts(bank_id, id, unit_id);

ALTER TABLE ONLY timebank.postings
    ADD CONSTRAINT postings_transaction_id_fkey FOREIGN KEY (bank_id, transaction_id) REFERENCES timebank.transactions(bank_id, id);

ALTER TABLE ONLY timebank.proxies
    ADD CONSTRAINT proxies_agent_id_fkey FOREIGN KEY (bank_id, agent_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.proxies
    ADD CONSTRAINT proxies_principal_id_fkey FOREIGN KEY (bank_id, principal_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.quotes
    ADD CONSTRAINT quotes_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.quotes
    ADD CONSTRAINT quotes_reservation_id_fkey FOREIGN KEY (bank_id, reservation_id) REFERENCES timebank.reservations(bank_id, id);

ALTER TABLE ONLY timebank.quotes
    ADD CONSTRAINT quotes_till_id_fkey FOREIGN KEY (bank_id, till_id) REFERENCES timebank.tills(bank_id, id);

ALTER TABLE ONLY timebank.recognition_candidates
    ADD CONSTRAINT recognition_candidates_community_id_fkey FOREIGN KEY (bank_id, community_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.recognition_candidates
    ADD CONSTRAINT recognition_candidates_organisation_id_fkey FOREIGN KEY (bank_id, organisation_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.recognition_candidates
    ADD CONSTRAINT recognition_candidates_round_id_fkey FOREIGN KEY (bank_id, round_id) REFERENCES timebank.recognition_rounds(bank_id, id);

ALTER TABLE ONLY timebank.recognition_candidates
    ADD CONSTRAINT recognition_candidates_volunteer_id_fkey FOREIGN KEY (bank_id, volunteer_id) REFERENCES timebank.volunteers(bank_id, id);

ALTER TABLE ONLY timebank.recognition_decisions
    ADD CONSTRAINT recognition_decisions_candidate_fkey FOREIGN KEY (bank_id, round_id, number) REFERENCES timebank.recognition_candidates(bank_id, round_id, number);

ALTER TABLE ONLY timebank.recognition_members
    ADD CONSTRAINT recognition_members_round_id_fkey FOREIGN KEY (bank_id, round_id) REFERENCES timebank.recognition_rounds(bank_id, id);

ALTER TABLE ONLY timebank.recognition_objections
    ADD CONSTRAINT recognition_objections_candidate_fkey FOREIGN KEY (bank_id, round_id, number) REFERENCES timebank.recognition_candidates(bank_id, round_id, number);

ALTER TABLE ONLY timebank.recognition_rounds
    ADD CONSTRAINT recognition_rounds_organisation_id_fkey FOREIGN KEY (bank_id, organisation_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.recognition_rounds
    ADD CONSTRAINT recognition_rounds_policy_version_fkey FOREIGN KEY (bank_id, policy_version) REFERENCES timebank.policy_packs(bank_id, version);

ALTER TABLE ONLY timebank.recognition_subjects
    ADD CONSTRAINT recognition_subjects_round_id_fkey FOREIGN KEY (bank_id, round_id) REFERENCES timebank.recognition_rounds(bank_id, id);

ALTER TABLE ONLY timebank.recognitions
    ADD CONSTRAINT recognitions_policy_version_fkey FOREIGN KEY (bank_id, policy_version) REFERENCES timebank.policy_packs(bank_id, version);

ALTER TABLE ONLY timebank.recognitions
    ADD CONSTRAINT recognitions_volunteer_id_fkey FOREIGN KEY (bank_id, volunteer_id) REFERENCES timebank.volunteers(bank_id, id);

ALTER TABLE ONLY timebank.record_entries
    ADD CONSTRAINT record_entries_record_id_fkey FOREIGN KEY (bank_id, record_id) REFERENCES timebank.service_records(bank_id, id);

ALTER TABLE ONLY timebank.redemption_lines
    ADD CONSTRAINT redemption_lines_goods_id_fkey FOREIGN KEY (bank_id, goods_id) REFERENCES timebank.goods(bank_id, id);

ALTER TABLE ONLY timebank.redemption_lines
    ADD CONSTRAINT redemption_lines_redemption_id_fkey FOREIGN KEY (bank_id, redemption_id) REFERENCES timebank.redemptions(bank_id, id);

ALTER TABLE ONLY timebank.redemption_slips
    ADD CONSTRAINT redemption_slips_volunteer_id_fkey FOREIGN KEY (bank_id, volunteer_id) REFERENCES timebank.volunteers(bank_id, id);

ALTER TABLE ONLY timebank.redemptions
    ADD CONSTRAINT redemptions_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.redemptions
    ADD CONSTRAINT redemptions_reservation_id_fkey FOREIGN KEY (bank_id, reservation_id) REFERENCES timebank.reservations(bank_id, id);

ALTER TABLE ONLY timebank.redemptions
    ADD CONSTRAINT redemptions_shop_id_fkey FOREIGN KEY (bank_id, shop_id) REFERENCES timebank.shops(bank_id, id);

ALTER TABLE ONLY timebank.redemptions
    ADD CONSTRAINT redemptions_till_id_fkey FOREIGN KEY (bank_id, till_id) REFERENCES timebank.tills(bank_id, id);

ALTER TABLE ONLY timebank.refresh_tokens
    ADD CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (bank_id, session_id) REFERENCES timebank.sessions(bank_id, id);

ALTER TABLE ONLY timebank.refunds
    ADD CONSTRAINT refunds_redemption_id_fkey FOREIGN KEY (bank_id, redemption_id) REFERENCES timebank.redemptions(bank_id, id);

ALTER TABLE ONLY timebank.refunds
    ADD CONSTRAINT refunds_till_id_fkey FOREIGN KEY (bank_id, till_id) REFERENCES timebank.tills(bank_id, id);

ALTER TABLE ONLY timebank.replies
    ADD CONSTRAINT replies_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.reservation_lines
    ADD CONSTRAINT reservation_lines_goods_id_fkey FOREIGN KEY (bank_id, goods_id) REFERENCES timebank.goods(bank_id, id);

ALTER TABLE ONLY timebank.reservation_lines
    ADD CONSTRAINT reservation_lines_reservation_id_fkey FOREIGN KEY (bank_id, reservation_id) REFERENCES timebank.reservations(bank_id, id);

ALTER TABLE ONLY timebank.reservations
    ADD CONSTRAINT reservations_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.reservations
    ADD CONSTRAINT reservations_shop_id_fkey FOREIGN KEY (bank_id, shop_id) REFERENCES timebank.shops(bank_id, id);

ALTER TABLE ONLY timebank.role_grants
    ADD CONSTRAINT role_grants_organisation_id_fkey FOREIGN KEY (bank_id, organisation_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.role_grants
    ADD CONSTRAINT role_grants_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.scans
    ADD CONSTRAINT scans_device_id_fkey FOREIGN KEY (bank_id, device_id) REFERENCES timebank.devices(bank_id, id);

ALTER TABLE ONLY timebank.scans
    ADD CONSTRAINT scans_session_id_fkey FOREIGN KEY (bank_id, session_id) REFERENCES timebank.activity_sessions(bank_id, id);

ALTER TABLE ONLY timebank.scans
    ADD CONSTRAINT scans_station_id_fkey FOREIGN KEY (bank_id, station_id) REFERENCES timebank.stations(bank_id, id);

ALTER TABLE ONLY timebank.scans
    ADD CONSTRAINT scans_volunteer_id_fkey FOREIGN KEY (bank_id, volunteer_id) REFERENCES timebank.volunteers(bank_id, id);

ALTER TABLE ONLY timebank.service_orders
    ADD CONSTRAINT service_orders_organisation_id_fkey FOREIGN KEY (bank_id, organisation_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.service_orders
    ADD CONSTRAINT service_orders_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.service_orders
    ADD CONSTRAINT service_orders_served_id_fkey FOREIGN KEY (bank_id, served_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.service_orders
    ADD CONSTRAINT service_orders_server_id_fkey FOREIGN KEY (bank_id, server_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.service_records
    ADD CONSTRAINT service_records_activity_id_fkey FOREIGN KEY (bank_id, activity_id) REFERENCES timebank.activities(bank_id, id);

ALTER TABLE ONLY timebank.service_records
    ADD CONSTRAINT service_records_corrects_id_fkey FOREIGN KEY (bank_id, corrects_id) REFERENCES timebank.service_records(bank_id, id);

ALTER TABLE ONLY timebank.service_records
    ADD CONSTRAINT service_records_policy_version_fkey FOREIGN KEY (bank_id, policy_version) REFERENCES timebank.policy_packs(bank_id, version);

ALTER TABLE ONLY timebank.service_records
    ADD CONSTRAINT service_records_session_id_fkey FOREIGN KEY (bank_id, session_id) REFERENCES timebank.activity_sessions(bank_id, id);

ALTER TABLE ONLY timebank.service_records
    ADD CONSTRAINT service_records_volunteer_id_fkey FOREIGN KEY (bank_id, volunteer_id) REFERENCES timebank.volunteers(bank_id, id);

ALTER TABLE ONLY timebank.session_stations
    ADD CONSTRAINT session_stations_session_id_fkey FOREIGN KEY (bank_id, session_id) REFERENCES timebank.activity_sessions(bank_id, id);

ALTER TABLE ONLY timebank.session_stations
    ADD CONSTRAINT session_stations_station_id_fkey FOREIGN KEY (bank_id, station_id) REFERENCES timebank.stations(bank_id, id);

ALTER TABLE ONLY timebank.sessions
    ADD CONSTRAINT sessions_device_id_fkey FOREIGN KEY (bank_id, device_id) REFERENCES timebank.devices(bank_id, id);

ALTER TABLE ONLY timebank.sessions
    ADD CONSTRAINT sessions_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.settlement_items
    ADD CONSTRAINT settlement_items_settlement_id_fkey FOREIGN KEY (bank_id, settlement_id) REFERENCES timebank.settlements(bank_id, id);

ALTER TABLE ONLY timebank.settlements
    ADD CONSTRAINT settlements_approved_by_fkey FOREIGN KEY (bank_id, approved_by) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.settlements
    ADD CONSTRAINT settlements_fund_id_fkey FOREIGN KEY (bank_id, fund_id) REFERENCES timebank.funds(bank_id, id);

ALTER TABLE ONLY timebank.settlements
    ADD CONSTRAINT settlements_merchant_id_fkey FOREIGN KEY (bank_id, merchant_id) REFERENCES timebank.merchants(bank_id, id);

ALTER TABLE ONLY timebank.settlements
    ADD CONSTRAINT settlements_paid_by_fkey FOREIGN KEY (bank_id, paid_by) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.settlements
    ADD CONSTRAINT settlements_shop_id_fkey FOREIGN KEY (bank_id, shop_id) REFERENCES timebank.shops(bank_id, id);

ALTER TABLE ONLY timebank.shops
    ADD CONSTRAINT shops_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.shops
    ADD CONSTRAINT shops_organisation_id_fkey FOREIGN KEY (bank_id, organisation_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.sign_ups
    ADD CONSTRAINT sign_ups_session_id_fkey FOREIGN KEY (bank_id, session_id) REFERENCES timebank.activity_sessions(bank_id, id);

ALTER TABLE ONLY timebank.sign_ups
    ADD CONSTRAINT sign_ups_team_id_fkey FOREIGN KEY (bank_id, team_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.sign_ups
    ADD CONSTRAINT sign_ups_volunteer_id_fkey FOREIGN KEY (bank_id, volunteer_id) REFERENCES timebank.volunteers(bank_id, id);

ALTER TABLE ONLY timebank.star_changes
    ADD CONSTRAINT star_changes_policy_version_fkey FOREIGN KEY (bank_id, policy_version) REFERENCES timebank.policy_packs(bank_id, version);

ALTER TABLE ONLY timebank.star_changes
    ADD CONSTRAINT star_changes_volunteer_id_fkey FOREIGN KEY (bank_id, volunteer_id) REFERENCES timebank.volunteers(bank_id, id);

ALTER TABLE ONLY timebank.stations
    ADD CONSTRAINT stations_organisation_id_fkey FOREIGN KEY (bank_id, organisation_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.stations
    ADD CONSTRAINT stations_steward_id_fkey FOREIGN KEY (bank_id, steward_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.stock_entries
    ADD CONSTRAINT stock_entries_entered_by_fkey FOREIGN KEY (bank_id, entered_by) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.stock_entries
    ADD CONSTRAINT stock_entries_fund_id_fkey FOREIGN KEY (bank_id, fund_id) REFERENCES timebank.funds(bank_id, id);

ALTER TABLE ONLY timebank.stock_entries
    ADD CONSTRAINT stock_entries_goods_id_fkey FOREIGN KEY (bank_id, goods_id) REFERENCES timebank.goods(bank_id, id);

ALTER TABLE ONLY timebank.stock_entries
    ADD CONSTRAINT stock_entries_till_id_fkey FOREIGN KEY (bank_id, till_id) REFERENCES timebank.tills(bank_id, id);

ALTER TABLE ONLY timebank.stock_entries
    ADD CONSTRAINT stock_entries_to_goods_id_fkey FOREIGN KEY (bank_id, to_goods_id) REFERENCES timebank.goods(bank_id, id);

ALTER TABLE ONLY timebank.task_files
    ADD CONSTRAINT task_files_task_id_fkey FOREIGN KEY (bank_id, task_id) REFERENCES timebank.tasks(bank_id, id);

ALTER TABLE ONLY timebank.tasks
    ADD CONSTRAINT tasks_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.till_counts
    ADD CONSTRAINT till_counts_goods_id_fkey FOREIGN KEY (bank_id, goods_id) REFERENCES timebank.goods(bank_id, id);

ALTER TABLE ONLY timebank.till_counts
    ADD CONSTRAINT till_counts_till_id_fkey FOREIGN KEY (bank_id, till_id) REFERENCES timebank.tills(bank_id, id);

ALTER TABLE ONLY timebank.tills
    ADD CONSTRAINT tills_cashier_id_fkey FOREIGN KEY (bank_id, cashier_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.tills
    ADD CONSTRAINT tills_device_id_fkey FOREIGN KEY (bank_id, device_id) REFERENCES timebank.devices(bank_id, id);

ALTER TABLE ONLY timebank.tills
    ADD CONSTRAINT tills_shop_id_fkey FOREIGN KEY (bank_id, shop_id) REFERENCES timebank.shops(bank_id, id);

ALTER TABLE ONLY timebank.transactions
    ADD CONSTRAINT transactions_resolves_id_fkey FOREIGN KEY (bank_id, resolves_id) REFERENCES timebank.transactions(bank_id, id);

ALTER TABLE ONLY timebank.transactions
    ADD CONSTRAINT transactions_reverses_id_fkey FOREIGN KEY (bank_id, reverses_id) REFERENCES timebank.transactions(bank_id, id);

ALTER TABLE ONLY timebank.units
    ADD CONSTRAINT units_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.vault
    ADD CONSTRAINT vault_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.volunteers
    ADD CONSTRAINT volunteers_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE ONLY timebank.volunteers
    ADD CONSTRAINT volunteers_organisation_id_fkey FOREIGN KEY (bank_id, organisation_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.volunteers
    ADD CONSTRAINT volunteers_owner_fkey FOREIGN KEY (bank_id, owner) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.volunteers
    ADD CONSTRAINT volunteers_team_id_fkey FOREIGN KEY (bank_id, team_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.voucher_uses
    ADD CONSTRAINT voucher_uses_merchant_id_fkey FOREIGN KEY (bank_id, merchant_id) REFERENCES timebank.merchants(bank_id, id);

ALTER TABLE ONLY timebank.voucher_uses
    ADD CONSTRAINT voucher_uses_voucher_id_fkey FOREIGN KEY (bank_id, voucher_id) REFERENCES timebank.vouchers(bank_id, id);

ALTER TABLE ONLY timebank.vouchers
    ADD CONSTRAINT vouchers_merchant_id_fkey FOREIGN KEY (bank_id, merchant_id) REFERENCES timebank.merchants(bank_id, id);

ALTER TABLE ONLY timebank.vouchers
    ADD CONSTRAINT vouchers_offer_id_fkey FOREIGN KEY (bank_id, offer_id) REFERENCES timebank.offers(bank_id, id);

ALTER TABLE ONLY timebank.vouchers
    ADD CONSTRAINT vouchers_person_id_fkey FOREIGN KEY (bank_id, person_id) REFERENCES timebank.people(bank_id, id);

ALTER TABLE ONLY timebank.waiting_credits
    ADD CONSTRAINT waiting_credits_organisation_id_fkey FOREIGN KEY (bank_id, organisation_id) REFERENCES timebank.organisations(bank_id, id);

ALTER TABLE ONLY timebank.waiting_credits
    ADD CONSTRAINT waiting_credits_record_id_fkey FOREIGN KEY (bank_id, record_id) REFERENCES timebank.service_records(bank_id, id);

ALTER TABLE ONLY timebank.webhook_endpoints
    ADD CONSTRAINT webhook_endpoints_bank_id_fkey FOREIGN KEY (bank_id) REFERENCES timebank.banks(id);

ALTER TABLE timebank.acceptances ENABLE ROW LEVEL SECURITY;

CREATE POLICY acceptances_bank ON timebank.acceptances USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.accounts ENABLE ROW LEVEL SECURITY;

CREATE POLICY accounts_bank ON timebank.accounts USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.activities ENABLE ROW LEVEL SECURITY;

CREATE POLICY activities_bank ON timebank.activities USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.activity_sessions ENABLE ROW LEVEL SECURITY;

CREATE POLICY activity_sessions_bank ON timebank.activity_sessions USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.acts ENABLE ROW LEVEL SECURITY;

CREATE POLICY acts_bank ON timebank.acts USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.attendances ENABLE ROW LEVEL SECURITY;

CREATE POLICY attendances_bank ON timebank.attendances USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.awards ENABLE ROW LEVEL SECURITY;

CREATE POLICY awards_bank ON timebank.awards USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.blind_indexes ENABLE ROW LEVEL SECURITY;

CREATE POLICY blind_indexes_bank ON timebank.blind_indexes USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.calendar_days ENABLE ROW LEVEL SECURITY;

CREATE POLICY calendar_days_bank ON timebank.calendar_days USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.cards ENABLE ROW LEVEL SECURITY;

CREATE POLICY cards_bank ON timebank.cards USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.ceilings ENABLE ROW LEVEL SECURITY;

CREATE POLICY ceilings_bank ON timebank.ceilings USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.certificates ENABLE ROW LEVEL SECURITY;

CREATE POLICY certificates_bank ON timebank.certificates USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.channel_choices ENABLE ROW LEVEL SECURITY;

CREATE POLICY channel_choices_bank ON timebank.channel_choices USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.checkpoints ENABLE ROW LEVEL SECURITY;

CREATE POLICY checkpoints_bank ON timebank.checkpoints USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.closures ENABLE ROW LEVEL SECURITY;

CREATE POLICY closures_bank ON timebank.closures USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.complaints ENABLE ROW LEVEL SECURITY;

CREATE POLICY complaints_bank ON timebank.complaints USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.consents ENABLE ROW LEVEL SECURITY;

CREATE POLICY consents_bank ON timebank.consents USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.conversions ENABLE ROW LEVEL SECURITY;

CREATE POLICY conversions_bank ON timebank.conversions USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.credentials ENABLE ROW LEVEL SECURITY;

CREATE POLICY credentials_bank ON timebank.credentials USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.device_enrolments ENABLE ROW LEVEL SECURITY;

CREATE POLICY device_enrolments_bank ON timebank.device_enrolments USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.devices ENABLE ROW LEVEL SECURITY;

CREATE POLICY devices_bank ON timebank.devices USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.disputes ENABLE ROW LEVEL SECURITY;

CREATE POLICY disputes_bank ON timebank.disputes USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.exchange_rules ENABLE ROW LEVEL SECURITY;

CREATE POLICY exchange_rules_bank ON timebank.exchange_rules USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.expiry_warnings ENABLE ROW LEVEL SECURITY;

CREATE POLICY expiry_warnings_bank ON timebank.expiry_warnings USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.folds ENABLE ROW LEVEL SECURITY;

CREATE POLICY folds_bank ON timebank.folds USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.funds ENABLE ROW LEVEL SECURITY;

CREATE POLICY funds_bank ON timebank.funds USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.gifts ENABLE ROW LEVEL SECURITY;

CREATE POLICY gifts_bank ON timebank.gifts USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.goods ENABLE ROW LEVEL SECURITY;

CREATE POLICY goods_bank ON timebank.goods USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.goods_pictures ENABLE ROW LEVEL SECURITY;

CREATE POLICY goods_pictures_bank ON timebank.goods_pictures USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.guardianships ENABLE ROW LEVEL SECURITY;

CREATE POLICY guardianships_bank ON timebank.guardianships USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.job_attempts ENABLE ROW LEVEL SECURITY;

CREATE POLICY job_attempts_bank ON timebank.job_attempts USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.job_faults ENABLE ROW LEVEL SECURITY;

CREATE POLICY job_faults_bank ON timebank.job_faults USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.job_pauses ENABLE ROW LEVEL SECURITY;

CREATE POLICY job_pauses_bank ON timebank.job_pauses USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.job_runs ENABLE ROW LEVEL SECURITY;

CREATE POLICY job_runs_bank ON timebank.job_runs USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.kinships ENABLE ROW LEVEL SECURITY;

CREATE POLICY kinships_bank ON timebank.kinships USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.leaves ENABLE ROW LEVEL SECURITY;

CREATE POLICY leaves_bank ON timebank.leaves USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.login_codes ENABLE ROW LEVEL SECURITY;

CREATE POLICY login_codes_bank ON timebank.login_codes USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.login_links ENABLE ROW LEVEL SECURITY;

CREATE POLICY login_links_bank ON timebank.login_links USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.look_ups ENABLE ROW LEVEL SECURITY;

CREATE POLICY look_ups_bank ON timebank.look_ups USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.memberships ENABLE ROW LEVEL SECURITY;

CREATE POLICY memberships_bank ON timebank.memberships USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.merchant_entries ENABLE ROW LEVEL SECURITY;

CREATE POLICY merchant_entries_bank ON timebank.merchant_entries USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.merchant_staff ENABLE ROW LEVEL SECURITY;

CREATE POLICY merchant_staff_bank ON timebank.merchant_staff USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.merchants ENABLE ROW LEVEL SECURITY;

CREATE POLICY merchants_bank ON timebank.merchants USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.messages ENABLE ROW LEVEL SECURITY;

CREATE POLICY messages_bank ON timebank.messages USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.nodes ENABLE ROW LEVEL SECURITY;

CREATE POLICY nodes_bank ON timebank.nodes USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.notice_lines ENABLE ROW LEVEL SECURITY;

CREATE POLICY notice_lines_bank ON timebank.notice_lines USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.notices ENABLE ROW LEVEL SECURITY;

CREATE POLICY notices_bank ON timebank.notices USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.notifications ENABLE ROW LEVEL SECURITY;

CREATE POLICY notifications_bank ON timebank.notifications USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.objections ENABLE ROW LEVEL SECURITY;

CREATE POLICY objections_bank ON timebank.objections USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.offers ENABLE ROW LEVEL SECURITY;

CREATE POLICY offers_bank ON timebank.offers USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.organisation_moves ENABLE ROW LEVEL SECURITY;

CREATE POLICY organisation_moves_bank ON timebank.organisation_moves USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.organisations ENABLE ROW LEVEL SECURITY;

CREATE POLICY organisations_bank ON timebank.organisations USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.passes ENABLE ROW LEVEL SECURITY;

CREATE POLICY passes_bank ON timebank.passes USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.people ENABLE ROW LEVEL SECURITY;

CREATE POLICY people_bank ON timebank.people USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.policy_packs ENABLE ROW LEVEL SECURITY;

CREATE POLICY policy_packs_bank ON timebank.policy_packs USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.postings ENABLE ROW LEVEL SECURITY;

CREATE POLICY postings_bank ON timebank.postings USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.proxies ENABLE ROW LEVEL SECURITY;

CREATE POLICY proxies_bank ON timebank.proxies USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.quotes ENABLE ROW LEVEL SECURITY;

CREATE POLICY quotes_bank ON timebank.quotes USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.recognition_candidates ENABLE ROW LEVEL SECURITY;

CREATE POLICY recognition_candidates_bank ON timebank.recognition_candidates USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.recognition_decisions ENABLE ROW LEVEL SECURITY;

CREATE POLICY recognition_decisions_bank ON timebank.recognition_decisions USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.recognition_members ENABLE ROW LEVEL SECURITY;

CREATE POLICY recognition_members_bank ON timebank.recognition_members USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.recognition_objections ENABLE ROW LEVEL SECURITY;

CREATE POLICY recognition_objections_bank ON timebank.recognition_objections USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.recognition_rounds ENABLE ROW LEVEL SECURITY;

CREATE POLICY recognition_rounds_bank ON timebank.recognition_rounds USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.recognition_subjects ENABLE ROW LEVEL SECURITY;

CREATE POLICY recognition_subjects_bank ON timebank.recognition_subjects USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.recognitions ENABLE ROW LEVEL SECURITY;

CREATE POLICY recognitions_bank ON timebank.recognitions USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.record_entries ENABLE ROW LEVEL SECURITY;

CREATE POLICY record_entries_bank ON timebank.record_entries USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.redemption_lines ENABLE ROW LEVEL SECURITY;

CREATE POLICY redemption_lines_bank ON timebank.redemption_lines USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.redemption_slips ENABLE ROW LEVEL SECURITY;

CREATE POLICY redemption_slips_bank ON timebank.redemption_slips USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.redemptions ENABLE ROW LEVEL SECURITY;

CREATE POLICY redemptions_bank ON timebank.redemptions USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.refresh_tokens ENABLE ROW LEVEL SECURITY;

CREATE POLICY refresh_tokens_bank ON timebank.refresh_tokens USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.refunds ENABLE ROW LEVEL SECURITY;

CREATE POLICY refunds_bank ON timebank.refunds USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.replies ENABLE ROW LEVEL SECURITY;

CREATE POLICY replies_bank ON timebank.replies USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.reservation_lines ENABLE ROW LEVEL SECURITY;

CREATE POLICY reservation_lines_bank ON timebank.reservation_lines USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.reservations ENABLE ROW LEVEL SECURITY;

CREATE POLICY reservations_bank ON timebank.reservations USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.role_grants ENABLE ROW LEVEL SECURITY;

CREATE POLICY role_grants_bank ON timebank.role_grants USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.scans ENABLE ROW LEVEL SECURITY;

CREATE POLICY scans_bank ON timebank.scans USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.service_orders ENABLE ROW LEVEL SECURITY;

CREATE POLICY service_orders_bank ON timebank.service_orders USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.service_records ENABLE ROW LEVEL SECURITY;

CREATE POLICY service_records_bank ON timebank.service_records USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.session_stations ENABLE ROW LEVEL SECURITY;

CREATE POLICY session_stations_bank ON timebank.session_stations USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.sessions ENABLE ROW LEVEL SECURITY;

CREATE POLICY sessions_bank ON timebank.sessions USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.settlement_items ENABLE ROW LEVEL SECURITY;

CREATE POLICY settlement_items_bank ON timebank.settlement_items USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.settlements ENABLE ROW LEVEL SECURITY;

CREATE POLICY settlements_bank ON timebank.settlements USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.shops ENABLE ROW LEVEL SECURITY;

CREATE POLICY shops_bank ON timebank.shops USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.sign_ups ENABLE ROW LEVEL SECURITY;

CREATE POLICY sign_ups_bank ON timebank.sign_ups USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.star_changes ENABLE ROW LEVEL SECURITY;

CREATE POLICY star_changes_bank ON timebank.star_changes USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.stations ENABLE ROW LEVEL SECURITY;

CREATE POLICY stations_bank ON timebank.stations USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.stock_entries ENABLE ROW LEVEL SECURITY;

CREATE POLICY stock_entries_bank ON timebank.stock_entries USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.task_files ENABLE ROW LEVEL SECURITY;

CREATE POLICY task_files_bank ON timebank.task_files USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.tasks ENABLE ROW LEVEL SECURITY;

CREATE POLICY tasks_bank ON timebank.tasks USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.throttles ENABLE ROW LEVEL SECURITY;

CREATE POLICY throttles_bank ON timebank.throttles USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.till_counts ENABLE ROW LEVEL SECURITY;

CREATE POLICY till_counts_bank ON timebank.till_counts USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.tills ENABLE ROW LEVEL SECURITY;

CREATE POLICY tills_bank ON timebank.tills USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.transactions ENABLE ROW LEVEL SECURITY;

CREATE POLICY transactions_bank ON timebank.transactions USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.units ENABLE ROW LEVEL SECURITY;

CREATE POLICY units_bank ON timebank.units USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.vault ENABLE ROW LEVEL SECURITY;

CREATE POLICY vault_bank ON timebank.vault USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.volunteers ENABLE ROW LEVEL SECURITY;

CREATE POLICY volunteers_bank ON timebank.volunteers USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.voucher_uses ENABLE ROW LEVEL SECURITY;

CREATE POLICY voucher_uses_bank ON timebank.voucher_uses USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.vouchers ENABLE ROW LEVEL SECURITY;

CREATE POLICY vouchers_bank ON timebank.vouchers USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.waiting_credits ENABLE ROW LEVEL SECURITY;

CREATE POLICY waiting_credits_bank ON timebank.waiting_credits USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

ALTER TABLE timebank.webhook_endpoints ENABLE ROW LEVEL SECURITY;

CREATE POLICY webhook_endpoints_bank ON timebank.webhook_endpoints USING ((bank_id = (NULLIF(current_setting('timebank.bank_id'::text, true), ''::text))::bigint));

GRANT USAGE ON SCHEMA timebank TO timebank_app;
GRANT USAGE ON SCHEMA timebank TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.acceptances TO timebank_app;
GRANT SELECT ON TABLE timebank.acceptances TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.accounts TO timebank_app;
GRANT SELECT ON TABLE timebank.accounts TO timebank_reader;

GRANT UPDATE(balance) ON TABLE timebank.accounts TO timebank_app;

GRANT UPDATE(last_seq) ON TABLE timebank.accounts TO timebank_app;

GRANT UPDATE(folded_before) ON TABLE timebank.accounts TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.activities TO timebank_app;
GRANT SELECT ON TABLE timebank.activities TO timebank_reader;

GRANT UPDATE(name) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(category) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(is_volunteer_service) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(organisation_id) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(team_id) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(place) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(starts_at) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(ends_at) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(rest_minutes) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(difficulty_permille) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(capacity) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(state) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(kind) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(content) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(leader_id) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(skills) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(min_age) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(is_dangerous) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(insurance) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(approved_by) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(published_at) ON TABLE timebank.activities TO timebank_app;

GRANT UPDATE(version) ON TABLE timebank.activities TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.activity_sessions TO timebank_app;
GRANT SELECT ON TABLE timebank.activity_sessions TO timebank_reader;

GRANT UPDATE(starts_at) ON TABLE timebank.activity_sessions TO timebank_app;

GRANT UPDATE(ends_at) ON TABLE timebank.activity_sessions TO timebank_app;

GRANT UPDATE(place) ON TABLE timebank.activity_sessions TO timebank_app;

GRANT UPDATE(rest_minutes) ON TABLE timebank.activity_sessions TO timebank_app;

GRANT UPDATE(capacity) ON TABLE timebank.activity_sessions TO timebank_app;

GRANT UPDATE(state) ON TABLE timebank.activity_sessions TO timebank_app;

GRANT UPDATE(closed_at) ON TABLE timebank.activity_sessions TO timebank_app;

GRANT UPDATE(closed_by) ON TABLE timebank.activity_sessions TO timebank_app;

GRANT UPDATE(version) ON TABLE timebank.activity_sessions TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.acts TO timebank_app;
GRANT SELECT ON TABLE timebank.acts TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.attendances TO timebank_app;
GRANT SELECT ON TABLE timebank.attendances TO timebank_reader;

GRANT UPDATE(outcome) ON TABLE timebank.attendances TO timebank_app;

GRANT UPDATE(record_id) ON TABLE timebank.attendances TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.awards TO timebank_app;
GRANT SELECT ON TABLE timebank.awards TO timebank_reader;

GRANT UPDATE(volunteer_id) ON TABLE timebank.awards TO timebank_app;

GRANT UPDATE(outcome) ON TABLE timebank.awards TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.banks TO timebank_app;
GRANT SELECT ON TABLE timebank.banks TO timebank_reader;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.blind_indexes TO timebank_app;

GRANT UPDATE(digest) ON TABLE timebank.blind_indexes TO timebank_app;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.calendar_days TO timebank_app;
GRANT SELECT ON TABLE timebank.calendar_days TO timebank_reader;

GRANT UPDATE(is_working) ON TABLE timebank.calendar_days TO timebank_app;

GRANT UPDATE(name) ON TABLE timebank.calendar_days TO timebank_app;

GRANT UPDATE(set_by) ON TABLE timebank.calendar_days TO timebank_app;

GRANT UPDATE(set_at) ON TABLE timebank.calendar_days TO timebank_app;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.cards TO timebank_app;
GRANT SELECT ON TABLE timebank.cards TO timebank_reader;

GRANT UPDATE(revoked_at) ON TABLE timebank.cards TO timebank_app;

GRANT UPDATE(revoked_for) ON TABLE timebank.cards TO timebank_app;

GRANT UPDATE(pin_hash) ON TABLE timebank.cards TO timebank_app;

GRANT UPDATE(pin_set_at) ON TABLE timebank.cards TO timebank_app;

GRANT UPDATE(pin_misses) ON TABLE timebank.cards TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.ceilings TO timebank_app;
GRANT SELECT ON TABLE timebank.ceilings TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.certificates TO timebank_app;
GRANT SELECT ON TABLE timebank.certificates TO timebank_reader;

GRANT UPDATE(key_id) ON TABLE timebank.certificates TO timebank_app;

GRANT UPDATE(sealed) ON TABLE timebank.certificates TO timebank_app;

GRANT UPDATE(revoked_at) ON TABLE timebank.certificates TO timebank_app;

GRANT UPDATE(revoked_by) ON TABLE timebank.certificates TO timebank_app;

GRANT UPDATE(revoke_reason) ON TABLE timebank.certificates TO timebank_app;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.channel_choices TO timebank_app;
GRANT SELECT ON TABLE timebank.channel_choices TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.checkpoints TO timebank_app;
GRANT SELECT ON TABLE timebank.checkpoints TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.closures TO timebank_app;
GRANT SELECT ON TABLE timebank.closures TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.complaints TO timebank_app;
GRANT SELECT ON TABLE timebank.complaints TO timebank_reader;

GRANT UPDATE(statement) ON TABLE timebank.complaints TO timebank_app;

GRANT UPDATE(decided_at) ON TABLE timebank.complaints TO timebank_app;

GRANT UPDATE(decided_by) ON TABLE timebank.complaints TO timebank_app;

GRANT UPDATE(decision) ON TABLE timebank.complaints TO timebank_app;

GRANT UPDATE(answer) ON TABLE timebank.complaints TO timebank_app;

GRANT UPDATE(refund_id) ON TABLE timebank.complaints TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.consents TO timebank_app;
GRANT SELECT ON TABLE timebank.consents TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.conversions TO timebank_app;
GRANT SELECT ON TABLE timebank.conversions TO timebank_reader;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.credentials TO timebank_app;

GRANT UPDATE(password_hash) ON TABLE timebank.credentials TO timebank_app;

GRANT UPDATE(totp_sealed) ON TABLE timebank.credentials TO timebank_app;

GRANT UPDATE(totp_key_id) ON TABLE timebank.credentials TO timebank_app;

GRANT UPDATE(totp_confirmed_at) ON TABLE timebank.credentials TO timebank_app;

GRANT UPDATE(totp_last_step) ON TABLE timebank.credentials TO timebank_app;

GRANT UPDATE(changed_at) ON TABLE timebank.credentials TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.device_enrolments TO timebank_app;
GRANT SELECT ON TABLE timebank.device_enrolments TO timebank_reader;

GRANT UPDATE(device_id) ON TABLE timebank.device_enrolments TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.devices TO timebank_app;
GRANT SELECT ON TABLE timebank.devices TO timebank_reader;

GRANT UPDATE(revoked_at) ON TABLE timebank.devices TO timebank_app;

GRANT UPDATE(revoked_by) ON TABLE timebank.devices TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.disputes TO timebank_app;
GRANT SELECT ON TABLE timebank.disputes TO timebank_reader;

GRANT UPDATE(statement) ON TABLE timebank.disputes TO timebank_app;

GRANT UPDATE(decided_at) ON TABLE timebank.disputes TO timebank_app;

GRANT UPDATE(decided_by) ON TABLE timebank.disputes TO timebank_app;

GRANT UPDATE(decision) ON TABLE timebank.disputes TO timebank_app;

GRANT UPDATE(answer) ON TABLE timebank.disputes TO timebank_app;

GRANT SELECT ON TABLE timebank.epochs TO timebank_app;
GRANT SELECT ON TABLE timebank.epochs TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.exchange_rules TO timebank_app;
GRANT SELECT ON TABLE timebank.exchange_rules TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.expiry_warnings TO timebank_app;
GRANT SELECT ON TABLE timebank.expiry_warnings TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.folds TO timebank_app;
GRANT SELECT ON TABLE timebank.folds TO timebank_reader;

GRANT UPDATE(received) ON TABLE timebank.folds TO timebank_app;

GRANT UPDATE(given) ON TABLE timebank.folds TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.funds TO timebank_app;
GRANT SELECT ON TABLE timebank.funds TO timebank_reader;

GRANT UPDATE(code) ON TABLE timebank.funds TO timebank_app;

GRANT UPDATE(name) ON TABLE timebank.funds TO timebank_app;

GRANT UPDATE(organisation_id) ON TABLE timebank.funds TO timebank_app;

GRANT UPDATE(closed_on) ON TABLE timebank.funds TO timebank_app;

GRANT UPDATE(version) ON TABLE timebank.funds TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.gifts TO timebank_app;
GRANT SELECT ON TABLE timebank.gifts TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.goods TO timebank_app;
GRANT SELECT ON TABLE timebank.goods TO timebank_reader;

GRANT UPDATE(sku) ON TABLE timebank.goods TO timebank_app;

GRANT UPDATE(name) ON TABLE timebank.goods TO timebank_app;

GRANT UPDATE(price_points) ON TABLE timebank.goods TO timebank_app;

GRANT UPDATE(category) ON TABLE timebank.goods TO timebank_app;

GRANT UPDATE(description) ON TABLE timebank.goods TO timebank_app;

GRANT UPDATE(barcode) ON TABLE timebank.goods TO timebank_app;

GRANT UPDATE(member_day_limit) ON TABLE timebank.goods TO timebank_app;

GRANT UPDATE(member_month_limit) ON TABLE timebank.goods TO timebank_app;

GRANT UPDATE(low_stock_at) ON TABLE timebank.goods TO timebank_app;

GRANT UPDATE(low_stock_told_at) ON TABLE timebank.goods TO timebank_app;

GRANT UPDATE(is_listed) ON TABLE timebank.goods TO timebank_app;

GRANT UPDATE(version) ON TABLE timebank.goods TO timebank_app;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.goods_pictures TO timebank_app;
GRANT SELECT ON TABLE timebank.goods_pictures TO timebank_reader;

GRANT UPDATE(digest) ON TABLE timebank.goods_pictures TO timebank_app;

GRANT UPDATE(media_type) ON TABLE timebank.goods_pictures TO timebank_app;

GRANT UPDATE(content) ON TABLE timebank.goods_pictures TO timebank_app;

GRANT UPDATE(set_at) ON TABLE timebank.goods_pictures TO timebank_app;

GRANT UPDATE(set_by) ON TABLE timebank.goods_pictures TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.guardianships TO timebank_app;
GRANT SELECT ON TABLE timebank.guardianships TO timebank_reader;

GRANT UPDATE(until_on) ON TABLE timebank.guardianships TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.job_attempts TO timebank_app;
GRANT SELECT ON TABLE timebank.job_attempts TO timebank_reader;

GRANT UPDATE(ended_at) ON TABLE timebank.job_attempts TO timebank_app;

GRANT UPDATE(outcome) ON TABLE timebank.job_attempts TO timebank_app;

GRANT UPDATE(problem) ON TABLE timebank.job_attempts TO timebank_app;

GRANT UPDATE(result) ON TABLE timebank.job_attempts TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.job_faults TO timebank_app;
GRANT SELECT ON TABLE timebank.job_faults TO timebank_reader;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.job_pauses TO timebank_app;
GRANT SELECT ON TABLE timebank.job_pauses TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.job_runs TO timebank_app;
GRANT SELECT ON TABLE timebank.job_runs TO timebank_reader;

GRANT UPDATE(started_at) ON TABLE timebank.job_runs TO timebank_app;

GRANT UPDATE(finished_at) ON TABLE timebank.job_runs TO timebank_app;

GRANT UPDATE(result) ON TABLE timebank.job_runs TO timebank_app;

GRANT UPDATE(due_at) ON TABLE timebank.job_runs TO timebank_app;

GRANT UPDATE(state) ON TABLE timebank.job_runs TO timebank_app;

GRANT UPDATE(attempts) ON TABLE timebank.job_runs TO timebank_app;

GRANT UPDATE(tries) ON TABLE timebank.job_runs TO timebank_app;

GRANT UPDATE(asked_by) ON TABLE timebank.job_runs TO timebank_app;

GRANT UPDATE(holder) ON TABLE timebank.job_runs TO timebank_app;

GRANT UPDATE(lease_until) ON TABLE timebank.job_runs TO timebank_app;

GRANT UPDATE(again_at) ON TABLE timebank.job_runs TO timebank_app;

GRANT UPDATE(done) ON TABLE timebank.job_runs TO timebank_app;

GRANT UPDATE(total) ON TABLE timebank.job_runs TO timebank_app;

GRANT UPDATE(problem) ON TABLE timebank.job_runs TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.kinships TO timebank_app;
GRANT SELECT ON TABLE timebank.kinships TO timebank_reader;

GRANT UPDATE(confirmed_at) ON TABLE timebank.kinships TO timebank_app;

GRANT UPDATE(confirmed_by) ON TABLE timebank.kinships TO timebank_app;

GRANT UPDATE(ended_at) ON TABLE timebank.kinships TO timebank_app;

GRANT UPDATE(ended_by) ON TABLE timebank.kinships TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.leaves TO timebank_app;
GRANT SELECT ON TABLE timebank.leaves TO timebank_reader;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.login_codes TO timebank_app;

GRANT UPDATE(attempts) ON TABLE timebank.login_codes TO timebank_app;

GRANT UPDATE(used_at) ON TABLE timebank.login_codes TO timebank_app;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.login_links TO timebank_app;

GRANT UPDATE(used_at) ON TABLE timebank.login_links TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.look_ups TO timebank_app;
GRANT SELECT ON TABLE timebank.look_ups TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.memberships TO timebank_app;
GRANT SELECT ON TABLE timebank.memberships TO timebank_reader;

GRANT UPDATE(until_on) ON TABLE timebank.memberships TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.merchant_entries TO timebank_app;
GRANT SELECT ON TABLE timebank.merchant_entries TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.merchant_staff TO timebank_app;
GRANT SELECT ON TABLE timebank.merchant_staff TO timebank_reader;

GRANT UPDATE(since_at) ON TABLE timebank.merchant_staff TO timebank_app;

GRANT UPDATE(added_by) ON TABLE timebank.merchant_staff TO timebank_app;

GRANT UPDATE(until_at) ON TABLE timebank.merchant_staff TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.merchants TO timebank_app;
GRANT SELECT ON TABLE timebank.merchants TO timebank_reader;

GRANT UPDATE(organisation_id) ON TABLE timebank.merchants TO timebank_app;

GRANT UPDATE(name) ON TABLE timebank.merchants TO timebank_app;

GRANT UPDATE(category) ON TABLE timebank.merchants TO timebank_app;

GRANT UPDATE(address) ON TABLE timebank.merchants TO timebank_app;

GRANT UPDATE(licence) ON TABLE timebank.merchants TO timebank_app;

GRANT UPDATE(state) ON TABLE timebank.merchants TO timebank_app;

GRANT UPDATE(version) ON TABLE timebank.merchants TO timebank_app;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.messages TO timebank_app;
GRANT SELECT ON TABLE timebank.messages TO timebank_reader;

GRANT UPDATE(params) ON TABLE timebank.messages TO timebank_app;

GRANT UPDATE(state) ON TABLE timebank.messages TO timebank_app;

GRANT UPDATE(attempts) ON TABLE timebank.messages TO timebank_app;

GRANT UPDATE(again_at) ON TABLE timebank.messages TO timebank_app;

GRANT UPDATE(holder) ON TABLE timebank.messages TO timebank_app;

GRANT UPDATE(lease_until) ON TABLE timebank.messages TO timebank_app;

GRANT UPDATE(ended_at) ON TABLE timebank.messages TO timebank_app;

GRANT UPDATE(problem) ON TABLE timebank.messages TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.nodes TO timebank_app;
GRANT SELECT ON TABLE timebank.nodes TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.notice_lines TO timebank_app;
GRANT SELECT ON TABLE timebank.notice_lines TO timebank_reader;

GRANT UPDATE(masked_name) ON TABLE timebank.notice_lines TO timebank_app;

GRANT UPDATE(state) ON TABLE timebank.notice_lines TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.notices TO timebank_app;
GRANT SELECT ON TABLE timebank.notices TO timebank_reader;

GRANT UPDATE(closed_at) ON TABLE timebank.notices TO timebank_app;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.notifications TO timebank_app;
GRANT SELECT ON TABLE timebank.notifications TO timebank_reader;

GRANT UPDATE(read_at) ON TABLE timebank.notifications TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.objections TO timebank_app;
GRANT SELECT ON TABLE timebank.objections TO timebank_reader;

GRANT UPDATE(ground) ON TABLE timebank.objections TO timebank_app;

GRANT UPDATE(raised_by) ON TABLE timebank.objections TO timebank_app;

GRANT UPDATE(contact_sealed) ON TABLE timebank.objections TO timebank_app;

GRANT UPDATE(contact_key_id) ON TABLE timebank.objections TO timebank_app;

GRANT UPDATE(decided_at) ON TABLE timebank.objections TO timebank_app;

GRANT UPDATE(decided_by) ON TABLE timebank.objections TO timebank_app;

GRANT UPDATE(decision) ON TABLE timebank.objections TO timebank_app;

GRANT UPDATE(reason) ON TABLE timebank.objections TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.offers TO timebank_app;
GRANT SELECT ON TABLE timebank.offers TO timebank_reader;

GRANT UPDATE(title) ON TABLE timebank.offers TO timebank_app;

GRANT UPDATE(terms) ON TABLE timebank.offers TO timebank_app;

GRANT UPDATE(price_fufen) ON TABLE timebank.offers TO timebank_app;

GRANT UPDATE(percent) ON TABLE timebank.offers TO timebank_app;

GRANT UPDATE(amount_cents) ON TABLE timebank.offers TO timebank_app;

GRANT UPDATE(minutes) ON TABLE timebank.offers TO timebank_app;

GRANT UPDATE(starts_on) ON TABLE timebank.offers TO timebank_app;

GRANT UPDATE(ends_on) ON TABLE timebank.offers TO timebank_app;

GRANT UPDATE(member_limit) ON TABLE timebank.offers TO timebank_app;

GRANT UPDATE(total_limit) ON TABLE timebank.offers TO timebank_app;

GRANT UPDATE(voucher_days) ON TABLE timebank.offers TO timebank_app;

GRANT UPDATE(state) ON TABLE timebank.offers TO timebank_app;

GRANT UPDATE(version) ON TABLE timebank.offers TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.organisation_moves TO timebank_app;
GRANT SELECT ON TABLE timebank.organisation_moves TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.organisations TO timebank_app;
GRANT SELECT ON TABLE timebank.organisations TO timebank_reader;

GRANT UPDATE(code) ON TABLE timebank.organisations TO timebank_app;

GRANT UPDATE(name) ON TABLE timebank.organisations TO timebank_app;

GRANT UPDATE(level) ON TABLE timebank.organisations TO timebank_app;

GRANT UPDATE(parent_id) ON TABLE timebank.organisations TO timebank_app;

GRANT UPDATE(opened_on) ON TABLE timebank.organisations TO timebank_app;

GRANT UPDATE(closed_on) ON TABLE timebank.organisations TO timebank_app;

GRANT UPDATE(version) ON TABLE timebank.organisations TO timebank_app;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.passes TO timebank_app;
GRANT SELECT ON TABLE timebank.passes TO timebank_reader;

GRANT UPDATE(revoked_at) ON TABLE timebank.passes TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.people TO timebank_app;
GRANT SELECT ON TABLE timebank.people TO timebank_reader;

GRANT UPDATE(version) ON TABLE timebank.people TO timebank_app;

GRANT UPDATE(erased_at) ON TABLE timebank.people TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.policy_packs TO timebank_app;
GRANT SELECT ON TABLE timebank.policy_packs TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.postings TO timebank_app;
GRANT SELECT ON TABLE timebank.postings TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.proxies TO timebank_app;
GRANT SELECT ON TABLE timebank.proxies TO timebank_reader;

GRANT UPDATE(reason) ON TABLE timebank.proxies TO timebank_app;

GRANT UPDATE(ended_at) ON TABLE timebank.proxies TO timebank_app;

GRANT UPDATE(ended_by) ON TABLE timebank.proxies TO timebank_app;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.quotes TO timebank_app;
GRANT SELECT ON TABLE timebank.quotes TO timebank_reader;

GRANT UPDATE(lines) ON TABLE timebank.quotes TO timebank_app;

GRANT UPDATE(points) ON TABLE timebank.quotes TO timebank_app;

GRANT UPDATE(policy_version) ON TABLE timebank.quotes TO timebank_app;

GRANT UPDATE(expires_at) ON TABLE timebank.quotes TO timebank_app;

GRANT UPDATE(version) ON TABLE timebank.quotes TO timebank_app;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.recognition_candidates TO timebank_app;
GRANT SELECT ON TABLE timebank.recognition_candidates TO timebank_reader;

GRANT UPDATE(state) ON TABLE timebank.recognition_candidates TO timebank_app;

GRANT UPDATE(masked_name) ON TABLE timebank.recognition_candidates TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.recognition_decisions TO timebank_app;
GRANT SELECT ON TABLE timebank.recognition_decisions TO timebank_reader;

GRANT UPDATE(note) ON TABLE timebank.recognition_decisions TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.recognition_members TO timebank_app;
GRANT SELECT ON TABLE timebank.recognition_members TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.recognition_objections TO timebank_app;
GRANT SELECT ON TABLE timebank.recognition_objections TO timebank_reader;

GRANT UPDATE(ground) ON TABLE timebank.recognition_objections TO timebank_app;

GRANT UPDATE(contact_sealed) ON TABLE timebank.recognition_objections TO timebank_app;

GRANT UPDATE(contact_key_id) ON TABLE timebank.recognition_objections TO timebank_app;

GRANT UPDATE(decided_at) ON TABLE timebank.recognition_objections TO timebank_app;

GRANT UPDATE(decided_by) ON TABLE timebank.recognition_objections TO timebank_app;

GRANT UPDATE(decision) ON TABLE timebank.recognition_objections TO timebank_app;

GRANT UPDATE(reason) ON TABLE timebank.recognition_objections TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.recognition_rounds TO timebank_app;
GRANT SELECT ON TABLE timebank.recognition_rounds TO timebank_reader;

GRANT UPDATE(title) ON TABLE timebank.recognition_rounds TO timebank_app;

GRANT UPDATE(state) ON TABLE timebank.recognition_rounds TO timebank_app;

GRANT UPDATE(candidates) ON TABLE timebank.recognition_rounds TO timebank_app;

GRANT UPDATE(digest) ON TABLE timebank.recognition_rounds TO timebank_app;

GRANT UPDATE(notice_opened_on) ON TABLE timebank.recognition_rounds TO timebank_app;

GRANT UPDATE(notice_closes_on) ON TABLE timebank.recognition_rounds TO timebank_app;

GRANT UPDATE(notice_by) ON TABLE timebank.recognition_rounds TO timebank_app;

GRANT UPDATE(approved_at) ON TABLE timebank.recognition_rounds TO timebank_app;

GRANT UPDATE(approved_by) ON TABLE timebank.recognition_rounds TO timebank_app;

GRANT UPDATE(published_at) ON TABLE timebank.recognition_rounds TO timebank_app;

GRANT UPDATE(published_by) ON TABLE timebank.recognition_rounds TO timebank_app;

GRANT UPDATE(ended_at) ON TABLE timebank.recognition_rounds TO timebank_app;

GRANT UPDATE(ended_by) ON TABLE timebank.recognition_rounds TO timebank_app;

GRANT UPDATE(end_reason) ON TABLE timebank.recognition_rounds TO timebank_app;

GRANT UPDATE(version) ON TABLE timebank.recognition_rounds TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.recognition_subjects TO timebank_app;
GRANT SELECT ON TABLE timebank.recognition_subjects TO timebank_reader;

GRANT UPDATE(minutes) ON TABLE timebank.recognition_subjects TO timebank_app;

GRANT UPDATE(any_minutes) ON TABLE timebank.recognition_subjects TO timebank_app;

GRANT UPDATE(points) ON TABLE timebank.recognition_subjects TO timebank_app;

GRANT UPDATE(records) ON TABLE timebank.recognition_subjects TO timebank_app;

GRANT UPDATE(evidence) ON TABLE timebank.recognition_subjects TO timebank_app;

GRANT UPDATE(bars) ON TABLE timebank.recognition_subjects TO timebank_app;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.recognitions TO timebank_app;
GRANT SELECT ON TABLE timebank.recognitions TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.record_entries TO timebank_app;
GRANT SELECT ON TABLE timebank.record_entries TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.redemption_lines TO timebank_app;
GRANT SELECT ON TABLE timebank.redemption_lines TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.redemption_slips TO timebank_app;
GRANT SELECT ON TABLE timebank.redemption_slips TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.redemptions TO timebank_app;
GRANT SELECT ON TABLE timebank.redemptions TO timebank_reader;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.refresh_tokens TO timebank_app;

GRANT UPDATE(used_at) ON TABLE timebank.refresh_tokens TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.refunds TO timebank_app;
GRANT SELECT ON TABLE timebank.refunds TO timebank_reader;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.replies TO timebank_app;
GRANT SELECT ON TABLE timebank.replies TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.reservation_lines TO timebank_app;
GRANT SELECT ON TABLE timebank.reservation_lines TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.reservations TO timebank_app;
GRANT SELECT ON TABLE timebank.reservations TO timebank_reader;

GRANT UPDATE(hold_id) ON TABLE timebank.reservations TO timebank_app;

GRANT UPDATE(state) ON TABLE timebank.reservations TO timebank_app;

GRANT UPDATE(resolved_at) ON TABLE timebank.reservations TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.role_grants TO timebank_app;
GRANT SELECT ON TABLE timebank.role_grants TO timebank_reader;

GRANT UPDATE(revoked_at) ON TABLE timebank.role_grants TO timebank_app;

GRANT UPDATE(revoked_by) ON TABLE timebank.role_grants TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.scans TO timebank_app;
GRANT SELECT ON TABLE timebank.scans TO timebank_reader;

GRANT SELECT ON TABLE timebank.schema_version TO timebank_app;
GRANT SELECT ON TABLE timebank.schema_version TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.service_orders TO timebank_app;
GRANT SELECT ON TABLE timebank.service_orders TO timebank_reader;

GRANT UPDATE(wish) ON TABLE timebank.service_orders TO timebank_app;

GRANT UPDATE(coins_used) ON TABLE timebank.service_orders TO timebank_app;

GRANT UPDATE(state) ON TABLE timebank.service_orders TO timebank_app;

GRANT UPDATE(server_id) ON TABLE timebank.service_orders TO timebank_app;

GRANT UPDATE(assigned_by) ON TABLE timebank.service_orders TO timebank_app;

GRANT UPDATE(resolved_at) ON TABLE timebank.service_orders TO timebank_app;

GRANT UPDATE(resolved_by) ON TABLE timebank.service_orders TO timebank_app;

GRANT UPDATE(version) ON TABLE timebank.service_orders TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.service_records TO timebank_app;
GRANT SELECT ON TABLE timebank.service_records TO timebank_reader;

GRANT UPDATE(state) ON TABLE timebank.service_records TO timebank_app;

GRANT UPDATE(evaluation) ON TABLE timebank.service_records TO timebank_app;

GRANT UPDATE(credited_transaction_id) ON TABLE timebank.service_records TO timebank_app;

GRANT UPDATE(version) ON TABLE timebank.service_records TO timebank_app;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.session_stations TO timebank_app;
GRANT SELECT ON TABLE timebank.session_stations TO timebank_reader;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.sessions TO timebank_app;
GRANT SELECT ON TABLE timebank.sessions TO timebank_reader;

GRANT UPDATE(seen_at) ON TABLE timebank.sessions TO timebank_app;

GRANT UPDATE(expires_at) ON TABLE timebank.sessions TO timebank_app;

GRANT UPDATE(ended_at) ON TABLE timebank.sessions TO timebank_app;

GRANT UPDATE(ended_for) ON TABLE timebank.sessions TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.settlement_items TO timebank_app;
GRANT SELECT ON TABLE timebank.settlement_items TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.settlements TO timebank_app;
GRANT SELECT ON TABLE timebank.settlements TO timebank_reader;

GRANT UPDATE(state) ON TABLE timebank.settlements TO timebank_app;

GRANT UPDATE(approved_by) ON TABLE timebank.settlements TO timebank_app;

GRANT UPDATE(approved_at) ON TABLE timebank.settlements TO timebank_app;

GRANT UPDATE(fund_id) ON TABLE timebank.settlements TO timebank_app;

GRANT UPDATE(paid_by) ON TABLE timebank.settlements TO timebank_app;

GRANT UPDATE(paid_at) ON TABLE timebank.settlements TO timebank_app;

GRANT UPDATE(transaction_id) ON TABLE timebank.settlements TO timebank_app;

GRANT UPDATE(version) ON TABLE timebank.settlements TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.shops TO timebank_app;
GRANT SELECT ON TABLE timebank.shops TO timebank_reader;

GRANT UPDATE(code) ON TABLE timebank.shops TO timebank_app;

GRANT UPDATE(name) ON TABLE timebank.shops TO timebank_app;

GRANT UPDATE(organisation_id) ON TABLE timebank.shops TO timebank_app;

GRANT UPDATE(closed_on) ON TABLE timebank.shops TO timebank_app;

GRANT UPDATE(version) ON TABLE timebank.shops TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.sign_ups TO timebank_app;
GRANT SELECT ON TABLE timebank.sign_ups TO timebank_reader;

GRANT UPDATE(team_id) ON TABLE timebank.sign_ups TO timebank_app;

GRANT UPDATE(state) ON TABLE timebank.sign_ups TO timebank_app;

GRANT UPDATE(queued_at) ON TABLE timebank.sign_ups TO timebank_app;

GRANT UPDATE(changed_at) ON TABLE timebank.sign_ups TO timebank_app;

GRANT UPDATE(changed_by) ON TABLE timebank.sign_ups TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.star_changes TO timebank_app;
GRANT SELECT ON TABLE timebank.star_changes TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.stations TO timebank_app;
GRANT SELECT ON TABLE timebank.stations TO timebank_reader;

GRANT UPDATE(code) ON TABLE timebank.stations TO timebank_app;

GRANT UPDATE(name) ON TABLE timebank.stations TO timebank_app;

GRANT UPDATE(kind) ON TABLE timebank.stations TO timebank_app;

GRANT UPDATE(place) ON TABLE timebank.stations TO timebank_app;

GRANT UPDATE(hours) ON TABLE timebank.stations TO timebank_app;

GRANT UPDATE(organisation_id) ON TABLE timebank.stations TO timebank_app;

GRANT UPDATE(steward_id) ON TABLE timebank.stations TO timebank_app;

GRANT UPDATE(latitude_e6) ON TABLE timebank.stations TO timebank_app;

GRANT UPDATE(longitude_e6) ON TABLE timebank.stations TO timebank_app;

GRANT UPDATE(radius_metres) ON TABLE timebank.stations TO timebank_app;

GRANT UPDATE(poster_serial) ON TABLE timebank.stations TO timebank_app;

GRANT UPDATE(closed_on) ON TABLE timebank.stations TO timebank_app;

GRANT UPDATE(version) ON TABLE timebank.stations TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.stock_entries TO timebank_app;
GRANT SELECT ON TABLE timebank.stock_entries TO timebank_reader;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.task_files TO timebank_app;

GRANT UPDATE(key_id) ON TABLE timebank.task_files TO timebank_app;

GRANT UPDATE(sealed) ON TABLE timebank.task_files TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.tasks TO timebank_app;
GRANT SELECT ON TABLE timebank.tasks TO timebank_reader;

GRANT UPDATE(started_at) ON TABLE timebank.tasks TO timebank_app;

GRANT UPDATE(lease_until) ON TABLE timebank.tasks TO timebank_app;

GRANT UPDATE(attempts) ON TABLE timebank.tasks TO timebank_app;

GRANT UPDATE(done) ON TABLE timebank.tasks TO timebank_app;

GRANT UPDATE(total) ON TABLE timebank.tasks TO timebank_app;

GRANT UPDATE(finished_at) ON TABLE timebank.tasks TO timebank_app;

GRANT UPDATE(outcome) ON TABLE timebank.tasks TO timebank_app;

GRANT UPDATE(problem) ON TABLE timebank.tasks TO timebank_app;

GRANT UPDATE(result) ON TABLE timebank.tasks TO timebank_app;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.throttles TO timebank_app;
GRANT SELECT ON TABLE timebank.throttles TO timebank_reader;

GRANT UPDATE(tokens) ON TABLE timebank.throttles TO timebank_app;

GRANT UPDATE(refilled_at) ON TABLE timebank.throttles TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.till_counts TO timebank_app;
GRANT SELECT ON TABLE timebank.till_counts TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.tills TO timebank_app;
GRANT SELECT ON TABLE timebank.tills TO timebank_reader;

GRANT UPDATE(closed_at) ON TABLE timebank.tills TO timebank_app;

GRANT UPDATE(closing_cash_cents) ON TABLE timebank.tills TO timebank_app;

GRANT UPDATE(expected_cash_cents) ON TABLE timebank.tills TO timebank_app;

GRANT UPDATE(closed_by) ON TABLE timebank.tills TO timebank_app;

GRANT UPDATE(note) ON TABLE timebank.tills TO timebank_app;

GRANT USAGE ON SEQUENCE timebank.transaction_ids TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.transactions TO timebank_app;
GRANT SELECT ON TABLE timebank.transactions TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.units TO timebank_app;
GRANT SELECT ON TABLE timebank.units TO timebank_reader;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.vault TO timebank_app;

GRANT UPDATE(key_id) ON TABLE timebank.vault TO timebank_app;

GRANT UPDATE(sealed) ON TABLE timebank.vault TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.volunteers TO timebank_app;
GRANT SELECT ON TABLE timebank.volunteers TO timebank_reader;

GRANT UPDATE(organisation_id) ON TABLE timebank.volunteers TO timebank_app;

GRANT UPDATE(team_id) ON TABLE timebank.volunteers TO timebank_app;

GRANT UPDATE(is_party_member) ON TABLE timebank.volunteers TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.voucher_uses TO timebank_app;
GRANT SELECT ON TABLE timebank.voucher_uses TO timebank_reader;

GRANT SELECT,INSERT ON TABLE timebank.vouchers TO timebank_app;
GRANT SELECT ON TABLE timebank.vouchers TO timebank_reader;

GRANT UPDATE(state) ON TABLE timebank.vouchers TO timebank_app;

GRANT UPDATE(resolved_at) ON TABLE timebank.vouchers TO timebank_app;

GRANT SELECT,INSERT,DELETE ON TABLE timebank.waiting_credits TO timebank_app;
GRANT SELECT ON TABLE timebank.waiting_credits TO timebank_reader;

GRANT UPDATE(organisation_id) ON TABLE timebank.waiting_credits TO timebank_app;

GRANT UPDATE(unit) ON TABLE timebank.waiting_credits TO timebank_app;

GRANT UPDATE(amount) ON TABLE timebank.waiting_credits TO timebank_app;

GRANT SELECT,INSERT ON TABLE timebank.webhook_endpoints TO timebank_app;
GRANT SELECT ON TABLE timebank.webhook_endpoints TO timebank_reader;

GRANT UPDATE(url) ON TABLE timebank.webhook_endpoints TO timebank_app;

GRANT UPDATE(kinds) ON TABLE timebank.webhook_endpoints TO timebank_app;

GRANT UPDATE(key_id) ON TABLE timebank.webhook_endpoints TO timebank_app;

GRANT UPDATE(sealed_secret) ON TABLE timebank.webhook_endpoints TO timebank_app;

GRANT UPDATE(ended_at) ON TABLE timebank.webhook_endpoints TO timebank_app;

GRANT UPDATE(version) ON TABLE timebank.webhook_endpoints TO timebank_app;
