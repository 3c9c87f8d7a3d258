"""What stands on a shelf at what cost: the newest receipts, for what came first leaves first. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from timebank.errors import RefusalError


@dataclass(frozen=True, slots=True)
class Layer:
    """So many of an item that came at one cost from one fund; None where nobody said."""

    quantity: int
    unit_cost_cents: int | None
    fund_id: int | None


def remaining(receipts: Sequence[Layer], stock: int) -> list[Layer]:
    """Return what is left of receipts, newest first both; what no receipt explains is one layer of unknown cost."""
    left = stock
    layers = []
    for receipt in receipts:
        if left <= 0:
            break
        layers.append(replace(receipt, quantity=min(receipt.quantity, left)))
        left -= layers[-1].quantity
    if left > 0:
        layers.append(Layer(left, None, None))
    return layers


def leaving(layers: Sequence[Layer], quantity: int) -> list[Layer]:
    """Return what so many take of layers (newest first) with them: the oldest first, equal ones in one."""
    left = quantity
    taken: list[Layer] = []
    for layer in reversed(layers):
        if not left:
            break
        take = min(layer.quantity, left)
        left -= take
        if taken and replace(taken[-1], quantity=layer.quantity) == layer:
            taken[-1] = replace(taken[-1], quantity=taken[-1].quantity + take)
        else:
            taken.append(replace(layer, quantity=take))
    return taken


def check_same_item(skus: tuple[str, str], barcodes: tuple[str | None, str | None]) -> None:
    """Refuse a transfer between items that have neither SKU nor barcode in common.

    Raises:
        RefusalError: `not_the_same_item`.
    """
    if skus[0] != skus[1] and (barcodes[0] is None or barcodes[0] != barcodes[1]):
        raise RefusalError("not_the_same_item")
