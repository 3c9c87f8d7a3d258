"""Making vouchers and taking them back. What a voucher promises is set aside in the ledger when it is made."""

from datetime import date, datetime, timedelta
from uuid import UUID

from ledger.balances import wallet
from ledger.holds import hold, release
from ledger.posting import post, post_covered
from ledger.session import WriteTx
from ledger.values import Posted, Refused, Short
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.notifications.actions import tell
from timebank.offers.actions import FUFEN, lock_offer
from timebank.policy.queries import version_on
from timebank.vouchers.keys import VoucherKeys
from timebank.vouchers.queries import Voucher, voucher_of
from timebank.vouchers.rules import check_open, last_day, value_of

# What was taken is known only when it is held: lots may come and go until their wallet is locked.
_FIRST_END = """
select min(a.expires_on) from postings p
join accounts a on a.bank_id = $1 and a.id = p.to_account_id
where p.bank_id = $1 and p.transaction_id = $2
"""
_INSERT = """
insert into vouchers (bank_id, offer_id, merchant_id, person_id, kind, value, fufen, hold_id, key_id, state,
  policy_version, issued_at, issued_by, expires_on, until_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'issued', $10, $11, $12, $13, $14) returning id
"""
_LOCK = """
select v.state, v.hold_id, v.policy_version from vouchers v
where v.bank_id = $1 and v.person_id = $2 and v.id = $3 for no key update
"""
_RESOLVE = "update vouchers set state = $3, resolved_at = $4 where bank_id = $1 and id = $2"


async def issue_voucher(
    tx: WriteTx,
    actor: Actor,
    keys: VoucherKeys,
    *,
    offer_id: int,
    person_id: UUID,
    key: str,
    now: datetime,
) -> Voucher | Refused:
    """Make a voucher of an offer for a person and hold what it costs; what the ledger refuses for good is returned.

    `key` is the books' key, the same for the same intent.

    Raises:
        RefusalError: as `timebank.offers.actions.lock_offer`, `insufficient`, `idempotency_conflict`.
    """
    locked = await lock_offer(tx, offer_id, person_id=person_id, agent_id=actor.person_id, now=now)
    today, plan = tx.day(now), locked.offer.plan
    version = await version_on(tx, today)
    if version is None:
        raise RefusalError("policy_missing", day=today.isoformat())
    ends = [lot.expires_on for lot in await wallet(tx, person_id, FUFEN)]
    first_end = next((end for end in ends if end is not None and end >= today), None)
    expires_on = last_day(today, plan.voucher_days, first_end)
    until_at = tx.end_of(expires_on + timedelta(days=version.pack.vouchers.upload_days))
    draft = hold(
        key,
        owner=person_id,
        unit=FUFEN,
        amount=plan.price_fufen,
        until=until_at,
        effective_at=now,
        actor=actor.text,
        metadata={"offer": offer_id, "policy": version.version},
    )
    (outcome,) = await post_covered(tx, [draft])
    if isinstance(outcome, Short):
        available, requested = outcome.detail["available"], outcome.detail["requested"]
        raise RefusalError("insufficient", unit=FUFEN, available=available, requested=requested)
    if isinstance(outcome, Refused):
        return outcome
    if not isinstance(outcome, Posted) or outcome.replayed:
        raise RefusalError("idempotency_conflict")
    held_until: date | None = await tx.connection.fetchval(_FIRST_END, tx.bank_id, outcome.transaction_id)
    voucher_id: int = await tx.connection.fetchval(
        _INSERT,
        tx.bank_id,
        offer_id,
        locked.offer.merchant_id,
        person_id,
        plan.kind,
        value_of(plan),
        plan.price_fufen,
        outcome.transaction_id,
        keys.key_id,
        version.version,
        now,
        actor.text,
        expires_on if held_until is None else min(expires_on, held_until),
        until_at,
    )
    await tell(tx, [person_id], "voucher_issued", voucher=voucher_id, offer=offer_id, amount=plan.price_fufen)
    return await voucher_of(tx, person_id, voucher_id)


async def cancel_voucher(
    tx: WriteTx, *, person_id: UUID, voucher_id: int, by: str, now: datetime
) -> Voucher | Refused:
    """Take an open voucher of a person back and give what it held back to its lots; of those that ended, they end.

    Raises:
        RefusalError: `unknown_voucher`, `already_used_voucher`, `already_cancelled_voucher`, `already_lapsed_voucher`.
    """
    row = await tx.connection.fetchrow(_LOCK, tx.bank_id, person_id, voucher_id)
    if row is None:
        raise RefusalError("unknown_voucher")
    check_open(row["state"])
    draft = release(f"voucher-cancelled:{voucher_id}", hold_id=row["hold_id"], effective_at=now, actor=by)
    (outcome,) = await post(tx, [draft])
    if isinstance(outcome, Refused):
        return outcome
    if not isinstance(outcome, Posted):
        raise RefusalError("idempotency_conflict")
    await tx.connection.execute(_RESOLVE, tx.bank_id, voucher_id, "cancelled", now)
    await tell(tx, [person_id], "voucher_cancelled", voucher=voucher_id)
    return await voucher_of(tx, person_id, voucher_id)
