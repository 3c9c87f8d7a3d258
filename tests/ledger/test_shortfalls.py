"""What is missing for a reversal: spent, held or lapsed, lot by lot; given back, the reversal takes it all."""

from datetime import date, timedelta
from uuid import UUID, uuid4

from ledger.audit import audit
from ledger.holds import hold, reversal
from ledger.posting import post
from ledger.session import WriteTx
from ledger.shortfalls import Shortfall, shortfalls
from ledger.values import ISSUANCE, WALLET, Draft, Move, Outcome, Place, Posted
from tests.conftest import END_OF_2026, SPRING
from tests.ledger.drafts import award, post_all, post_one, spend
from timebank.database import Bank, Database


async def missing(database: Database, bank: Bank, transaction_id: int) -> list[Shortfall]:
    return await database.write(bank, lambda tx: shortfalls(tx, transaction_id))


def short(owner: UUID, amount: int, expires_on: date | None = END_OF_2026) -> Shortfall:
    return Shortfall(owner, "point", "value", expires_on, amount)


async def test_what_is_still_there_is_not_missing(database: Database, bank: Bank) -> None:
    owner = uuid4()
    id_ = await post_one(database, bank, award(owner, 30))
    assert await missing(database, bank, id_) == []
    await post_all(database, bank, spend(owner, 10), award(owner, 10))
    assert await missing(database, bank, id_) == []


async def test_what_was_spent_or_is_held_is_missing(database: Database, bank: Bank) -> None:
    owner = uuid4()
    id_ = await post_one(database, bank, award(owner, 30))
    await post_all(database, bank, spend(owner, 10))
    until = SPRING + timedelta(days=1)
    held = hold("h", owner=owner, unit="point", amount=5, until=until, effective_at=SPRING, actor="test")
    await post_one(database, bank, held)
    assert await missing(database, bank, id_) == [short(owner, 15)]


async def test_another_lot_makes_nothing_good(database: Database, bank: Bank) -> None:
    owner = uuid4()
    id_ = await post_one(database, bank, award(owner, 30))
    await post_all(database, bank, spend(owner, 30), award(owner, 50, expires_on=date(2030, 12, 31)))
    assert await missing(database, bank, id_) == [short(owner, 30)]


async def test_issued_again_it_is_reversed_whole(database: Database, bank: Bank) -> None:
    owner = uuid4()
    id_ = await post_one(database, bank, award(owner, 30))
    await post_all(database, bank, spend(owner, 30))

    async def work(tx: WriteTx) -> list[Outcome]:
        (one,) = await shortfalls(tx, id_)
        lot = Place(WALLET, one.owner, one.expires_on)
        again = Draft("debt", "d", SPRING, "test", (Move(Place(ISSUANCE), lot, one.unit, one.amount),))
        return await post(tx, [again, reversal("r", transaction_id=id_, effective_at=SPRING, actor="test")])

    assert all(isinstance(outcome, Posted) for outcome in await database.write(bank, work))
    assert await missing(database, bank, id_) == [short(owner, 30)]
    assert await database.read(bank, lambda tx: audit(tx, verifier=None, anchors=())) == []
