"""Taking fufen for an offer, whichever side scanned: a code is used up, the limits hold, the merchant is active.

Locks in this order: the member, so that limits and codes hold however many ask at once; the merchant for share, so that
its suspension comes before or after; the offer, for share, or alone where all members share a limit; then the accounts.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import TAKINGS, Draft, Move, Place, Posted, Refused, Wallet
from timebank.access import Actor, check_person, represented
from timebank.codes.rules import CodeKeys, MemberCode, MerchantCode, check_merchant_code, read_code
from timebank.errors import RefusalError
from timebank.merchants.access import is_staff
from timebank.notifications.actions import tell
from timebank.offers.access import offer_of_staff
from timebank.offers.queries import Offer, offer, uses_of
from timebank.offers.rules import check_good, check_limits, proof_of_merchant
from timebank.passes.queries import resolve_member_code
from timebank.passes.spending import hold_proof, unused_proof
from timebank.policy.queries import version_in_force

ACCEPTANCE: Final = "acceptance"
FUFEN: Final = "fufen"
SPEND: Final = "spending.own"

_LOCK_PERSON = """
select p.erased_at from people p where p.bank_id = $1 and p.id = $2 for no key update
"""
_LOCK_MERCHANT = "select m.owner from merchants m where m.bank_id = $1 and m.id = $2 for share"
_LOCK_OFFER = "select o.id from offers o where o.bank_id = $1 and o.id = $2 for share"
_LOCK_OFFER_ALONE = "select o.id from offers o where o.bank_id = $1 and o.id = $2 for no key update"
_INSERT = """
insert into acceptances (bank_id, merchant_id, offer_id, person_id, fufen, via, proof, transaction_id, policy_version,
  accepted_at, accepted_on, accepted_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning id
"""


@dataclass(frozen=True, slots=True)
class LockedOffer:
    """An offer that a member may take now, locked with its merchant; `owner` is the merchant's in the ledger."""

    offer: Offer
    owner: UUID
    policy_version: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """Fufen taken: for what, how many, and where it is in the books. Nothing tells whose they were."""

    id: int
    offer_id: int
    merchant_id: int
    fufen: int
    transaction_id: int
    accepted_at: datetime
    accepted_on: date


async def take_from_member(
    tx: WriteTx, actor: Actor, keys: CodeKeys, *, offer_id: int, code: str, key: str, now: datetime
) -> Accepted | Refused:
    """Take fufen for an offer of the actor's merchant from the member whose rotating code was scanned.

    Raises:
        RefusalError: `forbidden`, `unknown_offer`, `code_unreadable`, as `resolve_member_code`, as `unused_proof`,
            and as `accept`.
    """
    await offer_of_staff(tx, actor, offer_id, now=now)
    shown = read_code(code)
    if not isinstance(shown, MemberCode):
        raise RefusalError("code_unreadable")
    person_id = await resolve_member_code(tx, keys, shown, now=now)
    # Staff that acts for the member shows and takes in one person: then it is the one who spends, too.
    acts_for_them = await represented(tx, actor.person_id, [person_id], now=now)
    return await accept(
        tx,
        offer_id=offer_id,
        person_id=person_id,
        via="member_code",
        proof=await unused_proof(tx, shown),
        agent_id=actor.person_id if acts_for_them else None,
        key=key,
        by=actor.text,
        now=now,
    )


async def confirm_by_member(
    tx: WriteTx, actor: Actor, keys: CodeKeys, *, person_id: UUID, code: str, key: str, now: datetime
) -> Accepted | Refused:
    """Give one's own fufen, or those of whom one acts for, for the offer whose rotating code was scanned.

    Raises:
        RefusalError: `forbidden`, `unknown_person`, as `offer_in_code`, and as `accept`.
    """
    await check_person(tx, actor, SPEND, person_id, now=now)
    shown = offer_in_code(keys, code, bank_id=tx.bank_id, now=now)
    return await accept(
        tx,
        offer_id=shown.offer_id,
        person_id=person_id,
        via="merchant_code",
        proof=proof_of_merchant(shown, person_id),
        agent_id=actor.person_id,
        key=key,
        by=actor.text,
        now=now,
    )


def offer_in_code(keys: CodeKeys, code: str, *, bank_id: int, now: datetime) -> MerchantCode:
    """Return what a merchant's code says, checked.

    Raises:
        RefusalError: `code_unreadable`, also of another kind of code, and as `check_merchant_code`.
    """
    shown = read_code(code)
    if not isinstance(shown, MerchantCode):
        raise RefusalError("code_unreadable")
    check_merchant_code(keys, shown, bank_id=bank_id, now=now)
    return shown


async def accept(  # noqa: PLR0913 -- each is a part of the acceptance
    tx: WriteTx,
    *,
    offer_id: int,
    person_id: UUID,
    via: Literal["member_code", "merchant_code"],
    proof: bytes,
    key: str,
    by: str,
    now: datetime,
    agent_id: UUID | None = None,
) -> Accepted | Refused:
    """Take what an offer costs from a member's wallet and tell them; what the ledger refuses is returned.

    `agent_id` is who spends it, if that is not the merchant's word: the member, or who acts for them.

    Raises:
        RefusalError: as `lock_offer`, and `code_used`.
    """
    locked = await lock_offer(tx, offer_id, person_id=person_id, agent_id=agent_id, now=now)
    await hold_proof(tx, proof)
    fufen = locked.offer.plan.price_fufen
    draft = Draft(
        ACCEPTANCE,
        key,
        now,
        by,
        (Move(Wallet(person_id), Place(TAKINGS, locked.owner), FUFEN, fufen),),
        metadata={"offer": offer_id, "policy": locked.policy_version},
    )
    (outcome,) = await post(tx, [draft])
    if isinstance(outcome, Refused):
        return outcome
    if not isinstance(outcome, Posted):
        raise RefusalError("idempotency_conflict")
    merchant_id, day = locked.offer.merchant_id, tx.day(now)
    id_: int = await tx.connection.fetchval(
        _INSERT,
        tx.bank_id,
        merchant_id,
        offer_id,
        person_id,
        fufen,
        via,
        proof,
        outcome.transaction_id,
        locked.policy_version,
        now,
        day,
        by,
    )
    await tell(tx, [person_id], "fufen_taken", acceptance=id_, offer=offer_id, amount=fufen)
    return Accepted(id_, offer_id, merchant_id, fufen, outcome.transaction_id, now, day)


async def lock_offer(
    tx: WriteTx, offer_id: int, *, person_id: UUID, agent_id: UUID | None, now: datetime
) -> LockedOffer:
    """Lock a member, a merchant and its offer, and refuse what the member, or who acts for them, cannot take now.

    Raises:
        RefusalError: `unknown_offer`, `unknown_person`, `merchant_not_active`, `offer_not_published`,
            `offer_not_valid`, `acceptance_by_staff`, `offer_used_up`, `offer_member_limit`, `policy_missing`.
    """
    seen = await offer(tx, offer_id)
    person = await tx.connection.fetchrow(_LOCK_PERSON, tx.bank_id, person_id)
    if person is None or person["erased_at"] is not None:
        raise RefusalError("unknown_person")
    owner: UUID = await tx.connection.fetchval(_LOCK_MERCHANT, tx.bank_id, seen.merchant_id)
    is_shared = seen.plan.total_limit is not None
    await tx.connection.execute(_LOCK_OFFER_ALONE if is_shared else _LOCK_OFFER, tx.bank_id, offer_id)
    found = await offer(tx, offer_id)  # as it is under the locks
    check_good(
        merchant_state=found.merchant_state,
        state=found.state,
        starts_on=found.plan.starts_on,
        ends_on=found.plan.ends_on,
        day=tx.day(now),
    )
    # Whoever holds both ends could turn fufen into settlement with nobody looking on.
    for spender in {person_id, agent_id} - {None}:
        if await is_staff(tx, spender, found.merchant_id, now=now):
            raise RefusalError("acceptance_by_staff")
    uses = await uses_of(tx, offer_id, person_id, counts_all=is_shared)
    check_limits(
        member_limit=found.plan.member_limit,
        total_limit=found.plan.total_limit,
        member_uses=uses.member,
        total_uses=uses.total,
    )
    version = await version_in_force(tx, now)
    return LockedOffer(found, owner, version.version)
