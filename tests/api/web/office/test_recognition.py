"""Rounds of recognition as pages: who may see and take which step, what is refused in words, and what all may see."""

import re
import secrets
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio

from ledger.session import WriteTx
from tests.api.books import adopt_pack, book, credit
from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browser, Browsers
from tests.ledger.proof.history import until_decided
from tests.timebank.notices.scene import Scene
from tests.timebank.recognition.listed import Line, enter_list
from timebank.database import Database
from timebank.tasks.worker import Worker

PATH = "/office/recognition"


@pytest_asyncio.fixture
async def scene(database: Database, cast: Cast, door: Door) -> Scene:
    """Return last year's books: Alice served 120 hours and Bob 60. Xu is of the district's office, too."""
    await adopt_pack(database, cast)
    await book(
        database,
        cast,
        credit("a", cast.people["alice"], minutes=7_200),
        credit("b", cast.people["bob"], minutes=3_600),
    )
    await door.give_phone("alice", "19900000301", "测小明")
    scene = Scene(database, cast)
    await scene.grant("xu", "office", "root")
    await until_decided(database, cast.bank)
    return scene


async def opened(olga: Browser, cast: Cast, *, year: int = 2025, scheme: str = "annual") -> str:
    """Open a round and return its path."""
    await olga.get(PATH)
    await olga.post(
        PATH,
        once=secrets.token_hex(16),
        scheme=scheme,
        year=year,
        organisation=cast.organisations["root"],
        title="测试 2025 年度嘉许名单",
    )
    return str(olga.last.headers.get("location", ""))


async def step(browser: Browser, path: str, do: str, **fields: object) -> Browser:
    """Take a step on a page as it is shown."""
    await browser.get(path)
    await browser.post(path, do=do, version=browser.hidden("version"), **fields)
    return browser


@pytest.mark.parametrize("name", ["alice", "carl", "stella", "mia", "max", "till"])
async def test_are_not_for_others(of: Browsers, name: str) -> None:
    assert (await of(name).get(PATH)).status_code == 403


@pytest.mark.usefixtures("scene")
@pytest.mark.parametrize(("name", "may_open"), [("wen", False), ("audrey", False), ("olga", True)])
async def test_are_read_by_many_and_opened_by_the_office(
    of: Browsers, cast: Cast, name: str, may_open: bool
) -> None:
    browser = of(name)
    assert (await browser.get(PATH)).status_code == 200
    assert ('name="scheme"' in browser.last.text) == may_open
    path = await opened(browser, cast)
    assert path.startswith(f"{PATH}/") == may_open
    assert browser.last.status_code == (303 if may_open else 403)


async def test_a_form_that_no_page_of_ours_sent_is_refused(
    of: Browsers, database: Database, cast: Cast
) -> None:
    round_id = await enter_list(database, cast, state="approved")
    olga = of("olga")
    for path, fields in (
        (PATH, {"scheme": "annual"}),
        (f"{PATH}/{round_id}", {"do": "publish", "version": 1}),
        (f"{PATH}/{round_id}/packs", {"kind": "recognition_xlsx"}),
        (f"{PATH}/{round_id}/certificates", {}),
        (f"{PATH}/{round_id}/1", {"do": "exclude", "version": 1, "reason": "other"}),
        (f"{PATH}/{round_id}/1/objections/1", {"decision": "upheld", "reason": "x"}),
        (f"/recognition/{round_id}", {"line": 1, "ground": "x"}),
    ):
        await olga.send(path, {"csrf": "0" * 64, **fields})
        assert (olga.last.status_code, "form_stale" in olga.text) == (403, True), path


@pytest.mark.usefixtures("scene")
async def test_a_list_goes_from_candidates_to_its_notice(of: Browsers, browser: Browser, cast: Cast) -> None:
    olga, xu, bob = of("olga"), of("xu"), of("bob")
    path = await opened(olga, cast)
    await olga.get(path)
    assert ">120</td>" in olga.last.text
    assert "ALICE" in olga.text
    assert "测*明" in olga.text
    assert "测小明" not in olga.text
    assert f'href="{path}/1"' in olga.text
    # The public sees nothing of it yet.
    public = path.removeprefix("/office")
    assert (await browser.get(f"{public}?bank={cast.bank.code}&lang=en")).status_code == 404
    # Bob is taken off, and put on again: both are on record.
    await step(olga, f"{path}/2", "exclude", reason="duplicate", note="测试：同名")
    await olga.get(f"{path}/2")
    assert "测试：同名" in olga.text
    await olga.get(f"{path}?state=excluded")
    assert "BOB" in olga.text
    assert "ALICE" not in olga.text
    await step(olga, f"{path}/2", "include", reason="cleared")
    await step(olga, f"{path}/2", "include", reason="cleared")
    assert olga.last.status_code in {409, 422}
    await step(olga, path, "notice")
    await olga.get(path)
    assert "On notice from" in olga.text
    # Anybody sees masked lines; nobody's code, hours of service only.
    assert (await browser.get(f"{public}?lang=en")).status_code == 200
    assert "测*明" in browser.text
    assert "ALICE" not in browser.text
    assert str(cast.people["alice"]) not in browser.text
    await bob.get(f"{public}?line=1")
    await bob.post(public, line=1, ground="测试：时长有误", contact="")
    assert "objection to line 1 was received" in bob.text
    await bob.get(f"{public}?line=2")
    await bob.post(public, line=1, ground="测试：再来", contact="")
    assert bob.last.status_code == 409
    # The office decides; who decided does not approve.
    await xu.get(f"{path}/1")
    assert "测试：时长有误" in xu.text
    (place,) = re.findall(rf'action="({path}/1/objections/\d+)"', xu.last.text)
    await xu.post(place, decision="dismissed", reason="")
    assert "does not fit" in xu.text
    await xu.get(f"{path}/1")
    await xu.post(place, decision="dismissed", reason="测试：查无此事")
    assert xu.last.status_code == 303
    await olga.get(f"{path}/1")
    assert "测试：查无此事" in olga.text


async def test_another_office_approves_publishes_and_takes_back(
    of: Browsers, browser: Browser, database: Database, cast: Cast, door: Door
) -> None:
    lines = (Line("alice", 2, 6_090), Line("bob", 1, 3_000))
    round_id = await enter_list(database, cast, state="notice", lines=lines)
    path, public = f"{PATH}/{round_id}", f"/recognition/{round_id}"
    await door.give_phone("alice", "19900000301", "测小明")
    await Scene(database, cast).grant("xu", "office", "root")
    olga, xu = of("olga"), of("xu")
    await olga.get(path)
    assert "had a hand in the list does not approve it" in olga.text
    assert 'value="approve"' not in olga.last.text
    await step(olga, path, "approve")
    assert "had a hand in the list does not approve it" in olga.text.partition('role="alert"')[2]
    await step(xu, path, "approve")
    assert xu.last.status_code == 303
    await browser.get(f"{public}?bank={cast.bank.code}&lang=en")
    assert "Approved" in browser.text
    await step(xu, path, "publish")
    await browser.get(public)
    assert "Published" in browser.text
    await xu.get(path)
    await xu.post(f"{path}/certificates", head="测主任", handler="", contact="", after="0")
    assert xu.last.headers["location"] == path
    await xu.get(path)
    assert "1 issued" in xu.text
    assert (await xu.get(f"{path}/certificates.zip")).headers["content-type"] == "application/zip"
    await xu.get(f"{path}/1")
    assert "/V/" in xu.text
    # One is taken back, for all to see, then the list.
    await step(xu, f"{path}/2", "revoke", reason="misconduct")
    await browser.get(public)
    assert 'class="tag bad"' in browser.last.text
    await step(xu, path, "revoke", reason="")
    assert "choose a reason" in xu.text
    await step(xu, path, "revoke", reason="mistake")
    await browser.get(public)
    assert "This list was revoked" in browser.text


async def test_what_is_not_for_them_or_not_yet_is_said_in_the_workspace(
    of: Browsers, database: Database, cast: Cast
) -> None:
    await Scene(database, cast).grant("alice", "office", "root")
    await Scene(database, cast).grant("xu", "office", "root")
    early = await enter_list(database, cast, state="notice", closes_on=date(2999, 12, 31))
    over = await enter_list(database, cast, state="notice")
    review = await enter_list(database, cast, state="review")
    for name, path, do in (
        ("xu", f"{PATH}/{early}", "approve"),
        ("alice", f"{PATH}/{over}", "approve"),
        ("alice", f"{PATH}/{review}/1", "exclude"),
    ):
        page = await step(of(name), path, do, reason="mistake")
        assert page.last.status_code in {403, 409, 422}
        assert 'name="version"' in page.last.text
        assert 'role="alert"' in page.last.text


async def test_a_step_on_what_has_changed_meanwhile_is_said(
    of: Browsers, database: Database, cast: Cast
) -> None:
    round_id = await enter_list(database, cast, state="approved")
    olga, path = of("olga"), f"{PATH}/{round_id}"
    await olga.get(path)
    await olga.post(path, do="publish", version=7)
    assert olga.last.status_code == 412
    assert 'role="alert"' in olga.last.text
    await olga.post(path, do="notice", version=1)
    assert 'role="alert"' in olga.last.text
    await olga.post(path, do="dance", version=1)
    assert "does not fit" in olga.text


@pytest.mark.usefixtures("scene")
async def test_what_the_books_say_since_is_shown_apart(of: Browsers, database: Database, cast: Cast) -> None:
    olga = of("olga")
    path = await opened(olga, cast)
    await olga.get(f"{path}/differences")
    assert "The books say the same" in olga.text
    await book(database, cast, credit("late", cast.people["alice"], minutes=60))
    await olga.get(f"{path}/differences")
    assert "Changed" in olga.text
    assert "121 hours" in olga.text


async def test_out_of_reach_is_not_there(of: Browsers, database: Database, cast: Cast) -> None:
    round_id = await enter_list(database, cast)
    for name, path in (
        ("wen", f"{PATH}/{round_id}"),
        ("ada", f"{PATH}/{round_id}/1"),
        ("olga", f"{PATH}/{2**40}"),
        ("olga", f"{PATH}/{round_id}/99"),
        ("ada", f"{PATH}/{round_id}/differences"),
    ):
        assert (await of(name).get(path)).status_code == 404, (name, path)
    assert (await of("alice").get(f"{PATH}/{round_id}")).status_code == 403


async def test_a_pack_is_made_by_a_task_and_fetched_by_who_asked(
    of: Browsers, database: Database, cast: Cast, door: Door, tmp_path: Path
) -> None:
    round_id = await enter_list(database, cast)
    olga, path = of("olga"), f"{PATH}/{round_id}"
    for kind in ("recognition_xlsx", "recognition_pdf"):
        await olga.get(path)
        await olga.post(f"{path}/packs", kind=kind)
        assert olga.last.headers["location"] == path
    await olga.get(path)
    assert olga.text.count("Waiting") == 2
    worker = Worker(database, door.service.cipher, tmp_path / "tasks", door.clock)
    await worker.work([cast.bank.code], until_empty=True)
    await olga.get(path)
    found = re.findall(rf'href="({path}/packs/[0-9a-f-]+)"', olga.last.text)
    kinds = {(await olga.get(each)).headers["content-type"].split(";")[0] for each in found}
    assert kinds == {
        "application/pdf",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
    await Scene(database, cast).grant("xu", "office", "root")
    assert (await of("xu").get(found[0])).status_code == 404
    await olga.get(path)
    await of("wen").get(PATH)
    await olga.post(f"{path}/packs", kind="records_xlsx")
    assert olga.last.status_code == 422


async def test_a_pack_stays_in_sight_however_much_else_was_asked_for(
    of: Browsers, database: Database, cast: Cast
) -> None:
    round_id = await enter_list(database, cast)
    olga, path = of("olga"), f"{PATH}/{round_id}"
    await olga.get(path)
    await olga.post(f"{path}/packs", kind="recognition_pdf")

    async def ask_for_more(tx: WriteTx) -> None:
        await tx.connection.execute(
            """insert into tasks (bank_id, kind, params, requested_by, requested_at)
            select t.bank_id, t.kind, '{"export": "records_xlsx", "organisation_ids": null}', t.requested_by,
              t.requested_at + x * interval '1 second'
            from tasks t, generate_series(1, 150) x where t.bank_id = $1""",
            tx.bank_id,
        )

    await database.write(cast.bank, ask_for_more)
    await olga.get(path)
    assert olga.text.count("Waiting") == 1
    await Scene(database, cast).grant("xu", "office", "root")
    assert "Waiting" not in (await of("xu").get(path)).text  # another's packs are not one's own


@pytest.mark.parametrize("state", ["computing", "review", "withdrawn"])
async def test_the_public_sees_no_list_before_its_notice(
    browser: Browser, database: Database, cast: Cast, state: str
) -> None:
    round_id = await enter_list(database, cast, state=state)
    await browser.get(f"/recognition?bank={cast.bank.code}&lang=en")
    assert "no list at the moment" in browser.text
    assert (await browser.get(f"/recognition/{round_id}")).status_code == 404
