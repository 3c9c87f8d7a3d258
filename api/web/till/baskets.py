"""The basket at a till: who it is of, and what is put in or taken out; each change names the version that it saw."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from api.pin_tries import holder_by_pin
from api.web.till.counters import open_till_id
from api.web.till.entries import Count, Step, Wanted
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.codes.rules import MemberCode, PickUpCode, read_code
from timebank.errors import RefusalError
from timebank.people.cards import PREFIX
from timebank.people.queries import masked_names
from timebank.people.rules import NAME
from timebank.privacy.actions import record_look_up
from timebank.redemptions.queries import of_quote
from timebank.redemptions.requests import Receipt
from timebank.shops.queries import Goods, GoodsFilter, goods_list
from timebank.tills import quotes
from timebank.tills.items import named_items, points_of
from timebank.tills.leaving import basket_left_before
from timebank.tills.queries import SELL, own_till, selling_till
from timebank.tills.quotes import Quote
from timebank.tills.rules import MAX_QUANTITY
from timebank.tills.showing import Shown, quote_begun_by, shown_by_code, shown_by_pick_up

STILL_THERE = timedelta(minutes=5)
"""So long after a sale the page tells what is left to the member: afterwards it is no business of the cashier's."""
CHOICES = 9


@dataclass(frozen=True, slots=True)
class Sale:
    """Who stands at the till, as a cashier sees it, and their basket."""

    quote: Quote
    name: str | None


@dataclass(frozen=True, slots=True)
class Begun:
    """The basket that was begun or found; `is_brought_back` if what is in it was left when the login before ended."""

    id: UUID
    is_brought_back: bool = False


@dataclass(frozen=True, slots=True)
class Sold:
    """What came of a basket; `balance` is left to the member, while they stand there still."""

    receipt: Receipt
    name: str | None
    balance: int | None


def is_card(entry: str) -> bool:
    """Tell whether what was entered is a card, which wants its PIN."""
    return entry.upper().startswith(PREFIX)


async def basket_begun_by(visit: Visit, entry: str, *, pin: str) -> Begun | None:
    """Begin the basket of who shows what was entered, or find it again; None if it is an item that was entered.

    Raises:
        RefusalError: `till_closed` and the like, `sale_to_oneself`, and what is wrong with the code, the card, its PIN.
    """
    till_id = await open_till_id(visit)
    try:
        shown = await _shown_by(visit, till_id, entry, pin=pin)
        return None if shown is None else await _begin_basket(visit, till_id, shown)
    except RefusalError as refusal:
        if refusal.code != "code_used":
            raise
        begun = await visit.read(lambda tx, _actor: quote_begun_by(tx, entry, till_id=till_id, now=visit.now))
        if begun is None:
            raise
        return Begun(begun)


async def add_item(visit: Visit, quote_id: UUID, wanted: Wanted, *, version: int) -> int:
    """Put so many of an item into the basket, and return the item's id.

    Raises:
        RefusalError: as `change_quote`.
    """

    async def work(tx: WriteTx, actor: Actor) -> int:
        found = await quotes.quote(tx, actor, quote_id, now=visit.now)
        till = await selling_till(tx, actor, found.till_id, now=visit.now)
        ((goods_id, quantity),) = await named_items(tx, till.shop.id, [(wanted.name, wanted.quantity)])
        lines = [*_lines(found), (goods_id, quantity)]
        await quotes.change_quote(tx, actor, quote_id, wanted=lines, expected_version=version, now=visit.now)
        return goods_id

    return await visit.write(work, action="quotes.change", subject=str(quote_id))


async def change_line(
    visit: Visit, quote_id: UUID, goods_id: int | None, change: Count | Step, *, version: int
) -> int:
    """Have another number of an item in the basket, and return its id; no item is the one that came last.

    Raises:
        RefusalError: `basket_empty` if there is no such line, and as `change_quote`.
    """

    def changed(found: Quote) -> Sequence[tuple[int, int]]:
        lines = _lines(found)
        chosen = goods_id if goods_id in dict(lines) else lines[-1][0] if lines else None
        if chosen is None:
            raise RefusalError("basket_empty")
        counts = [(id_, _counted(count, change) if id_ == chosen else count) for id_, count in lines]
        return [(id_, count) for id_, count in counts if count > 0]

    await _change(visit, quote_id, changed, version=version)
    return goods_id or 0


async def goods_named(visit: Visit, text: str) -> Sequence[Goods]:
    """Return what the shop sells under a number or a part of a name: the one whose number it is, or the likely ones."""

    async def work(tx: ReadTx, actor: Actor) -> Sequence[Goods]:
        till = await selling_till(tx, actor, till_id, now=visit.now)
        wanted = GoodsFilter(tx.day(visit.now), till.shop.id, text=text)
        found = await goods_list(tx, wanted, after_id=0, limit=CHOICES)
        return [item for item in found if item.sku.casefold() == text.casefold()] or found

    till_id = await open_till_id(visit)
    return await visit.read(work)


async def sale_of(visit: Visit, quote_id: UUID) -> Sale:
    """Return the basket as a cashier sees it.

    Raises:
        RefusalError: `quote_expired`, `unknown_quote`, and as `selling_till`.
    """

    async def work(tx: ReadTx, actor: Actor) -> Sale:
        found = await quotes.quote(tx, actor, quote_id, now=visit.now)
        names = await masked_names(tx, visit.service.cipher, [found.person_id])
        return Sale(found, names.get(found.person_id))

    return await visit.read(work)


async def sold_by(visit: Visit, quote_id: UUID) -> Sold | None:
    """Return what came of a basket of one of the cashier's own tills; None if nothing did."""

    async def work(tx: ReadTx, actor: Actor) -> Sold | None:
        found = await of_quote(tx, quote_id)
        if found is None:
            return None
        await own_till(tx, actor, SELL, found.receipt.till_id)
        names = await masked_names(tx, visit.service.cipher, [found.person_id])
        is_there = visit.now - found.receipt.made_at < STILL_THERE
        left = await points_of(tx, [found.person_id], day=tx.day(visit.now)) if is_there else {}
        return Sold(found.receipt, names.get(found.person_id), left.get(found.person_id))

    try:
        return await visit.read(work)
    except RefusalError as refusal:
        if refusal.code == "unknown_till":
            return None
        raise


async def _shown_by(visit: Visit, till_id: int, entry: str, *, pin: str) -> Shown | None:
    keys = visit.service.codes
    if is_card(entry):

        async def allow(tx: WriteTx, actor: Actor) -> None:
            await selling_till(tx, actor, till_id, now=visit.now)

        return Shown(await holder_by_pin(visit.caller, allow, token=entry, pin=pin), "card")
    try:
        code = read_code(entry)
    except RefusalError:
        return None

    async def work(tx: ReadTx, actor: Actor) -> Shown | None:
        till = await selling_till(tx, actor, till_id, now=visit.now)
        if isinstance(code, MemberCode):
            return await shown_by_code(tx, keys, entry, now=visit.now)
        if isinstance(code, PickUpCode):
            return await shown_by_pick_up(tx, keys, entry, shop_id=till.shop.id, now=visit.now)
        raise RefusalError("code_unreadable")

    return await visit.read(work)


async def _begin_basket(visit: Visit, till_id: int, shown: Shown) -> Begun:
    async def work(tx: WriteTx, actor: Actor) -> Begun:
        till = await selling_till(tx, actor, till_id, now=visit.now)
        left = None if shown.reservation_id else await basket_left_before(tx, till, now=visit.now)
        wanted = left.lines if left is not None and left.person_id == shown.person_id else []
        made = await quotes.make_quote(tx, till, shown, wanted=wanted, now=visit.now)
        await record_look_up(tx, actor, made.person_id, purpose="quotes.make", fields=[NAME, "balances"])
        return Begun(made.id, is_brought_back=bool(wanted))

    return await visit.write(work, action="quotes.make", subject=lambda begun: str(begun.id))


async def _change(
    visit: Visit, quote_id: UUID, changed: Callable[[Quote], Sequence[tuple[int, int]]], *, version: int
) -> None:
    async def work(tx: WriteTx, actor: Actor) -> None:
        found = await quotes.quote(tx, actor, quote_id, now=visit.now)
        lines = changed(found)
        await quotes.change_quote(tx, actor, quote_id, wanted=lines, expected_version=version, now=visit.now)

    await visit.write(work, action="quotes.change", subject=str(quote_id))


def _lines(found: Quote) -> list[tuple[int, int]]:
    return [(line.item.id, line.quantity) for line in found.lines]


def _counted(count: int, change: Count | Step) -> int:
    return min(change.quantity if isinstance(change, Count) else count + change.by, MAX_QUANTITY)
