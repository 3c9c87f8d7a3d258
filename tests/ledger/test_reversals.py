"""Reversals and refunds: once, mirrored, to the same lots."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from ledger.balances import wallet
from ledger.expiry import ExpiryCursor, expire_lots
from ledger.holds import capture, hold, release, reversal
from ledger.values import TAKINGS, Place, Settlement
from tests.conftest import SPRING
from tests.ledger.drafts import award, post_all, post_one, refusal_of, spend
from timebank.database import Bank, Database

ENDS_2025, ENDS_2026 = date(2025, 12, 31), date(2026, 12, 31)
IN_2026 = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)


async def test_it_gives_each_lot_back_what_it_gave(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_all(
        database, bank, award(owner, 10, expires_on=ENDS_2025), award(owner, 10, expires_on=ENDS_2026)
    )
    id_ = await post_one(database, bank, spend(owner, 14))
    await post_one(database, bank, reversal("r", transaction_id=id_, effective_at=SPRING, actor="test"))
    lots = await database.read(bank, lambda tx: wallet(tx, owner, "point"))
    assert [(lot.expires_on, lot.balance) for lot in lots] == [(ENDS_2025, 10), (ENDS_2026, 10)]


async def test_it_happens_once_and_is_not_itself_reversed(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_all(database, bank, award(owner, 10))
    id_ = await post_one(database, bank, spend(owner, 4))
    done = await post_one(
        database, bank, reversal("r", transaction_id=id_, effective_at=SPRING, actor="test")
    )
    again = reversal("r2", transaction_id=id_, effective_at=SPRING, actor="test")
    assert await refusal_of(database, bank, again) == "already_reversed"
    of_reversal = reversal("r3", transaction_id=done, effective_at=SPRING, actor="test")
    assert await refusal_of(database, bank, of_reversal) == "not_reversible"


async def test_a_credit_that_was_spent_cannot_be_taken_back(database: Database, bank: Bank) -> None:
    owner = uuid4()
    id_ = await post_one(database, bank, award(owner, 10))
    await post_one(database, bank, spend(owner, 1))
    back = reversal("r", transaction_id=id_, effective_at=SPRING, actor="test")
    assert await refusal_of(database, bank, back) == "insufficient"


async def test_a_refund_to_a_lapsed_lot_goes_on_to_a_lot_of_grace(database: Database, bank: Bank) -> None:
    owner, grace = uuid4(), date(2026, 2, 4)
    await post_all(database, bank, award(owner, 10, expires_on=ENDS_2025))
    id_ = await post_one(database, bank, spend(owner, 6))
    await database.write(
        bank, lambda tx: expire_lots(tx, as_of=date(2026, 1, 1), actor="test", after=ExpiryCursor())
    )
    refund = reversal("r", transaction_id=id_, effective_at=IN_2026, actor="test", grace_on=grace)
    await post_one(database, bank, refund)
    lots = await database.read(bank, lambda tx: wallet(tx, owner, "point"))
    assert [(lot.expires_on, lot.balance) for lot in lots] == [(grace, 6)]


async def test_a_refund_of_a_capture_returns_to_the_wallet(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_all(database, bank, award(owner, 10))
    until = SPRING + timedelta(days=1)
    held = await post_one(
        database,
        bank,
        hold("h", owner=owner, unit="point", amount=6, until=until, effective_at=SPRING, actor="test"),
    )
    settle = (Settlement("point", Place(TAKINGS)),)
    taken = await post_one(
        database, bank, capture("c", hold_id=held, settle=settle, effective_at=SPRING, actor="test")
    )
    await post_one(database, bank, reversal("r", transaction_id=taken, effective_at=SPRING, actor="test"))
    lots = await database.read(bank, lambda tx: wallet(tx, owner, "point"))
    assert [lot.balance for lot in lots] == [10]
    assert await database.read(bank, lambda tx: wallet(tx, owner, "point", kind="held")) == []


async def test_a_release_is_not_reversed(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_all(database, bank, award(owner, 10))
    until = SPRING + timedelta(days=1)
    held = await post_one(
        database,
        bank,
        hold("h", owner=owner, unit="point", amount=6, until=until, effective_at=SPRING, actor="test"),
    )
    let_go = await post_one(database, bank, release("l", hold_id=held, effective_at=SPRING, actor="test"))
    for id_ in (held, let_go):
        back = reversal(f"r{id_}", transaction_id=id_, effective_at=SPRING, actor="test")
        assert await refusal_of(database, bank, back) == "not_reversible"


async def test_what_was_never_there_is_not_reversed(database: Database, bank: Bank) -> None:
    back = reversal("r", transaction_id=2**40, effective_at=SPRING, actor="test")
    assert await refusal_of(database, bank, back) == "unknown_transaction"
