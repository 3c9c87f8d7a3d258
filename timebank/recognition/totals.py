"""Totals of a list for each node of the tree, its own and with all below it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tally:
    """How many are on the list, in all and of each level, and what they served."""

    named: int = 0
    levels: tuple[int, ...] = ()
    minutes: int = 0
    points: int = 0
    records: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Return both together."""
        width = max(len(self.levels), len(other.levels))
        return Tally(
            self.named + other.named,
            tuple(a + b for a, b in zip(_wide(self.levels, width), _wide(other.levels, width), strict=True)),
            self.minutes + other.minutes,
            self.points + other.points,
            self.records + other.records,
        )


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree."""

    id: int
    name: str
    parent_id: int | None


@dataclass(frozen=True, slots=True)
class NodeTotal:
    """A node with what is its own and what is its own and its subtree's; `depth` counts from the top."""

    node: Node | None
    depth: int
    own: Tally
    whole: Tally


def node_totals(nodes: Sequence[Node], own: Mapping[int | None, Tally]) -> list[NodeTotal]:
    """Return the totals of each node under which anybody is named, each before those below it, siblings by name.

    Whoever is of no node, or of one that is not among `nodes`, is counted in a last line without a node.
    """
    known = {node.id for node in nodes}
    children: dict[int | None, list[Node]] = {}
    for node in sorted(nodes, key=lambda node: (node.name, node.id)):
        parent = node.parent_id if node.parent_id in known else None
        children.setdefault(parent, []).append(node)
    whole: dict[int, Tally] = {}
    order: list[tuple[Node, int]] = []
    waiting = [(node, 0) for node in reversed(children.get(None, []))]
    while waiting:
        node, depth = waiting.pop()
        order.append((node, depth))
        waiting += [(child, depth + 1) for child in reversed(children.get(node.id, []))]
    for node, _ in reversed(order):
        below = [whole[child.id] for child in children.get(node.id, [])]
        whole[node.id] = sum(below, own.get(node.id, Tally()))
    lines = [
        NodeTotal(node, depth, own.get(node.id, Tally()), whole[node.id])
        for node, depth in order
        if whole[node.id].named
    ]
    rest = sum((tally for place, tally in own.items() if place not in known), Tally())
    return [*lines, NodeTotal(None, 0, rest, rest)] if rest.named else lines


def _wide(levels: tuple[int, ...], width: int) -> tuple[int, ...]:
    return (*levels, *(0,) * (width - len(levels)))
