"""The address that phones reach the service at, as codes and posters name it."""

import re
from typing import Annotated

from fastapi import Depends, Request

from api.edge import service_of
from timebank.errors import RefusalError

_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]{1,200}(:[0-9]{1,5})?", re.ASCII)


async def public_url(request: Request) -> str:
    """Return `TIMEBANK_PUBLIC_URL`, else the address that was asked.

    Raises:
        RefusalError: `host_unreadable` if that is none that a code could name.
    """
    said = service_of(request).settings.public_url or str(request.base_url)
    address = said.rstrip("/")
    if _ADDRESS.fullmatch(address) is None:
        raise RefusalError("host_unreadable")
    return address


PublicUrl = Annotated[str, Depends(public_url)]
