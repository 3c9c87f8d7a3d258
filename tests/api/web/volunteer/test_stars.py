"""A member's stars: what they have, the way on, the months, how they came."""

from datetime import date, datetime

import pytest

from api.web.volunteer.stars import a_year_before, month_name
from tests.api.books import adopt_pack
from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browsers
from tests.timebank.records.scene import NINE, Scene
from timebank.database import Database

PATH = "/me/stars"
CHANGE = """
insert into star_changes (bank_id, volunteer_id, from_level, to_level, as_of, minutes, policy_version, reason,
  changed_by, changed_at)
select $1, v.id, $3, $4, '2025-12-31', 6100, 1, $5, 'test', '2026-01-01' from volunteers v
where v.bank_id = $1 and v.owner = $2
"""


async def test_without_a_rule_it_says_so(of: Browsers) -> None:
    alice = of("alice")
    assert (await alice.get(PATH)).status_code == 200
    assert "This bank has no rule for stars yet" in alice.text


async def test_shows_the_way_to_the_first(of: Browsers, cast: Cast, database: Database) -> None:
    """The default pack gives the first star at 100 hours."""
    await adopt_pack(database, cast)
    alice = of("alice")
    await alice.get(PATH)
    assert "No star yet" in alice.text
    assert "100 more hours to star 1" in alice.text
    assert "No hours were credited in the last twelve months" in alice.text


async def test_shows_the_months_of_service(of: Browsers, cast: Cast, database: Database, door: Door) -> None:
    scene = Scene(database, cast)
    await scene.adopt()
    record = await scene.served("alice")
    await scene.review("olga", record)
    await scene.credit(record)
    door.clock.at = datetime.combine(NINE.date(), NINE.timetz()).replace(month=6)
    alice = of("alice")
    await alice.get(PATH)
    assert "98 more hours to star 1" in alice.text
    assert "<title>May Hours 2 h</title>" in alice.text
    assert "2025-05" in alice.text


async def test_says_how_stars_came_and_went(of: Browsers, cast: Cast, database: Database) -> None:
    await adopt_pack(database, cast)
    rows = [
        (cast.bank.id, cast.people["alice"], *change) for change in ((0, 1, None), (1, 0, "hours_taken_back"))
    ]
    await database.write(cast.bank, lambda tx: tx.connection.executemany(CHANGE, rows))
    alice = of("alice")
    await alice.get(PATH)
    assert "Star 1 reached" in alice.text
    assert "101.67 hours before 31 Dec 2025; 100 were needed" in alice.text
    assert "Star taken away" in alice.text
    assert "Hours were taken back" in alice.text


@pytest.mark.parametrize(
    ("today", "first"),
    [(date(2026, 1, 31), date(2025, 2, 1)), (date(2026, 12, 1), date(2026, 1, 1))],
)
def test_a_year_has_twelve_months(today: date, first: date) -> None:
    assert a_year_before(today) == first


def test_months_have_names() -> None:
    assert (month_name("zh", date(2026, 9, 1)), month_name("en", date(2026, 9, 1))) == ("9月", "Sep")


async def test_a_device_has_none(of: Browsers) -> None:
    assert (await of("station").get(PATH)).status_code == 403
