"""One budget that all is issued from: many callers at once, each with its own draft, against one transaction each.

A budget is never below nothing, so unlike the bank's issuance its row is locked, numbered and written by every batch.
"""

from uuid import UUID, uuid4

from ledger.values import BUDGET, ISSUANCE, WALLET, Draft, Move, Place
from tests.benchmarks.arena import Arena
from tests.benchmarks.community import award, commit, commit_in_batches
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.hot_row import Measured, measure
from tests.benchmarks.scale import Scale
from tests.conftest import END_OF_2026, SPRING, new_bank

_TOWN = Place(BUDGET, UUID(int=7))
_PLENTY = 2**52


def capped(owner: UUID, key: str) -> Draft:
    """Return the draft that `community.award` is, but from the budget."""
    move = Move(_TOWN, Place(WALLET, owner, END_OF_2026), "point", 10)
    return Draft("award", key, SPRING, "benchmark", (move,))


_MEASURED = Measured("budget", "each its own draft from one budget through the queue", capped, Target("≥", 4))


async def run(arena: Arena, scale: Scale) -> list[Figure]:
    """Let everybody get from one organisation's budget, which is enough for all."""
    async with arena.books("budget") as books:
        bank = await new_bank(books.database)
        owners = [uuid4() for _ in range(scale.volunteers)]
        await commit_in_batches(books, bank, (award(owner, f"open {owner}") for owner in owners))
        raised = Move(Place(ISSUANCE), _TOWN, "point", _PLENTY)
        await commit(books, bank, [Draft("ceiling", "ceiling", SPRING, "benchmark", (raised,))])
        return [await measure(books, bank, owners, scale, _MEASURED)]
