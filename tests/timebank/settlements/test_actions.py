"""Statements in the database: each transaction in one of them, two pairs of eyes, and money that is there."""

import asyncio
import io
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import openpyxl
import pytest

from ledger.balances import account_balances
from ledger.holds import reversal
from ledger.posting import post
from ledger.session import ReadTx, WriteTx
from ledger.values import CONVERTED, ISSUANCE, TAKINGS, WALLET, Draft, Move, Place, Posted, Wallet
from tests.timebank.shops.scene import Market
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.funds.actions import deposit
from timebank.jobs.running import run_now
from timebank.settlements.actions import By, approve_statement, draft_statements, pay_statement, payees_of
from timebank.settlements.queries import Settlement, items, settlement
from timebank.settlements.sheet import statement_sheet

MARCH, APRIL, MAY = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)
IN_MARCH = datetime(2026, 3, 31, 15, 59, tzinfo=UTC)
"""The last minute of March in Shanghai."""
IN_APRIL = datetime(2026, 3, 31, 16, 0, tzinfo=UTC)
NOW = datetime(2026, 5, 9, 2, 0, tzinfo=UTC)
JOB = By("job")


async def owner_of(market: Market, shop_id: int) -> UUID:
    found: UUID = await market.read(
        lambda tx: tx.connection.fetchval(
            "select owner from shops where bank_id = $1 and id = $2", tx.bank_id, shop_id
        )
    )
    return found


async def take(market: Market, points: int, at: datetime, *, shop: int = 0) -> int:
    """Let a new member spend points at a shop and return the transaction."""
    owner, member = await owner_of(market, shop or market.near), uuid4()

    async def work(tx: WriteTx) -> int:
        given = Move(Place(ISSUANCE), Place(WALLET, member), "point", points)
        spent = Move(Wallet(member), Place(TAKINGS, owner), "point", points)
        drafts = [
            Draft("award", market.key(), at, "test", (given,)),
            Draft("redemption", market.key(), at, "test", (spent,)),
        ]
        *_, outcome = await post(tx, drafts)
        assert isinstance(outcome, Posted)
        return outcome.transaction_id

    return await market.write(work)


async def give_back(market: Market, transaction_id: int, at: datetime) -> None:
    draft = reversal(market.key(), transaction_id=transaction_id, effective_at=at, actor="test")
    (outcome,) = await market.write(lambda tx: post(tx, [draft]))
    assert isinstance(outcome, Posted)


async def draft(market: Market, month: date, *, by: By = JOB, now: datetime = NOW) -> list[Settlement]:
    async def work(tx: WriteTx) -> list[Settlement]:
        ids = await draft_statements(tx, month_on=month, payees=await payees_of(tx, None), by=by, now=now)
        return [await settlement(tx, id_) for id_ in ids]

    return await market.write(work)


def person(market: Market, name: str) -> Actor:
    return Actor(uuid4(), market.cast.people[name])


async def approve(market: Market, id_: int, name: str = "olga") -> Settlement:
    return await market.write(
        lambda tx: approve_statement(tx, person(market, name), settlement_id=id_, now=NOW)
    )


async def pay(market: Market, id_: int, name: str = "adam") -> Settlement:
    return await market.write(
        lambda tx: pay_statement(tx, person(market, name), settlement_id=id_, fund_id=market.fund, now=NOW)
    )


async def put_in(market: Market, cents: int) -> None:
    await market.write(
        lambda tx: deposit(
            tx,
            fund_id=market.fund,
            amount_cents=cents,
            reference="T-1",
            key=market.key(),
            actor="test",
            now=NOW,
        )
    )


async def balances(market: Market, owner: UUID) -> dict[tuple[str, str], int]:
    async def work(tx: ReadTx) -> dict[tuple[str, str], int]:
        return {(one.kind, one.unit): one.balance for one in await account_balances(tx) if one.owner == owner}

    return await market.read(work)


async def test_a_month_is_the_bank_s_and_every_transaction_is_counted_once(market: Market) -> None:
    await take(market, 30, IN_MARCH)
    await take(market, 5, IN_MARCH, shop=market.far)
    late = await take(market, 7, IN_APRIL)
    march = await draft(market, MARCH)
    assert [(one.shop_id, one.amount, one.cents, one.state) for one in march] == [
        (market.near, 30, 300, "drafted"),
        (market.far, 5, 50, "drafted"),
    ]
    assert await draft(market, MARCH) == []
    await take(market, 2, IN_MARCH)  # uploaded late
    (april,) = await draft(market, APRIL)
    assert april.amount == 9
    lines = await market.read(lambda tx: items(tx, april.id, after_id=0, limit=10))
    assert [line.amount for line in lines] == [7, 2]
    assert lines[0].transaction_id == late


async def test_what_was_given_back_is_taken_off_the_next(market: Market) -> None:
    first = await take(market, 30, IN_MARCH)
    (march,) = await draft(market, MARCH)
    assert march.amount == 30
    await give_back(market, first, IN_APRIL)
    assert await draft(market, APRIL) == []  # less than nothing: it waits
    await take(market, 45, datetime(2026, 5, 2, tzinfo=UTC))
    (may,) = await draft(market, MAY, now=datetime(2026, 6, 1, tzinfo=UTC))
    assert may.amount == 15


async def test_a_month_that_is_not_over_has_no_statement(market: Market) -> None:
    with pytest.raises(RefusalError, match="month_not_over"):
        await draft(market, MAY)
    with pytest.raises(RefusalError, match="month_not_over"):
        await draft(market, MAY, now=datetime(2026, 5, 31, 15, 59, tzinfo=UTC))


async def test_drafting_at_once_drafts_once(market: Market) -> None:
    for number in range(20):
        await take(market, number + 1, IN_MARCH)
    found = await asyncio.gather(*(draft(market, MARCH) for _ in range(6)))
    assert [one.amount for drafted in found for one in drafted] == [210]


async def test_two_pairs_of_eyes_and_a_third_hand(market: Market) -> None:
    await take(market, 30, IN_MARCH)
    (found,) = await draft(market, MARCH, by=By("olga", market.cast.people["olga"]))
    with pytest.raises(RefusalError, match="approver_drafted"):
        await approve(market, found.id)
    with pytest.raises(RefusalError, match="settlement_not_approved"):
        await pay(market, found.id)
    approved = await approve(market, found.id, "adam")
    assert (approved.state, approved.approved_by) == ("approved", market.cast.people["adam"])
    with pytest.raises(RefusalError, match="already_approved_settlement"):
        await approve(market, found.id, "adam")
    with pytest.raises(RefusalError, match="payer_approved"):
        await pay(market, found.id, "adam")


async def test_it_is_paid_once_out_of_what_is_there(market: Market) -> None:
    await take(market, 30, IN_MARCH)
    (found,) = await draft(market, MARCH)
    await approve(market, found.id)
    await put_in(market, 299)
    with pytest.raises(RefusalError, match="fund_insufficient"):
        await pay(market, found.id)
    await put_in(market, 1)
    outcomes = await asyncio.gather(*(pay(market, found.id) for _ in range(5)), return_exceptions=True)
    paid = [one for one in outcomes if isinstance(one, Settlement)]
    told = {str(one) for one in outcomes if not isinstance(one, Settlement)}
    assert len(paid) == 1
    assert told == {"already_paid_settlement"}
    left = await balances(market, await owner_of(market, market.near))
    assert (left[TAKINGS, "point"], left[CONVERTED, "point"], left[TAKINGS, "cny"]) == (0, 30, 300)
    await market.assert_sound()
    # What was paid is no takings of the next month.
    assert await draft(market, APRIL) == []


async def test_the_job_drafts_the_month_before_and_again_nothing(market: Market) -> None:
    await take(market, 30, IN_MARCH)
    for drafted in (1, 0):
        result = await run_now(market.database, market.bank, "settle", as_of=date(2026, 4, 1), now=NOW)
        assert result == {"month": "2026-03", "drafted": drafted}


async def test_the_accountant_s_workbook_adds_up(market: Market) -> None:
    await take(market, 30, IN_MARCH)
    await take(market, 4, IN_MARCH)
    (found,) = await draft(market, MARCH)
    lines = await market.read(lambda tx: items(tx, found.id, after_id=0, limit=10))
    zone = market.bank.zone
    book = openpyxl.load_workbook(io.BytesIO(statement_sheet(found, lines, zone=zone)))
    head, sheet = book.worksheets
    shown = {row[0]: row[1] for row in head.iter_rows(values_only=True)}
    assert (shown["数量 Amount"], shown["金额（元）Yuan"], shown["月份 Month"]) == (34, 3.4, "2026-03")
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert [(row[4], row[5]) for row in rows] == [(30, 3), (4, 0.4)]
    assert str(rows[0][2]) == "2026-03-31 23:59:00"
