"""Reading endpoints; never their secrets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.session import ReadTx
from timebank.errors import RefusalError

_COLUMNS = "w.id, w.url, w.kinds, w.made_by, w.made_at, w.ended_at, w.version"
_ONE = f"select {_COLUMNS} from webhook_endpoints w where w.bank_id = $1 and w.id = $2"  # noqa: S608 -- columns only
_PAGE = f"""
select {_COLUMNS} from webhook_endpoints w where w.bank_id = $1 and w.id > $2 and ($3 or w.ended_at is null)
order by w.id limit $4
"""  # noqa: S608 -- columns only


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A program of somebody else's that is told of these kinds; `version` counts the changes."""

    id: int
    url: str
    kinds: Sequence[str]
    made_by: str
    made_at: datetime
    ended_at: datetime | None
    version: int


async def endpoint(tx: ReadTx, endpoint_id: int) -> Endpoint:
    """Return an endpoint, an ended one too.

    Raises:
        RefusalError: `unknown_endpoint`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, endpoint_id)
    if row is None:
        raise RefusalError("unknown_endpoint")
    return Endpoint(*row)


async def endpoints(tx: ReadTx, *, with_ended: bool, after_id: int, limit: int) -> list[Endpoint]:
    """Return a page of endpoints by id."""
    rows = await tx.connection.fetch(_PAGE, tx.bank_id, after_id, with_ended, limit)
    return [Endpoint(*row) for row in rows]
