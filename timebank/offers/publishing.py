"""What a merchant's staff does with its offers: drafting, editing a draft, publishing, withdrawing."""

from collections.abc import Mapping
from dataclasses import astuple, replace
from datetime import datetime
from typing import Any

from ledger.session import WriteTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.merchants.access import check_staff
from timebank.merchants.queries import merchant
from timebank.merchants.rules import check_lasting
from timebank.offers.access import offer_of_staff
from timebank.offers.queries import Offer, offer
from timebank.offers.rules import OfferPlan, check_plan

_INSERT = """
insert into offers (bank_id, merchant_id, kind, title, terms, price_fufen, percent, amount_cents, minutes, starts_on,
  ends_on, member_limit, total_limit, voucher_days, state)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'draft') returning id
"""
_EDIT = """
update offers set title = $3, terms = $4, price_fufen = $5, percent = $6, amount_cents = $7, minutes = $8,
  starts_on = $9, ends_on = $10, member_limit = $11, total_limit = $12, voucher_days = $13, version = version + 1
where bank_id = $1 and id = $2
"""
_LOCK = "select id from offers where bank_id = $1 and id = $2 for no key update"
_SHARE = "select state from merchants where bank_id = $1 and id = $2 for share"
_STATE = "update offers set state = $3, version = version + 1 where bank_id = $1 and id = $2"


async def draft_offer(
    tx: WriteTx, actor: Actor, *, merchant_id: int, plan: OfferPlan, now: datetime
) -> Offer:
    """Draft an offer of a merchant that the actor accepts for.

    Raises:
        RefusalError: `forbidden`, `unknown_merchant`, `merchant_state_refused`.
    """
    await check_staff(tx, actor, merchant_id, now=now)
    check_lasting((await merchant(tx, merchant_id)).state)
    new: int = await tx.connection.fetchval(_INSERT, tx.bank_id, merchant_id, *astuple(plan))
    return await offer(tx, new)


async def edit_offer(
    tx: WriteTx,
    actor: Actor,
    offer_id: int,
    *,
    changes: Mapping[str, Any],
    expected_version: int | None,
    now: datetime,
) -> Offer:
    """Change fields of a draft's plan, by name; its kind stays.

    Raises:
        RefusalError: `forbidden`, `unknown_offer`, `version_differs`, `offer_state_refused`, `offer_value_mismatch`,
            `offer_ends_early`.
    """
    found = await _locked(tx, actor, offer_id, expected_version, now)
    if found.state != "draft":
        raise RefusalError("offer_state_refused")
    plan = replace(found.plan, **changes)
    check_plan(plan)
    _, *values = astuple(plan)
    await tx.connection.execute(_EDIT, tx.bank_id, offer_id, *values)
    return await offer(tx, offer_id)


async def publish_offer(
    tx: WriteTx, actor: Actor, offer_id: int, *, expected_version: int | None, now: datetime
) -> Offer:
    """Publish a draft: from then on it stays as it is, and members may take it on its days.

    Raises:
        RefusalError: `forbidden`, `unknown_offer`, `version_differs`, `offer_state_refused`, `merchant_not_active`,
            `offer_ends_early` if its last day is over.
    """
    found = await _locked(tx, actor, offer_id, expected_version, now)
    if found.state != "draft":
        raise RefusalError("offer_state_refused")
    if found.merchant_state != "active":
        raise RefusalError("merchant_not_active")
    if found.plan.ends_on < tx.day(now):
        raise RefusalError("offer_ends_early")
    await tx.connection.execute(_STATE, tx.bank_id, offer_id, "published")
    return await offer(tx, offer_id)


async def withdraw_offer(
    tx: WriteTx, actor: Actor, offer_id: int, *, expected_version: int | None, now: datetime
) -> Offer:
    """Withdraw an offer for good; vouchers of it that members hold stay good.

    Raises:
        RefusalError: `forbidden`, `unknown_offer`, `version_differs`, `offer_state_refused`.
    """
    found = await _locked(tx, actor, offer_id, expected_version, now)
    if found.state == "withdrawn":
        raise RefusalError("offer_state_refused")
    await tx.connection.execute(_STATE, tx.bank_id, offer_id, "withdrawn")
    return await offer(tx, offer_id)


async def _locked(
    tx: WriteTx, actor: Actor, offer_id: int, expected_version: int | None, now: datetime
) -> Offer:
    """Return an offer of the actor's merchant that nobody else changes, with its merchant's state as it stays."""
    seen = await offer_of_staff(tx, actor, offer_id, now=now)
    await tx.connection.execute(_SHARE, tx.bank_id, seen.merchant_id)
    await tx.connection.execute(_LOCK, tx.bank_id, offer_id)
    found = await offer(tx, offer_id)
    if expected_version is not None and found.version != expected_version:
        raise RefusalError("version_differs")
    return found
