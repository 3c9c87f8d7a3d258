"""What a member shows at a till, so that it is they who pay: their phone's code, a card and its PIN, a pick-up code.

A phone's code is good for one quote. It pays nothing that it checked somebody in with: a picture of it would.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from ledger.session import ReadTx
from timebank.codes.rules import CodeKeys, MemberCode, read_code
from timebank.errors import RefusalError
from timebank.passes.queries import resolve_member_code
from timebank.passes.spending import spending_proof, unused_proof
from timebank.reservations.queries import resolve_pick_up

_BEGUN = """
select q.id from quotes q where q.bank_id = $1 and q.proof = $2 and q.till_id = $3 and q.expires_at > $4
  and not exists (select from transactions t
    where t.bank_id = $1 and t.idempotency_key = 'redemption:' || q.id::text)
"""

How: TypeAlias = Literal["code", "card", "pick_up"]


@dataclass(frozen=True, slots=True)
class Shown:
    """Who stands at the till, how they showed it, what that used up, and the reservation if it is one's."""

    person_id: UUID
    how: How
    proof: bytes | None = None
    reservation_id: int | None = None


async def shown_by_code(tx: ReadTx, keys: CodeKeys, text: str, *, now: datetime) -> Shown:
    """Return who shows a code of their phone.

    Raises:
        RefusalError: `code_unreadable`, `code_of_other_bank`, `code_forged`, `code_expired`, `code_early`,
            `pass_revoked`, `code_used`.
    """
    code = read_code(text)
    if not isinstance(code, MemberCode):
        raise RefusalError("code_unreadable")
    person_id = await resolve_member_code(tx, keys, code, now=now)
    return Shown(person_id, "code", await unused_proof(tx, code))


async def shown_by_pick_up(tx: ReadTx, keys: CodeKeys, text: str, *, shop_id: int, now: datetime) -> Shown:
    """Return who shows the code of a reservation of this shop.

    Raises:
        RefusalError: as `resolve_pick_up`; `reservation_of_other_shop`.
    """
    found = await resolve_pick_up(tx, keys, text, now=now)
    if found.shop_id != shop_id:
        raise RefusalError("reservation_of_other_shop")
    return Shown(found.person_id, "pick_up", reservation_id=found.id)


async def quote_begun_by(tx: ReadTx, text: str, *, till_id: int, now: datetime) -> UUID | None:
    """Return the living quote that a phone's code began at this till, if there is one.

    The code comes again when the answer to its first scan was lost, or when the basket was left by mistake.
    """
    code = read_code(text)
    if not isinstance(code, MemberCode):
        return None
    found: UUID | None = await tx.connection.fetchval(_BEGUN, tx.bank_id, spending_proof(code), till_id, now)
    return found
