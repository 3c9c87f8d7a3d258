"""The schema as SQLAlchemy sees it: what `make check` holds the migrations to. Queries are SQL, not this."""

from sqlalchemy import MetaData

from ledger.tables import metadata as shared
from timebank.jobs.tables import job_runs
from timebank.organisations.tables import organisations
from timebank.policy.tables import policy_packs
from timebank.recognition.tables import recognitions
from timebank.records.tables import activities, attendances, awards, service_records
from timebank.shops.tables import goods, redemptions, shops
from timebank.vault.tables import vault
from timebank.volunteers.tables import volunteers

DOMAIN = (
    policy_packs,
    organisations,
    volunteers,
    vault,
    activities,
    service_records,
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
