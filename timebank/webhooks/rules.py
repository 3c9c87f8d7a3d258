"""What an endpoint may be: pure. What its name resolves to is looked at whenever something is sent."""

from collections.abc import Collection, Sequence
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from timebank.errors import RefusalError
from timebank.notifications.kinds import KINDS

EVERY_KIND: Final = "*"
MAX_ENDPOINTS: Final = 20


def check_url(url: str) -> None:
    """Refuse what is no https address of a named host: no credentials, no fragment, no bare number for a host.

    Raises:
        RefusalError: `webhook_url_invalid`.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise RefusalError("webhook_url_invalid") from None
    is_plain = url.isascii() and url.isprintable() and " " not in url
    if not is_plain or parts.scheme != "https" or not host or "@" in parts.netloc or parts.fragment:
        raise RefusalError("webhook_url_invalid")
    if _is_number(host) or "." not in host:
        raise RefusalError("webhook_url_invalid")


def checked_kinds(kinds: Collection[str]) -> Sequence[str]:
    """Return kinds in order, each once; `*` is all of them, those of later programs too.

    Raises:
        RefusalError: `webhook_kind_unknown`.
    """
    for kind in kinds:
        if kind != EVERY_KIND and kind not in KINDS:
            raise RefusalError("webhook_kind_unknown", kind=kind)
    return [EVERY_KIND] if EVERY_KIND in kinds else sorted(set(kinds))


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        # 0x7f000001, 2130706433 and 127.1 are addresses to a resolver, too.
        return host.rsplit(".", 1)[-1][:1].isdigit()
    return True
