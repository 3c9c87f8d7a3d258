"""A month of a district over HTTP at two workers: nine thousand redemptions, and everything that goes with them.

Twelve cashiers sell at once, day by day by a clock that the workers share, while managers move stock and merchants take
fufen and vouchers; answers are lost and requests repeated. Somebody else keeps plain sums of what the clients were
told (`month.recount`), and in the end the books, the shelves, the drawers and the money say the same to the unit.
"""

import asyncio
import os
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

import pytest

from tests.api.cast import enter
from tests.concurrency.crowd import check_books
from tests.concurrency.month.counters import Day, close_till, open_till, serve
from tests.concurrency.month.district import MONTH, District, settle_in
from tests.concurrency.month.hand import Line
from tests.concurrency.month.merchants import Stall
from tests.concurrency.month.stockroom import count, disturb, refund_later, restock
from tests.served import served
from tests.shared_clock import SharedClock
from timebank.database import Address, Bank, Database
from timebank.jobs.running import run_now

DAYS = 30
MONTHLY = 9_000
REDEMPTIONS = int(os.environ.get("TIMEBANK_TEST_REDEMPTIONS", MONTHLY))
"""Of the month; fewer of them for who is in a hurry."""
RARE = (
    *("code_used", "out_of_stock", "limit_reached", "insufficient_points", "already_refunded", "refunded"),
    *("refunded_later", "upheld", "honoured", "repeat", "voucher_cancelled"),
)
"""What happens in every such month."""
AFTERWARDS = date(2025, 5, 1)
UNIT_CENTS, DEPOSIT_CENTS = 10, 90_000_000


@pytest.mark.timeout(900)
async def test_a_month_of_a_district_agrees_with_a_recount_to_the_unit(
    address: Address, database: Database, bank: Bank, tmp_path: Path
) -> None:
    cast, path = await enter(database, bank), tmp_path / "clock"
    clock = SharedClock(path)
    async with (
        served(address, clock=path, log=tmp_path / "first") as first,
        served(address, clock=path, log=tmp_path / "second") as second,
    ):
        line = Line(bank, clock, (first, second))
        clock.set(datetime.combine(MONTH, time(8), bank.zone))
        district = await settle_in(database, cast, line)
        await live(district)
        await end_month(database, district)
        await compare(district)
        district.close()
    await check_books(database, bank)


async def live(district: District) -> None:
    """Live through the days of the month."""
    luck = Random("month")
    stalls = [Stall(district, merchant, Random(merchant)) for merchant in district.merchants]
    for number in range(DAYS):
        district.set(MONTH + timedelta(days=number), 9)
        await restock(district)
        await asyncio.gather(*(open_till(district, counter) for counter in district.counters))
        share = REDEMPTIONS * (number + 1) // DAYS - REDEMPTIONS * number // DAYS
        day = Day(share, [])
        await asyncio.gather(
            *(serve(district, counter, day) for counter in district.counters),
            *(stall.trade() for stall in stalls),
            disturb(district, luck),
            *(refund_later(district, luck, within=MONTH) for _ in range(3)),
        )
        await asyncio.gather(*(close_till(district, counter) for counter in district.counters))
        await count(district, luck)


async def end_month(database: Database, district: District) -> None:
    """Bring back what is late, let lots lapse, and settle the month: drafted, approved and paid by three people."""
    people, recount, bank = district.people, district.recount, district.line.bank
    district.set(AFTERWARDS, 9)
    luck = Random("after")
    for _ in range(10):
        await refund_later(district, luck, within=MONTH)
    ran = await run_now(database, bank, "expire", as_of=AFTERWARDS, now=district.line.clock())
    assert ran["amounts"] == {"point": recount.lapsed(district.members, AFTERWARDS)}
    fund = await _fund(district)
    drafted = await people["olga"].ask("POST", "/api/v1/settlements/drafts", {"month": f"{MONTH:%Y-%m}"})
    assert drafted.status == 200, drafted
    ids = drafted.json["drafted"]
    assert isinstance(ids, list)
    assert len(ids) == sum(amount > 0 for amount in recount.takings.values())
    paid_cents = 0
    for id_ in ids:
        path = f"/api/v1/settlements/{id_}"
        approved = (await people["wen"].ask("POST", f"{path}/approve")).json
        paid = await people["adam"].insist(f"{path}/pay", {"fund_id": fund})
        assert paid.status == 200, paid
        payee = (
            ("shop", approved["shop_id"]) if approved["shop_id"] else ("merchant", approved["merchant_id"])
        )
        owed = recount.paid((payee[0], int(str(payee[1]))), unit_cents=UNIT_CENTS)
        assert (paid.json["amount"], paid.json["cents"]) == owed, (payee, owed)
        paid_cents += owed[1]
    left = (await people["adam"].get(f"/api/v1/funds/{fund}")).json["balance"]
    assert left == DEPOSIT_CENTS - paid_cents


async def _fund(district: District) -> int:
    """Open a fund at the top and put money into it."""
    adam = district.people["adam"]
    body = {"code": "F1", "name": "区级公益金", "kind": "money", "organisation_id": district.root}
    opened = await adam.ask("POST", "/api/v1/funds", body)
    assert opened.status == 201, opened
    fund = int(str(opened.json["id"]))
    money = {"amount_cents": DEPOSIT_CENTS, "reference": "T-1"}
    assert (await adam.insist(f"/api/v1/funds/{fund}/deposits", money)).status == 201
    district.recount.move("cny", "supply", "wallet", DEPOSIT_CENTS)
    return fund


async def compare(district: District) -> None:
    """Hold balances, shelves and the trial balance against the sums, and let the books be audited."""
    recount, people = district.recount, district.people
    assert REDEMPTIONS < MONTHLY or all(recount.told[what] for what in RARE), recount.told
    assert len(recount.sales) == REDEMPTIONS
    assert len({sale.number for sale in recount.sales}) == REDEMPTIONS
    for shop, items in district.shops.items():
        listed = (await people["mia"].get(f"/api/v1/shops/{shop}/stock")).json["items"]
        assert isinstance(listed, list)
        assert {one["goods_id"]: one["on_shelf"] for one in listed} == {
            item.id: recount.stock[item.id] for item in items
        }
    for member in district.members:
        hand = district.hand(member.session)
        found = (await hand.get(f"/api/v1/people/{member.id}/balances")).json["balances"]
        hand.close()
        assert isinstance(found, list)
        have = {one["unit"]: {lot["expires_on"]: lot["amount"] for lot in one["lots"]} for one in found}
        for unit, purse in (("point", member.points), ("fufen", member.fufen)):
            lots = {f"{until}": amount for until, amount in purse.lots.items() if amount}
            assert have.get(unit, {}) == lots, (unit, member.id)
    said = (await people["audrey"].get("/api/v1/reports/trial-balance")).json["units"]
    assert isinstance(said, Mapping)
    assert _not_zero(said) == recount.trial_balance()
    violations = (await people["audrey"].get("/api/v1/audit")).json
    assert not violations["violations"], violations


def _not_zero(units: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    found = {
        unit: {kind: amount for kind, amount in kinds.items() if amount} for unit, kinds in units.items()
    }
    return {unit: kinds for unit, kinds in found.items() if kinds}
