"""Time-coins buy neither goods nor fufen: the ledger of a bank whose pack has them refuses both."""

from uuid import uuid4

import pytest

from ledger.posting import post
from ledger.values import (
    CONVERTED,
    HANDED_OUT,
    ISSUANCE,
    SHELF,
    TAKINGS,
    WALLET,
    Draft,
    Move,
    Place,
    Refused,
    Wallet,
)
from tests.api.books import add_shop
from tests.api.cast import Cast, enter
from tests.api.timecoins import EARNED, adopt_timecoins, coins_of, earn
from timebank.database import Bank, Database

ALICE = "alice"


@pytest.fixture
async def cast(database: Database, bank: Bank) -> Cast:
    """Return the cast in a bank with time-coins, of which Alice has eight, and with rice on a shelf."""
    cast = await enter(database, bank)
    await adopt_timecoins(database, cast)
    await earn(database, cast, cast.people[ALICE], 8)
    await add_shop(database, cast, stock=5)
    return cast


async def shop_of(database: Database, cast: Cast) -> Place:
    owner = await database.read(
        cast.bank, lambda tx: tx.connection.fetchval("select owner from shops where bank_id = $1", tx.bank_id)
    )
    return Place(SHELF, owner)


async def outcome(database: Database, cast: Cast, kind: str, *moves: Move) -> Refused:
    draft = Draft(kind, f"{kind}:{uuid4()}", EARNED, "test", moves)
    (found,) = await database.write(cast.bank, lambda tx: post(tx, [draft]))
    assert isinstance(found, Refused)
    assert await coins_of(database, cast.bank, cast.people[ALICE]) == 8
    return found


@pytest.mark.parametrize("target", [TAKINGS, CONVERTED])
async def test_no_goods_are_handed_out_for_them(database: Database, cast: Cast, target: str) -> None:
    shelf = await shop_of(database, cast)
    found = await outcome(
        database,
        cast,
        "redemption",
        Move(Wallet(cast.people[ALICE]), Place(target, shelf.owner), "timecoin", 3),
        Move(shelf, Place(HANDED_OUT, shelf.owner), "goods/rice", 1),
    )
    assert found.code == "exchange_not_allowed"
    assert found.detail == {"from_unit": "timecoin", "to_unit": "goods/rice"}


@pytest.mark.parametrize("unit", ["fufen", "point"])
async def test_they_turn_into_nothing_that_buys(database: Database, cast: Cast, unit: str) -> None:
    owner = cast.people[ALICE]
    found = await outcome(
        database,
        cast,
        "conversion",
        Move(Wallet(owner), Place(CONVERTED), "timecoin", 3),
        Move(Place(ISSUANCE), Place(WALLET, owner), unit, 3),
    )
    assert found.code == "exchange_not_allowed"
