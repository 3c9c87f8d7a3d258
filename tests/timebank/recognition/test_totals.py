"""Totals of the tree: a node's own, its subtree's, and the order of the lines."""

from hypothesis import given
from hypothesis import strategies as st

from timebank.recognition.totals import Node, Tally, node_totals

ROOT, NORTH, SOUTH = Node(1, "区", None), Node(2, "a北", 1), Node(3, "b南", 1)
APPLE, BIRCH = Node(4, "苹果", 2), Node(5, "白桦", 2)
TREE = (BIRCH, APPLE, SOUTH, NORTH, ROOT)


def tally(named: int, minutes: int = 60) -> Tally:
    return Tally(named, (named,), minutes, 10, 1)


def test_each_node_has_its_own_and_its_subtrees() -> None:
    lines = node_totals(TREE, {4: tally(2), 5: tally(3), 2: tally(1)})
    assert [
        (line.node and line.node.name, line.depth, line.own.named, line.whole.named) for line in lines
    ] == [
        ("区", 0, 0, 6),
        ("a北", 1, 1, 6),
        ("白桦", 2, 3, 3),
        ("苹果", 2, 2, 2),
    ]
    assert lines[0].whole == Tally(6, (6,), 180, 30, 3)


def test_whoever_is_of_no_node_comes_last() -> None:
    lines = node_totals((ROOT,), {None: tally(1), 9: tally(2), 1: tally(4)})
    assert [(line.node, line.whole.named) for line in lines] == [(ROOT, 4), (None, 3)]


def test_levels_of_different_lengths_add_up() -> None:
    assert Tally(1, (1,)) + Tally(1, (0, 0, 1)) == Tally(2, (1, 0, 1))


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=20),
    st.lists(st.integers(-1, 30), max_size=30),
)
def test_the_tops_add_up_to_all(tallies: list[tuple[int, int]], parents: list[int]) -> None:
    # A parent comes before its children, so there is no circle.
    nodes = [
        Node(id_, f"n{id_}", parent if 0 <= parent < id_ else None) for id_, parent in enumerate(parents)
    ]
    own: dict[int | None, Tally] = {place: tally(named, named * 60) for place, named in tallies}
    lines = node_totals(nodes, own)
    tops = [line.whole for line in lines if line.depth == 0]
    assert sum(tops, Tally()).named == sum(each.named for each in own.values())
    assert sum(line.own.minutes for line in lines) == sum(each.minutes for each in own.values())
