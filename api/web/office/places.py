"""The organisations in reach of who reads: those to choose from, each below its own, and whether a row is of one."""

from collections import defaultdict
from dataclasses import dataclass

from ledger.session import ReadTx
from timebank.access import Actor, check_row, reach
from timebank.errors import RefusalError
from timebank.solvency.queries import Node, tree


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation, and how far below the reader's own it stands."""

    id: int
    name: str
    level: str
    depth: int

    @property
    def words(self) -> str:
        """The name as a list of choices shows it, moved in by its depth."""
        return "\u3000" * self.depth + self.name


async def places_of(tx: ReadTx, actor: Actor, permission: str) -> list[Place]:
    """Return the organisations in which the actor has a permission, as a tree is read.

    Raises:
        RefusalError: `forbidden`.
    """
    nodes = await tree(tx, await reach(tx, actor, permission))
    known = {node.id for node in nodes}
    below: dict[int | None, list[Node]] = defaultdict(list)
    for node in nodes:
        below[node.parent_id if node.parent_id in known else None].append(node)
    found: list[Place] = []
    waiting = [(node, 0) for node in reversed(below[None])]
    while waiting:
        node, depth = waiting.pop()
        found.append(Place(node.id, node.name, node.level, depth))
        waiting += [(child, depth + 1) for child in reversed(below[node.id])]
    return found


async def reaches_row(tx: ReadTx, actor: Actor, permission: str, organisation_id: int | None) -> bool:
    """Tell whether the actor has a permission of what belongs to an organisation; of none it is the whole bank's."""
    try:
        await check_row(tx, actor, permission, organisation_id, unknown="forbidden")
    except RefusalError:
        return False
    return True
