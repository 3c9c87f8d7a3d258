"""Reading tills: one's own, a shop's, and the one at which somebody sells now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx
from timebank.access import Actor, check, check_row
from timebank.errors import RefusalError

if TYPE_CHECKING:
    import asyncpg

SELL = "redemptions.make"

_TILL = """
select t.id, t.shop_id, s.code, s.name, s.organisation_id, s.owner, s.closed_on as shop_closed_on, t.device_id,
  d.revoked_at, t.cashier_id, t.session_id, t.opened_at, t.opening_cash_cents, t.closed_at, t.closing_cash_cents,
  t.expected_cash_cents, t.closed_by, t.note
from tills t
join shops s on s.bank_id = $1 and s.id = t.shop_id
join devices d on d.bank_id = $1 and d.id = t.device_id
"""
_ONE = f"{_TILL} where t.bank_id = $1 and t.id = $2"
_OWN = f"{_TILL} where t.bank_id = $1 and t.cashier_id = $2 and t.id < $3 order by t.id desc limit $4"
_OF_SHOP = f"{_TILL} where t.bank_id = $1 and t.shop_id = $2 and t.id < $3 order by t.id desc limit $4"


@dataclass(frozen=True, slots=True)
class TillShop:
    """The shop that a till stands in, as far as selling needs it."""

    id: int
    code: str
    name: str | None
    organisation_id: int | None
    owner: UUID
    closed_on: date | None


@dataclass(frozen=True, slots=True)
class Closing:
    """How a till was closed: the cash that was counted and what should have been there."""

    closed_at: datetime
    closed_by: str
    cash_cents: int
    expected_cash_cents: int
    note: str


@dataclass(frozen=True, slots=True)
class Till:
    """A cashier's session at a device; `closing` once it is over."""

    id: int
    shop: TillShop
    device_id: UUID
    device_revoked_at: datetime | None
    cashier_id: UUID
    session_id: UUID
    opened_at: datetime
    opening_cash_cents: int
    closing: Closing | None

    def sells_in(self, session_id: UUID | None) -> bool:
        """Tell whether that login session sells here: the one that opened it, while the device is not revoked."""
        return self.closing is None and self.session_id == session_id and self.device_revoked_at is None


async def till(tx: ReadTx, till_id: int) -> Till:
    """Return one till.

    Raises:
        RefusalError: `unknown_till`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, till_id)
    if row is None:
        raise RefusalError("unknown_till")
    return _till(row)


async def own_till(tx: ReadTx, actor: Actor, permission: str, till_id: int) -> Till:
    """Return one of the cashier's own tills, in a shop where they have the permission still.

    Raises:
        RefusalError: `forbidden`; `unknown_till`, another's too.
    """
    found = await till_in_reach(tx, actor, permission, till_id)
    if found.cashier_id != actor.person_id:
        raise RefusalError("unknown_till")
    return found


async def till_in_reach(tx: ReadTx, actor: Actor, permission: str, till_id: int) -> Till:
    """Return a till of a shop in which the actor has a permission.

    Raises:
        RefusalError: `forbidden`; `unknown_till`, out of reach too.
    """
    check(actor, permission)
    found = await till(tx, till_id)
    if found.shop.organisation_id is None:
        raise RefusalError("unknown_till")
    await check_row(tx, actor, permission, found.shop.organisation_id, unknown="unknown_till")
    return found


async def selling_till(tx: ReadTx, actor: Actor, till_id: int, *, now: datetime) -> Till:
    """Return the till at which this login session sells.

    Raises:
        RefusalError: `forbidden`, `unknown_till`; `till_closed` if it was closed, was opened in another session, or its
            device is revoked; `shop_closed`.
    """
    found = await own_till(tx, actor, SELL, till_id)
    if not found.sells_in(actor.session_id):
        raise RefusalError("till_closed")
    if found.shop.closed_on is not None and found.shop.closed_on <= tx.day(now):
        raise RefusalError("shop_closed")
    return found


async def own_tills(tx: ReadTx, cashier_id: UUID, *, before_id: int, limit: int) -> Sequence[Till]:
    """Return a cashier's tills, the newest first."""
    rows = await tx.connection.fetch(_OWN, tx.bank_id, cashier_id, before_id, limit)
    return [_till(row) for row in rows]


async def tills_of(tx: ReadTx, shop_id: int, *, before_id: int, limit: int) -> Sequence[Till]:
    """Return a shop's tills, the newest first."""
    rows = await tx.connection.fetch(_OF_SHOP, tx.bank_id, shop_id, before_id, limit)
    return [_till(row) for row in rows]


def _till(row: "asyncpg.Record") -> Till:
    shop = TillShop(
        row["shop_id"],
        row["code"],
        row["name"],
        row["organisation_id"],
        row["owner"],
        row["shop_closed_on"],
    )
    closing = None
    if row["closed_at"] is not None:
        closing = Closing(
            row["closed_at"],
            row["closed_by"],
            row["closing_cash_cents"],
            row["expected_cash_cents"],
            row["note"],
        )
    return Till(
        id=row["id"],
        shop=shop,
        device_id=row["device_id"],
        device_revoked_at=row["revoked_at"],
        cashier_id=row["cashier_id"],
        session_id=row["session_id"],
        opened_at=row["opened_at"],
        opening_cash_cents=row["opening_cash_cents"],
        closing=closing,
    )
