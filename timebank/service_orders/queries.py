"""Reading service orders: a person's own, and those that a worker has in reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.session import ReadTx
from timebank.errors import RefusalError
from timebank.service_orders.rules import State

_COLUMNS = """o.id, o.organisation_id, o.person_id, o.served_id, o.category, o.wish, o.wanted_at, o.minutes, o.coins,
  o.coins_used, o.hold_id, o.state, o.server_id, o.policy_version, o.ordered_at, o.until_at, o.resolved_at, o.version"""
_ONE = f"select {_COLUMNS} from service_orders o where o.bank_id = $1 and o.id = $2"  # noqa: S608 -- columns only
_OF_PERSON = f"""
select {_COLUMNS} from service_orders o
where o.bank_id = $1 and o.person_id = $2 and o.id < $3 order by o.id desc limit $4
"""  # noqa: S608 -- columns only
_LIST = f"""
select {_COLUMNS} from service_orders o
where o.bank_id = $1 and o.id < $2 and ($3::bigint[] is null or o.organisation_id = any($3::bigint[]))
  and ($4::text is null or o.state = $4)
order by o.id desc limit $5
"""  # noqa: S608 -- columns only


@dataclass(frozen=True, slots=True)
class ServiceOrder:
    """Service asked for: `person_id` pays, `served_id` is served, `server_id` serves; `coins` are held until then."""

    id: int
    organisation_id: int
    person_id: UUID
    served_id: UUID
    category: str
    wish: str
    wanted_at: datetime
    minutes: int
    coins: int
    coins_used: int | None
    hold_id: int
    state: State
    server_id: UUID | None
    policy_version: int
    ordered_at: datetime
    until_at: datetime
    resolved_at: datetime | None
    version: int


async def service_order(tx: ReadTx, order_id: int) -> ServiceOrder:
    """Return one order.

    Raises:
        RefusalError: `unknown_service_order`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, order_id)
    if row is None:
        raise RefusalError("unknown_service_order")
    return ServiceOrder(*row)


async def service_orders_of(tx: ReadTx, person_id: UUID, *, before_id: int, limit: int) -> list[ServiceOrder]:
    """Return a page of what a person ordered, newest first."""
    rows = await tx.connection.fetch(_OF_PERSON, tx.bank_id, person_id, before_id, limit)
    return [ServiceOrder(*row) for row in rows]


async def service_orders(
    tx: ReadTx, *, organisations: Sequence[int] | None, state: State | None, before_id: int, limit: int
) -> list[ServiceOrder]:
    """Return a page of the orders at some organisations, or at all, newest first."""
    rows = await tx.connection.fetch(_LIST, tx.bank_id, before_id, organisations, state, limit)
    return [ServiceOrder(*row) for row in rows]
