"""Holdings put together by unit."""

from datetime import date

from ledger.balances import Holding, Lot
from timebank.balances.queries import UnitBalance, by_unit

LAST_DAY = date(2026, 12, 31)
HOLDINGS = [
    Holding("minute", "honour", spendable=False, kind="wallet", expires_on=None, balance=90),
    Holding("point", "value", spendable=True, kind="wallet", expires_on=date(2025, 12, 31), balance=0),
    Holding("point", "value", spendable=True, kind="wallet", expires_on=LAST_DAY, balance=7),
    Holding("point", "value", spendable=True, kind="wallet", expires_on=None, balance=5),
    Holding("point", "value", spendable=True, kind="held", expires_on=LAST_DAY, balance=3),
]


def test_a_lot_is_spendable_through_its_last_day() -> None:
    minute = UnitBalance("minute", "honour", 90, 0, 0, (Lot(None, 90),))
    lots = (Lot(LAST_DAY, 7), Lot(None, 5))
    assert by_unit(HOLDINGS, LAST_DAY) == [minute, UnitBalance("point", "value", 12, 12, 3, lots)]
    assert by_unit(HOLDINGS, date(2027, 1, 1)) == [minute, UnitBalance("point", "value", 12, 5, 3, lots)]


def test_who_has_nothing_has_no_balances() -> None:
    assert by_unit([], LAST_DAY) == []
