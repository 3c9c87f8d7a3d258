"""Awarding by hand: one issuance, priced by the policy pack in force, with its reason kept outside the ledger."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.accounts import load_units
from ledger.posting import post_covered
from ledger.session import WriteTx
from ledger.values import WALLET, Draft, Move, Place, Posted, Refused, Short
from timebank.access import Actor, check_person, represented
from timebank.awards.rules import check_award
from timebank.books.actions import books_key
from timebank.budgets.actions import issuers
from timebank.errors import RefusalError
from timebank.notifications.actions import tell
from timebank.policy.queries import version_on

AWARD = "award"

_PERSON = """
select v.id as volunteer_id, coalesce(v.organisation_id, v.team_id, (
    select m.organisation_id from memberships m where m.bank_id = $1 and m.person_id = p.id and m.until_on is null
    order by m.kind <> 'residence', m.id limit 1)) as organisation_id
from people p
left join volunteers v on v.bank_id = $1 and v.owner = p.id
where p.bank_id = $1 and p.id = $2 and p.erased_at is null
"""
# The reason is a person's words: it stays out of the ledger, where nothing can be erased.
_KEEP = """
insert into awards (bank_id, digest, volunteer_id, title, points, awarded_on, outcome)
values ($1, $2, $3, $4, $5, $6, 'accepted')
"""


@dataclass(frozen=True, slots=True)
class Awarded:
    """An award in the books, the last day of its lot, and the policy version that says so."""

    transaction_id: int
    person_id: UUID
    unit: str
    amount: int
    expires_on: date | None
    policy_version: int


async def award(  # noqa: PLR0913 -- each is a part of the award
    tx: WriteTx,
    actor: Actor,
    *,
    key: str,
    person_id: UUID,
    unit: str,
    amount: int,
    reason: str,
    now: datetime,
) -> Awarded | Refused:
    """Issue an amount of a unit to a person in reach, and tell them; what the ledger refuses is returned.

    It comes out of the budget of the person's organisation, if that has one. What the budget does not cover leaves no
    trace: the same award may be asked for again.

    Raises:
        RefusalError: `forbidden`, `unknown_person`, `unknown_unit`, `award_unit_refused`, `award_too_large`,
            `award_to_oneself` (or to whom one acts for), `policy_missing`, `budget_exhausted`, `idempotency_conflict`.
    """
    await check_person(tx, actor, "awards.write", person_id, now=now)
    person = await tx.connection.fetchrow(_PERSON, tx.bank_id, person_id)
    if person is None:
        raise RefusalError("unknown_person")
    await load_units(tx, [unit])
    if unit not in tx.catalogue.units:
        raise RefusalError("unknown_unit", unit=unit)
    today = tx.day(now)
    version = await version_on(tx, today)
    if version is None:
        raise RefusalError("policy_missing", day=today.isoformat())
    check_award(
        unit=tx.catalogue.units[unit],
        pack=version.pack,
        amount=amount,
        awarder_id=actor.person_id,
        person_id=person_id,
    )
    if await represented(tx, actor.person_id, [person_id], now=now):
        raise RefusalError("award_to_oneself")
    expires_on = version.pack.expires_on(unit, today)
    digest = hashlib.blake2b(books_key("award", actor, key).encode(), digest_size=16).digest()
    place = person["organisation_id"]
    issuer = (await issuers(tx, unit, [place]))[place]
    draft = Draft(
        AWARD,
        f"award:{digest.hex()}",
        now,
        actor.text,
        (Move(issuer, Place(WALLET, person_id, expires_on), unit, amount),),
        metadata={"policy": version.version},
    )
    (outcome,) = await post_covered(tx, [draft])
    if isinstance(outcome, Short):
        raise RefusalError("budget_exhausted", unit=unit, left=outcome.detail["available"], needed=amount)
    if isinstance(outcome, Refused):
        return outcome
    if not isinstance(outcome, Posted):
        raise RefusalError("idempotency_conflict")
    await tx.connection.execute(
        _KEEP, tx.bank_id, digest, person["volunteer_id"], reason, amount if unit == "point" else None, today
    )
    await tell(tx, [person_id], "awarded", unit=unit, amount=amount, transaction=outcome.transaction_id)
    return Awarded(outcome.transaction_id, person_id, unit, amount, expires_on, version.version)
