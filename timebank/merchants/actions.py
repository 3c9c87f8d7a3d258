"""Merchants from application to closing. Vetting and activation are by two people, neither of the merchant's staff.

Whoever takes fufen for a merchant holds its row for share, and whoever changes its state holds it alone: so no debit is
decided beside a suspension, only before it or after it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import asyncpg

from ledger.session import WriteTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.merchants.access import is_staff
from timebank.merchants.queries import Merchant, Plan, merchant
from timebank.merchants.rules import Step, check_lasting, state_after
from timebank.notifications.actions import tell
from timebank.organisations.queries import check_open

_INSERT = """
insert into merchants (bank_id, organisation_id, name, category, address, licence, state, created_at)
values ($1, $2, $3, $4, $5, $6, 'applied', $7) returning id
"""
_ENTER = """
insert into merchant_entries (bank_id, merchant_id, kind, reason, actor, person_id, entered_at)
values ($1, $2, $3, $4, $5, $6, $7)
"""
_LOCK = "select id from merchants where bank_id = $1 and id = $2 for no key update"
_STEP = "update merchants set state = $3, version = version + 1 where bank_id = $1 and id = $2"
_EDIT = """
update merchants set name = $3, category = $4, address = $5, licence = $6, version = version + 1
where bank_id = $1 and id = $2
"""
_VETTER = """
select e.person_id from merchant_entries e
where e.bank_id = $1 and e.merchant_id = $2 and e.kind = 'vetted' order by e.id desc limit 1
"""
_STAFF = """
select array(select s.person_id from merchant_staff s
  where s.bank_id = $1 and s.merchant_id = $2 and (s.until_at is null or s.until_at > $3))
"""


async def enter_merchant(tx: WriteTx, actor: Actor, plan: Plan, *, now: datetime) -> Merchant:
    """Enter the application of a merchant that an organisation answers for.

    Raises:
        RefusalError: `unknown_organisation`, `organisation_closed`, `already_known_licence`.
    """
    await check_open(tx, plan.organisation_id, tx.day(now))
    with _translated():
        new: int = await tx.connection.fetchval(
            _INSERT,
            tx.bank_id,
            plan.organisation_id,
            plan.name,
            plan.category,
            plan.address,
            plan.licence,
            now,
        )
    await _enter(tx, actor, new, "applied", "", now)
    return await merchant(tx, new)


async def edit_merchant(
    tx: WriteTx, merchant_id: int, *, changes: Mapping[str, Any], expected_version: int | None
) -> Merchant:
    """Change a merchant's name, category, address, or, before it is vetted, its licence.

    Raises:
        RefusalError: `unknown_merchant`, `version_differs`, `merchant_state_refused`, `already_known_licence`.
    """
    found = await lock_merchant(tx, merchant_id, expected_version=expected_version)
    check_lasting(found.state)
    plan = {
        "name": found.name,
        "category": found.category,
        "address": found.address,
        "licence": found.licence,
        **changes,
    }
    if plan["licence"] != found.licence and found.state != "applied":
        raise RefusalError("merchant_state_refused")  # what was vetted is the business of that licence
    with _translated():
        await tx.connection.execute(
            _EDIT,
            tx.bank_id,
            merchant_id,
            plan["name"],
            plan["category"],
            plan["address"],
            plan["licence"],
        )
    return await merchant(tx, merchant_id)


async def take_step(
    tx: WriteTx,
    actor: Actor,
    merchant_id: int,
    *,
    step: Step,
    reason: str,
    expected_version: int | None,
    now: datetime,
) -> Merchant:
    """Vet, activate, suspend, resume, reject or close a merchant, and tell its staff.

    Raises:
        RefusalError: `unknown_merchant`, `version_differs`, `merchant_state_refused`, `decision_by_staff`,
            `activation_by_vetter`.
    """
    found = await lock_merchant(tx, merchant_id, expected_version=expected_version)
    then = state_after(found.state, step)
    if await is_staff(tx, actor.person_id, merchant_id, now=now):
        raise RefusalError("decision_by_staff")
    if step == "activated":
        vetter = await tx.connection.fetchval(_VETTER, tx.bank_id, merchant_id)
        if vetter == actor.person_id:
            raise RefusalError("activation_by_vetter")
    await tx.connection.execute(_STEP, tx.bank_id, merchant_id, then)
    await _enter(tx, actor, merchant_id, step, reason, now)
    staff = await tx.connection.fetchval(_STAFF, tx.bank_id, merchant_id, now)
    await tell(tx, staff, f"merchant_{step}", merchant=merchant_id)
    return await merchant(tx, merchant_id)


async def lock_merchant(tx: WriteTx, merchant_id: int, *, expected_version: int | None) -> Merchant:
    """Return a merchant that nobody else changes or takes fufen for until this transaction ends.

    Raises:
        RefusalError: `unknown_merchant`, `version_differs`.
    """
    await tx.connection.execute(_LOCK, tx.bank_id, merchant_id)
    found = await merchant(tx, merchant_id)
    if expected_version is not None and found.version != expected_version:
        raise RefusalError("version_differs")
    return found


async def _enter(tx: WriteTx, actor: Actor, merchant_id: int, kind: str, reason: str, now: datetime) -> None:
    await tx.connection.execute(
        _ENTER, tx.bank_id, merchant_id, kind, reason, actor.text, actor.person_id, now
    )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "merchants_licence_key":
            raise
        raise RefusalError("already_known_licence") from None
