"""A bank with volunteers whose wallets are open, and the drafts that benchmarks post to them."""

from collections.abc import Iterable, Sequence
from itertools import islice
from uuid import UUID

from ledger.values import ISSUANCE, WALLET, Draft, Move, Outcome, Place, Posted
from tests.benchmarks.arena import Books
from tests.conftest import END_OF_2026, SPRING
from timebank.database import Bank

BATCH = 2_000


def award(owner: UUID, key: str) -> Draft:
    """Return a draft with one posting: ten points from the bank's issuance to a lot of the owner."""
    move = Move(Place(ISSUANCE), Place(WALLET, owner, END_OF_2026), "point", 10)
    return Draft("award", key, SPRING, "benchmark", (move,))


def credit(owner: UUID, key: str) -> Draft:
    """Return a draft as service earns it, with two postings: an hour and its points."""
    moves = (
        Move(Place(ISSUANCE), Place(WALLET, owner), "minute", 60),
        Move(Place(ISSUANCE), Place(WALLET, owner, END_OF_2026), "point", 10),
    )
    return Draft("credit", key, SPRING, "benchmark", moves, metadata={"record": 12345, "policy": 1})


async def commit(books: Books, bank: Bank, drafts: Sequence[Draft]) -> list[Outcome]:
    """Post the drafts in one transaction, and see to it that all were posted."""
    outcomes = await books.database.post(bank, drafts)
    if not all(isinstance(outcome, Posted) and not outcome.replayed for outcome in outcomes):
        msg = "a benchmark posts what is new and can be posted"
        raise AssertionError(msg)
    return outcomes


async def commit_in_batches(books: Books, bank: Bank, drafts: Iterable[Draft], batch: int = BATCH) -> None:
    """Post the drafts one batch after another."""
    left = iter(drafts)
    while chunk := list(islice(left, batch)):
        await commit(books, bank, chunk)
