"""The drafts that the ledger's tests use, in few words."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID, uuid4

from ledger.posting import post
from ledger.values import ISSUANCE, TAKINGS, WALLET, Draft, Move, Outcome, Place, Posted, Refused, Wallet
from tests.conftest import END_OF_2026, SPRING
from timebank.database import Bank, Database


def award(
    owner: UUID,
    amount: int,
    *,
    unit: str = "point",
    expires_on: date | None = END_OF_2026,
    at: datetime = SPRING,
    key: str | None = None,
) -> Draft:
    """Issue an amount to a lot."""
    move = Move(Place(ISSUANCE), Place(WALLET, owner, expires_on), unit, amount)
    return Draft("award", key or f"award-{uuid4()}", at, "test", (move,))


def spend(
    owner: UUID, amount: int, *, unit: str = "point", at: datetime = SPRING, key: str | None = None
) -> Draft:
    """Spend from a wallet."""
    move = Move(Wallet(owner), Place(TAKINGS), unit, amount)
    return Draft("spend", key or f"spend-{uuid4()}", at, "test", (move,))


async def post_all(database: Database, bank: Bank, *drafts: Draft) -> list[Outcome]:
    """Post the drafts in one transaction."""
    return await database.write(bank, lambda tx: post(tx, drafts))


async def post_one(database: Database, bank: Bank, draft: Draft) -> int:
    """Post a draft that is accepted and return its id."""
    (outcome,) = await post_all(database, bank, draft)
    assert isinstance(outcome, Posted), outcome
    return outcome.transaction_id


async def refusal_of(database: Database, bank: Bank, draft: Draft) -> str:
    """Post a draft that is refused and return the code."""
    (outcome,) = await post_all(database, bank, draft)
    assert isinstance(outcome, Refused), outcome
    return outcome.code


def codes(outcomes: Sequence[Outcome]) -> list[str]:
    """Return `posted` or the refusal code of each outcome."""
    return [outcome.code if isinstance(outcome, Refused) else "posted" for outcome in outcomes]
