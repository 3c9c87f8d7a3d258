"""The office's desk in a browser: what waits, many records at once, an activity planned, a calendar, a person found."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.journeys.conftest import PHONE_SIZE, Opens, Site
from tests.journeys.patience import arrive
from tests.serving import TOKEN_KEY
from tests.timebank.notices.scene import Scene as Records
from tests.timebank.notices.scene import earning_pack
from timebank.login.tokens import TokenKeys

DESK_SIZE: ViewportSize = {"width": 1440, "height": 900}
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def records_of(site: Site) -> Records:
    """Return the way to records of the cast."""
    records = Records(site.database, site.cast)
    await records.adopt(earning_pack())
    return records


async def sees(page: Page, words: str) -> None:
    await expect(page.locator("main")).to_contain_text(words)


async def test_from_what_waits_to_nothing_waits(site: Site, opens: Opens) -> None:
    records = await records_of(site)
    for _ in range(3):
        await records.record("alice", state="pending")
    page = await opens("/office", who="wen", size=DESK_SIZE)
    await page.get_by_role("link", name="条记录待复核").click()
    clean = page.get_by_role("button", name="只勾选没有提示的")
    await arrive(clean)
    await clean.click()
    await expect(page.get_by_role("button", name="通过所选 (3)")).to_be_visible()
    # A double click decides once.
    await page.get_by_role("button", name="通过所选").dblclick()
    await sees(page, "通过 3 条")
    await sees(page, "没有等待复核的记录")
    await page.goto(f"{site.url}/office")
    await sees(page, "条已通过，待公示")


async def test_an_activity_is_planned_and_stands_in_the_calendar(site: Site, opens: Opens) -> None:
    page = await opens("/office/activities/new", who="wen", size=DESK_SIZE, timezone_id="Asia/Shanghai")
    await page.get_by_label("活动名称").fill("与独居老人一起过冬至包饺子写春联测血压理发缝补修家电陪聊天")
    await page.get_by_label("类别", exact=True).fill("助老")
    await page.get_by_label("地点").fill("广场")
    await page.get_by_label("活动内容").fill("包饺子")
    await page.get_by_role("button", name="保存为草稿").click()
    await page.get_by_role("button", name="发布，开放报名").click()
    await sees(page, "报名中")
    tomorrow = datetime.now(UTC) + timedelta(days=1, hours=8)
    await page.goto(f"{site.url}/office/activities/calendar?month={tomorrow:%Y-%m}")
    await sees(page, "与独居老人一起过冬至")
    for size in (PHONE_SIZE, DESK_SIZE):
        await page.set_viewport_size(size)
        await page.wait_for_function("width => innerWidth === width", arg=size["width"])
        assert await page.evaluate(OVERFLOW) <= 0


async def test_a_login_that_is_over_keeps_what_was_typed(site: Site, opens: Opens) -> None:
    page = await opens("/office/activities/new", who="wen", size=DESK_SIZE)
    await page.get_by_label("活动名称").fill("没有白写")
    await page.context.clear_cookies()
    await page.get_by_label("类别", exact=True).fill("助老")
    await page.get_by_label("地点").fill("广场")
    await page.get_by_role("button", name="保存为草稿").click()
    await page.wait_for_url("**/login?**")
    keys = TokenKeys([TOKEN_KEY])
    cookie = keys.issue_cookie(site.cast.bank.code, site.cast.sessions["wen"], now=datetime.now(UTC))
    await page.context.add_cookies([{"name": "session", "value": cookie, "url": site.url}])
    await page.goto(f"{site.url}/office/activities/new")
    await expect(page.get_by_label("活动名称")).to_have_value("没有白写")


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_somebody_is_found_by_a_number_and_looked_at(opens: Opens, language: str) -> None:
    page = await opens("/office/people", who="wen", size=DESK_SIZE, language=language)
    await page.locator("#value").fill("19900000101")
    await page.locator("form:has(#value) button").click()
    await page.wait_for_url("**/office/people/*-*")
    await page.locator("main form button").click()
    await expect(page.locator("#name")).to_have_value("测小明")


async def test_what_somebody_was_found_by_is_in_no_address_and_the_way_back_leads_to_the_list(
    opens: Opens,
) -> None:
    page = await opens("/office/people", who="wen", size=DESK_SIZE, java_script_enabled=False)
    for field, text in (("#value", "19900000101"), ("#code", "ALICE")):
        await page.locator(field).fill(text)
        await page.locator(f"form:has({field}) button").click()
        await page.wait_for_url("**/office/people/*-*")
        assert text not in page.url
        await page.go_back()
        await expect(page.locator(field)).to_be_visible()
        assert page.url.endswith("/office/people")


@pytest.mark.parametrize("elder", [0, 2])
async def test_no_page_of_the_desk_is_wider_than_a_phone(site: Site, opens: Opens, elder: int) -> None:
    records = await records_of(site)
    await records.record("alice", state="pending")
    page = await opens(f"/office?elder={elder}", who="olga", language="en")
    for path in (
        "reviews",
        "disputes",
        "notices",
        "notices/objections",
        "staged",
        "activities",
        "activities/calendar",
        "people",
    ):
        await page.goto(f"{site.url}/office/{path}")
        assert await page.evaluate(OVERFLOW) <= 0, path
