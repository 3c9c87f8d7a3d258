"""A year's list: opened, reviewed, shown, objected to, approved by another office, published, certified, taken back."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from ledger.session import WriteTx
from ledger.values import ISSUANCE, WALLET, Draft, Move, Place
from tests.api.books import END_OF_2099, adopt_pack, book
from tests.journeys.conftest import TABLET_SIZE, Opens, Site
from tests.journeys.judging import VIEWS, judge
from tests.journeys.patience import arrive
from tests.serving import VAULT_KEY
from tests.timebank.notices.scene import Scene as Office
from tests.timebank.recognition.listed import enter_list
from timebank.jobs.running import run_now
from timebank.tasks.worker import Worker
from timebank.vault.actions import put_fields
from timebank.vault.cipher import Cipher

TITLE = "测试年度嘉许名单"
SERVED = {"alice": 7_200, "bob": 3_600, "carl": 3_600}


@pytest_asyncio.fixture
async def year(site: Site) -> int:
    """Return last year, in which Alice served 120 hours, Bob and Carl 60; Wen is of the district's office, too."""
    cast, last = site.cast, datetime.now(UTC).year - 1
    await adopt_pack(site.database, cast)

    async def work(tx: WriteTx) -> None:
        await put_fields(tx, Cipher(VAULT_KEY), [(cast.people["carl"], "name", "测丙")])
        await tx.connection.execute(
            "insert into volunteers (bank_id, code, owner, organisation_id, is_party_member)"
            " values ($1, 'CARL', $2, $3, false)",
            tx.bank_id,
            cast.people["carl"],
            cast.organisations["apple"],
        )

    await site.do(work)
    await Office(site.database, cast).grant("wen", "office", "root")
    for who, minutes in SERVED.items():
        owner = cast.people[who]
        moves = (
            Move(Place(ISSUANCE), Place(WALLET, owner), "minute", minutes),
            Move(Place(ISSUANCE), Place(WALLET, owner, END_OF_2099), "point", minutes // 6),
        )
        await book(site.database, cast, Draft("credit", who, datetime(last, 3, 5, tzinfo=UTC), "test", moves))
    return last


async def end_notice(site: Site) -> None:
    """Let the notice's last day have been yesterday."""
    yesterday = datetime.now(UTC).astimezone(site.cast.bank.zone).date() - timedelta(days=1)

    async def work(tx: WriteTx) -> None:
        await tx.connection.execute(
            "update recognition_rounds set notice_closes_on = $2 where bank_id = $1", tx.bank_id, yesterday
        )

    await site.do(work)


async def open_list(site: Site, opens: Opens, year: int) -> Page:
    """Open a list as the office does, and return its page."""
    page = await opens("/office/recognition", who="olga", size=TABLET_SIZE)
    await page.get_by_label("年度", exact=True).select_option(str(year))
    await page.get_by_label("名称").fill(TITLE)
    await site.shot(page, "rounds")
    await page.get_by_role("button", name="封存并计算").click()
    await page.get_by_role("heading", name=TITLE).wait_for()
    return page


async def leave_out(site: Site, page: Page) -> None:
    """Take Carl off the list, who asked not to be named."""
    await page.get_by_text("2 人并列").first.wait_for()
    await site.shot(page, "round-review")
    await page.get_by_role("row", name="CARL").get_by_role("link").click()
    await page.get_by_label("原因").select_option(label="本人不愿意")
    await page.get_by_label("说明").fill("测试：来电说明")
    await site.shot(page, "candidate")
    await page.get_by_role("button", name="移出名单").click()
    await page.get_by_text("测试：来电说明").wait_for()
    await page.get_by_role("link", name=TITLE).click()


async def object_to_alice(site: Site, opens: Opens, path: str) -> Page:
    """Read the notice as a stranger, object to its first line as a neighbour, and return the stranger's page."""
    stranger = await opens(f"/recognition?bank={site.cast.bank.code}")
    await stranger.get_by_role("link", name=TITLE).click()
    await arrive(stranger.get_by_text("测*明"))
    await expect(stranger.get_by_text("CARL")).to_have_count(0)
    await site.shot(stranger, "list-notice")
    neighbour = await opens(path, who="bob", language="en")
    await neighbour.get_by_role("link", name="Object").first.click()
    await neighbour.get_by_label("What is not right").fill("测试：时长有误")
    await site.shot(neighbour, "list-object")
    await neighbour.get_by_role("button", name="Send").click()
    await neighbour.get_by_text("Your objection to line 1 was received").wait_for()
    return stranger


async def dismiss(site: Site, page: Page, path: str) -> None:
    """Decide the objection to the first candidate."""
    await page.goto(f"{site.url}{path}/1")
    await page.get_by_label("处理理由").fill("测试：已核对签到记录")
    await site.shot(page, "candidate-objection")
    await page.get_by_role("button", name="不成立").click()
    await page.get_by_text("异议不成立").wait_for()


async def hand_out(site: Site, page: Page, folder: Path) -> str:
    """Have the pack made and fetched, and the certificates issued; return the address of the first one's page."""
    path = page.url
    await page.get_by_role("button", name="Excel").click()
    await page.get_by_text("等待中").wait_for()
    worker = Worker(site.database, Cipher(VAULT_KEY), folder, lambda: datetime.now(UTC))
    await worker.work([site.cast.bank.code], until_empty=True)
    await page.reload()
    async with page.expect_download() as download:
        await page.get_by_role("link", name="下载").click()
    assert (await download.value).suggested_filename == "recognition.xlsx"
    await page.get_by_role("button", name="颁发证书").click()
    await page.get_by_text("已颁发 2 份").wait_for()
    await site.shot(page, "round-published")
    await page.goto(f"{path}/1")
    certificate = await page.get_by_role("link", name="证书").get_attribute("href")
    assert certificate
    return certificate


async def test_a_list_goes_from_candidates_to_a_revoked_certificate(
    site: Site, opens: Opens, year: int, tmp_path: Path
) -> None:
    page = await open_list(site, opens, year)
    path = page.url.removeprefix(site.url)
    await leave_out(site, page)
    await page.get_by_role("button", name="开始公示").click()
    await page.get_by_text("公示期").wait_for()
    await page.get_by_text("参与过这份名单的人不能审批").wait_for()  # who opened it does not approve it
    await expect(page.get_by_role("button", name="批准")).to_have_count(0)
    await site.shot(page, "round-notice")
    other = await opens(path, who="wen", size=TABLET_SIZE)
    await expect(other.get_by_role("button", name="批准")).to_be_disabled()
    stranger = await object_to_alice(site, opens, path.removeprefix("/office"))
    await dismiss(site, page, path)

    await end_notice(site)
    await page.goto(site.url + path)
    await page.get_by_text("公示期满，待批准").first.wait_for()
    await expect(page.get_by_role("button", name="批准")).to_have_count(0)
    await other.reload()
    await other.get_by_role("button", name="批准").click()
    await other.get_by_role("button", name="公布").click()
    await other.get_by_role("link", name="查看公布的名单").wait_for()
    await stranger.reload()
    await stranger.get_by_text("公布于").wait_for()
    await site.shot(stranger, "list-published")

    certificate = await hand_out(site, other, tmp_path / "tasks")
    await stranger.goto(site.url + certificate)
    await stranger.get_by_text("有效").first.wait_for()
    await site.shot(stranger, "verified")
    await other.get_by_text("撤销其嘉许").first.click()
    await other.get_by_label("原因").select_option(label="记录已更正")
    await site.shot(other, "candidate-revoke")
    await other.get_by_role("button", name="撤销其嘉许").click()
    await other.get_by_text("记录已更正").wait_for()
    await stranger.reload()
    await stranger.get_by_text("已撤销").first.wait_for()
    await site.shot(stranger, "verified-revoked")


async def test_the_history_of_jobs_is_read_and_a_run_asked_for(site: Site, opens: Opens) -> None:
    now = datetime.now(UTC)
    await adopt_pack(site.database, site.cast)
    day = now.astimezone(site.cast.bank.zone).date()
    await run_now(site.database, site.cast.bank, "expire", as_of=day, now=now)
    page = await opens("/office/jobs", who="adam", size=TABLET_SIZE)
    await page.get_by_text("完成").first.wait_for()
    await site.shot(page, "jobs")
    await page.get_by_role("link", name="到期处理").click()
    await page.get_by_label("暂停的原因").fill("测试：盘点")
    await page.get_by_role("button", name="暂停").click()
    await page.get_by_text("测试：盘点").wait_for()
    await page.get_by_role("button", name="恢复").click()
    await page.get_by_role("button", name="暂停").wait_for()
    await site.shot(page, "job")
    await page.get_by_role("link", name=str(day)).click()
    await page.get_by_text("没有跳过任何项目").wait_for()
    await site.shot(page, "job-run")


async def certified(site: Site, opens: Opens, listed: int) -> str:
    """Issue the certificates of a published list and return the address of the first one's page."""
    page = await opens(f"/office/recognition/{listed}", who="olga", size=TABLET_SIZE)
    await page.get_by_role("button", name="颁发证书").click()
    await page.get_by_text("已颁发").first.wait_for()
    await page.goto(f"{site.url}/office/recognition/{listed}/1")
    address = await page.get_by_role("link", name="证书").get_attribute("href")
    assert address
    return address


PAGES = (
    "/office/recognition",
    "list",
    "candidate",
    "differences",
    "/recognition",
    "public",
    "/verify",
    "certificate",
)
JOB_PAGES = ("/office/jobs", "/office/jobs/expire", "run")


@pytest.mark.parametrize(("scheme", "elder"), VIEWS)
async def test_every_page_can_be_read_and_touched(
    site: Site, opens: Opens, year: int, scheme: str, elder: str
) -> None:
    now = datetime.now(UTC)
    day: date = now.astimezone(site.cast.bank.zone).date()
    await run_now(site.database, site.cast.bank, "expire", as_of=day, now=now)
    review = (await open_list(site, opens, year)).url.removeprefix(site.url)
    listed = await enter_list(site.database, site.cast)
    addresses = {
        "list": f"/office/recognition/{listed}",
        "candidate": f"{review}/1",
        "differences": f"{review}/differences",
        "public": f"/recognition/{listed}",
        "run": f"/office/jobs/expire/{day}",
        "certificate": await certified(site, opens, listed),
    }
    kind = "elder" if elder == "1" else "usual"
    for who, pages in (("olga", PAGES), ("adam", JOB_PAGES)):
        page = await opens(f"/?elder={elder}", who=who, color_scheme=scheme)
        for each in pages:
            answer = await page.goto(site.url + addresses.get(each, each))
            assert answer is not None
            assert answer.ok, each
            await site.shot(page, f"{each.strip('/').replace('/', '-')}-{scheme}-{kind}")
            await judge(page, each, elder=elder)
