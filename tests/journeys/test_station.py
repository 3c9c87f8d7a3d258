"""The station's tablet: scanning by camera and by photo, without network, helping an elder, calling the roll."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image
from playwright.async_api import Page, async_playwright, expect

from tests.journeys.conftest import CHROMIUM, FLAGS, NAMES, TABLET_SIZE, Opens, Site
from timebank.codes.images import qr_png
from timebank.devices.actions import make_enrolment

WIDTH, HEIGHT = 640, 480
MASKED = f"{NAMES['alice'][0]}*"
SCANS = """
select outcome, mode, device_seq, is_doubtful from scans where bank_id = $1 and session_id = $2 order by device_seq, id
"""


def address(site: Site, page: str = "screen") -> str:
    return f"/stations/{site.scene.stations[0]}/{page}?session={site.scene.session}"


async def scans(site: Site) -> list[tuple[str, str, int | None, bool]]:
    """Return what is on record of the session's scans."""
    rows = await site.do(lambda tx: tx.connection.fetch(SCANS, tx.bank_id, site.scene.session))
    return [tuple(row) for row in rows]


async def card_of(site: Site, who: str) -> str:
    """Sign one of the cast up and give them a card."""
    await site.scene.sign_up([site.cast.people[who]])
    return await site.scene.card_of(site.cast.people[who])


async def scan(tablet: Page, text: str, said: str) -> None:
    """Type as a scanner gun does."""
    await tablet.keyboard.type(text)
    await tablet.keyboard.press("Enter")
    await tablet.locator("[data-result]").get_by_text(said).wait_for()


def photo(path: Path, text: str) -> Path:
    """Make a picture of a code as a camera sees it: somewhat turned, on a grey table."""
    table = Image.new("RGB", (WIDTH, HEIGHT), (150, 150, 140))
    path.with_suffix(".code").write_bytes(qr_png(text))
    with Image.open(path.with_suffix(".code")) as code:
        small = code.convert("RGB").resize((260, 260)).rotate(8, expand=True, fillcolor=(150, 150, 140))
    table.paste(small, (170, 90))
    table.save(path)
    return path


def film(path: Path, picture: Path) -> Path:
    """Make a film of a picture, as Chromium takes it for a camera."""
    with Image.open(picture) as seen:
        y, cb, cr = seen.convert("YCbCr").split()
    halves = (plane.resize((WIDTH // 2, HEIGHT // 2)).tobytes() for plane in (cb, cr))
    frame = b"FRAME\n" + y.tobytes() + b"".join(halves)
    path.write_bytes(b"YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n" % (WIDTH, HEIGHT) + frame * 2)
    return path


async def test_the_camera_reads_a_card_once_and_stays_open(site: Site, opens: Opens, tmp_path: Path) -> None:
    card = await card_of(site, "alice")
    shown = film(tmp_path / "card.y4m", photo(tmp_path / "card.png", card))
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    flags = [*FLAGS, *fake, f"--use-file-for-fake-video-capture={shown}"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        screen = await opens(address(site), who="stella", size=TABLET_SIZE, browser=browser)
        asked: list[str] = []
        screen.on("request", lambda request: asked.append(request.url))
        await screen.get_by_role("button", name="用摄像头扫码").click()
        await screen.get_by_text(f"✓ {MASKED}").wait_for()
        await screen.wait_for_timeout(700)  # still held up
        await site.shot(screen, "camera")
        assert await scans(site) == [("accepted", "card", None, False)]
        assert all(url.startswith((site.url, "blob:")) for url in asked)
        await screen.get_by_role("button", name="关闭摄像头").click()
        await expect(screen.locator("video")).to_be_hidden()

        # Where one at a time is asked about, the camera closes by itself.
        await screen.goto(site.url + address(site, "help"))
        await screen.get_by_role("button", name="用摄像头扫码").click()
        await screen.get_by_text("是这位吗").wait_for()
        await site.shot(screen, "help-asked")
        await screen.get_by_role("button", name="是，签退").click()
        await screen.get_by_text("签退成功").wait_for()
        await site.shot(screen, "help-done")
        await browser.close()


async def test_a_photo_is_read_without_script(site: Site, opens: Opens, tmp_path: Path) -> None:
    card = await card_of(site, "alice")
    picture = photo(tmp_path / "card.png", card)
    screen = await opens(address(site), who="stella", language="en", java_script_enabled=False)
    await expect(screen.locator("meta[http-equiv=refresh]")).to_have_count(1)
    await screen.get_by_role("link", name="hold this page still").click()
    await screen.get_by_role("link", name="renew again").wait_for()
    await expect(screen.locator("meta[http-equiv=refresh]")).to_have_count(0)
    await screen.get_by_text("Use a photo instead").click()
    await screen.get_by_label("Take or choose a photo").set_input_files(picture)
    await screen.get_by_text("Check out", exact=True).click()
    await screen.get_by_role("button", name="Read the photo").click()
    await expect(screen.get_by_label("Code")).to_have_value(card)
    await site.shot(screen, "photo")
    await screen.get_by_role("button", name="Take").click()
    await screen.get_by_text(f"✓ {MASKED}").wait_for()
    assert await scans(site) == [("accepted", "card", None, False)]


async def test_a_tablet_goes_on_without_network_and_sends_it_later(site: Site, opens: Opens) -> None:
    card, now = await card_of(site, "alice"), datetime.now(UTC)
    await site.scene.sign_up([site.cast.people["bob"]])
    phone = await site.scene.pass_of(site.cast.people["bob"])
    made = await site.do(
        lambda tx: make_enrolment(
            tx,
            kind="station",
            name="一楼平板",
            organisation_id=site.scene.organisation,
            actor="test",
            now=now,
        )
    )
    tablet = await opens("/stations/offline", who="stella", size=TABLET_SIZE)
    await tablet.get_by_label("启用码").fill(made.qr)
    await tablet.get_by_role("button", name="启用这台平板").click()
    await tablet.get_by_text("一楼平板").wait_for()
    await site.shot(tablet, "offline-ready")

    await tablet.goto(site.url + address(site))
    line = tablet.locator("[data-line]")
    await expect(line).to_contain_text("没有待上传的签到")
    await tablet.locator("[data-shelved]").wait_for()
    await tablet.locator("[data-symbol] canvas").wait_for()  # and it knows the time
    await tablet.context.set_offline(True)
    await scan(tablet, card, "已记在这台设备上")
    await expect(line).to_contain_text("1 条签到存在本机")
    await scan(tablet, card, "刚才已经扫过")
    await scan(tablet, "NONSENSE", "这不是时间银行的二维码")
    await site.shot(tablet, "offline-queue")

    # Closed and opened again, still without network: everything is there.
    await tablet.reload()
    await expect(line).to_contain_text("3 条签到存在本机")
    await expect(line).to_contain_text("网络中断")
    await scan(tablet, phone.code(now - timedelta(minutes=5)), "二维码已过期")
    await scan(tablet, phone.code(datetime.now(UTC)), "已记在这台设备上")
    await site.shot(tablet, "offline-again")
    assert await scans(site) == []

    await tablet.context.set_offline(False)
    await expect(line).to_contain_text("没有待上传的签到")
    await expect(line).to_contain_text("2 条上传后未采纳")
    assert await scans(site) == [
        ("accepted", "card", 1, False),
        ("repeat", "card", 2, False),
        ("code_unreadable", "member_code", 3, False),
        ("code_expired", "member_code", 4, False),
        ("accepted", "member_code", 5, False),
    ]
    await tablet.get_by_role("link", name="断网签到").click()
    await tablet.get_by_text("上传后未采纳的").wait_for()
    await site.shot(tablet, "offline-refused")


async def test_a_device_that_keeps_no_queue_says_so_and_keeps_what_was_typed(
    site: Site, opens: Opens
) -> None:
    card = await card_of(site, "alice")
    tablet = await opens(address(site), who="stella", size=TABLET_SIZE)
    line = tablet.locator("[data-line]")
    await expect(line).to_contain_text("未启用断网签到")
    await tablet.route("**/screen?session=*", lambda route: route.abort())
    await scan(tablet, card, "没有网络，这次没有记下")
    await expect(tablet.get_by_label("扫志愿者的签到码")).to_have_value(card)
    await tablet.unroute("**/screen?session=*")
    await tablet.keyboard.press("Enter")
    await tablet.get_by_text(f"✓ {MASKED}").wait_for()
    assert await scans(site) == [("accepted", "card", None, False)]


async def test_the_roll_is_called_and_the_screen_lists_who_came(site: Site, opens: Opens) -> None:
    await site.scene.sign_up([site.cast.people["alice"], site.cast.people["bob"]])
    screen = await opens(address(site), who="stella", size=TABLET_SIZE)
    await screen.get_by_text("还没有人签到").wait_for()
    roll = await opens(address(site, "roll"), who="stella", size=TABLET_SIZE)
    await roll.get_by_label(MASKED).first.check()
    needs = "帮老人签到和点名要有网络"
    for page in (roll, screen):
        if page is screen:  # between two of its questions: an answer under way would say that there is a line
            async with page.expect_response("**/screen/codes*") as asked:
                pass
            await (await asked.value).finished()
        await page.context.set_offline(True)
        await page.get_by_role("link", name="帮老人签到").click()  # leads nowhere now, and says why
        await page.get_by_role("alert").get_by_text(needs).wait_for()
        await page.context.set_offline(False)
        await page.get_by_text(needs).wait_for(state="hidden")
    await site.shot(roll, "roll")
    await roll.get_by_role("button", name="为所选签到").dblclick()
    await roll.get_by_text("已为 1 人签到").wait_for()
    await site.shot(roll, "rolled")
    assert await scans(site) == [("accepted", "roll_call", None, False)]
    await screen.get_by_text("在场").wait_for()
    await site.shot(screen, "screen")
