"""Sending what waits in the outbox: claim, send, mark, until nothing is due.

Several processes may do it at once. What goes to one endpoint is sent one after another. An endpoint that fails, or a
channel that does, rests for a minute: what else was claimed for it is given back untried, and nothing more is claimed.
One that is slow rests for as long as it had its turn. So neither holds up for long what goes elsewhere.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import structlog

from ledger.session import WriteTx
from timebank.database import Bank, Database
from timebank.messages.channels import Channel, TemporaryError, UndeliverableError
from timebank.messages.claiming import Batch, Claimed, Place, claim, mark
from timebank.messages.rules import FIRST_PAUSE, REPEATABLE, SEND_SECONDS, Verdict, after_failure, given_back
from timebank.vault.cipher import Cipher

BATCH: Final = 40
AT_ONCE: Final = 10
TURN: Final = timedelta(seconds=15)
"""Nothing is begun later after its claim: what comes next is not to wait, and the lease lasts for minutes yet."""
KEPT: Final = timedelta(days=90)
"""So long what became of a message can be looked up."""

# The oldest come first, and nothing waits for as long: where they are not old, none is.
_FORGET: Final = """
delete from messages where bank_id = $1 and id in (
  select m.id from (select o.id, o.ended_at from messages o where o.bank_id = $1 order by o.id limit $3) m
  where m.ended_at < $2)
"""

log = structlog.get_logger("timebank.messages")


@dataclass(frozen=True, slots=True)
class Outbox:
    """What sending takes: the database, the keys that open addresses, the channels there are, and the clock."""

    database: Database
    cipher: Cipher
    channels: Mapping[str, Channel]
    now: Callable[[], datetime]
    at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    resting: dict[Place, "_Rest"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Rest:
    until: datetime
    problem: str | None


@dataclass(slots=True)
class _Outcome:
    verdict: Verdict
    is_gone: bool = False
    is_of_channel: bool = False


async def send_due(outbox: Outbox, bank: Bank) -> Counter[str]:
    """Send all that is due in a bank, and return how many were `sent`, `waiting` (again later), `dropped`, `failed`.

    Raises:
        OutageError: as `Database.write`; what was claimed is then taken up again when its lease has lapsed.
    """
    done = Counter[str]()
    while True:
        batch = await _claim(outbox, bank, _resting(outbox, bank))
        began = asyncio.get_running_loop().time()
        done.update(verdict.state for verdict in batch.settled)
        groups: dict[object, list[Claimed]] = defaultdict(list)
        for each in batch.claimed:
            groups[each.id if each.endpoint_id is None else ("endpoint", each.endpoint_id)].append(each)
        sending = [_send_group(outbox, bank, batch.holder, group, began) for group in groups.values()]
        # Each is let finish whatever happens to the others: what was sent is to be marked.
        for states in await asyncio.gather(*sending, return_exceptions=True):
            if isinstance(states, BaseException):
                raise states
            done.update(states)
        if batch.seen < BATCH:
            return done


async def forget_old(outbox: Outbox, bank: Bank) -> None:
    """Delete messages that have been over for long."""
    before = outbox.now() - KEPT
    while True:

        async def work(tx: WriteTx) -> str:
            return await tx.connection.execute(_FORGET, tx.bank_id, before, 1000)

        if await outbox.database.write(bank, work) == "DELETE 0":
            return


def _resting(outbox: Outbox, bank: Bank) -> list[Place]:
    now = outbox.now()
    for place in [place for place, rest in outbox.resting.items() if rest.until <= now]:
        del outbox.resting[place]
    return [place for place in outbox.resting if place.bank_id in (None, bank.id)]


async def _claim(outbox: Outbox, bank: Bank, but: Sequence[Place]) -> Batch:
    holder, now = uuid4(), outbox.now()

    async def work(tx: WriteTx) -> Batch:
        return await claim(
            tx, outbox.cipher, bank_name=bank.name, holder=holder, limit=BATCH, now=now, but=but
        )

    return await outbox.database.write(bank, work)


async def _send_group(
    outbox: Outbox, bank: Bank, holder: UUID, group: Sequence[Claimed], began: float
) -> list[str]:
    """Send what goes to one place, one after another, marking each; return the states."""
    states: list[str] = []
    for each in group:
        place = _place(bank, each)
        async with outbox.at_once:
            if asyncio.get_running_loop().time() - began > TURN.total_seconds():
                outbox.resting.setdefault(place, _Rest(outbox.now() + TURN, None))
            if (rest := outbox.resting.get(place)) is not None:
                made_at = each.outgoing.made_at
                outcome = _Outcome(given_back(rest.problem, made_at=made_at, now=outbox.now()))
            else:
                outcome = await _send(outbox, each)
                if outcome.is_of_channel or (each.endpoint_id and outcome.verdict.again_at is not None):
                    outbox.resting[place] = _Rest(outbox.now() + FIRST_PAUSE, outcome.verdict.problem)
            if await _mark(outbox, bank, holder, each, outcome):
                states.append(outcome.verdict.state)
    return states


def _place(bank: Bank, claimed: Claimed) -> Place:
    if claimed.endpoint_id is None:
        return Place(claimed.channel)
    return Place(claimed.channel, bank.id, claimed.endpoint_id)


async def _send(outbox: Outbox, claimed: Claimed) -> _Outcome:
    channel = outbox.channels.get(claimed.channel)
    if channel is None:  # an installation that had it, and may have it again
        return _Outcome(after_failure(claimed.attempt, "channel_not_offered", now=outbox.now()))
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await channel.send(claimed.outgoing)
    except UndeliverableError as error:
        return _Outcome(Verdict("dropped", problem=error.problem), is_gone=error.is_gone)
    except TemporaryError as error:
        verdict = after_failure(claimed.attempt, error.problem, now=outbox.now())
        return _Outcome(verdict, is_of_channel=error.is_of_channel)
    except Exception as error:  # noqa: BLE001 -- the edge to somebody else's program
        # A word of ours only: what a driver says may quote the address.
        problem = type(error).__name__
        if claimed.channel not in REPEATABLE:
            return _Outcome(Verdict("dropped", problem="unknown_outcome"))
        verdict = after_failure(claimed.attempt, problem, now=outbox.now())
        return _Outcome(verdict, is_of_channel=isinstance(error, TimeoutError))
    return _Outcome(Verdict("sent"))


async def _mark(outbox: Outbox, bank: Bank, holder: UUID, claimed: Claimed, outcome: _Outcome) -> bool:
    now = outbox.now()

    async def work(tx: WriteTx) -> bool:
        return await mark(tx, holder, claimed, outcome.verdict, is_gone=outcome.is_gone, now=now)

    kept = await outbox.database.write(bank, work)
    if outcome.verdict.problem is not None or not kept:
        log.info(
            "message_not_sent" if kept else "message_lost",
            reference=str(claimed.outgoing.reference),
            channel=claimed.channel,
            state=outcome.verdict.state,
            problem=outcome.verdict.problem,
            attempt=claimed.attempt,
        )
    return kept
