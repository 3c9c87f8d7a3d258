"""Quotes: who shows what, what the basket costs, what speaks against it; and how long and for whom a quote lives."""

from datetime import timedelta
from functools import partial

import pytest

from tests.api.cast import Cast
from tests.timebank.reservations.scene import END_OF_2026, KEYS
from tests.timebank.scans.scene import open_scene, taken
from tests.timebank.shops.scene import NOW
from tests.timebank.tills.scene import CODE, MINUTE, Desk, codes, open_desk
from timebank.codes.rules import pick_up_code
from timebank.database import Database
from timebank.errors import RefusalError
from timebank.policy.spending import RedemptionRule
from timebank.tills.quotes import forget_quotes

_QUOTES = "select count(*) from quotes where bank_id = $1"
RICE_BARCODE = "6900000000011"


async def test_a_basket_is_priced_line_by_line(desk: Desk) -> None:
    till = await desk.open()
    found = await desk.quote(till, (RICE_BARCODE, 2), (desk.market.oil, 1), (desk.market.rice, 1))
    assert [(line.item.sku, line.quantity, line.points, line.item.stock) for line in found.lines] == [
        ("RICE", 3, 90, 10),
        ("OIL", 1, 50, 10),
    ]
    assert (found.points, found.balance_points, found.shown, found.version) == (140, 300, "code", 1)
    assert found.expires_at == NOW + 5 * MINUTE
    assert (found.warnings, found.refusals) == ((), [])
    assert await desk.points() == 300


async def test_points_that_have_lapsed_are_none(database: Database, cast: Cast) -> None:
    desk = await open_desk(database, cast, points=0)
    await desk.counter.give(40, END_OF_2026)
    await desk.counter.give(60)
    till = await desk.open()
    assert (await desk.quote(till)).balance_points == 100
    later = NOW + timedelta(days=365)
    assert (await desk.quote(till, now=later)).balance_points == 60


async def test_what_speaks_against_a_basket_is_said_at_once(database: Database, cast: Cast) -> None:
    desk = await open_desk(database, cast, rule=RedemptionRule(member_day_points=400), points=300)
    till = await desk.open()
    await desk.market.receive(desk.market.oil, 1)
    found = await desk.quote(till, (desk.market.rice, 11), (desk.market.oil, 2))
    assert codes(found.refusals) == ["out_of_stock", "insufficient_points", "limit_reached"]
    assert found.refusals[0].params == {"available": 10, "requested": 11, "goods_id": desk.market.rice}
    assert found.refusals[1].params == {"available": 300, "requested": 430}
    near = await desk.change(found, (desk.market.rice, 10), (desk.market.oil, 1))
    assert (codes(near.warnings), codes(near.refusals)) == (["limit_near"], ["insufficient_points"])
    assert (near.version, near.points, near.expires_at) == (2, 350, found.expires_at)


async def test_a_code_is_good_for_one_quote(desk: Desk) -> None:
    till, code = await desk.open(), await desk.code("alice")
    await desk.quote(till, code=code)
    with pytest.raises(RefusalError, match="code_used"):
        await desk.quote(till, code=code, now=NOW + CODE)
    assert (await desk.quote(till, code=await desk.code("alice", NOW + CODE), now=NOW + CODE)).version == 1


async def test_a_refused_quote_does_not_use_the_code_up(desk: Desk) -> None:
    till, code = await desk.open(), await desk.code("alice")
    with pytest.raises(RefusalError, match="goods_not_sold"):
        await desk.quote(till, (desk.market.far_rice, 1), code=code)
    assert (await desk.quote(till, code=code)).points == 0


async def test_a_code_that_checked_somebody_in_pays_nothing(
    desk: Desk, database: Database, cast: Cast
) -> None:
    scene = await open_scene(database, cast)
    await scene.sign_up([desk.person("alice")])
    code = await desk.code("alice")
    assert await scene.outcomes(taken(scene, NOW, member_code=code)) == ["accepted"]
    with pytest.raises(RefusalError, match="code_used"):
        await desk.quote(await desk.open(), code=code)


@pytest.mark.parametrize(("seconds", "refusal"), [(-61, "code_early"), (90, "code_expired")])
async def test_a_code_is_of_its_moment(desk: Desk, seconds: int, refusal: str) -> None:
    till, code = await desk.open(), await desk.code("alice")
    with pytest.raises(RefusalError, match=refusal):
        await desk.quote(till, code=code, now=NOW + timedelta(seconds=seconds))


async def test_what_is_no_members_code_finds_nobody(desk: Desk) -> None:
    till = await desk.open()
    code = await desk.code("alice")
    other = "A" if code[-2] != "A" else "Q"
    pick_up = pick_up_code(KEYS, bank_id=desk.market.bank.id, reservation_id=1)
    for text, refusal in (
        (code[:-2] + other + code[-1], "code_forged|code_unreadable"),
        ("A" * 40, "code_unreadable"),
        (pick_up, "code_unreadable"),
    ):
        with pytest.raises(RefusalError, match=refusal):
            await desk.quote(till, code=text)


async def test_what_is_not_sold_here_is_no_line(desk: Desk) -> None:
    till = await desk.open()
    await desk.do("update goods set is_listed = false where bank_id = $1 and id = $2", desk.market.oil)
    for line in (desk.market.oil, desk.market.far_rice, 10**15, "6900000000000"):
        with pytest.raises(RefusalError, match="goods_not_sold"):
            await desk.quote(till, (line, 1))


async def test_a_basket_has_an_end(desk: Desk) -> None:
    till = await desk.open()
    with pytest.raises(RefusalError, match="basket_too_large"):
        await desk.quote(till, (desk.market.rice, 6_000), (desk.market.rice, 4_001))


async def test_a_quote_is_changed_by_who_saw_it_as_it_is(desk: Desk) -> None:
    found = await desk.quote(await desk.open(), (desk.market.rice, 1))
    changed = await desk.change(found, (desk.market.oil, 1), version=1)
    assert (await desk.again(found)) == changed
    with pytest.raises(RefusalError, match="version_differs"):
        await desk.change(found, (desk.market.rice, 1), version=1)
    answer = await desk.confirm(found)
    assert answer.receipt is not None
    assert [line.sku for line in answer.receipt.lines] == ["OIL"]


async def test_a_quote_that_is_over_is_neither_read_nor_changed(desk: Desk) -> None:
    till = await desk.open()
    late = await desk.quote(till, now=NOW)
    done, refused = (
        await desk.quote(till, (desk.market.rice, 1)),
        await desk.quote(till, (desk.market.oil, 7)),
    )
    assert (await desk.confirm(done)).receipt is not None
    assert (await desk.confirm(refused)).refusal == "insufficient_points"
    for found, now in ((late, NOW + 5 * MINUTE), (done, NOW), (refused, NOW)):
        with pytest.raises(RefusalError, match="quote_expired"):
            await desk.again(found, now=now)
        with pytest.raises(RefusalError, match="quote_expired"):
            await desk.change(found, now=now)


async def test_only_the_tills_own_session_quotes_and_reads(desk: Desk) -> None:
    till = await desk.open()
    found = await desk.quote(till)
    await desk.enter_cashier("max")
    with pytest.raises(RefusalError, match="unknown_quote"):
        await desk.again(found, name="max")
    with pytest.raises(RefusalError, match="unknown_till"):
        await desk.quote(till, name="max")
    for name in ("mia", "alice"):
        with pytest.raises(RefusalError, match="forbidden"):
            await desk.again(found, name=name)
    await desk.log_in_anew("carl")
    with pytest.raises(RefusalError, match="till_closed"):
        await desk.again(found)
    with pytest.raises(RefusalError, match="till_closed"):
        await desk.quote(till)


async def test_what_is_picked_up_is_what_was_reserved(desk: Desk) -> None:
    till, made = await desk.open(), await desk.counter.reserve((desk.market.rice, 2))
    code = pick_up_code(KEYS, bank_id=desk.market.bank.id, reservation_id=made.id)
    await desk.do("update goods set price_points = 99, is_listed = false where bank_id = $1")
    found = await desk.pick_up(till, code)
    assert (found.shown, found.points, found.refusals) == ("pick_up", 60, [])
    with pytest.raises(RefusalError, match="quote_of_reservation"):
        await desk.change(found)


async def test_what_was_reserved_elsewhere_is_not_picked_up_here(desk: Desk) -> None:
    await desk.market.receive(desk.market.far_rice, 1)
    made = await desk.counter.reserve((desk.market.far_rice, 1), shop=desk.market.far)
    code = pick_up_code(KEYS, bank_id=desk.market.bank.id, reservation_id=made.id)
    with pytest.raises(RefusalError, match="reservation_of_other_shop"):
        await desk.pick_up(await desk.open(), code)


async def test_quotes_are_forgotten_a_day_after_they_were_over(desk: Desk) -> None:
    await desk.quote(await desk.open())
    for moment, left in ((NOW + timedelta(days=1), 1), (NOW + timedelta(days=1) + 6 * MINUTE, 0)):
        await desk.market.write(partial(forget_quotes, now=moment))
        assert await desk.market.read(lambda tx: tx.connection.fetchval(_QUOTES, tx.bank_id)) == left
