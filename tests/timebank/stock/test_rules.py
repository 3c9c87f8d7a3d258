"""What came first leaves first: which receipts what is left was bought with, and what leaves takes along."""

import pytest

from timebank.errors import RefusalError
from timebank.stock.rules import Layer, check_same_item, leaving, remaining

NEW, MIDDLE, OLD = Layer(5, 130, 1), Layer(3, 120, None), Layer(10, 100, 1)
UNKNOWN = None


def plain(layers: list[Layer]) -> list[tuple[int, int | None]]:
    """Return quantities with their costs."""
    return [(layer.quantity, layer.unit_cost_cents) for layer in layers]


@pytest.mark.parametrize(
    ("stock", "left"),
    [
        (0, []),
        (4, [(4, 130)]),
        (5, [(5, 130)]),
        (7, [(5, 130), (2, 120)]),
        (18, [(5, 130), (3, 120), (10, 100)]),
        (20, [(5, 130), (3, 120), (10, 100), (2, UNKNOWN)]),
    ],
)
def test_what_is_left_is_of_the_newest_receipts(stock: int, left: list[tuple[int, int | None]]) -> None:
    assert plain(remaining([NEW, MIDDLE, OLD], stock)) == left


@pytest.mark.parametrize(
    ("quantity", "gone"),
    [(1, [(1, 100)]), (10, [(10, 100)]), (12, [(10, 100), (2, 120)]), (18, [(10, 100), (3, 120), (5, 130)])],
)
def test_the_oldest_leave_first(quantity: int, gone: list[tuple[int, int | None]]) -> None:
    assert plain(leaving([NEW, MIDDLE, OLD], quantity)) == gone


def test_equal_costs_leave_as_one() -> None:
    assert leaving([Layer(2, 100, 1), Layer(3, 100, 1), Layer(4, 100, 2)], 8) == [
        Layer(4, 100, 2),
        Layer(4, 100, 1),
    ]


def test_the_same_item_has_a_sku_or_a_barcode_in_common() -> None:
    check_same_item(("RICE", "RICE"), (None, None))
    check_same_item(("RICE", "R-5"), ("6900", "6900"))
    for skus, barcodes in ((("RICE", "OIL"), (None, None)), (("RICE", "OIL"), ("1234", "5678"))):
        with pytest.raises(RefusalError, match="not_the_same_item"):
            check_same_item(skus, barcodes)
