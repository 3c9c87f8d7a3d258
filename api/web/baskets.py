"""The basket at a till: who it is of, and what is put in or taken out; each change names the version that it saw."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from api.pin_tries import holder_by_pin
from api.web.tills import open_till_id
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.codes.rules import MemberCode, PickUpCode, read_code
from timebank.errors import RefusalError
from timebank.people.cards import PREFIX
from timebank.people.queries import masked_names
from timebank.people.rules import NAME
from timebank.privacy.actions import record_look_up
from timebank.tills import quotes
from timebank.tills.queries import selling_till
from timebank.tills.quotes import Quote
from timebank.tills.showing import Shown, shown_by_code, shown_by_pick_up

_SEVERAL = re.compile(r"(\d{1,4})\s*[*xX×]\s*(\S+)")


@dataclass(frozen=True, slots=True)
class Sale:
    """Who stands at the till, as a cashier sees it, and their basket."""

    quote: Quote
    name: str | None


def is_card(entry: str) -> bool:
    """Tell whether what was entered is a card, which wants its PIN."""
    return entry.upper().startswith(PREFIX)


async def shown_by(visit: Visit, entry: str, *, pin: str) -> Shown | None:
    """Return who shows what was entered, or None if it is an item.

    Raises:
        RefusalError: `till_closed` and the like, and what is wrong with the code, the card or its PIN.
    """
    keys = visit.service.codes
    till_id = await open_till_id(visit)
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


async def begin_basket(visit: Visit, shown: Shown) -> UUID:
    """Begin the basket of who stands there and return its quote."""
    till_id = await open_till_id(visit)

    async def work(tx: WriteTx, actor: Actor) -> UUID:
        till = await selling_till(tx, actor, till_id, now=visit.now)
        made = await quotes.make_quote(tx, till, shown, wanted=(), now=visit.now)
        await record_look_up(tx, actor, made.person_id, purpose="quotes.make", fields=[NAME, "balances"])
        return made.id

    return await visit.write(work, action="quotes.make", subject=str)


async def add_item(visit: Visit, quote_id: UUID | None, entry: str, *, version: int) -> UUID:
    """Put so many of an item into the basket and return its quote.

    Raises:
        RefusalError: `member_first` if there is no basket yet, and as `change_quote`.
    """
    if quote_id is None:
        raise RefusalError("member_first")
    several = _SEVERAL.fullmatch(entry)
    quantity, name = (int(several[1]), several[2]) if several else (1, entry)
    await _change(visit, quote_id, lambda found: [*_wanted(found), (name, quantity)], version=version)
    return quote_id


async def change_quantity(
    visit: Visit, quote_id: UUID, goods_id: int, quantity: int, *, version: int
) -> None:
    """Have so many of an item in the basket; none takes it out.

    Raises:
        RefusalError: as `change_quote`.
    """

    def changed(found: Quote) -> list[tuple[int | str, int]]:
        lines = [(id_, quantity if id_ == goods_id else count) for id_, count in _wanted(found)]
        return [line for line in lines if line[1]]

    await _change(visit, quote_id, changed, version=version)


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


async def _change(
    visit: Visit, quote_id: UUID, changed: Callable[[Quote], list[tuple[int | str, int]]], *, version: int
) -> None:
    async def work(tx: WriteTx, actor: Actor) -> None:
        found = await quotes.quote(tx, actor, quote_id, now=visit.now)
        await quotes.change_quote(
            tx, actor, quote_id, wanted=changed(found), expected_version=version, now=visit.now
        )

    await visit.write(work, action="quotes.change", subject=str(quote_id))


def _wanted(found: Quote) -> list[tuple[int | str, int]]:
    return [(line.item.id, line.quantity) for line in found.lines]
