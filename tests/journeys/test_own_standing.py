"""A volunteer looks at what they have: home, statement, a record and what is wrong with it, stars, a certificate."""

from datetime import timedelta

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import TABLET_SIZE, Opens, Site
from tests.journeys.patience import arrive
from tests.journeys.test_checking_in import OFFLINE_KEPT
from tests.timebank.records.scene import NINE, Scene
from timebank.notifications.actions import tell

PATHS = (
    "/me",
    "/me/statement",
    "/me/statement?unit=point",
    "/me/records",
    "/me/stars",
    "/me/certificates",
    "/me/notices",
    "/me/more",
)
LONG_CHINESE = "春风社区老年人日间照料中心冬季送温暖暨政策宣讲志愿服务第三十二期"
LONG_ENGLISH = "Neighbourhood winter visiting programme for elderly residents living alone, No 12"
NAMED = """
update activities set name = $3 from service_records r
where activities.bank_id = $1 and r.bank_id = $1 and r.id = $2 and activities.id = r.activity_id
"""
DISPUTES = "select statement from disputes where bank_id = $1"
WRONG = "测试：我十一点半才走"


@pytest.fixture
async def record(site: Site) -> int:
    """Return a record of Alice's that is credited, among others with long names, and tell her something."""
    scene = Scene(site.database, site.cast)
    await scene.adopt()
    made = 0
    for name, starts_at in ((LONG_CHINESE, NINE), (LONG_ENGLISH, NINE + timedelta(days=1))):
        made = await scene.served("alice", starts_at=starts_at, hours=3)
        await _name(site, made, name)
        await scene.review("olga", made)
        await scene.credit(made)
    people, said = [site.cast.people["alice"]], {"record": made, "minutes": 180, "points": 30}
    await site.do(lambda tx: tell(tx, people, "record_credited", **said))
    return made


async def _name(site: Site, record: int, name: str) -> None:
    await site.do(lambda tx: tx.connection.execute(NAMED, tx.bank_id, record, name))


async def test_from_what_is_new_to_the_record_that_is_wrong(site: Site, opens: Opens, record: int) -> None:
    phone = await opens("/me", who="alice")
    await phone.get_by_text("条新消息").wait_for()
    await site.shot(phone, "home")
    await phone.get_by_role("link", name="看消息").click()
    read = phone.get_by_role("button", name="全部标为已读")
    await arrive(read)
    await read.dblclick()
    await read.wait_for(state="detached")
    await phone.get_by_role("link", name="时长与积分已入账").first.click()
    await phone.wait_for_url(f"**/me/records/{record}")
    await phone.get_by_text("记录不对？").click()
    await phone.get_by_label("哪里不对").fill(WRONG)

    # The login is over meanwhile: what was typed is there again afterwards.
    kept = await phone.context.cookies()
    await phone.context.clear_cookies(name="session")
    await phone.get_by_role("button", name="提交申诉").click()
    await phone.wait_for_url("**/login**")
    await phone.context.add_cookies([each for each in kept if each["name"] == "session"])  # type: ignore[misc] # as they were read
    await phone.goto(f"{site.url}/me/records/{record}")
    await expect(phone.get_by_label("哪里不对")).to_have_value(WRONG)

    # Without a line nothing is sent, and nothing is lost.
    await phone.wait_for_function(OFFLINE_KEPT)
    await phone.context.set_offline(True)
    await phone.get_by_role("button", name="提交申诉").click()
    await phone.get_by_role("alert").get_by_text("没有网络，没有发出去").wait_for()
    await phone.context.set_offline(False)
    await phone.goto(f"{site.url}/me/records/{record}")
    await phone.get_by_role("button", name="提交申诉").dblclick()
    await phone.get_by_text("申诉已提交").wait_for()
    await site.shot(phone, "record")
    await phone.go_back()
    await phone.goto(f"{site.url}/me/records/{record}")
    rows = await site.do(lambda tx: tx.connection.fetch(DISPUTES, tx.bank_id))
    assert [row["statement"] for row in rows] == [WRONG]


async def test_a_certificate_is_asked_for_kept_and_checked(site: Site, opens: Opens, record: int) -> None:
    assert record
    desk = await opens("/me/certificates", who="alice", language="en", size=TABLET_SIZE)
    await desk.get_by_label("Between two days").check()
    await expect(desk.get_by_role("textbox", name="From")).to_be_visible()
    await desk.get_by_label("From the first service until today").check()
    await expect(desk.get_by_role("textbox", name="From")).to_be_hidden()
    await desk.get_by_role("button", name="Issue it").dblclick()
    await arrive(desk.get_by_text("Your certificate is here"))
    await site.shot(desk, "certificates")
    await expect(desk.locator("article")).to_have_count(1)
    async with desk.expect_download() as downloading:
        await desk.get_by_role("link", name="Download (PDF)").first.click()
    assert (await (await downloading.value).path()).read_bytes().startswith(b"%PDF")
    await desk.get_by_role("link", name="Check").first.click()
    await desk.wait_for_url("**/V/**")


async def test_every_page_fits_a_phone_in_the_largest_letters(opens: Opens, site: Site, record: int) -> None:
    phone = await opens("/me?elder=2", who="alice", language="en", color_scheme="dark")
    for path in (*PATHS, f"/me/records/{record}", "/me/code"):
        await phone.goto(f"{site.url}{path}")
        assert await phone.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
