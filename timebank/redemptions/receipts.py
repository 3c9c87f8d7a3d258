"""The printed receipt: a roll of 58 or 80 millimetres, with a masked name, for it is left lying about."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from ledger.session import ReadTx
from timebank.access import Actor, check_person
from timebank.codes.sheets import set_sheet
from timebank.errors import RefusalError
from timebank.redemptions.queries import Redeemed, receipts
from timebank.redemptions.requests import Receipt
from timebank.shops.access import check_shop
from timebank.tills.queries import SELL, own_till
from timebank.words import words

OWN, READ = "spending.own", "redemptions.read"

Paper: TypeAlias = Literal["58", "80"]
"""The roll's width in millimetres."""

SAID: Final = ("title", "number", "made_at", "member", "points", "cash", "refunded", "keep")
CENTS: Final = 100


async def receipt_in_reach(tx: ReadTx, actor: Actor, redemption_id: int, *, now: datetime) -> Redeemed:
    """Return a redemption to its member, or who acts for them, to the cashier of its till, and to who keeps the shop.

    Raises:
        RefusalError: `forbidden` to a device; `unknown_redemption`, out of reach too.
    """
    if actor.person_id is None:
        raise RefusalError("forbidden", permission=OWN)
    found = (await receipts(tx, [redemption_id])).get(redemption_id)
    if found is None or not await _may_read(tx, actor, found, now=now):
        raise RefusalError("unknown_redemption")
    return found


def render_receipt(
    receipt: Receipt, *, bank: str, zone: ZoneInfo, masked_name: str | None, paper: Paper
) -> bytes:
    """Return a PDF of one page, as wide as the paper and as long as the receipt. Slow enough for a thread."""
    lines = [
        {"name": line.name, "sku": line.sku, "quantity": str(line.quantity), "points": f"{line.points:,}"}
        for line in receipt.lines
    ]
    said = {
        "paper": paper,
        "bank": bank,
        "shop": receipt.shop,
        "number": receipt.number,
        "made_at": _shown(receipt.made_at, zone),
        "name": masked_name or "—",
        "lines": json.dumps(lines, ensure_ascii=False),
        "points": f"{receipt.points:,}",
        "cash": f"¥{receipt.cash_cents // CENTS:,}.{receipt.cash_cents % CENTS:02}"
        if receipt.cash_cents
        else "",
        "refunded_at": _shown(receipt.refunded_at, zone) if receipt.refunded_at else "",
    }
    for key in SAID:
        said[f"{key}_zh"], said[f"{key}_en"] = words(f"receipt_{key}")
    return set_sheet("timebank.redemptions", "receipt.typ", said, "pdf")


async def _may_read(tx: ReadTx, actor: Actor, found: Redeemed, *, now: datetime) -> bool:
    doors: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: check_person(tx, actor, OWN, found.person_id, now=now),
        lambda: own_till(tx, actor, SELL, found.receipt.till_id),
        lambda: check_shop(tx, actor, READ, found.receipt.shop_id),
    )
    for door in doors:
        try:
            await door()
        except RefusalError:
            continue
        return True
    return False


def _shown(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
