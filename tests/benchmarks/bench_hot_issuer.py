"""One busy issuer: many callers at once, each with its own draft, against one transaction per transfer."""

from uuid import uuid4

from tests.benchmarks.arena import Arena
from tests.benchmarks.community import award, commit_in_batches
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.hot_row import Measured, measure
from tests.benchmarks.scale import Scale
from tests.conftest import new_bank

_MEASURED = Measured("hot issuer", "each its own draft through the queue", award, Target("≥", 8))


async def run(arena: Arena, scale: Scale) -> list[Figure]:
    """Let everybody get from the bank's issuance, which has no floor."""
    async with arena.books("hot_issuer") as books:
        bank = await new_bank(books.database)
        owners = [uuid4() for _ in range(scale.volunteers)]
        await commit_in_batches(books, bank, (award(owner, f"open {owner}") for owner in owners))
        return [await measure(books, bank, owners, scale, _MEASURED)]
