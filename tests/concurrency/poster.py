"""A client for killing: posts numbered batches one after another and prints each number once it is acknowledged."""

import asyncio
import json
import sys
from uuid import UUID

from ledger.posting import post
from ledger.values import HANDED_OUT, SHELF, SUPPLY, TAKINGS, Draft, Move, Place, Wallet
from tests.conftest import SPRING
from tests.ledger.drafts import award
from timebank.database import Address, Database

BUYERS = [UUID(int=n) for n in range(1, 6)]
SHOP = UUID(int=99)
RICE = "goods/rice"


def batch(number: int) -> list[Draft]:
    """Return one batch: a buyer is awarded 3, the shelf gets one, the buyer pays 2 for one off the shelf."""
    buyer = BUYERS[number % len(BUYERS)]
    stock = Move(Place(SUPPLY), Place(SHELF, SHOP), RICE, 1)
    pay = Move(Wallet(buyer), Place(TAKINGS), "point", 2)
    take = Move(Place(SHELF, SHOP), Place(HANDED_OUT), RICE, 1)
    return [
        award(buyer, 3, key=f"award-{number}"),
        Draft("stock", f"stock-{number}", SPRING, "test", (stock,)),
        Draft("redemption", f"redemption-{number}", SPRING, "test", (pay, take)),
    ]


async def post_batches(address: Address, code: str, count: int) -> None:
    """Post batches 0 … count - 1 and print the number of each after its commit."""
    async with Database.connect(address, max_size=1) as database:
        bank = await database.bank(code)
        for number in range(count):
            await database.write(bank, lambda tx, n=number: post(tx, batch(n)))  # type: ignore[misc]  # a lambda with a default has no type
            print(number, flush=True)  # noqa: T201 -- what the parent reads


if __name__ == "__main__":
    place, code, count = sys.argv[1:]
    asyncio.run(post_batches(Address(**json.loads(place)), code, int(count)))
