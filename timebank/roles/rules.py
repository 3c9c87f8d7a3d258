"""Which grants and proxies may be made, apart from reach. Pure."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from timebank.errors import RefusalError
from timebank.permissions import SCOPES

LONGEST_PROXY = timedelta(days=366)
"""Who is to act for another for longer is named again each year: people forget whom they trusted."""


def check_grant(
    *, granter_id: UUID | None, person_id: UUID, from_at: datetime, until_at: datetime | None, now: datetime
) -> None:
    """Refuse a grant to oneself and a period that is over before it begins or begins in the past.

    Raises:
        RefusalError: `grant_to_oneself`, `period_invalid`.
    """
    if granter_id == person_id:
        raise RefusalError("grant_to_oneself")
    if from_at < now or (until_at is not None and until_at <= from_at):
        raise RefusalError("period_invalid")


def check_proxy(
    *,
    maker_id: UUID | None,
    principal_id: UUID,
    agent_id: UUID,
    scopes: Collection[str],
    from_at: datetime,
    until_at: datetime,
    now: datetime,
) -> None:
    """Refuse a proxy for oneself, one that its maker would hold over somebody else, and what has no bounds.

    Raises:
        RefusalError: `proxy_of_oneself`, `proxy_to_oneself`, `proxy_scope_invalid`, `period_invalid`,
            `proxy_too_long`.
    """
    if agent_id == principal_id:
        raise RefusalError("proxy_of_oneself")
    if agent_id == maker_id:
        raise RefusalError("proxy_to_oneself")
    if not scopes or not SCOPES.issuperset(scopes):
        raise RefusalError("proxy_scope_invalid", allowed=", ".join(sorted(SCOPES)))
    if from_at < now or until_at <= from_at:
        raise RefusalError("period_invalid")
    if until_at - from_at > LONGEST_PROXY:
        raise RefusalError("proxy_too_long", limit_days=LONGEST_PROXY.days)
