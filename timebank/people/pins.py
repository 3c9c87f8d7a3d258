"""A card's PIN: set by its holder or at a worker's desk, and asked for at a till.

Hashing takes a tenth of a second, so no transaction waits for it: a try is counted as a miss and committed
(`begin_try`), the PIN is verified, and what was right is forgiven (`end_try`). However many try at once, each is
counted before it knows anything. `api.pin_tries` goes these steps for a route.
"""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Final
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.notifications.actions import tell
from timebank.people.cards import digest
from timebank.people.memberships import lock_person

MIN_DIGITS: Final = 4
MAX_DIGITS: Final = 8
MAX_MISSES: Final = 5
"""So many misses in a row lock a PIN until it is set anew."""

_CURRENT = "select id from cards where bank_id = $1 and person_id = $2 and revoked_at is null"
_SET = """
update cards set pin_hash = $3, pin_set_at = $4, pin_misses = 0
where bank_id = $1 and person_id = $2 and revoked_at is null returning id
"""
# The row is locked by the count itself, so tries at once are counted one after another.
_COUNT = """
update cards set pin_misses = pin_misses + 1
where bank_id = $1 and digest = $2 and revoked_at is null and pin_hash is not null and pin_misses < $3
  and exists (select from people p where p.bank_id = $1 and p.id = cards.person_id and p.erased_at is null)
returning id, person_id, pin_hash, pin_misses
"""
_STATE = "select pin_hash is not null from cards where bank_id = $1 and digest = $2 and revoked_at is null"
_FORGIVE = "update cards set pin_misses = 0 where bank_id = $1 and id = $2 and pin_hash = $3"


@dataclass(frozen=True, slots=True)
class PinTry:
    """A try that is counted already: whose card it is if the PIN proves right, and how many misses it makes."""

    card_id: int
    person_id: UUID
    pin_hash: str = field(repr=False)
    misses: int


def check_pin(pin: str) -> None:
    """Refuse a PIN that is not 4 to 8 digits, or that anybody tries first: all alike, or counting up or down.

    Raises:
        RefusalError: `pin_invalid`, `pin_common`.
    """
    if not (pin.isascii() and pin.isdigit() and MIN_DIGITS <= len(pin) <= MAX_DIGITS):
        raise RefusalError("pin_invalid", least=MIN_DIGITS, most=MAX_DIGITS)
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    if len(steps) == 1 and steps <= {-1, 0, 1}:
        raise RefusalError("pin_common")


async def check_has_card(tx: ReadTx, person_id: UUID) -> None:
    """Refuse who has no good card.

    Raises:
        RefusalError: `no_card`.
    """
    if await tx.connection.fetchval(_CURRENT, tx.bank_id, person_id) is None:
        raise RefusalError("no_card")


async def set_pin(tx: WriteTx, person_id: UUID, *, pin_hash: str, now: datetime) -> int:
    """Set the PIN of the card that a person has, forgive its misses, tell them, and return the card's id.

    Raises:
        RefusalError: `unknown_person`, `no_card`.
    """
    await lock_person(tx, person_id)
    card_id: int | None = await tx.connection.fetchval(_SET, tx.bank_id, person_id, pin_hash, now)
    if card_id is None:
        raise RefusalError("no_card")
    await tell(tx, [person_id], "pin_set", card=card_id)
    return card_id


async def begin_try(tx: WriteTx, token: str) -> PinTry:
    """Count a try at a card as a miss, and return what to verify once that is committed.

    Raises:
        RefusalError: `unknown_card` (a revoked one's too), `pin_missing`, `pin_locked`.
    """
    shown = digest(token)
    row = await tx.connection.fetchrow(_COUNT, tx.bank_id, shown, MAX_MISSES)
    if row is not None:
        return PinTry(row["id"], row["person_id"], row["pin_hash"], row["pin_misses"])
    has_pin = await tx.connection.fetchval(_STATE, tx.bank_id, shown)
    if has_pin is None:
        raise RefusalError("unknown_card")
    raise RefusalError("pin_locked" if has_pin else "pin_missing")


async def end_try(tx: WriteTx, tried: PinTry, *, is_right: bool) -> str | None:
    """Forgive the misses if the PIN was right; else return the refusal's code, and tell the holder of a lock.

    The code is `pin_wrong`, or `pin_locked` after the last miss; returned, so that what was told stays.
    """
    if is_right:
        await tx.connection.execute(_FORGIVE, tx.bank_id, tried.card_id, tried.pin_hash)
        return None
    if tried.misses < MAX_MISSES:
        return "pin_wrong"
    await tell(tx, [tried.person_id], "pin_locked", card=tried.card_id)
    return "pin_locked"
