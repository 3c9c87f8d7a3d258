"""The schema as SQLAlchemy sees it: what `make check` holds the migrations to. Queries are SQL, not this."""

from sqlalchemy import MetaData

from ledger.tables import metadata as shared
from timebank.activities.tables import activities, activity_sessions, sign_ups
from timebank.acts.tables import acts, replies
from timebank.devices.tables import device_enrolments, devices
from timebank.jobs.tables import job_runs
from timebank.login.tables import credentials, login_codes, login_links, refresh_tokens, sessions
from timebank.notices.tables import notice_lines, notices, objections
from timebank.notifications.tables import notifications
from timebank.organisations.tables import organisation_moves, organisations
from timebank.passes.tables import passes
from timebank.people.tables import cards, guardianships, memberships, people
from timebank.policy.tables import policy_packs
from timebank.privacy.tables import consents, look_ups
from timebank.recognition.tables import recognitions
from timebank.records.tables import attendances, awards, disputes, record_entries, service_records
from timebank.roles.tables import proxies, role_grants
from timebank.scans.tables import scans
from timebank.shops.tables import goods, redemptions, shops
from timebank.stations.tables import session_stations, stations
from timebank.tasks.tables import task_files, tasks
from timebank.throttles.tables import throttles
from timebank.vault.tables import blind_indexes, vault
from timebank.volunteers.tables import volunteers
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
    redemptions,
    job_runs,
    recognitions,
)
"""Tables of the domain, each after those it points to."""

metadata: MetaData = shared
"""Every table there is: importing the modules above has added the domain's to the ledger's."""
