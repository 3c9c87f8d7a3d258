"""Converting: points leave and fufen come, by the rate of today; hours stay and are counted as converted."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.posting import post_covered
from ledger.session import WriteTx
from ledger.values import CONVERTED, WALLET, Draft, Move, Place, Posted, Refused, Short, Wallet
from timebank.budgets.actions import issuers
from timebank.conversions.queries import Quote, quote_conversion
from timebank.conversions.rules import stays_with_owner
from timebank.errors import RefusalError
from timebank.notifications.actions import tell
from timebank.policy.queries import version_in_force

CONVERSION = "conversion"

# Two conversions of one person wait for each other here, so that no hour is counted twice.
_LOCK = """
select v.organisation_id from people p
left join volunteers v on v.bank_id = $1 and v.owner = p.id
where p.bank_id = $1 and p.id = $2 and p.erased_at is null for no key update of p
"""
_KEEP = """
insert into conversions (bank_id, person_id, from_unit, from_amount, to_unit, to_amount, transaction_id,
  policy_version, made_at, made_on, made_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning id
"""


@dataclass(frozen=True, slots=True)
class Converted:
    """A conversion in the books."""

    id: int
    transaction_id: int
    quote: Quote


async def convert(  # noqa: PLR0913 -- each is a part of the conversion
    tx: WriteTx,
    *,
    person_id: UUID,
    from_unit: str,
    to_unit: str,
    amount: int,
    key: str,
    by: str,
    now: datetime,
) -> Converted | Refused:
    """Turn an amount of one unit of a person into another, and tell them; what the ledger refuses for good is returned.

    `key` is the books' key, the same for the same intent. What was given up stands behind what comes for it; what comes
    for hours is issued, from the budget of the person's organisation if it has one.

    Raises:
        RefusalError: `unknown_person`, `policy_missing`, as `quote_conversion`, `insufficient`, `budget_exhausted`,
            `idempotency_conflict`.
    """
    person = await tx.connection.fetchrow(_LOCK, tx.bank_id, person_id)
    if person is None:
        raise RefusalError("unknown_person")
    version = await version_in_force(tx, now)
    quote = await quote_conversion(
        tx, version, person_id, from_unit=from_unit, to_unit=to_unit, amount=amount, now=now
    )
    target = Place(WALLET, person_id, quote.expires_on)
    if stays_with_owner(version.pack, from_unit):
        organisation_id = person["organisation_id"]
        source = (await issuers(tx, to_unit, [organisation_id]))[organisation_id]
        moves: tuple[Move, ...] = (Move(source, target, to_unit, quote.to_amount),)
    else:
        moves = (
            Move(Wallet(person_id), Place(CONVERTED), from_unit, amount),
            Move(Place(CONVERTED), target, to_unit, quote.to_amount),
        )
    metadata = {"policy": quote.policy_version, "from_unit": from_unit, "from_amount": amount}
    (outcome,) = await post_covered(tx, [Draft(CONVERSION, key, now, by, moves, metadata=metadata)])
    if isinstance(outcome, Short):
        raise _shortage(outcome, from_unit)
    if isinstance(outcome, Refused):
        return outcome
    if not isinstance(outcome, Posted) or outcome.replayed:
        raise RefusalError("idempotency_conflict")
    id_ = await tx.connection.fetchval(
        _KEEP,
        tx.bank_id,
        person_id,
        from_unit,
        amount,
        to_unit,
        quote.to_amount,
        outcome.transaction_id,
        quote.policy_version,
        now,
        tx.day(now),
        by,
    )
    await tell(
        tx,
        [person_id],
        "converted",
        conversion=id_,
        from_unit=from_unit,
        from_amount=amount,
        to_unit=to_unit,
        to_amount=quote.to_amount,
    )
    return Converted(id_, outcome.transaction_id, quote)


def _shortage(short: Short, from_unit: str) -> RefusalError:
    """Return why it is not covered now: the person has not enough, or the organisation may issue no more."""
    unit = str(short.detail["unit"])
    if unit != from_unit:
        return RefusalError("budget_exhausted", unit=unit)
    return RefusalError(
        "insufficient", unit=unit, available=short.detail["available"], requested=short.detail["requested"]
    )
