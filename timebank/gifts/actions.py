"""Giving time-coins: to kin, to a care fund, and from it to key elders. What is given keeps its last day.

Locks, in this order: the people concerned, by id; the fund; the ledger's accounts. What a receiver has is counted
under the lock of the receiver's row, so that several gifts at once never go beyond the cap together.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import WALLET, Draft, Move, Posted, Refused, Twin, Wallet
from timebank.access import Actor, check_person, represented
from timebank.books.actions import books_key
from timebank.errors import RefusalError
from timebank.funds.access import check_fund
from timebank.funds.actions import hold_open
from timebank.gifts.queries import Gift, Kind
from timebank.gifts.rules import Ground, check_gift, check_grant
from timebank.kinships.queries import kinship_between
from timebank.notifications.actions import tell
from timebank.policy.actions import PolicyVersion
from timebank.policy.queries import version_in_force
from timebank.timecoins.locking import hold_nearest_care_funds, lock_people
from timebank.timecoins.queries import stored_of
from timebank.timecoins.rules import TIMECOIN, check_room, timecoin_rule

OWN, GRANT = "gifts.own", "grants.write"

_KEEP = """
insert into gifts (bank_id, kind, from_person_id, to_person_id, fund_id, amount, reason, transaction_id, policy_version,
  made_at, made_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning id
"""


@dataclass(frozen=True, slots=True)
class _Given:
    """What is to change hands: the owners in the ledger, and what is kept of it."""

    kind: Kind
    source: UUID
    target: UUID
    from_person_id: UUID | None
    to_person_id: UUID | None
    fund_id: int | None
    amount: int
    reason: str


async def give(
    tx: WriteTx, actor: Actor, *, key: str, person_id: UUID, to_person_id: UUID, amount: int, now: datetime
) -> Gift | Refused:
    """Give one's own time-coins to confirmed kin, and tell both; what the ledger refuses is returned.

    Raises:
        RefusalError: `forbidden`, `unknown_person`, `policy_missing`, `timecoins_not_offered`, `gift_not_to_kin`,
            `gift_relation_refused`, `storage_cap_reached`, `idempotency_conflict`.
    """
    await check_person(tx, actor, OWN, person_id, now=now)
    version = await version_in_force(tx, now)
    rule = timecoin_rule(version.pack)
    # Of who is no kin nothing is said, not even whether there is such a person.
    check_gift(await kinship_between(tx, person_id, to_person_id), rule)
    await lock_people(tx, [person_id, to_person_id])
    check_gift(await kinship_between(tx, person_id, to_person_id), rule)  # it may have ended meanwhile
    await _check_cap(tx, to_person_id, amount, cap=rule.storage_cap, now=now)
    given = _Given("gift", person_id, to_person_id, person_id, to_person_id, None, amount, "")
    done = await _move(tx, actor, given, key=key, version=version, now=now)
    if isinstance(done, Gift):
        await tell(tx, [person_id], "timecoins_given", amount=amount, transaction=done.transaction_id)
        await tell(tx, [to_person_id], "timecoins_received", amount=amount, transaction=done.transaction_id)
    return done


async def donate(
    tx: WriteTx, actor: Actor, *, key: str, person_id: UUID, fund_id: int | None, amount: int, now: datetime
) -> Gift | Refused:
    """Donate one's own time-coins to a care fund, the nearest if none is named; what the ledger refuses is returned.

    Raises:
        RefusalError: `forbidden`, `unknown_person`, `policy_missing`, `timecoins_not_offered`, `care_fund_missing`,
            `unknown_fund`, `fund_of_other_kind`, `fund_closed`, `idempotency_conflict`.
    """
    await check_person(tx, actor, OWN, person_id, now=now)
    version = await version_in_force(tx, now)
    timecoin_rule(version.pack)
    await lock_people(tx, [person_id])
    if fund_id is None:
        nearest = await hold_nearest_care_funds(tx, [person_id], on=tx.day(now))
        if person_id not in nearest:
            raise RefusalError("care_fund_missing")
        fund_id = nearest[person_id].id
    into = await hold_open(tx, fund_id, kind="care")
    given = _Given("donation", person_id, into.owner, person_id, None, into.id, amount, "")
    done = await _move(tx, actor, given, key=key, version=version, now=now)
    if isinstance(done, Gift):
        await tell(tx, [person_id], "timecoins_donated", amount=amount, transaction=done.transaction_id)
    return done


async def grant(  # noqa: PLR0913 -- each is a part of the grant
    tx: WriteTx,
    actor: Actor,
    *,
    key: str,
    fund_id: int,
    person_id: UUID,
    amount: int,
    ground: Ground,
    now: datetime,
) -> Gift | Refused:
    """Grant time-coins of a care fund to an elder, both in reach, and tell them; what the ledger refuses is returned.

    Raises:
        RefusalError: `forbidden`, `unknown_person`, `unknown_fund`, `grant_to_oneself`, `policy_missing`,
            `timecoins_not_offered`, `fund_of_other_kind`, `fund_closed`, `storage_cap_reached`,
            `idempotency_conflict`.
    """
    await check_person(tx, actor, GRANT, person_id, now=now)
    await check_fund(tx, actor, GRANT, fund_id)
    speaks = await represented(tx, actor.person_id, [person_id], now=now)
    check_grant(actor.person_id, person_id, acts_for_receiver=bool(speaks))
    version = await version_in_force(tx, now)
    rule = timecoin_rule(version.pack)
    await lock_people(tx, [person_id])
    out_of = await hold_open(tx, fund_id, kind="care")
    await _check_cap(tx, person_id, amount, cap=rule.storage_cap, now=now)
    given = _Given("grant", out_of.owner, person_id, None, person_id, out_of.id, amount, ground)
    done = await _move(tx, actor, given, key=key, version=version, now=now)
    if isinstance(done, Gift):
        await tell(tx, [person_id], "timecoins_granted", amount=amount, transaction=done.transaction_id)
    return done


async def _check_cap(tx: WriteTx, person_id: UUID, amount: int, *, cap: int, now: datetime) -> None:
    stored = await stored_of(tx, [person_id], on=tx.day(now))
    check_room(amount, stored=stored[person_id].total, cap=cap)


async def _move(
    tx: WriteTx, actor: Actor, given: _Given, *, key: str, version: PolicyVersion, now: datetime
) -> Gift | Refused:
    """Let the books move it, lot by lot with the days that the lots have, and keep what it was."""
    move = Move(Wallet(given.source), Twin(WALLET, given.target), TIMECOIN, given.amount)
    draft = Draft(
        given.kind,
        books_key(given.kind, actor, key),
        now,
        actor.text,
        (move,),
        metadata={"policy": version.version},
    )
    (outcome,) = await post(tx, [draft])
    if isinstance(outcome, Refused):
        return outcome
    if not isinstance(outcome, Posted):
        raise RefusalError("idempotency_conflict")
    parts = (given.from_person_id, given.to_person_id, given.fund_id, given.amount, given.reason)
    transaction_id = outcome.transaction_id
    kept = (given.kind, *parts, transaction_id, version.version, now)
    id_ = await tx.connection.fetchval(_KEEP, tx.bank_id, *kept, actor.text)
    return Gift(id_, given.kind, *parts, transaction_id, version.version, now)
