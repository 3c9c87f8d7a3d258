"""Who may do what: the one table of permissions. What it means at a door is `timebank.access`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a grant names. Everybody is a volunteer of their own things; devices are actors by themselves."""

    STEWARD = "steward"
    CASHIER = "cashier"
    SHOP_MANAGER = "shop_manager"
    MERCHANT = "merchant"
    COMMUNITY_WORKER = "community_worker"
    OFFICE = "office"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


WORKER, OFFICE, AUDITOR, ADMINISTRATOR = Role.COMMUNITY_WORKER, Role.OFFICE, Role.AUDITOR, Role.ADMINISTRATOR
SHOP_MANAGER, STEWARD, CASHIER, MERCHANT = Role.SHOP_MANAGER, Role.STEWARD, Role.CASHIER, Role.MERCHANT

OFFICE_ROLES = frozenset({OFFICE, ADMINISTRATOR, AUDITOR, WORKER, SHOP_MANAGER})
"""Roles that need a second factor: in a session begun without one, grants of them do not count."""

STRONG_METHODS = frozenset({"password_totp"})
"""How a session was begun that carries an office's roles."""


class Whom(StrEnum):
    """Who has a permission besides the roles named for it."""

    NOBODY = "nobody"
    SELF = "self"
    EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who has one permission: `whom` without any role, `roles` within their reach, `proxy` the scope an agent needs."""

    whom: Whom = Whom.NOBODY
    roles: frozenset[Role] = frozenset()
    scope: str | None = None
    devices: frozenset[str] = frozenset()


def _rule(
    *roles: Role, whom: Whom = Whom.NOBODY, scope: str | None = None, devices: tuple[str, ...] = ()
) -> Rule:
    return Rule(whom, frozenset(roles), scope, frozenset(devices))


SELF, EVERYBODY = Whom.SELF, Whom.EVERYBODY

PERMISSIONS: Mapping[str, Rule] = {
    # organisations
    "organisations.read": _rule(whom=EVERYBODY, devices=("station", "till")),
    "organisations.write": _rule(ADMINISTRATOR),
    # people
    "people.list": _rule(WORKER, OFFICE, ADMINISTRATOR),
    "people.read": _rule(WORKER, ADMINISTRATOR, whom=SELF, scope="profile"),
    "people.find": _rule(WORKER, ADMINISTRATOR),
    "people.register": _rule(WORKER, ADMINISTRATOR),
    "people.edit": _rule(WORKER, ADMINISTRATOR, whom=SELF, scope="profile"),
    "memberships.read": _rule(WORKER, OFFICE, ADMINISTRATOR, whom=SELF, scope="profile"),
    "memberships.write": _rule(WORKER, ADMINISTRATOR),
    "guardianships.read": _rule(WORKER, ADMINISTRATOR, whom=SELF, scope="profile"),
    "guardianships.write": _rule(WORKER, ADMINISTRATOR),
    "cards.read": _rule(WORKER, ADMINISTRATOR, whom=SELF, scope="profile"),
    "cards.issue": _rule(WORKER, ADMINISTRATOR),
    "cards.resolve": _rule(STEWARD, devices=("station",)),
    # privacy
    "consents.read": _rule(WORKER, ADMINISTRATOR, whom=SELF, scope="consents"),
    "consents.write": _rule(WORKER, whom=SELF, scope="consents"),
    "privacy.export": _rule(ADMINISTRATOR, whom=SELF),
    "privacy.erase": _rule(ADMINISTRATOR),
    "look_ups.read": _rule(AUDITOR, ADMINISTRATOR, whom=SELF),
    # what a person has
    "standing.read": _rule(WORKER, OFFICE, AUDITOR, ADMINISTRATOR, whom=SELF, scope="standing"),
    "records.read": _rule(WORKER, OFFICE, AUDITOR, ADMINISTRATOR, whom=SELF, scope="standing"),
    "proofs.read": _rule(AUDITOR, ADMINISTRATOR, whom=SELF, scope="standing"),
    "notifications.read": _rule(whom=SELF, scope="notifications"),
    # books
    "activities.read": _rule(whom=EVERYBODY, devices=("station",)),
    "activities.write": _rule(WORKER, OFFICE, ADMINISTRATOR),
    "activities.approve": _rule(OFFICE),
    "sign_ups.own": _rule(STEWARD, WORKER, whom=SELF, scope="sign_ups"),
    "sign_ups.read": _rule(STEWARD, WORKER, OFFICE, AUDITOR, ADMINISTRATOR, devices=("station",)),
    # stations, codes and scans
    "stations.read": _rule(whom=EVERYBODY, devices=("station",)),
    "stations.write": _rule(WORKER, ADMINISTRATOR),
    "stations.show": _rule(STEWARD, WORKER, devices=("station",)),
    "stations.posters": _rule(STEWARD, WORKER, ADMINISTRATOR),
    "passes.own": _rule(whom=SELF),
    "scans.own": _rule(whom=SELF, scope="scans"),
    "scans.take": _rule(STEWARD, WORKER, devices=("station",)),
    "scans.roll": _rule(STEWARD, WORKER),
    "scans.late": _rule(WORKER),
    "scans.upload": _rule(STEWARD, WORKER, devices=("station",)),
    "scans.read": _rule(STEWARD, WORKER, OFFICE, AUDITOR, ADMINISTRATOR, devices=("station",)),
    # review, notice, credit
    "sessions.close": _rule(STEWARD, WORKER),
    "reviews.write": _rule(WORKER, OFFICE),
    "records.void": _rule(OFFICE, ADMINISTRATOR),
    "disputes.own": _rule(whom=SELF, scope="standing"),
    "disputes.decide": _rule(WORKER, OFFICE),
    "notices.read": _rule(whom=EVERYBODY),
    "notices.write": _rule(WORKER, OFFICE),
    "objections.raise": _rule(whom=EVERYBODY),
    "objections.decide": _rule(OFFICE),
    "policy.read": _rule(whom=EVERYBODY),
    "policy.write": _rule(ADMINISTRATOR),
    "policy.simulate": _rule(OFFICE, AUDITOR, ADMINISTRATOR),
    "calendar.read": _rule(whom=EVERYBODY, devices=("station",)),
    "calendar.write": _rule(ADMINISTRATOR),
    # shops, stock, tills
    "shops.read": _rule(whom=EVERYBODY, devices=("till",)),
    "shops.write": _rule(SHOP_MANAGER, ADMINISTRATOR),
    "goods.write": _rule(SHOP_MANAGER),
    "stock.read": _rule(SHOP_MANAGER, OFFICE, AUDITOR, ADMINISTRATOR),
    "stock.write": _rule(SHOP_MANAGER),
    "cards.pin": _rule(WORKER, whom=SELF),
    "tills.open": _rule(CASHIER),
    "tills.close": _rule(CASHIER, SHOP_MANAGER),
    "tills.read": _rule(SHOP_MANAGER, AUDITOR, ADMINISTRATOR),
    "redemptions.make": _rule(CASHIER),
    "redemptions.read": _rule(SHOP_MANAGER, AUDITOR, ADMINISTRATOR),
    "refunds.later": _rule(SHOP_MANAGER),
    "reservations.own": _rule(whom=SELF, scope="spending"),
    "spending.own": _rule(whom=SELF, scope="spending"),
    # merchants, offers, vouchers, conversion
    "merchants.read": _rule(whom=EVERYBODY),
    "merchants.write": _rule(WORKER, OFFICE),
    "merchants.vet": _rule(OFFICE),
    "merchants.history": _rule(WORKER, OFFICE, AUDITOR, ADMINISTRATOR),
    "merchants.own": _rule(MERCHANT),
    "conversions.own": _rule(whom=SELF, scope="spending"),
    "vouchers.own": _rule(whom=SELF, scope="spending"),
    "complaints.own": _rule(whom=SELF, scope="spending"),
    "complaints.decide": _rule(OFFICE),
    # funds, settlement, budgets
    "funds.read": _rule(OFFICE, AUDITOR, ADMINISTRATOR),
    "funds.write": _rule(ADMINISTRATOR),
    "settlements.read": _rule(OFFICE, AUDITOR, ADMINISTRATOR),
    "settlements.seen": _rule(MERCHANT, OFFICE, AUDITOR, ADMINISTRATOR),
    "settlements.draft": _rule(OFFICE),
    "settlements.approve": _rule(OFFICE),
    "settlements.pay": _rule(ADMINISTRATOR),
    "budgets.read": _rule(OFFICE, AUDITOR, ADMINISTRATOR),
    "budgets.write": _rule(ADMINISTRATOR),
    # time-coins
    "kinships.own": _rule(WORKER, whom=SELF),
    "kinships.confirm": _rule(WORKER),
    "gifts.own": _rule(whom=SELF),
    "grants.write": _rule(OFFICE),
    "orders.own": _rule(whom=SELF, scope="orders"),
    "orders.manage": _rule(WORKER),
    # the calendar
    "jobs.read": _rule(AUDITOR, ADMINISTRATOR),
    "jobs.write": _rule(ADMINISTRATOR),
    "messages.read": _rule(AUDITOR, ADMINISTRATOR),
    "channels.own": _rule(whom=EVERYBODY),
    "webhooks.write": _rule(ADMINISTRATOR),
    "stars.lower": _rule(OFFICE),
    "recognitions.read": _rule(WORKER, OFFICE, AUDITOR, ADMINISTRATOR),
    "recognitions.write": _rule(OFFICE),
    "recognitions.approve": _rule(OFFICE),
    "recognitions.seen": _rule(whom=EVERYBODY),
    "certificates.own": _rule(WORKER, whom=SELF, scope="standing"),
    "certificates.read": _rule(OFFICE, AUDITOR, ADMINISTRATOR),
    "certificates.award": _rule(OFFICE),
    "reports.read": _rule(OFFICE, AUDITOR, ADMINISTRATOR),
    "transactions.read": _rule(AUDITOR, ADMINISTRATOR),
    "awards.read": _rule(OFFICE, AUDITOR, ADMINISTRATOR),
    "awards.write": _rule(OFFICE),
    "reversals.write": _rule(ADMINISTRATOR),
    "audit.read": _rule(AUDITOR, ADMINISTRATOR),
    "acts.read": _rule(AUDITOR, ADMINISTRATOR),
    # roles, proxies, devices, sessions
    "roles.read": _rule(AUDITOR, ADMINISTRATOR, whom=SELF),
    "roles.write": _rule(ADMINISTRATOR),
    "proxies.read": _rule(WORKER, ADMINISTRATOR, whom=SELF),
    "proxies.write": _rule(WORKER, ADMINISTRATOR, whom=SELF),
    "devices.read": _rule(WORKER, SHOP_MANAGER, AUDITOR, ADMINISTRATOR),
    "devices.write": _rule(WORKER, SHOP_MANAGER, ADMINISTRATOR),
    "sessions.end": _rule(ADMINISTRATOR),
    "sessions.own": _rule(whom=EVERYBODY, devices=("station", "till")),
    "credentials.own": _rule(whom=EVERYBODY),
    # tasks
    "tasks.read": _rule(OFFICE, AUDITOR, ADMINISTRATOR),
    "imports.write": _rule(ADMINISTRATOR),
    "exports.write": _rule(OFFICE, AUDITOR, ADMINISTRATOR),
}
"""Permission: who has it. `docs/permissions.md` shows the same table; a test holds every route to it."""

SCOPES = frozenset(rule.scope for rule in PERMISSIONS.values() if rule.scope)
"""What a proxy may name."""
