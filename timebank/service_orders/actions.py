"""Ordering service, finding who serves, and settling what was served. The coins are held from the order on.

Locks, in this order: whom the order is for and of, by id; the order; the ledger's accounts. An order whose time is up
is let go by the job that lets go all holds (`timebank.jobs.release_holds`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ledger.balances import wallet
from ledger.holds import capture, hold, release
from ledger.posting import post
from ledger.session import ReadTx, WriteTx
from ledger.values import CONVERTED, Draft, Place, Posted, Refused, Settlement
from timebank.access import Actor, check, check_person, check_row, represented
from timebank.books.actions import books_key
from timebank.errors import RefusalError
from timebank.kinships.queries import kinship_between
from timebank.notifications.actions import tell
from timebank.organisations.queries import check_open
from timebank.policy.actions import load_history
from timebank.policy.queries import version_in_force
from timebank.service_orders.queries import ServiceOrder, service_order
from timebank.service_orders.rules import (
    OPEN,
    check_not_party,
    check_server,
    check_wish,
    last_day_of,
    stands_until,
)
from timebank.timecoins.locking import lock_people
from timebank.timecoins.queries import homes
from timebank.timecoins.rules import TIMECOIN, cost_of, timecoin_rule

OWN, MANAGE = "orders.own", "orders.manage"

_INSERT = """
insert into service_orders (bank_id, organisation_id, person_id, served_id, category, wish, wanted_at, minutes, coins,
  hold_id, state, policy_version, ordered_at, ordered_by, until_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'ordered', $11, $12, $13, $14) returning id
"""
_LOCK = "select id from service_orders where bank_id = $1 and id = $2 for update"
_ASSIGN = """
update service_orders set state = 'assigned', server_id = $3, assigned_by = $4, version = version + 1
where bank_id = $1 and id = $2
"""
_RESOLVE = """
update service_orders set state = $3, coins_used = $4, resolved_at = $5, resolved_by = $6, version = version + 1
where bank_id = $1 and id = $2
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: for whom, at which organisation (None: where the served belong), what, when, how long."""

    served_id: UUID
    organisation_id: int | None
    category: str
    words: str
    wanted_at: datetime
    minutes: int


async def order_service(
    tx: WriteTx, actor: Actor, *, key: str, person_id: UUID, wish: Wish, now: datetime
) -> ServiceOrder | Refused:
    """Order service for oneself or confirmed kin, and hold what it costs; what the ledger refuses is returned.

    Raises:
        RefusalError: `forbidden`, `unknown_person`, `policy_missing`, `timecoins_not_offered`, `order_not_for_kin`,
            `category_unknown`, `order_moment_refused`, `order_place_missing`, `unknown_organisation`,
            `organisation_closed`, `coins_end_before`, `idempotency_conflict`.
    """
    await check_person(tx, actor, OWN, person_id, now=now)
    version = await version_in_force(tx, now)
    rule = timecoin_rule(version.pack)
    check_wish(version.pack, category=wish.category, wanted_at=wish.wanted_at, now=now)
    await _check_kin(tx, person_id, wish.served_id)
    await lock_people(tx, {person_id, wish.served_id})
    await _check_kin(tx, person_id, wish.served_id)  # it may have ended meanwhile
    place = wish.organisation_id or (await homes(tx, [wish.served_id]))[wish.served_id]
    if place is None:
        raise RefusalError("order_place_missing")
    await check_open(tx, place, tx.day(now))
    coins = cost_of(wish.minutes, coins_per_hour=rule.coins_per_hour)
    until_at = stands_until(
        rule, wanted_at=wish.wanted_at, coins_end_at=await _coins_end_at(tx, person_id, coins, now=now)
    )
    draft = hold(
        books_key("service_order", actor, key),
        owner=person_id,
        unit=TIMECOIN,
        amount=coins,
        until=until_at,
        effective_at=now,
        actor=actor.text,
        metadata={"policy": version.version},
    )
    hold_id = await _posted(tx, draft)
    if isinstance(hold_id, Refused):
        return hold_id
    asked = (wish.category, wish.words, wish.wanted_at, wish.minutes)
    id_ = await tx.connection.fetchval(
        _INSERT,
        tx.bank_id,
        place,
        person_id,
        wish.served_id,
        *asked,
        coins,
        hold_id,
        version.version,
        now,
        actor.text,
        until_at,
    )
    if wish.served_id != person_id:
        await tell(tx, [wish.served_id], "service_ordered", order=id_)
    return await service_order(tx, id_)


async def assign_server(
    tx: WriteTx,
    actor: Actor,
    *,
    order_id: int,
    server_id: UUID,
    expected_version: int | None,
    now: datetime,
) -> ServiceOrder:
    """Let somebody in reach serve an order in reach, in place of whom it was before; all three are told.

    Raises:
        RefusalError: `forbidden`, `unknown_service_order`, `unknown_person` (the server, or who was to be served is
            gone), `order_of_own`, `order_state_refused`, `version_differs`, `server_is_party`.
    """
    order = await order_in_reach(tx, actor, order_id)
    await check_person(tx, actor, MANAGE, server_id, now=now)
    await lock_people(tx, {order.person_id, order.served_id, server_id})
    found = await _locked(tx, order_id, now=now)
    if expected_version is not None and found.version != expected_version:
        raise RefusalError("version_differs")
    await _check_not_party(tx, actor, found.person_id, found.served_id, now=now)
    check_server(server_id, person_id=found.person_id, served_id=found.served_id)
    await tx.connection.execute(_ASSIGN, tx.bank_id, order_id, server_id, actor.text)
    told = {found.person_id, found.served_id, server_id, found.server_id or server_id}
    await tell(tx, told, "service_order_assigned", order=order_id)
    return await service_order(tx, order_id)


async def finish_service(
    tx: WriteTx, actor: Actor, *, order_id: int, minutes_used: int, now: datetime
) -> ServiceOrder | Refused:
    """Take what was used of the coins held, begun hours in full, and give the rest back; all three are told.

    More than was ordered costs no more than is held. What the ledger refuses is returned.

    Raises:
        RefusalError: `forbidden`, `unknown_service_order`, `order_of_own`, `order_state_refused`, `order_not_assigned`,
            `idempotency_conflict`.
    """
    await order_in_reach(tx, actor, order_id)
    found = await _locked(tx, order_id, now=now)
    await _check_not_party(tx, actor, found.person_id, found.served_id, found.server_id, now=now)
    if found.state != "assigned":
        raise RefusalError("order_not_assigned")
    rule = timecoin_rule((await load_history(tx)).numbered(found.policy_version))
    used = min(found.coins, cost_of(minutes_used, coins_per_hour=rule.coins_per_hour))
    draft = capture(
        f"service_order_done:{order_id}",
        hold_id=found.hold_id,
        settle=[Settlement(TIMECOIN, Place(CONVERTED), used)],
        effective_at=now,
        actor=actor.text,
    )
    done = await _posted(tx, draft)
    if isinstance(done, Refused):
        return done
    await tx.connection.execute(_RESOLVE, tx.bank_id, order_id, "done", used, now, actor.text)
    told = {found.person_id, found.served_id, found.server_id or found.person_id}
    await tell(tx, told, "service_order_done", order=order_id, amount=used)
    return await service_order(tx, order_id)


async def cancel_order(
    tx: WriteTx, actor: Actor, *, order_id: int, person_id: UUID | None = None, now: datetime
) -> ServiceOrder | Refused:
    """Cancel an open order and give back what is held: one's own (`person_id`), or one in a worker's reach.

    Raises:
        RefusalError: `forbidden`, `unknown_person`, `unknown_service_order`, `order_state_refused`,
            `idempotency_conflict`.
    """
    if person_id is None:
        await order_in_reach(tx, actor, order_id)
    else:
        await check_person(tx, actor, OWN, person_id, now=now)
        if (await service_order(tx, order_id)).person_id != person_id:
            raise RefusalError("unknown_service_order")
    found = await _locked(tx, order_id, now=now)
    draft = release(
        f"service_order_cancelled:{order_id}", hold_id=found.hold_id, effective_at=now, actor=actor.text
    )
    done = await _posted(tx, draft)
    if isinstance(done, Refused):
        return done
    await tx.connection.execute(_RESOLVE, tx.bank_id, order_id, "cancelled", None, now, actor.text)
    told = {found.person_id, found.served_id, found.server_id or found.person_id}
    await tell(tx, told, "service_order_cancelled", order=order_id)
    return await service_order(tx, order_id)


async def order_in_reach(tx: ReadTx, actor: Actor, order_id: int) -> ServiceOrder:
    """Return an order of an organisation in which the actor manages orders.

    Raises:
        RefusalError: `forbidden`; `unknown_service_order`, out of reach too.
    """
    check(actor, MANAGE)
    found = await service_order(tx, order_id)
    await check_row(tx, actor, MANAGE, found.organisation_id, unknown="unknown_service_order")
    return found


async def _locked(tx: WriteTx, order_id: int, *, now: datetime) -> ServiceOrder:
    """Hold an order that is open; one whose time is up is as good as lapsed."""
    await tx.connection.execute(_LOCK, tx.bank_id, order_id)
    found = await service_order(tx, order_id)
    if found.state not in OPEN or found.until_at < now:
        raise RefusalError("order_state_refused", state=found.state if found.state not in OPEN else "lapsed")
    return found


async def _check_kin(tx: WriteTx, person_id: UUID, served_id: UUID) -> None:
    if served_id != person_id:
        kinship = await kinship_between(tx, person_id, served_id)
        if kinship is None or not kinship.holds:
            raise RefusalError("order_not_for_kin")


async def _check_not_party(tx: WriteTx, actor: Actor, *parties: UUID | None, now: datetime) -> None:
    living = {party for party in parties if party is not None}
    check_not_party(actor.person_id, living, await represented(tx, actor.person_id, living, now=now))


async def _coins_end_at(tx: WriteTx, person_id: UUID, coins: int, *, now: datetime) -> datetime | None:
    """Return the last moment at which all of the coins that a hold would take are good."""
    today = tx.day(now)
    lots = [
        lot
        for lot in await wallet(tx, person_id, TIMECOIN)
        if lot.expires_on is None or lot.expires_on >= today
    ]
    ends_on = last_day_of(lots, coins)
    return None if ends_on is None else tx.end_of(ends_on) - timedelta(seconds=1)


async def _posted(tx: WriteTx, draft: Draft) -> int | Refused:
    (outcome,) = await post(tx, [draft])
    if isinstance(outcome, Refused):
        return outcome
    if not isinstance(outcome, Posted):
        raise RefusalError("idempotency_conflict")
    return outcome.transaction_id
