"""The board against an independent recount, the trial balance, and itself by organisation."""

from collections import Counter
from datetime import date, datetime

import pytest

from ledger.balances import trial_balance
from ledger.folding import fold
from tests.ledger.proof.history import until_decided
from tests.timebank.budgets.scene import change, left
from tests.timebank.offices import assert_sound
from tests.timebank.solvency.scene import NOW, ZONE, District, pay_april, recount
from timebank.solvency.board import Board, UnitBoard, bank_board, organisation_board, place_lines
from timebank.solvency.rules import Flows, Month

APRIL, JUNE, DECEMBER = (date(2025, month, 1) for month in (4, 6, 12))
UNITS = ("point", "fufen")
MAY_DAY = datetime(2025, 5, 2, 10, tzinfo=ZONE)


async def board_of(district: District, at: str | None) -> Board:
    if at is None:
        return await district.read(lambda tx: bank_board(tx, months=3, now=NOW))
    place = district.cast.organisations[at]
    return await district.read(lambda tx: organisation_board(tx, place, months=3, now=NOW))


def of(board: Board, unit: str) -> UnitBoard:
    return next(one for one in board.units if one.unit == unit)


def by_month(days: Counter[date | None]) -> Counter[date | None]:
    found: Counter[date | None] = Counter()
    for day, amount in days.items():
        found[day and day.replace(day=1)] += amount
    return found


@pytest.mark.parametrize(
    ("at", "who"),
    [
        (None, None),
        ("apple", ["alice"]),
        ("birch", ["bob"]),
        ("north", ["alice", "bob"]),
        ("root", ["alice", "bob"]),
        ("south", []),
    ],
)
async def test_flows_and_what_is_out_are_those_of_a_recount(
    district: District, at: str | None, who: list[str] | None
) -> None:
    board = await board_of(district, at)
    for unit in UNITS:
        flows, out = await recount(district, unit, who)
        found = of(board, unit)
        assert found.flows == Flows(**flows), unit
        assert Counter(dict(found.expiring)) == by_month(out), unit
        assert found.flows.outstanding == sum(out.values())
    await assert_sound(district.scene.database, district.cast.bank)


async def test_the_numbers_followed_by_hand(district: District) -> None:
    points = of(await board_of(district, "apple"), "point")
    # Alice earned 340, and 77 by mistake. She spent 5 and 30 of the 40 that end in May, and regretted 50: the other
    # 5 and 45 of June. Meanwhile 25 of June were held, of which 15 were taken. So 5 came back to May and expired.
    assert points.flows == Flows(issued=340, spent=50, expired=5)
    assert points.expiring == ((JUNE, 75), (DECEMBER, 200), (None, 10))
    assert points.pace == 15  # 30 in April, 15 in May: a third of 45
    # On the 16th half of June is left: 7 of the pace of 15.
    assert points.forecast == (
        Month(JUNE, 7, 68, 210),
        Month(date(2025, 7, 1), 15, 0, 195),
        Month(date(2025, 8, 1), 15, 0, 180),
    )
    fufen = of(await board_of(district, "apple"), "fufen")
    assert fufen.flows == Flows(issued=34, expired=0, moved=-4)
    assert of(await board_of(district, "north"), "fufen").flows.moved == 0


async def test_the_bank_agrees_with_the_trial_balance(district: District) -> None:
    board = await board_of(district, None)
    balances = await district.read(trial_balance)
    for unit in UNITS:
        flows, kinds = of(board, unit).flows, balances[unit]
        assert flows.issued == -kinds["issuance"] - kinds["budget"]
        assert flows.spent == kinds.get("takings", 0)
        assert flows.expired == kinds["expired"]
        assert flows.outstanding == kinds["wallet"] + kinds.get("held", 0)


@pytest.mark.parametrize("at", [None, "root"])
async def test_the_pace_is_the_same_before_and_after_folding(district: District, at: str | None) -> None:
    before = of(await board_of(district, at), "point").pace
    await until_decided(district.scene.database, district.cast.bank)
    await district.scene.write(fold)
    assert of(await board_of(district, at), "point").pace == before
    # April: 30, 21, 6, and Carl's 3 who belongs nowhere; May: 15; June is not over.
    assert before == (25 if at is None else 24)


async def test_what_a_shop_is_paid_for_was_spent_before(district: District) -> None:
    before = of(await board_of(district, None), "point")
    cents = await pay_april(district, at=MAY_DAY)
    after = await board_of(district, None)
    assert (of(after, "point").flows, of(after, "point").pace) == (before.flows, before.pace)
    assert (after.fund_cents, after.owed_cents) == (100_000 + 1_234 - cents, 0)
    await until_decided(district.scene.database, district.cast.bank)
    await district.scene.write(fold)
    assert of(await board_of(district, None), "point").pace == before.pace


async def test_cover_is_stock_and_funds_of_what_is_out(district: District) -> None:
    board = await board_of(district, "apple")
    # Four at 2.50, two of unknown cost; 285 points and 30 fufen at ten cents each.
    assert (board.stock_cents, board.uncosted, board.fund_cents) == (1_000, 2, 1_234)
    assert (board.liability_cents, board.owed_cents) == (3_150, 0)
    assert board.cover_permille == 2_234 * 1000 // 3_150 == 709
    assert of(board, "point").liability_cents == 2_850
    other = await board_of(district, "birch")
    assert (other.stock_cents, other.fund_cents, other.cover_permille) == (0, 0, 0)
    empty = await board_of(district, "south")
    assert (empty.liability_cents, empty.cover_permille) == (0, None)


async def test_ceilings_and_what_is_left_of_them(district: District) -> None:
    apple = await board_of(district, "apple")
    ceiling, payer = of(apple, "point").budgets, of(apple, "point").payer
    assert ceiling is not None
    assert payer is not None
    assert (ceiling.ceiling, ceiling.left, ceiling.waiting_records) == (900, 560, 0)
    assert ceiling.left == await left(district.scene, "apple")
    assert payer.organisation_id == district.cast.organisations["apple"]
    above = of(apple, "fufen")
    assert above.budgets is None
    assert above.payer is not None
    assert above.payer.organisation_id == district.cast.organisations["north"]
    assert of(await board_of(district, "south"), "point").payer is None
    await change(district.scene, "south", 100, now=NOW)
    whole = of(await board_of(district, None), "point").budgets
    assert whole is not None
    assert (whole.ceiling, whole.left) == (1_000, 660)


async def test_each_place_counts_all_below_it(district: District) -> None:
    lines = await district.read(lambda tx: place_lines(tx, None))
    found = {(line.node.name, line.unit): line for line in lines}
    for at in ("apple", "birch", "north", "root"):
        board = await board_of(district, at)
        for unit in UNITS:
            line = found[f"测试{at}", unit]
            assert (line.flows, line.expiring) == (of(board, unit).flows, of(board, unit).expiring)
    assert not [line for line in lines if line.node.name in {"测试south", "测试grid"}]
    only = [district.cast.organisations["birch"]]
    assert {line.node.id for line in await district.read(lambda tx: place_lines(tx, only))} == set(only)


async def test_who_lives_there_without_volunteering_counts(district: District) -> None:
    people, south = district.cast.people, district.cast.organisations["south"]
    await district.scene.write(
        lambda tx: tx.connection.executemany(
            "insert into memberships (bank_id, person_id, organisation_id, kind, from_on, recorded_by)"
            " values ($1, $2, $3, $4, '2025-01-01', 'test')",
            [
                (tx.bank_id, people["carl"], south, "residence"),
                (tx.bank_id, people["carl"], district.cast.organisations["birch"], "work_unit"),
                (tx.bank_id, people["alice"], south, "residence"),
            ],
        )
    )
    for at, who in (("south", ["carl"]), ("birch", ["bob"]), ("root", None)):
        flows, _ = await recount(district, "point", who)
        assert of(await board_of(district, at), "point").flows == Flows(**flows)
