"""A query about one owner as a value, so that it can be asked in a transaction or along with who is asking.

What a phone asks again and again is worth one round trip to the database; written as a question, it is written once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar
from uuid import UUID

from ledger.session import ReadTx

if TYPE_CHECKING:
    import asyncpg

T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Question(Generic[T_co]):
    """A query with the bank as `$1`, the owner as `$2`, then the arguments; and what its rows, by position, mean."""

    query: str
    arguments: tuple[object, ...]
    answer: "Callable[[Sequence[asyncpg.Record]], T_co]"

    def then(self, meaning: Callable[[T_co], U]) -> "Question[U]":
        """Return the same question with more made of its answer."""
        answer = self.answer
        return Question(self.query, self.arguments, lambda rows: meaning(answer(rows)))

    async def ask(self, tx: ReadTx, owner: UUID) -> T_co:
        """Return the answer for an owner.

        Raises:
            Exception: what the question itself refuses.
        """
        return self.answer(await tx.connection.fetch(self.query, tx.bank_id, owner, *self.arguments))
