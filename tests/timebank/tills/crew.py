"""Cashiers by the dozen, each at an open till of their own, for crowds that sell at once by the real clock."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from ledger.session import WriteTx

_PERSON = "insert into people (bank_id, id) values ($1, $2)"
_GRANT = """
insert into role_grants (bank_id, person_id, role, organisation_id, from_at, granted_by)
values ($1, $2, 'cashier', $3, $4, 'test')
"""
_DEVICE = """
insert into devices (bank_id, id, kind, name, organisation_id, enrolled_at, enrolled_by)
values ($1, $2, 'till', '收银台', $3, $4, 'test')
"""
_SESSION = """
insert into sessions (bank_id, id, person_id, method, began_at, seen_at, expires_at)
values ($1, $2, $3, 'password', $4, $4, $5)
"""
_TILL = """
insert into tills (bank_id, shop_id, device_id, cashier_id, session_id, opened_at, opening_cash_cents)
values ($1, $2, $3, $4, $5, $6, 0) returning id
"""
_QUOTE = """
insert into quotes (bank_id, id, till_id, person_id, shown, lines, points, policy_version, made_at, expires_at)
values ($1, $2, $3, $4, 'code', $5::text::jsonb, $6, 1, $7, $8)
"""


@dataclass(frozen=True, slots=True)
class CrewTill:
    """A till that is open, and by which login it sells."""

    id: int
    login: UUID


async def new_till(tx: WriteTx, *, organisation: int, shop: int, now: datetime) -> CrewTill:
    """Let a new cashier open a till of a shop at a new device."""
    run = tx.connection
    cashier, login, device = uuid4(), uuid4(), uuid4()
    await run.execute(_PERSON, tx.bank_id, cashier)
    await run.execute(_GRANT, tx.bank_id, cashier, organisation, now)
    await run.execute(_DEVICE, tx.bank_id, device, organisation, now)
    await run.execute(_SESSION, tx.bank_id, login, cashier, now, now + timedelta(days=1))
    return CrewTill(await run.fetchval(_TILL, tx.bank_id, shop, device, cashier, login, now), login)


async def lay_quotes(
    tx: WriteTx,
    wanted: Iterable[tuple[int, UUID]],
    *,
    goods: Sequence[int],
    price: int,
    now: datetime,
) -> list[UUID]:
    """Quote one of each item at one price to (till, person), as if they had shown a code, and return the quotes."""
    lines = json.dumps([{"goods_id": goods_id, "quantity": 1, "points": price} for goods_id in goods])
    rows = [
        (tx.bank_id, uuid4(), till, person, lines, price * len(goods), now, now + timedelta(hours=1))
        for till, person in wanted
    ]
    await tx.connection.executemany(_QUOTE, rows)
    return [row[1] for row in rows]
