"""Token buckets: how much of a limit is left, and how long to wait. Pure.

Several buckets of one key make waits that grow: the small one lets a person mistype a few times, the large ones make
whoever goes on wait for minutes, then for more than an hour. Between guesses nothing is remembered but the levels.
"""

import ipaddress
import math
from dataclasses import dataclass

MINUTE, HOUR, DAY = 60, 3600, 86400
IPV6_SITE_BITS = 64


@dataclass(frozen=True, slots=True)
class Bucket:
    """So many tries at once, and so many more each second."""

    name: str
    capacity: float
    per_second: float


ACCOUNT = (
    Bucket("account/minute", 5, 1 / MINUTE),
    Bucket("account/hour", 10, 10 / HOUR),
    Bucket("account/day", 20, 20 / DAY),
)
"""Guesses at one account: five at once, then one a minute, after ten one in 6 minutes, after twenty one in 72."""

ADDRESS = (Bucket("address/minute", 60, 1), Bucket("address/hour", 600, 600 / HOUR))
"""Guesses from one address, which a whole town may share: only what fails stays taken."""

ADDRESS_SCANS = (Bucket("address_scans/minute", 60, 1), Bucket("address_scans/hour", 600, 600 / HOUR))
"""Station codes that were wrong, by one address: of their own, so that a crowd at an old screen can still log in."""

KEPT_REFUSALS = Bucket("kept_refusals", 300, 1)
"""Wrong codes of strangers that a bank keeps, from however many addresses they come; the rest is only refused."""

PHONE_CODES = (
    Bucket("phone/minute", 2, 1 / MINUTE),
    Bucket("phone/hour", 5, 5 / HOUR),
    Bucket("phone/day", 10, 10 / DAY),
)
"""Codes sent to one phone."""

ADDRESS_CODES = (Bucket("address_codes/minute", 30, 0.5), Bucket("address_codes/hour", 300, 300 / HOUR))
"""Codes asked for from one address."""


def level_after(tokens: float, seconds: float, bucket: Bucket) -> float:
    """Return the level after so many seconds; a clock that went back fills nothing."""
    return min(bucket.capacity, tokens + max(0.0, seconds) * bucket.per_second)


def wait_seconds(level: float, bucket: Bucket) -> int:
    """Return after how many whole seconds there is a token; 0 if there is one now."""
    if level >= 1:
        return 0
    return max(1, math.ceil((1 - level) / bucket.per_second))


def site_of(address: str) -> str:
    """Return what counts as one address: an IPv4 address, an IPv6 /64 (one household has them all), else the text."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found.packed, IPV6_SITE_BITS), strict=False))
    return str(found)
