"""Taking a redemption back, once: points to the lots that paid, goods to the shelf.

A cashier does it on the same day at an open till of the same shop; later somebody who keeps the shop does, for as long
as the policy lets them. Whether it was settled makes no difference: what comes back is in the next statement.

Locks: the member, under whose row their limits are counted and nobody else refunds; then the till, which is not closed
while it gives cash back; then the ledger's accounts.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias
from uuid import UUID

from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import REVERSAL, Draft, Posted, Refused
from timebank.access import Actor, check, represented
from timebank.errors import RefusalError
from timebank.notifications.actions import tell
from timebank.policy.spending import RedemptionRule
from timebank.redemptions.limits import rule_on
from timebank.redemptions.queries import Redeemed, receipt_numbered, receipts
from timebank.shops.access import check_shop
from timebank.tills.queries import selling_till

LATER = "refunds.later"

Reason: TypeAlias = Literal["wrong_item", "damaged", "not_wanted", "mistake", "other"]
"""Why, in a word: what somebody writes freely may name people, and the register cannot forget."""

_LOCK_PERSON = "select p.id from people p where p.bank_id = $1 and p.id = $2 for no key update"
_HOLD_TILL = "select t.closed_at from tills t where t.bank_id = $1 and t.id = $2 for share"
_TRANSACTION = """
select r.transaction_id, exists (select from refunds f where f.bank_id = $1 and f.redemption_id = r.id) as is_refunded
from redemptions r where r.bank_id = $1 and r.id = $2
"""
_KEEP = """
insert into refunds (bank_id, redemption_id, transaction_id, reason, by_manager, till_id, made_at, made_by)
values ($1, $2, $3, $4, $5, $6, $7, $8) returning id
"""


@dataclass(frozen=True, slots=True)
class Refund:
    """What went back: the points to the member, the goods to the shelf, and the cash by hand."""

    id: int
    redemption_id: int
    receipt: str
    points: int
    cash_cents: int
    reason: Reason
    by_manager: bool
    made_at: datetime


async def refund_at_till(
    tx: WriteTx, actor: Actor, *, till_id: int, receipt: str, reason: Reason, now: datetime
) -> Refund:
    """Take back what was redeemed today in the shop where the caller's till is open, by the receipt's number.

    Raises:
        RefusalError: `forbidden`, `unknown_till`, `till_closed`, `shop_closed`; `unknown_receipt`, another shop's too;
            `refund_not_today`, and as `refund`.
    """
    till = await selling_till(tx, actor, till_id, now=now)
    found = await receipt_numbered(tx, receipt.strip())
    if found is None or found.receipt.shop_id != till.shop.id:
        raise RefusalError("unknown_receipt")
    if tx.day(found.receipt.made_at) != tx.day(now):
        raise RefusalError("refund_not_today")
    return await refund(tx, actor, found, reason=reason, till_id=till_id, now=now)


async def refund_later(
    tx: WriteTx, actor: Actor, *, redemption_id: int, reason: Reason, now: datetime
) -> Refund:
    """Take back what was redeemed in a shop in reach, today or as many days ago as the policy allows.

    Raises:
        RefusalError: `forbidden`; `unknown_redemption`, out of reach too; `policy_missing`, `refund_too_late`, and as
            `refund`.
    """
    check(actor, LATER)
    found = (await receipts(tx, [redemption_id])).get(redemption_id)
    if found is None:
        raise RefusalError("unknown_redemption")
    try:
        await check_shop(tx, actor, LATER, found.receipt.shop_id)
    except RefusalError:
        raise RefusalError("unknown_redemption") from None
    rule = (await rule_on(tx, tx.day(now))).rule
    made_on = tx.day(found.receipt.made_at)
    if tx.day(now) - made_on > timedelta(days=rule.manager_refund_days):
        raise RefusalError("refund_too_late", days=rule.manager_refund_days)
    return await refund(tx, actor, found, reason=reason, till_id=None, now=now)


async def refund(
    tx: WriteTx, actor: Actor, found: Redeemed, *, reason: Reason, till_id: int | None, now: datetime
) -> Refund:
    """Take a redemption back, and tell the member; at a till, or without one as a manager.

    What returns to a lot that has lapsed meanwhile lives on for the policy's days of grace.

    Raises:
        RefusalError: `already_refunded`; `refund_to_oneself` to who would get the points, or acts for who would;
            `till_closed`, `policy_missing`, and what the ledger refuses.
    """
    acts_for_them = await represented(tx, actor.person_id, [found.person_id], now=now)
    if found.person_id == actor.person_id or acts_for_them:
        raise RefusalError("refund_to_oneself")
    receipt = found.receipt
    transaction_id = await _held(tx, receipt.redemption_id, found.person_id, till_id)
    day = tx.day(now)
    policy = await rule_on(tx, day)
    draft = Draft(
        REVERSAL,
        f"refund:{receipt.redemption_id}",
        now,
        actor.text,
        metadata={"receipt": receipt.number, "reason": reason, "policy": policy.version},
        reverses=transaction_id,
        grace_on=grace_on(policy.rule, day),
    )
    (outcome,) = await post(tx, [draft])
    if isinstance(outcome, Refused) and outcome.code != "already_reversed":
        raise RefusalError(outcome.code, **outcome.detail)
    if not isinstance(outcome, Posted):
        raise RefusalError("already_refunded")
    id_: int = await tx.connection.fetchval(
        _KEEP,
        tx.bank_id,
        receipt.redemption_id,
        outcome.transaction_id,
        reason,
        till_id is None,
        till_id,
        now,
        actor.text,
    )
    told = {"receipt": receipt.number, "points": receipt.points, "transaction": outcome.transaction_id}
    await tell(tx, [found.person_id], "refunded", **told)
    return Refund(
        id_,
        receipt.redemption_id,
        receipt.number,
        receipt.points,
        receipt.cash_cents,
        reason,
        till_id is None,
        now,
    )


def grace_on(rule: RedemptionRule, day: date) -> date | None:
    """Return the last day of what a refund gives back to a lapsed lot; None if it is to lapse again at once."""
    return day + timedelta(days=rule.refund_grace_days) if rule.refund_grace_days else None


async def _held(tx: WriteTx, redemption_id: int, person_id: UUID, till_id: int | None) -> int:
    """Hold the member and the till, and return the transaction that is to be taken back."""
    await tx.connection.execute(_LOCK_PERSON, tx.bank_id, person_id)
    if till_id is not None and await tx.connection.fetchval(_HOLD_TILL, tx.bank_id, till_id) is not None:
        raise RefusalError("till_closed")
    row = await tx.connection.fetchrow(_TRANSACTION, tx.bank_id, redemption_id)
    if row is None or row["is_refunded"]:
        raise RefusalError("already_refunded")
    found: int = row["transaction_id"]
    return found
