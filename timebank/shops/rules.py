"""What an item is called in the ledger, and how large a picture may be brought. Pure: no database, no clock."""

import hashlib
import re

MAX_BROUGHT_BYTES = 4 * 1024 * 1024
"""A phone's photograph; what is stored of it is far smaller."""

_PLAIN_CODE = re.compile(r"[A-Z0-9.-]{1,30}")


def goods_unit(shop: str, sku: str) -> str:
    """Return the ledger's unit of an item on a shop's shelf; codes that are not plain become a digest."""
    if _PLAIN_CODE.fullmatch(shop) and _PLAIN_CODE.fullmatch(sku):
        return f"goods/{shop}/{sku}"
    digest = hashlib.blake2b(f"{shop}\0{sku}".encode(), digest_size=16)
    return f"goods/{digest.hexdigest()}"
