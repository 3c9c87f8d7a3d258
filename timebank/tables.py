"""The schema as SQLAlchemy sees it: what `make check` holds the migrations to. Queries are SQL, not this."""

from sqlalchemy import MetaData

from ledger.tables import metadata as shared
from timebank.activities.tables import activities, activity_sessions, sign_ups
from timebank.acts.tables import acts, replies
from timebank.budgets.tables import ceilings, waiting_credits
from timebank.certificates.tables import certificates
from timebank.conversions.tables import conversions
from timebank.devices.tables import device_enrolments, devices
from timebank.expiry.tables import expiry_warnings
from timebank.funds.tables import funds
from timebank.gifts.tables import gifts
from timebank.jobs.tables import job_attempts, job_faults, job_pauses, job_runs
from timebank.kinships.tables import kinships
from timebank.login.tables import credentials, login_codes, login_links, refresh_tokens, sessions
from timebank.merchants.tables import merchant_entries, merchant_staff, merchants
from timebank.messages.tables import channel_choices, messages
from timebank.notices.tables import notice_lines, notices, objections
from timebank.notifications.tables import notifications
from timebank.offers.tables import acceptances, complaints, offers
from timebank.organisations.tables import organisation_moves, organisations
from timebank.passes.tables import passes
from timebank.people.tables import cards, guardianships, memberships, people
from timebank.policy.tables import policy_packs
from timebank.privacy.tables import consents, look_ups
from timebank.recognition.tables import (
    recognition_candidates,
    recognition_decisions,
    recognition_members,
    recognition_objections,
    recognition_rounds,
    recognition_subjects,
    recognitions,
)
from timebank.records.tables import attendances, awards, disputes, record_entries, service_records
from timebank.redemptions.tables import redemption_lines, redemptions, refunds
from timebank.reservations.tables import reservation_lines, reservations
from timebank.roles.tables import proxies, role_grants
from timebank.scans.tables import scans
from timebank.service_orders.tables import service_orders
from timebank.settlements.tables import settlement_items, settlements
from timebank.shops.tables import goods, goods_pictures, redemption_slips, shops
from timebank.stars.tables import star_changes
from timebank.stations.tables import session_stations, stations
from timebank.stock.tables import stock_entries
from timebank.tasks.tables import task_files, tasks
from timebank.throttles.tables import throttles
from timebank.tills.tables import quotes, till_counts, tills
from timebank.vault.tables import blind_indexes, vault
from timebank.volunteers.tables import volunteers
from timebank.vouchers.tables import voucher_uses, vouchers
from timebank.webhooks.tables import webhook_endpoints
from timebank.workdays.tables import calendar_days

DOMAIN = (
    policy_packs,
    organisations,
    organisation_moves,
    people,
    memberships,
    guardianships,
    cards,
    blind_indexes,
    consents,
    look_ups,
    credentials,
    login_codes,
    login_links,
    devices,
    device_enrolments,
    sessions,
    refresh_tokens,
    role_grants,
    proxies,
    notifications,
    acts,
    replies,
    tasks,
    task_files,
    throttles,
    volunteers,
    vault,
    activities,
    activity_sessions,
    sign_ups,
    stations,
    session_stations,
    passes,
    scans,
    service_records,
    record_entries,
    disputes,
    notices,
    notice_lines,
    objections,
    calendar_days,
    attendances,
    awards,
    shops,
    goods,
    goods_pictures,
    redemption_slips,
    ceilings,
    waiting_credits,
    funds,
    tills,
    till_counts,
    stock_entries,
    reservations,
    reservation_lines,
    quotes,
    redemptions,
    redemption_lines,
    refunds,
    merchants,
    merchant_entries,
    merchant_staff,
    offers,
    vouchers,
    voucher_uses,
    acceptances,
    complaints,
    conversions,
    settlements,
    settlement_items,
    kinships,
    gifts,
    service_orders,
    job_runs,
    recognitions,
    job_attempts,
    job_faults,
    job_pauses,
    channel_choices,
    webhook_endpoints,
    messages,
    expiry_warnings,
    star_changes,
    recognition_rounds,
    recognition_subjects,
    recognition_members,
    recognition_candidates,
    recognition_decisions,
    recognition_objections,
    certificates,
)
"""Tables of the domain, each after those it points to."""

metadata: MetaData = shared
"""Every table there is: importing the modules above has added the domain's to the ledger's."""
