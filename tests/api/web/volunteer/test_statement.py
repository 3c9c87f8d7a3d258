"""One's own statement: by unit, in words, by pages."""

from uuid import uuid4

from tests.api.books import adopt_pack, book, credit, spend
from tests.api.cast import Cast
from tests.api.web.browser import Browsers
from tests.timebank.records.scene import Scene
from timebank.database import Database

PATH = "/me/statement"


async def test_who_has_nothing_is_told_how_it_comes(of: Browsers) -> None:
    alice = of("alice")
    for unit in ("minute", "point", "fufen", "timecoin"):
        assert (await alice.get(f"{PATH}?unit={unit}")).status_code == 200
        assert "Nothing has moved yet" in alice.text
    assert (await alice.get(f"{PATH}?unit=goods")).status_code == 422


async def test_says_what_was_served_where(of: Browsers, cast: Cast, database: Database) -> None:
    scene = Scene(database, cast)
    await scene.adopt()
    record = await scene.served("alice")
    await scene.review("olga", record)
    await scene.credit(record)
    alice = of("alice")
    await alice.get(PATH)
    assert "8 May 2025 at 广场东: 2 h of service, credited as 120 minutes and 20 points" in alice.text
    assert "+2 h" in alice.text
    await alice.get(f"{PATH}?unit=point&lang=zh")
    assert "2025年5月8日 在广场东服务 2 小时，记 120 分钟、20 积分" in alice.text
    assert "+20" in alice.text
    bob = of("bob")
    await bob.get(PATH)
    assert "广场东" not in bob.text


async def test_pages_go_on_where_they_ended(of: Browsers, cast: Cast, database: Database) -> None:
    """25 credits of 1 to 25 points make 325; the first page shows those of 25 down to 6, the second the rest."""
    await adopt_pack(database, cast)
    owner = cast.people["alice"]
    await book(database, cast, *(credit(f"k{number}", owner, points=number) for number in range(1, 26)))
    alice = of("alice")
    await alice.get(f"{PATH}?unit=point")
    assert ">325<" in alice.text
    assert ">+6<" in alice.text
    assert ">+5<" not in alice.text
    older = alice.text.split("?unit=point&cursor=")[1].split('"')[0]
    await alice.get(f"{PATH}?unit=point&cursor={older}")
    assert ">+5<" in alice.text
    assert "15 left" in alice.text
    assert "Older lines" not in alice.text
    assert (await alice.get(f"{PATH}?unit=point&cursor=nonsense")).status_code == 422


async def test_what_goes_out_is_one_line_and_says_the_rest(
    of: Browsers, cast: Cast, database: Database
) -> None:
    await adopt_pack(database, cast)
    owner = cast.people["alice"]
    await book(database, cast, credit("k", owner), credit("l", owner, expires_on=None))
    await book(database, cast, spend("s", owner, uuid4(), 30))
    alice = of("alice")
    await alice.get(f"{PATH}?unit=point")
    assert alice.text.count("−30") == 1
    assert "10 left" in alice.text
    assert "Goods from the points shop" in alice.text


async def test_a_device_has_none(of: Browsers) -> None:
    assert (await of("station").get(PATH)).status_code == 403
