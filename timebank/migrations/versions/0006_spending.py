"""Spending: shops, tills, redemptions, merchants, vouchers, settlement, time-coins, and budgets that cap issuing.

Revision ID: 0006
Revises: 0005
"""

from timebank.migrations.statements import IrreversibleMigrationError, admit, execute_each

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LEDGER = """
-- What an organisation may still issue: issued to it by whoever raises its ceiling, and never below nothing.
alter table accounts drop constraint accounts_kind_check;
alter table accounts add constraint accounts_kind_check check (kind in ('wallet', 'held', 'shelf', 'budget',
  'issuance', 'expired', 'takings', 'supply', 'handed_out', 'converted', 'clearing', 'variance'));
alter table accounts drop constraint accounts_guarded_check;
alter table accounts add constraint accounts_guarded_check
  check (guarded = (kind in ('wallet', 'held', 'shelf', 'budget')));
alter table organisations add column owner uuid not null default gen_random_uuid();
alter table organisations add constraint organisations_owner_key unique (bank_id, owner);
"""

# What the workbook told of, line by line, apart from what is redeemed here.
SLIPS = """
alter table redemptions rename to redemption_slips;
alter table redemption_slips rename constraint redemptions_pkey to redemption_slips_pkey;
alter table redemption_slips rename constraint redemptions_volunteer_id_fkey to redemption_slips_volunteer_id_fkey;
alter index redemptions_receipt_idx rename to redemption_slips_receipt_idx;
alter policy redemptions_bank on redemption_slips rename to redemption_slips_bank;
"""

TABLES = """
-- By how much what an organisation may issue was raised (change > 0) or lowered, and why. What is left is in the books.
create table ceilings (
  bank_id bigint not null,
  id bigint generated always as identity,
  organisation_id bigint not null,
  unit text not null,
  change bigint not null,
  reason text not null,
  transaction_id bigint not null,
  made_at timestamptz not null,
  made_by text not null,
  constraint ceilings_pkey primary key (bank_id, id),
  constraint ceilings_transaction_key unique (bank_id, transaction_id),
  constraint ceilings_organisation_id_fkey foreign key (bank_id, organisation_id)
    references organisations (bank_id, id),
  constraint ceilings_change_check check (change <> 0)
);
create index ceilings_organisation_idx on ceilings (bank_id, organisation_id, unit, id);

-- Records whose credit a budget did not cover when it was last tried: the first unit that was short, and how much of it
-- the credit takes. Gone once it is credited.
create table waiting_credits (
  bank_id bigint not null,
  record_id bigint not null,
  organisation_id bigint not null,
  unit text not null,
  amount bigint not null,
  since_at timestamptz not null,
  constraint waiting_credits_pkey primary key (bank_id, record_id),
  constraint waiting_credits_record_id_fkey foreign key (bank_id, record_id) references service_records (bank_id, id),
  constraint waiting_credits_organisation_id_fkey foreign key (bank_id, organisation_id)
    references organisations (bank_id, id),
  constraint waiting_credits_amount_check check (amount > 0)
);
create index waiting_credits_organisation_idx on waiting_credits (bank_id, organisation_id, unit, record_id);

-- Where money comes from that pays for goods and settles merchants, and where donated time-coins are kept for elders.
create table funds (
  bank_id bigint not null,
  id bigint generated always as identity,
  code text not null,
  name text not null,
  kind text not null,
  organisation_id bigint not null,
  owner uuid not null default gen_random_uuid(),
  closed_on date,
  version bigint not null default 1,
  constraint funds_pkey primary key (bank_id, id),
  constraint funds_code_key unique (bank_id, code),
  constraint funds_owner_key unique (bank_id, owner),
  constraint funds_organisation_id_fkey foreign key (bank_id, organisation_id)
    references organisations (bank_id, id),
  constraint funds_kind_check check (kind in ('money', 'care'))
);

-- A shop of an imported workbook has only a code; an office gives it a name and a place in the tree.
alter table shops add column name text,
  add column organisation_id bigint,
  add column closed_on date,
  add column version bigint not null default 1;
alter table shops add constraint shops_organisation_id_fkey foreign key (bank_id, organisation_id)
  references organisations (bank_id, id);

alter table goods add column category text not null default '',
  add column description text not null default '',
  add column barcode text,
  add column member_day_limit bigint,
  add column member_month_limit bigint,
  add column low_stock_at bigint,
  add column low_stock_told_at timestamptz,
  add column is_listed boolean not null default true,
  add column version bigint not null default 1;
alter table goods add constraint goods_limits_check check (member_day_limit > 0 and member_month_limit > 0);
alter table goods add constraint goods_low_stock_at_check check (low_stock_at >= 0);
create unique index goods_barcode_key on goods (bank_id, shop_id, barcode) where barcode is not null;

create table goods_pictures (
  bank_id bigint not null,
  goods_id bigint not null,
  digest bytea not null,
  media_type text not null,
  content bytea not null,
  set_at timestamptz not null,
  set_by text not null,
  constraint goods_pictures_pkey primary key (bank_id, goods_id),
  constraint goods_pictures_goods_id_fkey foreign key (bank_id, goods_id) references goods (bank_id, id),
  constraint goods_pictures_content_check check (octet_length(content) <= 524288)
);

-- A card's PIN: only a hash, and how often it was wrong in a row.
alter table cards add column pin_hash text,
  add column pin_set_at timestamptz,
  add column pin_misses bigint not null default 0;
alter table cards add constraint cards_pin_check check ((pin_hash is null) = (pin_set_at is null));

-- One cashier's open session at one enrolled device. The login session_id is forgotten sooner than the till.
create table tills (
  bank_id bigint not null,
  id bigint generated always as identity,
  shop_id bigint not null,
  device_id uuid not null,
  cashier_id uuid not null,
  session_id uuid not null,
  opened_at timestamptz not null,
  opening_cash_cents bigint not null,
  closed_at timestamptz,
  closing_cash_cents bigint,
  expected_cash_cents bigint,
  closed_by text,
  note text not null default '',
  constraint tills_pkey primary key (bank_id, id),
  constraint tills_shop_id_fkey foreign key (bank_id, shop_id) references shops (bank_id, id),
  constraint tills_device_id_fkey foreign key (bank_id, device_id) references devices (bank_id, id),
  constraint tills_cashier_id_fkey foreign key (bank_id, cashier_id) references people (bank_id, id),
  constraint tills_cash_check check (opening_cash_cents >= 0 and closing_cash_cents >= 0),
  constraint tills_closed_check check ((closed_at is null) = (closed_by is null))
);
create unique index tills_open_device_key on tills (bank_id, device_id) where closed_at is null;
create unique index tills_open_cashier_key on tills (bank_id, cashier_id) where closed_at is null;
create index tills_shop_idx on tills (bank_id, shop_id, id);

-- What a cashier counted when closing; whoever settles the difference is somebody else, and makes a stock entry.
create table till_counts (
  bank_id bigint not null,
  till_id bigint not null,
  goods_id bigint not null,
  expected bigint not null,
  counted bigint not null,
  constraint till_counts_pkey primary key (bank_id, till_id, goods_id),
  constraint till_counts_till_id_fkey foreign key (bank_id, till_id) references tills (bank_id, id),
  constraint till_counts_goods_id_fkey foreign key (bank_id, goods_id) references goods (bank_id, id),
  constraint till_counts_counted_check check (counted >= 0)
);

-- What moved on a shelf other than over the counter. quantity is what came (receive), left (transfer, write_off) or was
-- found too much or too little (count, either sign); to_goods_id is the same item at the shop it went to.
create table stock_entries (
  bank_id bigint not null,
  id bigint generated always as identity,
  goods_id bigint not null,
  kind text not null,
  quantity bigint not null,
  to_goods_id bigint,
  unit_cost_cents bigint,
  fund_id bigint,
  expected bigint,
  counted bigint,
  reason text not null,
  transaction_id bigint,
  till_id bigint,
  entered_at timestamptz not null,
  entered_by uuid not null,
  constraint stock_entries_pkey primary key (bank_id, id),
  constraint stock_entries_goods_id_fkey foreign key (bank_id, goods_id) references goods (bank_id, id),
  constraint stock_entries_to_goods_id_fkey foreign key (bank_id, to_goods_id) references goods (bank_id, id),
  constraint stock_entries_fund_id_fkey foreign key (bank_id, fund_id) references funds (bank_id, id),
  constraint stock_entries_till_id_fkey foreign key (bank_id, till_id) references tills (bank_id, id),
  constraint stock_entries_entered_by_fkey foreign key (bank_id, entered_by) references people (bank_id, id),
  constraint stock_entries_kind_check check (kind in ('receive', 'transfer', 'count', 'write_off')),
  constraint stock_entries_quantity_check check (kind = 'count' or quantity > 0),
  constraint stock_entries_transfer_check check ((kind = 'transfer') = (to_goods_id is not null)),
  constraint stock_entries_count_check check ((kind = 'count') = (counted is not null)
    and (kind = 'count') = (expected is not null)),
  constraint stock_entries_unit_cost_cents_check check (unit_cost_cents >= 0)
);
create index stock_entries_goods_idx on stock_entries (bank_id, goods_id, id);
create index stock_entries_to_goods_idx on stock_entries (bank_id, to_goods_id, id) where to_goods_id is not null;

create table reservations (
  bank_id bigint not null,
  id bigint generated always as identity,
  person_id uuid not null,
  shop_id bigint not null,
  key_id text not null,
  points bigint not null,
  hold_id bigint,
  state text not null,
  policy_version bigint not null,
  made_at timestamptz not null,
  made_by text not null,
  until_at timestamptz not null,
  resolved_at timestamptz,
  constraint reservations_pkey primary key (bank_id, id),
  constraint reservations_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint reservations_shop_id_fkey foreign key (bank_id, shop_id) references shops (bank_id, id),
  constraint reservations_hold_id_key unique (bank_id, hold_id),
  constraint reservations_state_check check (state in ('reserved', 'picked_up', 'cancelled', 'lapsed')),
  constraint reservations_resolved_check check ((state = 'reserved') = (resolved_at is null)),
  constraint reservations_points_check check (points >= 0)
);
create index reservations_person_idx on reservations (bank_id, person_id, id);
create index reservations_open_idx on reservations (bank_id, shop_id, until_at, id) where state = 'reserved';

create table reservation_lines (
  bank_id bigint not null,
  reservation_id bigint not null,
  line bigint not null,
  goods_id bigint not null,
  quantity bigint not null,
  points bigint not null,
  constraint reservation_lines_pkey primary key (bank_id, reservation_id, line),
  constraint reservation_lines_reservation_id_fkey foreign key (bank_id, reservation_id)
    references reservations (bank_id, id),
  constraint reservation_lines_goods_id_fkey foreign key (bank_id, goods_id) references goods (bank_id, id),
  constraint reservation_lines_quantity_check check (quantity > 0)
);
create index reservation_lines_goods_idx on reservation_lines (bank_id, goods_id);

-- A member at a till who showed a code, a card with its PIN, or a pick-up code, and what is in the basket. proof is
-- what showing it used up. Gone after a day.
create table quotes (
  bank_id bigint not null,
  id uuid not null default gen_random_uuid(),
  till_id bigint not null,
  person_id uuid not null,
  shown text not null,
  proof bytea,
  reservation_id bigint,
  lines jsonb not null,
  points bigint not null,
  policy_version bigint not null,
  made_at timestamptz not null,
  expires_at timestamptz not null,
  version bigint not null default 1,
  constraint quotes_pkey primary key (bank_id, id),
  constraint quotes_till_id_fkey foreign key (bank_id, till_id) references tills (bank_id, id),
  constraint quotes_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint quotes_reservation_id_fkey foreign key (bank_id, reservation_id) references reservations (bank_id, id),
  constraint quotes_shown_check check (shown in ('code', 'card', 'pick_up'))
);
create unique index quotes_proof_key on quotes (bank_id, proof) where proof is not null;
create index quotes_expires_idx on quotes (bank_id, expires_at);

create table redemptions (
  bank_id bigint not null,
  id bigint generated always as identity,
  receipt text not null,
  shop_id bigint not null,
  till_id bigint not null,
  quote_id uuid not null,
  reservation_id bigint,
  person_id uuid not null,
  points bigint not null,
  cash_cents bigint not null default 0,
  transaction_id bigint not null,
  policy_version bigint not null,
  made_at timestamptz not null,
  made_on date not null,
  made_by text not null,
  constraint redemptions_pkey primary key (bank_id, id),
  constraint redemptions_receipt_key unique (bank_id, receipt),
  constraint redemptions_quote_key unique (bank_id, quote_id),
  constraint redemptions_transaction_key unique (bank_id, transaction_id),
  constraint redemptions_shop_id_fkey foreign key (bank_id, shop_id) references shops (bank_id, id),
  constraint redemptions_till_id_fkey foreign key (bank_id, till_id) references tills (bank_id, id),
  constraint redemptions_reservation_id_fkey foreign key (bank_id, reservation_id)
    references reservations (bank_id, id),
  constraint redemptions_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint redemptions_points_check check (points >= 0 and cash_cents >= 0)
);
create unique index redemptions_reservation_key on redemptions (bank_id, reservation_id)
  where reservation_id is not null;
create index redemptions_person_idx on redemptions (bank_id, person_id, made_on);
create index redemptions_till_idx on redemptions (bank_id, till_id, id);
create index redemptions_shop_idx on redemptions (bank_id, shop_id, id);

create table redemption_lines (
  bank_id bigint not null,
  redemption_id bigint not null,
  line bigint not null,
  goods_id bigint not null,
  quantity bigint not null,
  points bigint not null,
  constraint redemption_lines_pkey primary key (bank_id, redemption_id, line),
  constraint redemption_lines_redemption_id_fkey foreign key (bank_id, redemption_id)
    references redemptions (bank_id, id),
  constraint redemption_lines_goods_id_fkey foreign key (bank_id, goods_id) references goods (bank_id, id),
  constraint redemption_lines_quantity_check check (quantity > 0)
);
create index redemption_lines_goods_idx on redemption_lines (bank_id, goods_id);

-- till_id: the drawer that gave the cash back, which need not be the one that took it; a manager has none.
create table refunds (
  bank_id bigint not null,
  id bigint generated always as identity,
  redemption_id bigint not null,
  transaction_id bigint not null,
  reason text not null,
  by_manager boolean not null,
  till_id bigint,
  made_at timestamptz not null,
  made_by text not null,
  constraint refunds_pkey primary key (bank_id, id),
  constraint refunds_redemption_key unique (bank_id, redemption_id),
  constraint refunds_redemption_id_fkey foreign key (bank_id, redemption_id) references redemptions (bank_id, id),
  constraint refunds_till_id_fkey foreign key (bank_id, till_id) references tills (bank_id, id),
  constraint refunds_till_check check (by_manager = (till_id is null))
);
create index refunds_till_idx on refunds (bank_id, till_id) where till_id is not null;

-- A merchant of the whitelist; what it may do follows from its state, each change of which has an entry.
create table merchants (
  bank_id bigint not null,
  id bigint generated always as identity,
  organisation_id bigint not null,
  owner uuid not null default gen_random_uuid(),
  name text not null,
  category text not null,
  address text not null,
  licence text not null,
  state text not null,
  created_at timestamptz not null,
  version bigint not null default 1,
  constraint merchants_pkey primary key (bank_id, id),
  constraint merchants_owner_key unique (bank_id, owner),
  constraint merchants_licence_key unique (bank_id, licence),
  constraint merchants_organisation_id_fkey foreign key (bank_id, organisation_id)
    references organisations (bank_id, id),
  constraint merchants_state_check check (state in ('applied', 'vetted', 'active', 'suspended', 'rejected', 'closed'))
);
create index merchants_organisation_idx on merchants (bank_id, organisation_id, id);

create table merchant_entries (
  bank_id bigint not null,
  id bigint generated always as identity,
  merchant_id bigint not null,
  kind text not null,
  reason text not null,
  actor text not null,
  person_id uuid,
  entered_at timestamptz not null,
  constraint merchant_entries_pkey primary key (bank_id, id),
  constraint merchant_entries_merchant_id_fkey foreign key (bank_id, merchant_id) references merchants (bank_id, id),
  constraint merchant_entries_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint merchant_entries_kind_check check (kind in
    ('applied', 'vetted', 'activated', 'suspended', 'resumed', 'rejected', 'closed'))
);
create index merchant_entries_merchant_idx on merchant_entries (bank_id, merchant_id, id);

create table merchant_staff (
  bank_id bigint not null,
  merchant_id bigint not null,
  person_id uuid not null,
  since_at timestamptz not null,
  added_by text not null,
  until_at timestamptz,
  constraint merchant_staff_pkey primary key (bank_id, merchant_id, person_id),
  constraint merchant_staff_merchant_id_fkey foreign key (bank_id, merchant_id) references merchants (bank_id, id),
  constraint merchant_staff_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id)
);
create index merchant_staff_person_idx on merchant_staff (bank_id, person_id);

-- What fufen buy at a merchant: a share or an amount off, or a housekeeping voucher of some minutes.
create table offers (
  bank_id bigint not null,
  id bigint generated always as identity,
  merchant_id bigint not null,
  kind text not null,
  title text not null,
  terms text not null,
  price_fufen bigint not null,
  percent bigint,
  amount_cents bigint,
  minutes bigint,
  starts_on date not null,
  ends_on date not null,
  member_limit bigint,
  total_limit bigint,
  voucher_days bigint not null,
  state text not null,
  version bigint not null default 1,
  constraint offers_pkey primary key (bank_id, id),
  constraint offers_merchant_id_fkey foreign key (bank_id, merchant_id) references merchants (bank_id, id),
  constraint offers_kind_check check (kind in ('percent_off', 'amount_off', 'housekeeping')),
  constraint offers_value_check check ((kind = 'percent_off') = (percent is not null)
    and (kind = 'amount_off') = (amount_cents is not null) and (kind = 'housekeeping') = (minutes is not null)),
  constraint offers_amounts_check check (price_fufen > 0 and percent between 1 and 100 and amount_cents > 0
    and minutes > 0 and member_limit > 0 and total_limit > 0 and voucher_days between 1 and 3660),
  constraint offers_ends_on_check check (ends_on >= starts_on),
  constraint offers_state_check check (state in ('draft', 'published', 'withdrawn'))
);
create index offers_merchant_idx on offers (bank_id, merchant_id, id);

-- A numbered promise of an offer, backed by a hold. The hold outlasts the voucher by the days its upload may take. kind
-- and value are the offer's of that day; key_id names the key that its text is signed under, kept while it is open.
create table vouchers (
  bank_id bigint not null,
  id bigint generated always as identity,
  offer_id bigint not null,
  merchant_id bigint not null,
  person_id uuid not null,
  kind text not null,
  value bigint not null,
  fufen bigint not null,
  hold_id bigint not null,
  key_id text not null,
  state text not null,
  policy_version bigint not null,
  issued_at timestamptz not null,
  issued_by text not null,
  expires_on date not null,
  until_at timestamptz not null,
  resolved_at timestamptz,
  constraint vouchers_pkey primary key (bank_id, id),
  constraint vouchers_hold_id_key unique (bank_id, hold_id),
  constraint vouchers_offer_id_fkey foreign key (bank_id, offer_id) references offers (bank_id, id),
  constraint vouchers_merchant_id_fkey foreign key (bank_id, merchant_id) references merchants (bank_id, id),
  constraint vouchers_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint vouchers_state_check check (state in ('issued', 'used', 'cancelled', 'lapsed')),
  constraint vouchers_resolved_check check ((state = 'issued') = (resolved_at is null)),
  constraint vouchers_kind_check check (kind in ('percent_off', 'amount_off', 'housekeeping')),
  constraint vouchers_amounts_check check (fufen > 0 and value > 0)
);
create index vouchers_person_idx on vouchers (bank_id, person_id, id);
create index vouchers_offer_idx on vouchers (bank_id, offer_id, person_id);
create index vouchers_open_idx on vouchers (bank_id, until_at, id) where state = 'issued';

-- Every use of a voucher that a merchant sent, whatever came of it; digest makes one sent twice the same.
create table voucher_uses (
  bank_id bigint not null,
  id bigint generated always as identity,
  digest bytea not null,
  voucher_id bigint,
  merchant_id bigint not null,
  outcome text not null,
  used_at timestamptz not null,
  received_at timestamptz not null,
  is_offline boolean not null,
  actor text not null,
  constraint voucher_uses_pkey primary key (bank_id, id),
  constraint voucher_uses_digest_key unique (bank_id, merchant_id, digest),
  constraint voucher_uses_voucher_id_fkey foreign key (bank_id, voucher_id) references vouchers (bank_id, id),
  constraint voucher_uses_merchant_id_fkey foreign key (bank_id, merchant_id) references merchants (bank_id, id)
);
create unique index voucher_uses_once_key on voucher_uses (bank_id, voucher_id) where outcome = 'honoured';
create index voucher_uses_merchant_idx on voucher_uses (bank_id, merchant_id, id);

-- Fufen taken by a merchant, for an offer or a voucher of it.
create table acceptances (
  bank_id bigint not null,
  id bigint generated always as identity,
  merchant_id bigint not null,
  offer_id bigint not null,
  voucher_id bigint,
  person_id uuid not null,
  fufen bigint not null,
  via text not null,
  proof bytea,
  transaction_id bigint not null,
  policy_version bigint not null,
  accepted_at timestamptz not null,
  accepted_on date not null,
  accepted_by text not null,
  constraint acceptances_pkey primary key (bank_id, id),
  constraint acceptances_transaction_key unique (bank_id, transaction_id),
  constraint acceptances_merchant_id_fkey foreign key (bank_id, merchant_id) references merchants (bank_id, id),
  constraint acceptances_offer_id_fkey foreign key (bank_id, offer_id) references offers (bank_id, id),
  constraint acceptances_voucher_id_fkey foreign key (bank_id, voucher_id) references vouchers (bank_id, id),
  constraint acceptances_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint acceptances_via_check check (via in ('member_code', 'merchant_code', 'voucher')),
  constraint acceptances_voucher_check check ((via = 'voucher') = (voucher_id is not null))
);
create unique index acceptances_proof_key on acceptances (bank_id, proof) where proof is not null;
create unique index acceptances_voucher_key on acceptances (bank_id, voucher_id) where voucher_id is not null;
create index acceptances_merchant_idx on acceptances (bank_id, merchant_id, id);
create index acceptances_person_idx on acceptances (bank_id, person_id, accepted_on);
create index acceptances_offer_idx on acceptances (bank_id, offer_id, person_id);

-- What a member says against a merchant; the words are theirs and can be erased.
create table complaints (
  bank_id bigint not null,
  id bigint generated always as identity,
  acceptance_id bigint not null,
  person_id uuid not null,
  statement text not null,
  raised_at timestamptz not null,
  decided_at timestamptz,
  decided_by uuid,
  decision text,
  answer text,
  refund_id bigint,
  constraint complaints_pkey primary key (bank_id, id),
  constraint complaints_acceptance_id_fkey foreign key (bank_id, acceptance_id) references acceptances (bank_id, id),
  constraint complaints_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint complaints_decision_check check (decision in ('upheld', 'dismissed')),
  constraint complaints_decided_check check ((decided_at is null) = (decision is null)),
  constraint complaints_refund_check check (refund_id is null or decision = 'upheld')
);
create unique index complaints_open_key on complaints (bank_id, acceptance_id) where decided_at is null;
create unique index complaints_refund_key on complaints (bank_id, acceptance_id) where refund_id is not null;
create index complaints_person_idx on complaints (bank_id, person_id, id);

-- One unit turned into another by the rate of a policy version. Hours stay: they are counted as converted, not spent.
create table conversions (
  bank_id bigint not null,
  id bigint generated always as identity,
  person_id uuid not null,
  from_unit text not null,
  from_amount bigint not null,
  to_unit text not null,
  to_amount bigint not null,
  transaction_id bigint not null,
  policy_version bigint not null,
  made_at timestamptz not null,
  made_on date not null,
  made_by text not null,
  constraint conversions_pkey primary key (bank_id, id),
  constraint conversions_transaction_key unique (bank_id, transaction_id),
  constraint conversions_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint conversions_amounts_check check (from_amount > 0 and to_amount > 0)
);
create index conversions_person_idx on conversions (bank_id, person_id, id);

-- What a payee's statement of a month comes to, in the unit taken and in money; each transaction is in one statement.
create table settlements (
  bank_id bigint not null,
  id bigint generated always as identity,
  shop_id bigint,
  merchant_id bigint,
  unit text not null,
  month_on date not null,
  amount bigint not null,
  unit_cents bigint not null,
  cents bigint not null,
  state text not null,
  policy_version bigint not null,
  drafted_by text not null,
  drafted_person_id uuid,
  drafted_at timestamptz not null,
  approved_by uuid,
  approved_at timestamptz,
  fund_id bigint,
  paid_by uuid,
  paid_at timestamptz,
  transaction_id bigint,
  version bigint not null default 1,
  constraint settlements_pkey primary key (bank_id, id),
  constraint settlements_shop_id_fkey foreign key (bank_id, shop_id) references shops (bank_id, id),
  constraint settlements_merchant_id_fkey foreign key (bank_id, merchant_id) references merchants (bank_id, id),
  constraint settlements_fund_id_fkey foreign key (bank_id, fund_id) references funds (bank_id, id),
  constraint settlements_approved_by_fkey foreign key (bank_id, approved_by) references people (bank_id, id),
  constraint settlements_paid_by_fkey foreign key (bank_id, paid_by) references people (bank_id, id),
  constraint settlements_payee_check check ((shop_id is null) <> (merchant_id is null)),
  constraint settlements_month_on_check check (extract(day from month_on) = 1),
  constraint settlements_amount_check check (amount > 0 and unit_cents >= 0 and cents = amount * unit_cents),
  constraint settlements_state_check check (state in ('drafted', 'approved', 'paid')),
  constraint settlements_approved_check check ((state = 'drafted') = (approved_at is null)
    and (approved_at is null) = (approved_by is null)),
  constraint settlements_eyes_check check (approved_by <> drafted_person_id),
  constraint settlements_paid_check check ((state = 'paid') = (transaction_id is not null)
    and (state = 'paid') = (paid_at is not null) and (state = 'paid') = (fund_id is not null))
);
create unique index settlements_shop_key on settlements (bank_id, shop_id, unit, month_on) where shop_id is not null;
create unique index settlements_merchant_key on settlements (bank_id, merchant_id, unit, month_on)
  where merchant_id is not null;

create table settlement_items (
  bank_id bigint not null,
  transaction_id bigint not null,
  settlement_id bigint not null,
  amount bigint not null,
  constraint settlement_items_pkey primary key (bank_id, transaction_id),
  constraint settlement_items_settlement_id_fkey foreign key (bank_id, settlement_id)
    references settlements (bank_id, id)
);
create index settlement_items_settlement_idx on settlement_items (bank_id, settlement_id, transaction_id);

-- Who is kin of whom, declared by one and confirmed by an office that saw the papers: time-coins are given along these.
create table kinships (
  bank_id bigint not null,
  id bigint generated always as identity,
  person_id uuid not null,
  kin_id uuid not null,
  relation text not null,
  declared_at timestamptz not null,
  declared_by text not null,
  confirmed_at timestamptz,
  confirmed_by uuid,
  ended_at timestamptz,
  ended_by text,
  constraint kinships_pkey primary key (bank_id, id),
  constraint kinships_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint kinships_kin_id_fkey foreign key (bank_id, kin_id) references people (bank_id, id),
  constraint kinships_relation_check check (relation in ('spouse', 'parent', 'child', 'grandparent', 'grandchild')),
  constraint kinships_kin_id_check check (kin_id <> person_id),
  constraint kinships_confirmed_check check ((confirmed_at is null) = (confirmed_by is null)),
  constraint kinships_ended_check check ((ended_at is null) = (ended_by is null))
);
create unique index kinships_current_key on kinships (bank_id, person_id, kin_id) where ended_at is null;
create index kinships_kin_idx on kinships (bank_id, kin_id);

-- Time-coins that changed hands: given to kin, donated to a care fund, granted from it.
create table gifts (
  bank_id bigint not null,
  id bigint generated always as identity,
  kind text not null,
  from_person_id uuid,
  to_person_id uuid,
  fund_id bigint,
  amount bigint not null,
  reason text not null,
  transaction_id bigint not null,
  policy_version bigint not null,
  made_at timestamptz not null,
  made_by text not null,
  constraint gifts_pkey primary key (bank_id, id),
  constraint gifts_transaction_key unique (bank_id, transaction_id),
  constraint gifts_from_person_id_fkey foreign key (bank_id, from_person_id) references people (bank_id, id),
  constraint gifts_to_person_id_fkey foreign key (bank_id, to_person_id) references people (bank_id, id),
  constraint gifts_fund_id_fkey foreign key (bank_id, fund_id) references funds (bank_id, id),
  constraint gifts_kind_check check (kind in ('gift', 'donation', 'grant')),
  constraint gifts_sides_check check ((kind = 'grant') = (from_person_id is null)
    and (kind = 'donation') = (to_person_id is null) and (kind = 'gift') = (fund_id is null)),
  constraint gifts_amount_check check (amount > 0)
);
create index gifts_from_idx on gifts (bank_id, from_person_id, id);
create index gifts_to_idx on gifts (bank_id, to_person_id, id);

-- Service asked for and paid with time-coins; the words are the asker's and can be erased.
create table service_orders (
  bank_id bigint not null,
  id bigint generated always as identity,
  organisation_id bigint not null,
  person_id uuid not null,
  served_id uuid not null,
  category text not null,
  wish text not null,
  wanted_at timestamptz not null,
  minutes bigint not null,
  coins bigint not null,
  coins_used bigint,
  hold_id bigint not null,
  state text not null,
  server_id uuid,
  policy_version bigint not null,
  ordered_at timestamptz not null,
  ordered_by text not null,
  until_at timestamptz not null,
  assigned_by text,
  resolved_at timestamptz,
  resolved_by text,
  version bigint not null default 1,
  constraint service_orders_pkey primary key (bank_id, id),
  constraint service_orders_hold_id_key unique (bank_id, hold_id),
  constraint service_orders_organisation_id_fkey foreign key (bank_id, organisation_id)
    references organisations (bank_id, id),
  constraint service_orders_person_id_fkey foreign key (bank_id, person_id) references people (bank_id, id),
  constraint service_orders_served_id_fkey foreign key (bank_id, served_id) references people (bank_id, id),
  constraint service_orders_server_id_fkey foreign key (bank_id, server_id) references people (bank_id, id),
  constraint service_orders_amounts_check check (minutes > 0 and coins > 0 and coins_used between 1 and coins),
  constraint service_orders_state_check check (state in ('ordered', 'assigned', 'done', 'cancelled', 'lapsed')),
  constraint service_orders_resolved_check check ((state in ('ordered', 'assigned')) = (resolved_at is null))
);
create index service_orders_organisation_idx on service_orders (bank_id, organisation_id, state, id);
create index service_orders_person_idx on service_orders (bank_id, person_id, id);
create index service_orders_server_idx on service_orders (bank_id, server_id, id) where server_id is not null;
create index service_orders_open_idx on service_orders (bank_id, until_at, id) where state in ('ordered', 'assigned');
"""

APPEND_ONLY = (
    "ceilings",
    "stock_entries",
    "till_counts",
    "redemptions",
    "redemption_lines",
    "refunds",
    "reservation_lines",
    "merchant_entries",
    "voucher_uses",
    "acceptances",
    "conversions",
    "settlement_items",
    "gifts",
)
TENANT = (
    *APPEND_ONLY,
    "waiting_credits",
    "funds",
    "goods_pictures",
    "tills",
    "quotes",
    "reservations",
    "merchants",
    "merchant_staff",
    "offers",
    "vouchers",
    "complaints",
    "settlements",
    "kinships",
    "service_orders",
)
UPDATES = {
    "waiting_credits": "organisation_id, unit, amount",
    "shops": "code, name, organisation_id, closed_on, version",
    "goods": "sku, name, price_points, category, description, barcode, member_day_limit, member_month_limit,"
    " low_stock_at, low_stock_told_at, is_listed, version",
    "goods_pictures": "digest, media_type, content, set_at, set_by",
    "funds": "code, name, organisation_id, closed_on, version",
    "cards": "pin_hash, pin_set_at, pin_misses",
    "tills": "closed_at, closing_cash_cents, expected_cash_cents, closed_by, note",
    "quotes": "lines, points, policy_version, expires_at, version",
    "reservations": "hold_id, state, resolved_at",
    "merchants": "organisation_id, name, category, address, licence, state, version",
    "merchant_staff": "since_at, added_by, until_at",
    "offers": "title, terms, price_fufen, percent, amount_cents, minutes, starts_on, ends_on, member_limit,"
    " total_limit, voucher_days, state, version",
    "vouchers": "state, resolved_at",
    "complaints": "statement, decided_at, decided_by, decision, answer, refund_id",
    "settlements": "state, approved_by, approved_at, fund_id, paid_by, paid_at, transaction_id, version",
    "kinships": "confirmed_at, confirmed_by, ended_at, ended_by",
    "service_orders": "wish, coins_used, state, server_id, assigned_by, resolved_at, resolved_by, version",
}
DELETES = ("waiting_credits", "goods_pictures", "quotes")


def upgrade() -> None:
    execute_each(LEDGER)
    execute_each(SLIPS)
    execute_each(TABLES)
    admit(TENANT, append_only_tables=APPEND_ONLY, updates=UPDATES, deletes=DELETES)


def downgrade() -> None:
    """Refuse: the books are append-only, so a schema is only ever left by restoring a backup."""
    raise IrreversibleMigrationError
