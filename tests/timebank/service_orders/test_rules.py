"""How long an order stands, what may be wished for, and who decides."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from ledger.balances import Lot
from tests.api.timecoins import timecoin_pack
from timebank.errors import RefusalError
from timebank.policy.parts import Words
from timebank.policy.rules import CategoryRule
from timebank.policy.spending import TimecoinRule
from timebank.service_orders.rules import (
    check_not_party,
    check_server,
    check_wish,
    last_day_of,
    stands_until,
)

ALICE, BOB, WEN = UUID(int=1), UUID(int=2), UUID(int=3)
NOW = datetime(2026, 5, 9, 1, tzinfo=UTC)
WANTED = NOW + timedelta(days=2)
RULE = TimecoinRule(storage_cap=10, order_days=5)


@pytest.mark.parametrize(
    ("coins_end_at", "until"),
    [
        (None, timedelta(days=5)),
        (WANTED + timedelta(days=9), timedelta(days=5)),
        (WANTED + timedelta(days=4), timedelta(days=4)),
        (WANTED, timedelta()),
    ],
)
def test_an_order_stands_as_long_as_the_pack_and_its_coins_say(
    coins_end_at: datetime | None, until: timedelta
) -> None:
    assert stands_until(RULE, wanted_at=WANTED, coins_end_at=coins_end_at) == WANTED + until


def test_coins_that_end_before_order_nothing() -> None:
    with pytest.raises(RefusalError, match="coins_end_before"):
        stands_until(RULE, wanted_at=WANTED, coins_end_at=WANTED - timedelta(seconds=1))


def test_the_oldest_lot_ends_first() -> None:
    day = date(2026, 6, 30)
    assert last_day_of([Lot(day, 1), Lot(None, 9)], 4) == day
    assert last_day_of([Lot(None, 9)], 4) is None
    assert last_day_of([], 4) is None


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(seconds=-1), timedelta(days=366, seconds=1)])
def test_a_moment_past_or_far_off_is_refused(ahead: timedelta) -> None:
    check_wish(timecoin_pack(), category="errands", wanted_at=NOW + timedelta(days=366), now=NOW)
    with pytest.raises(RefusalError, match="order_moment_refused"):
        check_wish(timecoin_pack(), category="errands", wanted_at=NOW + ahead, now=NOW)


def test_a_pack_that_lists_categories_has_no_other() -> None:
    listed = CategoryRule(code="errands", label=Words(zh="代办", en="errands"), is_volunteer_service=True)
    pack = timecoin_pack().model_copy(update={"categories": (listed,)})
    check_wish(pack, category="errands", wanted_at=WANTED, now=NOW)
    with pytest.raises(RefusalError, match="category_unknown"):
        check_wish(pack, category="meals", wanted_at=WANTED, now=NOW)


def test_who_has_a_part_does_not_decide() -> None:
    check_not_party(WEN, {ALICE, BOB}, ())
    for actor, represented in ((ALICE, ()), (WEN, (BOB,))):
        with pytest.raises(RefusalError, match="order_of_own"):
            check_not_party(actor, {ALICE, BOB}, represented)


def test_nobody_serves_themselves_or_for_their_own_coins() -> None:
    check_server(WEN, person_id=ALICE, served_id=BOB)
    for server in (ALICE, BOB):
        with pytest.raises(RefusalError, match="server_is_party"):
            check_server(server, person_id=ALICE, served_id=BOB)
