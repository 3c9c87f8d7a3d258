"""What the ledger itself forbids: spending honour, exchanges nobody allowed, lapsed lots, closed periods."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from ledger.exchanges import set_exchanges
from ledger.periods import close_period
from ledger.values import HANDED_OUT, ISSUANCE, SHELF, SUPPLY, TAKINGS, WALLET, Draft, Move, Place, Wallet
from tests.conftest import END_OF_2026, SPRING
from tests.ledger.drafts import award, codes, post_all, post_one, refusal_of, spend
from timebank.database import Bank, Database


async def test_hours_and_scores_are_never_spent(database: Database, bank: Bank) -> None:
    owner = uuid4()
    for unit in ("minute", "party_score"):
        await post_all(database, bank, award(owner, 60, unit=unit, expires_on=None))
        assert await refusal_of(database, bank, spend(owner, 1, unit=unit)) == "not_spendable"


async def test_time_coins_do_not_buy_goods(database: Database, bank: Bank) -> None:
    owner, shop = uuid4(), uuid4()
    stock = Draft("receipt", "s", SPRING, "test", (Move(Place(SUPPLY), Place(SHELF, shop), "goods/rice", 9),))
    await post_all(database, bank, stock, award(owner, 9, unit="timecoin"), award(owner, 9))

    def buy(unit: str) -> Draft:
        moves = (
            Move(Wallet(owner), Place(TAKINGS), unit, 5),
            Move(Place(SHELF, shop), Place(HANDED_OUT), "goods/rice", 1),
        )
        return Draft("redemption", f"buy-{unit}", SPRING, "test", moves)

    assert codes(await post_all(database, bank, buy("timecoin"), buy("point"))) == [
        "exchange_not_allowed",
        "posted",
    ]


async def test_an_exchange_is_allowed_from_its_day_on(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_all(database, bank, award(owner, 9, unit="timecoin"))
    july = datetime(2025, 7, 1, tzinfo=UTC)
    pairs = [("point", "class:goods"), ("timecoin", "fufen")]
    await database.write(bank, lambda tx: set_exchanges(tx, pairs, effective_from=july))

    def convert(at: datetime) -> Draft:
        moves = (
            Move(Wallet(owner), Place(TAKINGS), "timecoin", 2),
            Move(Place(ISSUANCE), Place(WALLET, owner), "fufen", 4),
        )
        return Draft("convert", f"convert-{at}", at, "test", moves)

    assert await refusal_of(database, bank, convert(SPRING)) == "exchange_not_allowed"
    await post_one(database, bank, convert(july))


async def test_a_lot_lives_to_the_end_of_its_day_in_the_banks_zone(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_all(database, bank, award(owner, 9, expires_on=date(2025, 12, 31)))
    midnight = datetime(2025, 12, 31, 16, 0, tzinfo=UTC)
    assert await refusal_of(database, bank, spend(owner, 1, at=midnight)) == "insufficient"
    await post_one(database, bank, spend(owner, 1, at=midnight - timedelta(seconds=1)))


async def test_a_closed_period_takes_nothing_more(database: Database, bank: Bank) -> None:
    closed = datetime(2025, 4, 1, tzinfo=UTC)
    assert await database.write(bank, lambda tx: close_period(tx, before=closed, actor="test")) == closed
    earlier = closed - timedelta(days=9)
    assert await database.write(bank, lambda tx: close_period(tx, before=earlier, actor="test")) == closed
    assert await refusal_of(database, bank, award(uuid4(), 1, at=SPRING)) == "period_closed"
    await post_one(database, bank, award(uuid4(), 1, at=closed))


async def test_the_database_itself_refuses_a_row_in_a_closed_period(
    database: Database, bank: Bank, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await database.write(
        bank, lambda tx: close_period(tx, before=datetime(2025, 4, 1, tzinfo=UTC), actor="test")
    )
    with pytest.raises(asyncpg.PostgresError, match="the period is closed"):
        await superuser.execute(
            "insert into transactions (bank_id, id, kind, idempotency_key, fingerprint, effective_at,"
            " recorded_at, xact, actor) values ($1, nextval('transaction_ids'), 'award', 'k', $2, $3, now(), 1, 'x')",
            bank.id,
            bytes(16),
            SPRING,
        )


async def test_a_draft_that_fails_in_the_middle_leaves_nothing(database: Database, bank: Bank) -> None:
    owner, poor = uuid4(), uuid4()
    moves = (
        Move(Place(ISSUANCE), Place(WALLET, owner, END_OF_2026), "point", 60),
        Move(Wallet(poor), Place(TAKINGS), "point", 1),
    )
    failing = Draft("mixed", "m", SPRING, "test", moves)
    outcomes = await post_all(database, bank, failing, award(owner, 30), spend(owner, 31))
    assert codes(outcomes) == ["insufficient", "posted", "insufficient"]
    unknown = Draft("award", "u", SPRING, "test", (Move(Place(ISSUANCE), Place(WALLET, owner), "gold", 1),))
    assert await refusal_of(database, bank, unknown) == "unknown_unit"
