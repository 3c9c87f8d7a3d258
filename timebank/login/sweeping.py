"""Deleting what logins leave behind once nobody needs it: spent codes, links, refresh tokens, ended sessions."""

from datetime import datetime, timedelta

from ledger.session import WriteTx
from timebank.login.codes import forget_codes
from timebank.login.links import forget_links
from timebank.login.sessions import forget_sessions, forget_tokens
from timebank.throttles.actions import forget_full

SECRETS_KEPT = timedelta(days=2)
TOKENS_KEPT = timedelta(days=30)
"""So long a used refresh token that comes back ends its session."""
SESSIONS_KEPT = timedelta(days=183)
"""Half a year of who was logged in when: 网络安全法 Art 21."""


async def sweep_logins(tx: WriteTx, *, now: datetime) -> None:
    """Delete what is over; to be run once a day."""
    await forget_codes(tx, before=now - SECRETS_KEPT)
    await forget_links(tx, before=now - SECRETS_KEPT)
    await forget_tokens(tx, before=now - TOKENS_KEPT)
    await forget_sessions(tx, before=now - SESSIONS_KEPT)
    await forget_full(tx, now=now)
