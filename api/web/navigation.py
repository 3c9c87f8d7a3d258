"""The ways through the pages: what each kind of user finds in the dock, the rail or the bar, and who finds it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Way:
    """A way on: its address, its words, its icon, and the permission of those who find it, if not everybody."""

    address: str
    words: str
    icon: str
    permission: str | None = None
    further: tuple[str, ...] = ()
    """Where pages of this way lie that are not below its address."""

    def leads_to(self, path: str) -> bool:
        """Tell whether a page lies on this way."""
        return self.nearness(path) > 0

    def nearness(self, path: str) -> int:
        """Return how much of a page's address is on this way; 0 if nothing is."""
        return max(
            (
                len(each)
                for each in (self.address, *self.further)
                if path == each or (each != "/" and path.startswith(f"{each}/"))
            ),
            default=0,
        )


@dataclass(frozen=True, slots=True)
class Group:
    """Ways of one matter, under their own words."""

    words: str
    ways: Sequence[Way]


DOCK = (
    Way("/me", "page.dock.home", "house"),
    Way("/sessions", "page.sessions.title", "calendar-days"),
    Way("/me/code", "page.code.short", "qr-code"),
    Way(
        "/shops",
        "page.dock.shop",
        "gift",
        further=("/offers", "/me/spending", "/me/spent", "/me/reservations", "/me/vouchers"),
    ),
    Way(
        "/me/more",
        "page.more.title",
        "user-round",
        further=(
            *("/me/statement", "/me/records", "/me/stars", "/me/certificates"),
            *("/me/notices", "/me/gifts", "/me/privacy"),
        ),
    ),
)
"""What a volunteer's thumb reaches on every page."""

OFFICE_WORK = "recognitions.read"
"""What everybody has who works at a desk of the office, and nobody else."""

RAIL = (
    Group("page.rail.overview", (Way("/office", "page.dashboard.title", "layout-dashboard", OFFICE_WORK),)),
    Group(
        "page.rail.records",
        (
            Way("/office/reviews", "page.reviews.title", "clipboard-check", "reviews.write"),
            Way("/office/disputes", "page.disputes.title", "message-square-warning", "disputes.decide"),
            Way("/office/notices", "page.office_notices.title", "megaphone", "notices.write"),
            Way("/office/staged", "page.staged.title", "flag", "reviews.write"),
        ),
    ),
    Group(
        "page.rail.service",
        (
            Way(
                "/office/activities",
                "page.activities.title",
                "calendar-days",
                "activities.write",
                ("/office/sessions",),
            ),
            Way("/office/people", "page.people.title", "users", "people.list"),
            Way(
                "/office/stations",
                "page.office_stations.title",
                "map-pin",
                OFFICE_WORK,
                ("/office/devices",),
            ),
            Way("/office/recognition", "page.rounds.title", "award", "recognitions.read"),
        ),
    ),
    Group(
        "page.rail.money",
        (
            Way("/office/solvency", "page.solvency.title", "scale", "budgets.read"),
            Way("/office/merchants", "page.office_merchants.title", "store", "merchants.history"),
            Way("/office/settlements", "page.settlements.title", "receipt-text", "settlements.read"),
        ),
    ),
    Group(
        "page.rail.rules",
        (
            Way("/office/policy", "page.policy.title", "sliders-horizontal", "policy.simulate"),
            Way("/office/imports", "page.imports.title", "file-up", "imports.write"),
            Way("/office/exports", "page.exports.title", "file-down", "exports.write"),
        ),
    ),
    Group(
        "page.rail.house",
        (
            Way("/office/jobs", "page.jobs.title", "alarm-clock", "jobs.read"),
            Way("/office/audit", "page.audit.title", "shield-check", "audit.read"),
            Way("/office/look-ups", "page.look_ups.title", "eye", "look_ups.read"),
        ),
    ),
)
"""What stands at the side of the desk."""

PUBLIC = (
    Way("/notices", "page.notices.title", "megaphone"),
    Way("/recognition", "page.honours.title", "award"),
    Way("/verify", "page.verify.title", "badge-check"),
    Way("/checkpoint", "page.checkpoint.title", "shield-check"),
)
"""What anybody may look at."""

DESKS = (
    Way("/stations", "page.stations.title", "map-pin", "stations.show"),
    Way("/till", "page.till.title", "shopping-basket", "redemptions.make"),
    Way("/shop", "page.shop_desk.title", "package", "stock.write"),
    Way("/till/shifts", "page.till.shifts", "clipboard-list", "tills.read"),
    Way("/merchant", "page.merchant.title", "store", "merchants.own"),
)
"""Where people work who are not in the office."""

OFFICE = Way("/office", "page.office.title", "briefcase-business")
ME = Way("/me", "page.me.title", "user-round")

OF_THE_BANK = frozenset({"jobs.read", "jobs.write", "audit.read"})
"""What nobody has of a part of the bank."""

AREAS = frozenset({"public", "volunteer", "station", "till", "shop", "merchant", "office"})
"""The kinds of user, each with a folder of templates and a sheet of style."""


def nearest(ways: Iterable[Way], path: str) -> Way | None:
    """Return the way that a page lies on: of several the one that has most of its address."""
    return max((way for way in ways if way.leads_to(path)), key=lambda way: way.nearness(path), default=None)
