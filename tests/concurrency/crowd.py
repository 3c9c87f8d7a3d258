"""Many clients at once on the real server, and the check of the books after them."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from ledger.audit import audit
from ledger.balances import trial_balance
from ledger.posting import post
from ledger.proof.note import SigningKey
from ledger.proof.sealing import Sealed, seal
from ledger.values import HELD, HOLD, Conflict, Draft, Move, Outcome, Posted, Refused, Twin, Wallet
from tests.conftest import SPRING
from timebank.database import Bank, Database

T = TypeVar("T")
KEY = SigningKey.generate("timebank.test")


async def each_posts(database: Database, bank: Bank, drafts: Iterable[Draft]) -> list[Outcome]:
    """Let one client per draft post it, all at once, each in a transaction of its own."""

    async def one(draft: Draft) -> Outcome:
        (outcome,) = await database.post(bank, [draft])
        return outcome

    return await asyncio.gather(*(one(draft) for draft in drafts))


def tally(outcomes: Iterable[Outcome]) -> Counter[str]:
    """Count the outcomes: `posted`, `replayed`, `conflict` or the refusal's code."""
    return Counter(map(_name, outcomes))


def _name(outcome: Outcome) -> str:
    if isinstance(outcome, Conflict):
        return "conflict"
    if outcome.replayed:
        return "replayed"
    return outcome.code if isinstance(outcome, Refused) else "posted"


async def hold_of(database: Database, bank: Bank, owner: UUID, amount: int, key: str = "hold") -> int:
    """Set points of a wallet aside for a day and return the hold's id."""
    move = Move(Wallet(owner), Twin(HELD, owner), "point", amount)
    draft = Draft(HOLD, key, SPRING, "test", (move,), hold_until=SPRING + timedelta(days=1))
    (outcome,) = await database.write(bank, lambda tx: post(tx, [draft]))
    assert isinstance(outcome, Posted)
    return outcome.transaction_id


async def sealed(database: Database, bank: Bank, limit: int = 200_000) -> Sealed:
    """Seal what is decided."""
    return await database.write(
        bank,
        lambda tx: seal(tx, KEY, origin=f"timebank/{bank.code}", sealed_at=datetime.now(UTC), limit=limit),
    )


async def check_books(database: Database, bank: Bank) -> None:
    """Seal, sum and audit: whatever ran at once, the books are whole."""
    await sealed(database, bank)
    for unit, kinds in (await database.read(bank, trial_balance)).items():
        assert sum(kinds.values()) == 0, unit
    violations = await database.read(bank, lambda tx: audit(tx, verifier=KEY.verifier))
    assert not violations, violations


async def in_turn_until(event: asyncio.Event, step: Callable[[], Awaitable[T]]) -> list[T]:
    """Do the step again and again until the event is set, and once more after it."""
    done = []
    while not event.is_set():
        done.append(await step())
        await asyncio.sleep(0)
    done.append(await step())
    return done


async def somebody_waits(database: Database, count: int) -> None:
    """Wait until so many transactions of this database wait for another."""
    waiting = """
        select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'
    """
    while await database.pool.fetchval(waiting) < count:
        await asyncio.sleep(0.005)


async def held_up(
    database: Database, bank: Bank, drafts: Sequence[Draft], go: asyncio.Event, ready: asyncio.Event
) -> list[Outcome]:
    """Post, say that the locks are held, and commit only when told to."""

    async def work(tx: object) -> list[Outcome]:
        outcomes = await post(tx, drafts)  # type: ignore[arg-type]  # what another process sent
        ready.set()
        await go.wait()
        return outcomes

    return await database.write(bank, work)
