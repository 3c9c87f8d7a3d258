"""What may be kept, and what service costs."""

import pytest

from tests.api.timecoins import timecoin_pack
from timebank.errors import RefusalError
from timebank.policy.rules import default_pack
from timebank.timecoins.rules import Share, check_room, cost_of, share, timecoin_rule


@pytest.mark.parametrize(
    ("amount", "stored", "expected"),
    [
        (3, 0, Share(3, 0)),
        (3, 7, Share(3, 0)),
        (3, 8, Share(2, 1)),
        (3, 10, Share(0, 3)),
        (3, 12, Share(0, 3)),  # the cap was lowered meanwhile
        (30, 0, Share(10, 20)),
    ],
)
def test_what_fits_under_the_cap_is_kept(amount: int, stored: int, expected: Share) -> None:
    assert share(amount, stored=stored, cap=10) == expected


def test_a_gift_fits_whole_or_not_at_all() -> None:
    check_room(3, stored=7, cap=10)
    with pytest.raises(RefusalError) as refused:
        check_room(3, stored=8, cap=10)
    assert (refused.value.code, refused.value.params) == ("storage_cap_reached", {"cap": 10})


@pytest.mark.parametrize(("minutes", "coins"), [(1, 2), (59, 2), (60, 2), (61, 4), (120, 4), (1440, 48)])
def test_begun_hours_cost_in_full(minutes: int, coins: int) -> None:
    assert cost_of(minutes, coins_per_hour=2) == coins


def test_the_default_pack_has_no_time_coins() -> None:
    assert timecoin_rule(timecoin_pack()).storage_cap == 10
    with pytest.raises(RefusalError, match="timecoins_not_offered"):
        timecoin_rule(default_pack())
