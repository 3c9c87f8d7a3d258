"""What a basket costs: pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from timebank.errors import RefusalError

MAX_LINES = 50
"""Different items in one basket."""
MAX_QUANTITY = 10_000
"""Of one item in one basket."""


@dataclass(frozen=True, slots=True)
class Item:
    """An item as a till needs it: how many are on the shelf, and how many points one costs."""

    id: int
    sku: str
    name: str
    unit: str
    price_points: int
    is_listed: bool
    stock: int


@dataclass(frozen=True, slots=True)
class Line:
    """So many of an item, and what they cost together."""

    goods_id: int
    quantity: int
    points: int


def basket(wanted: Iterable[tuple[int, int]], items: Mapping[int, Item]) -> tuple[Line, ...]:
    """Return the priced lines of (item's id, quantity), each item once, in the order in which they came.

    Raises:
        RefusalError: `goods_not_sold` if an item is not offered here; `basket_too_large`.
    """
    quantities: dict[int, int] = {}
    for goods_id, quantity in wanted:
        item = items.get(goods_id)
        if item is None or not item.is_listed:
            raise RefusalError("goods_not_sold")
        quantities[goods_id] = quantities.get(goods_id, 0) + quantity
    if len(quantities) > MAX_LINES or any(quantity > MAX_QUANTITY for quantity in quantities.values()):
        raise RefusalError("basket_too_large", lines=MAX_LINES, quantity=MAX_QUANTITY)
    return tuple(
        Line(goods_id, quantity, quantity * items[goods_id].price_points)
        for goods_id, quantity in quantities.items()
    )


def total_points(lines: Sequence[Line]) -> int:
    """Return what the lines cost together."""
    return sum(line.points for line in lines)
