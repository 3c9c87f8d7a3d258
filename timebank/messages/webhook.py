"""The channel `webhook`: a program of somebody else's gets what happened, signed by Standard Webhooks.

An endpoint's address is somebody's input, and this machine may reach what the input must not: so only addresses that
are everybody's are spoken to, the one that was checked is the one connected to, and redirects are not followed.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias
from urllib.parse import urlsplit, urlunsplit

import httpx2

from timebank.messages.channels import Outgoing, TemporaryError, UndeliverableError
from timebank.messages.posting import MAX_BYTES, posted, signed
from timebank.messages.rules import WEBHOOK

Address: TypeAlias = IPv4Address | IPv6Address
Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]

GONE: Final = 410
SUCCESS: Final = range(200, 300)
_NAT64: Final = IPv6Network("64:ff9b::/96")
_UNICAST: Final = IPv6Network("2000::/3")
"""All that was ever given to anybody; beyond it some ways of writing an IPv4 address are taken for everybody's."""
HTTPS_PORT: Final = 443


def is_public(address: Address) -> bool:
    """Tell whether an address is everybody's: not this machine's, not a private network's, not a cloud's own."""
    if isinstance(address, IPv6Address):
        within = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            within = IPv4Address(int(address) & 0xFFFF_FFFF)
        if within is not None:
            return is_public(within)
        if address not in _UNICAST:
            return False
    return address.is_global and not address.is_multicast


async def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a host, as this machine resolves it."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(place[0]) for *_, place in found]


class WebhookChannel:
    """Posts each message to its endpoint."""

    name = WEBHOOK

    def __init__(
        self,
        *,
        context: ssl.SSLContext | None = None,
        resolve: Resolve = resolved,
        is_allowed: Callable[[Address], bool] = is_public,
    ) -> None:
        """Take nothing; tests say whom to trust, where names lead and which addresses will do."""
        self._context = context or httpx2.create_ssl_context()
        self._resolve = resolve
        self._is_allowed = is_allowed

    async def send(self, outgoing: Outgoing) -> None:
        """Post it; any 2xx is success.

        Raises:
            UndeliverableError: the address is not everybody's, the endpoint is gone (410), or the message is too large.
            TemporaryError: anything else.
        """
        if outgoing.secret is None:
            raise UndeliverableError("secret_missing")
        data: dict[str, object] = dict(outgoing.params)
        if outgoing.person_id is not None:
            data = {"person_id": str(outgoing.person_id), **data}
        post = signed(
            outgoing.secret,
            str(outgoing.reference),
            kind=outgoing.kind,
            data=data,
            made_at=outgoing.made_at,
            sent_at=outgoing.sent_at,
        )
        if len(post.body) > MAX_BYTES:
            raise UndeliverableError("too_large")
        parts = urlsplit(outgoing.to)
        name, port = parts.hostname or "", parts.port or HTTPS_PORT
        if parts.scheme != "https" or not name:
            raise UndeliverableError("url_invalid")
        address = await self._pinned(name, port)
        place = f"[{address}]" if ":" in address else address
        pinned = urlunsplit(("https", f"{place}:{port}", parts.path or "/", parts.query, ""))
        try:
            status = await posted(pinned, post, context=self._context, host=parts.netloc, name=name)
        except (httpx2.HTTPError, OSError) as error:
            raise TemporaryError(f"http:{type(error).__name__}") from None
        if status == GONE:
            raise UndeliverableError("http:410", is_gone=True)
        if status not in SUCCESS:
            raise TemporaryError(f"http:{status}")

    async def _pinned(self, name: str, port: int) -> str:
        """Return the address to connect to; a name of which any address will not do is refused as a whole."""
        try:
            found = await self._resolve(name, port)
        except (OSError, UnicodeError):
            raise TemporaryError("name_not_found") from None
        # A scope (fe80::1%eth0) makes an address somebody's own in any case.
        if not found or any("%" in each or not self._is_allowed(ip_address(each)) for each in found):
            raise UndeliverableError("address_not_public")
        return found[0]
