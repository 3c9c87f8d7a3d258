"""What an administrator takes back, and what is put right where a register of its own tells of it."""

from datetime import UTC, datetime, timedelta

from ledger.holds import capture, hold
from ledger.session import WriteTx
from ledger.values import CONVERTED, ISSUANCE, WALLET, Draft, Move, Place, Posted, Refused, Settlement
from tests.api.books import adopt_pack
from tests.timebank.settlements.test_actions import (
    IN_MARCH,
    MARCH,
    NOW,
    approve,
    draft,
    pay,
    put_in,
    take,
)
from tests.timebank.shops.scene import Market
from timebank.access import load_actor
from timebank.books.actions import reverse
from timebank.errors import RefusalError
from timebank.records.debts import DEBT

DAY = timedelta(days=1)


async def taken_back(market: Market, transaction_id: int | None) -> str:
    """Let an administrator try it, and return the code of the refusal; nothing if it went."""

    async def work(tx: WriteTx) -> int | Refused:
        actor = await load_actor(tx, market.cast.sessions["adam"], now=datetime.now(UTC))
        return await reverse(
            tx, actor, key=market.key(), transaction_id=transaction_id or 0, reason="mistake", now=NOW
        )

    try:
        done = await market.write(work)
    except RefusalError as refused:
        return refused.code
    return done.code if isinstance(done, Refused) else ""


async def test_stock_is_put_right_by_a_count(market: Market) -> None:
    received = await market.receive(market.rice, 10)
    (moved,) = await market.transfer(market.rice, market.far_rice, 2)
    counted = await market.count(market.rice, 9)
    written_off = await market.write_off(market.rice, 1)
    for entry in (received, moved, counted, written_off):
        assert await taken_back(market, entry.transaction_id) == "reversal_of_stock"
    assert (await market.stock(market.rice), await market.stock(market.far_rice)) == (8, 2)
    await market.assert_sound()


async def test_what_a_statement_paid_stays_paid(market: Market) -> None:
    await adopt_pack(market.database, market.cast)
    await take(market, 30, IN_MARCH)
    (found,) = await draft(market, MARCH)
    await put_in(market, 300)
    await approve(market, found.id)
    paid = await pay(market, found.id, "ada")
    assert await taken_back(market, paid.transaction_id) == "reversal_of_settlement"


async def test_a_debt_stands_as_long_as_its_credit_is_void(market: Market) -> None:
    move = Move(Place(ISSUANCE), Place(WALLET, market.cast.people["alice"]), "point", 5)
    (outcome,) = await market.database.post(market.bank, [Draft(DEBT, market.key(), NOW, "test", (move,))])
    assert isinstance(outcome, Posted)
    assert await taken_back(market, outcome.transaction_id) == "not_reversible"


async def captured(market: Market, name: str) -> int:
    """Let somebody's points be held and taken, as an order of service does, and return the transaction."""
    person = market.cast.people[name]
    given = Move(Place(ISSUANCE), Place(WALLET, person), "point", 5)
    held = hold(
        market.key(), owner=person, unit="point", amount=5, until=NOW + DAY, effective_at=NOW, actor="test"
    )
    drafts = [Draft("credit", market.key(), NOW, "test", (given,)), held]
    *_, outcome = await market.database.post(market.bank, drafts)
    assert isinstance(outcome, Posted)
    settle = [Settlement("point", Place(CONVERTED))]
    taken = capture(
        market.key(), hold_id=outcome.transaction_id, settle=settle, effective_at=NOW, actor="test"
    )
    (outcome,) = await market.database.post(market.bank, [taken])
    assert isinstance(outcome, Posted)
    return outcome.transaction_id


async def test_who_has_a_part_in_it_takes_nothing_back(market: Market) -> None:
    assert await taken_back(market, await captured(market, "adam")) == "reversal_to_oneself"
    own = await captured(market, "alice")
    await market.write(
        lambda tx: tx.connection.execute(
            "insert into proxies (bank_id, principal_id, agent_id, scopes, reason, from_at, until_at, made_by)"
            " values ($1, $2, $3, '{spending}', '行动不便', $4, $5, 'test')",
            tx.bank_id,
            market.cast.people["alice"],
            market.cast.people["adam"],
            NOW - DAY,
            NOW + DAY,
        )
    )
    assert await taken_back(market, own) == "reversal_to_oneself"


async def test_who_gets_back_what_was_held_is_told(market: Market) -> None:
    assert await taken_back(market, await captured(market, "alice")) == ""
    alice = market.cast.people["alice"]
    told = await market.read(
        lambda tx: tx.connection.fetchval(
            "select array_agg(kind) from notifications where bank_id = $1 and person_id = $2",
            tx.bank_id,
            alice,
        )
    )
    assert told == ["reversed"]
