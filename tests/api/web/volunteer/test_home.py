"""A member's first page: what they have, what ends, today's service, what is new."""

from datetime import timedelta

from tests.api.books import adopt_pack, book, credit
from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browsers
from tests.timebank.scans.scene import Scene
from timebank.database import Database
from timebank.notifications.actions import tell


async def test_who_has_nothing_yet_is_told_what_there_will_be(of: Browsers) -> None:
    alice = of("alice")
    assert (await alice.get("/me")).status_code == 200
    for words in ("Hours in all", "No records yet", "Nothing is open for sign-up"):
        assert words in alice.text, words
    assert "New messages" not in alice.text


async def test_one_signs_up_with_one_touch(of: Browsers, scene: Scene) -> None:
    alice = of("alice")
    await alice.get("/me")
    assert "清洁日" in alice.text
    (form,) = [form for form in alice.forms() if form.get("act") == "sign_up"]
    assert (await alice.post(f"/sessions/{scene.session}", **form)).status_code == 303
    await alice.get("/me")
    assert "Show my code to check in" in alice.text
    assert [form for form in alice.forms() if form.get("act") == "sign_up"] == []


async def test_what_has_begun_shows_when_one_came(of: Browsers, scene: Scene, cast: Cast, door: Door) -> None:
    await scene.sign_up([cast.people["alice"]])
    alice = of("alice")
    door.clock.pass_(minutes=15)
    await alice.get("/me")
    assert "On now" in alice.text
    path = f"/Q/{scene.shown(door.clock.at)}"
    await alice.get(path)
    await alice.post(path, **alice.forms()[0])
    await alice.get("/me")
    at = door.clock.at.astimezone(cast.bank.zone)
    assert f"In at {at:%H:%M}" in alice.text
    assert "Show my code to check out" in alice.text


async def test_who_waits_shows_no_code_for_it(of: Browsers, scene: Scene, cast: Cast) -> None:
    await scene.sign_up([cast.people["alice"]], state="waiting")
    alice = of("alice")
    await alice.get("/me")
    assert "Number 1 on the waiting list" in alice.text
    assert "Show my code" not in alice.text


async def test_says_what_ends_soon_and_what_is_new(
    of: Browsers, cast: Cast, database: Database, door: Door
) -> None:
    await adopt_pack(database, cast)
    today = door.clock.at.astimezone(cast.bank.zone).date()
    lots = {"near": (12_345_678, today + timedelta(days=30)), "far": (5, today + timedelta(days=90))}
    for key, (points, last) in lots.items():
        await book(database, cast, credit(key, cast.people["alice"], points=points, expires_on=last))
    await database.write(cast.bank, lambda tx: tell(tx, [cast.people["alice"]], "pin_set", card=1))
    alice = of("alice")
    await alice.get("/me")
    assert ">12,345,683<" in alice.text
    assert "12,345,678 points end on" in alice.text
    assert "30 days left" in alice.text
    assert "New messages: 1" in alice.text
    assert "PIN set" in alice.text


async def test_what_ends_far_off_is_left_to_the_statement(
    of: Browsers, cast: Cast, database: Database
) -> None:
    await adopt_pack(database, cast)
    await book(database, cast, credit("far", cast.people["alice"]))
    alice = of("alice")
    await alice.get("/me")
    assert ">20<" in alice.text
    assert "Points end on" not in alice.text


async def test_a_device_has_no_page_of_its_own(of: Browsers) -> None:
    assert (await of("station").get("/me")).status_code == 403
