"""Reading reservations: a member's own, and the one that a pick-up code names."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx
from timebank.codes.rules import CodeKeys, PickUpCode, check_pick_up_code, read_code
from timebank.errors import RefusalError
from timebank.reservations.rules import RESERVED

if TYPE_CHECKING:
    import asyncpg

_RESERVATION = """
select r.id, r.person_id, r.shop_id, coalesce(s.name, s.code) as shop, r.points, r.hold_id, r.state, r.policy_version,
  r.made_at, r.until_at, r.resolved_at,
  array(select row(l.goods_id, g.name, l.quantity, l.points) from reservation_lines l
    join goods g on g.bank_id = $1 and g.id = l.goods_id
    where l.bank_id = $1 and l.reservation_id = r.id order by l.line) as lines
from reservations r join shops s on s.bank_id = $1 and s.id = r.shop_id
"""
_ONE = f"{_RESERVATION} where r.bank_id = $1 and r.id = $2"
_OF_PERSON = f"""
{_RESERVATION} where r.bank_id = $1 and r.person_id = $2 and r.id < $3 order by r.id desc limit $4
"""
_IS_ERASED = "select p.erased_at is not null from people p where p.bank_id = $1 and p.id = $2"


@dataclass(frozen=True, slots=True)
class ReservedLine:
    """So many of an item, as it is called now, and what they cost together when they were reserved."""

    goods_id: int
    name: str
    quantity: int
    points: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """Goods of a shop set aside for a member with the points for them; `hold_id` is both in the ledger."""

    id: int
    person_id: UUID
    shop_id: int
    shop: str
    points: int
    hold_id: int
    state: str
    policy_version: int
    made_at: datetime
    until_at: datetime
    resolved_at: datetime | None
    lines: tuple[ReservedLine, ...]


async def reservation(tx: ReadTx, reservation_id: int) -> Reservation:
    """Return one reservation.

    Raises:
        RefusalError: `unknown_reservation`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, reservation_id)
    if row is None:
        raise RefusalError("unknown_reservation")
    return _reservation(row)


async def reservation_of(tx: ReadTx, person_id: UUID, reservation_id: int) -> Reservation:
    """Return one reservation of a person.

    Raises:
        RefusalError: `unknown_reservation`, somebody else's too.
    """
    found = await reservation(tx, reservation_id)
    if found.person_id != person_id:
        raise RefusalError("unknown_reservation")
    return found


async def reservations_of(tx: ReadTx, person_id: UUID, *, before_id: int, limit: int) -> list[Reservation]:
    """Return the reservations of a person, newest first."""
    rows = await tx.connection.fetch(_OF_PERSON, tx.bank_id, person_id, before_id, limit)
    return [_reservation(row) for row in rows]


async def resolve_pick_up(tx: ReadTx, keys: CodeKeys, text: str, *, now: datetime) -> Reservation:
    """Return the reservation that waits for whoever shows a pick-up code; of which shop, the caller looks at.

    Raises:
        RefusalError: `code_unreadable` (another kind's too), `code_of_other_bank`, `code_forged`,
            `unknown_reservation` (an erased member's too), `reservation_over`: picked up, cancelled or lapsed.
    """
    code = read_code(text)
    if not isinstance(code, PickUpCode):
        raise RefusalError("code_unreadable")
    check_pick_up_code(keys, code, bank_id=tx.bank_id)
    found = await reservation(tx, code.reservation_id)
    if await tx.connection.fetchval(_IS_ERASED, tx.bank_id, found.person_id):
        raise RefusalError("unknown_reservation")
    if found.state != RESERVED or found.until_at <= now:
        raise RefusalError("reservation_over")
    return found


def _reservation(row: "asyncpg.Record") -> Reservation:
    return Reservation(**{**row, "lines": tuple(ReservedLine(*line) for line in row["lines"])})
