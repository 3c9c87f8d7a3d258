"""Lines that are lost, and logins that end while somebody writes: it is all there again, and is done once."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from playwright.async_api import Locator, Page, Route, ViewportSize, expect

from tests.api.books import adopt_pack
from tests.journeys.conftest import TABLET_SIZE, Opens, Site
from tests.journeys.counter import RICE, open_shop
from tests.journeys.offer import open_offer
from tests.journeys.patience import arrive
from tests.journeys.test_checking_in import OFFLINE_KEPT
from tests.journeys.test_deciding import records_of
from tests.journeys.test_leaving import end_session
from tests.serving import TOKEN_KEY
from timebank.login.tokens import TokenKeys

DESK_SIZE: ViewportSize = {"width": 1280, "height": 900}
KEPT = "sessionStorage.getItem('drafts')"
NOTHING_KEPT = f"() => {KEPT} === null"
NOTHING_SENT = "() => document.querySelector('form[data-sent]') === null"
UNSENT = {"zh": "没有网络，没有发出去", "en": "No network: nothing was sent"}
NAME, NEWER = "与独居老人一起过冬至", "与独居老人一起过元宵"


async def count(site: Site, table: str, where: str = "true") -> int:
    """Return how many rows a table has of the bank."""
    sql = f"select count(*) from {table} where bank_id = $1 and {where}"
    found: int = await site.do(lambda tx: tx.connection.fetchval(sql, tx.bank_id))
    return found


async def press_without_line(page: Page, button: Locator, language: str) -> None:
    """Press a button while there is no line: the page stays and says so, until the line is back."""
    await page.context.set_offline(True)
    await button.dblclick()
    note = page.get_by_role("alert").get_by_text(UNSENT[language])
    await note.wait_for()
    await page.wait_for_function(NOTHING_SENT)  # the second click's, too, was not
    await page.context.set_offline(False)
    await note.wait_for(state="detached")


async def lose_the_answer(page: Page, path: str, button: Locator) -> None:
    """Press a button of a form whose answer is lost, and look again at the page that it is on."""

    async def lose(route: Route) -> None:
        await route.fetch(max_redirects=0)
        await route.abort("connectionreset")

    address = page.url
    await page.route(f"**{path}*", lose, times=1)
    await button.click()
    await page.wait_for_url("chrome-error://**")
    await page.goto(address)


async def log_in_again(site: Site, page: Page, who: str) -> None:
    """Begin another session of one of the cast on the page that a form led to, and go on to where that leads back."""
    await page.wait_for_url("**/login?**")
    back = await page.locator("input[name=next]").first.get_attribute("value")
    session, now = uuid4(), datetime.now(UTC)
    await site.do(
        lambda tx: tx.connection.execute(
            "insert into sessions (bank_id, id, person_id, method, began_at, seen_at, expires_at)"
            " values ($1, $2, $3, 'password_totp', $4, $4, $5)",
            tx.bank_id,
            session,
            site.cast.people[who],
            now,
            now + timedelta(days=1),
        )
    )
    cookie = TokenKeys([TOKEN_KEY]).issue_cookie(site.cast.bank.code, session, now=now)
    await page.context.add_cookies([{"name": "session", "value": cookie, "url": site.url}])
    await page.goto(f"{site.url}{back}")


async def fill_offer(page: Page) -> None:
    """Fill in an offer of a merchant's."""
    await page.locator("[value=amount_off]").check()
    for name, text in (("title", "磨剪子"), ("value", "5"), ("price", "15"), ("terms", "周三")):
        await page.locator(f"#{name}").fill(text)
    today = datetime.now(UTC).date()
    for name, days in (("starts_on", 0), ("ends_on", 9)):
        await page.locator(f"#{name}").fill((today + timedelta(days=days)).isoformat())


async def test_a_volunteer_who_signs_up(site: Site, opens: Opens) -> None:
    session = await site.scene.another_session(datetime.now(UTC) + timedelta(days=1), capacity=3)
    phone = await opens("/sessions?elder=2", who="alice", language="en")
    button = phone.locator(f"form[action='/sessions/{session}'] button")
    await phone.wait_for_function(OFFLINE_KEPT)
    await press_without_line(phone, button, "en")
    assert await count(site, "sign_ups") == 0
    await lose_the_answer(phone, f"/sessions/{session}", button)
    await phone.locator(".tag.good").wait_for()
    await expect(button).to_have_count(0)
    assert await count(site, "sign_ups") == 1


async def test_a_merchant_who_writes_an_offer(site: Site, opens: Opens) -> None:
    await open_offer(site)
    page = await opens("/merchant", who="max", size=TABLET_SIZE)
    await page.get_by_role("link", name="写一个优惠").or_(page.locator("a[href$='/new']")).click()
    await arrive(page.locator("#title"))
    await fill_offer(page)
    save = page.locator("form.card button.whole")
    await press_without_line(page, save, "zh")

    # The login is over meanwhile: it leads back to what was typed.
    await end_session(site, "max")
    await save.click()
    await log_in_again(site, page, "max")
    await expect(page.locator("#title")).to_have_value("磨剪子")
    await expect(page.locator("[value=amount_off]")).to_be_checked()
    assert await count(site, "offers", "title = '磨剪子'") == 0

    await lose_the_answer(page, "/new", save)
    await expect(page.locator("#terms")).to_have_value("周三")
    await save.dblclick()
    await page.wait_for_url("**/merchant")
    await page.get_by_text("磨剪子").first.wait_for()
    assert await count(site, "offers", "title = '磨剪子'") == 1
    await page.wait_for_function(NOTHING_KEPT)

    # The back button leads to a form that is empty again.
    await page.go_back()
    await expect(page.locator("#title")).to_have_value("")
    assert await count(site, "offers", "title = '磨剪子'") == 1


async def fill_activity(page: Page) -> None:
    """Fill in what an activity must have; it begins tomorrow at nine and lasts two hours."""
    for name, text in (("name", NAME), ("category", "助老"), ("place", "广场"), ("content", "包饺子")):
        await page.locator(f"#{name}").fill(text)


async def test_an_office_that_plans_an_activity(site: Site, opens: Opens) -> None:
    page = await opens("/office/activities/new", who="wen", size=DESK_SIZE)
    await fill_activity(page)
    await page.locator("#capacity").fill("12")
    save = page.locator("main form button").last
    await lose_the_answer(page, "/activities/new", save)
    await expect(page.locator("#capacity")).to_have_value("12")
    await save.click()
    await page.locator("h1").get_by_text(NAME).wait_for()
    assert await count(site, "activities", f"name = '{NAME}'") == 1
    await page.wait_for_function(NOTHING_KEPT)
    await page.go_back()
    await expect(page.locator("#name")).to_have_value("")

    # What was there before is typed over, and is not what a lost line leaves.
    edit = f"{page.url.rpartition('/')[0]}/{await last_activity(site)}/edit"
    await page.goto(edit)
    await page.locator("#name").fill(NEWER)
    await press_without_line(page, save, "zh")
    await page.reload()
    await expect(page.locator("#name")).to_have_value(NEWER)
    await end_session(site, "wen")
    await save.click()
    await log_in_again(site, page, "wen")
    await page.wait_for_url(edit)
    await expect(page.locator("#name")).to_have_value(NEWER)
    await save.dblclick()
    await page.locator("h1").get_by_text(NEWER).wait_for()
    await page.wait_for_function(NOTHING_KEPT)


async def test_an_office_that_plans_sessions(site: Site, opens: Opens) -> None:
    page = await opens("/office/activities/new", who="wen", size=DESK_SIZE)
    await fill_activity(page)
    await page.locator("main form button").last.click()
    await arrive(page.locator("h1").get_by_text(NAME))
    starts = page.locator("#one-starts")
    place, save = page.locator("#sessions-place"), page.locator("form[action$='/sessions'] button")
    day = (await starts.input_value()).partition("T")[0]
    planned = await count(site, "activity_sessions")
    # The second time from the page that says that the first was received.
    for clock, where in (("09:30", "东门"), ("10:00", "西门")):
        await page.get_by_text("加一场").click()
        await starts.fill(f"{day}T{clock}")
        await place.fill(where)
        await lose_the_answer(page, "/sessions", save)
        await expect(place).to_have_value(where)  # as it was sent, and in sight
        await save.click()
        await page.get_by_text("已安排 1 场").wait_for()
        planned += 1
        assert await count(site, "activity_sessions") == planned
        await page.wait_for_function(NOTHING_KEPT)
        await expect(place).to_have_value("")


async def last_activity(site: Site) -> int:
    """Return the activity that was entered last."""
    sql = "select max(id) from activities where bank_id = $1"
    found: int = await site.do(lambda tx: tx.connection.fetchval(sql, tx.bank_id))
    return found


async def test_an_office_that_rejects_with_a_reason(site: Site, opens: Opens) -> None:
    records = await records_of(site)
    ids = [await records.record(who, state="pending") for who in ("alice", "bob")]
    page = await opens("/office/reviews", who="olga", language="en", size=DESK_SIZE)
    await page.locator(f"[value='{ids[0]}']").check()
    await page.locator("#reason").select_option(label="Times are wrong")
    reject = page.locator("button[value=reject]")
    await press_without_line(page, reject, "en")
    await expect(page.locator(f"[value='{ids[0]}']")).to_be_checked()
    await lose_the_answer(page, "/office/reviews", reject)
    # It was done: there is nothing left to press for it, and the other one still waits.
    await expect(page.locator(f"[value='{ids[1]}']")).to_have_count(1)
    await expect(page.locator(f"[value='{ids[0]}']")).to_have_count(0)
    assert [(await records.state(id_))[0] for id_ in ids] == ["rejected", "pending"]


async def test_an_office_that_changes_the_policy(site: Site, opens: Opens) -> None:
    await adopt_pack(site.database, site.cast)
    page = await opens("/office/policy/draft", who="adam", language="en", size=DESK_SIZE)
    rate = page.locator("#f-crediting-points_per_hour")
    await rate.fill("12")
    check = page.locator(".stay button[value=check]")
    await press_without_line(page, check, "en")
    await expect(rate).to_have_value("12")
    await end_session(site, "adam")
    await check.click()
    await log_in_again(site, page, "adam")
    await page.wait_for_url("**/office/policy/draft")
    await expect(rate).to_have_value("12")
    await check.click()
    await expect(page.locator("ins")).to_have_text("12")


async def test_a_cashier_whose_login_ends_in_a_sale(site: Site, opens: Opens) -> None:
    shop = await open_shop(site, opens)
    page = await shop.open("zh")
    await shop.gun(page, await shop.code())
    await shop.gun(page, RICE)
    await end_session(site, "carl")
    await page.keyboard.press("F9")
    await log_in_again(site, page, "carl")
    # A shift belongs to its login: the till says so, and leads to its count.
    await page.get_by_role("link", name="结束收银并盘点").wait_for()
    assert await shop.desk.booked() == 0


async def test_a_steward_whose_login_ends_at_the_roll(site: Site, opens: Opens) -> None:
    await site.scene.sign_up([site.cast.people["alice"]])
    path = f"/stations/{site.scene.stations[0]}/roll?session={site.scene.session}"
    page = await opens(path, who="stella", size=TABLET_SIZE)
    await page.locator("[name='person[]']").check()
    call = page.locator("button[value=in]")
    await press_without_line(page, call, "zh")
    await end_session(site, "stella")
    await call.click()
    await log_in_again(site, page, "stella")
    await page.wait_for_url(f"**{path}")
    await expect(page.locator("[name='person[]']")).to_be_checked()
    await lose_the_answer(page, path, call)
    await page.locator("main .tag.good").wait_for()
    assert await count(site, "scans", "kind = 'in'") == 1


async def test_what_somebody_typed_is_not_shown_to_who_comes_next(site: Site, opens: Opens) -> None:
    await open_offer(site)
    page = await opens("/office/people/new", who="wen", size=TABLET_SIZE)
    await page.locator("#name").fill("测丙")
    await page.locator("#id_number").fill("110101199003070000")
    kept = await page.evaluate(KEPT)
    assert "测丙" in kept
    assert "19900307" not in kept  # the number of an identity card is not written down in a browser
    await end_session(site, "wen")
    await page.locator("main form button").last.click()
    await log_in_again(site, page, "xu")
    await page.wait_for_url("**/office/people/new")
    await expect(page.locator("#name")).to_have_value("")
    await page.wait_for_function(NOTHING_KEPT)


async def test_a_visitor_who_verifies_a_number(site: Site, opens: Opens) -> None:
    page = await opens(f"/verify?bank={site.cast.bank.code}", language="en")
    await page.locator("#number").fill("TB-NOT-A-NUMBER")
    await page.route("**/verify?number=*", lambda route: route.abort(), times=1)
    await page.locator("form[method=get] button").click()
    await page.wait_for_url("chrome-error://**")
    await page.reload()
    await page.locator(".note.bad").wait_for()
    await expect(page.locator("#number")).to_have_value("TB-NOT-A-NUMBER")
