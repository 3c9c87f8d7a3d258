"""The office reviews what waits, the board shows it, a neighbour objects; in both languages and for old eyes."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, ViewportSize

from tests.journeys.conftest import TABLET_SIZE, Opens, Site
from tests.serving import VAULT_KEY
from tests.timebank.notices.scene import Scene as Records
from tests.timebank.notices.scene import earning_pack
from timebank.notices.actions import open_notice
from timebank.vault.cipher import Cipher

CONTRAST = 4.5
TEXT, TARGET, ELDER_TARGET = 18, 44, 60

# For every text that is seen: its size, and its contrast with what is behind it.
TEXTS = """
() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/rgba\\(.*, 0\\)|transparent/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility() || element.closest("noscript")) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(style.color), light(behind(element))].sort((x, y) => y - x);
    found.push([walker.currentNode.textContent.trim(), parseFloat(style.fontSize), (a + 0.05) / (b + 0.05)]);
  }
  return found;
}
"""
TARGETS = """
() => [...document.querySelectorAll("a, button, select, input:not([type=hidden]), textarea, summary")]
  .filter((each) => each.checkVisibility() && !each.classList.contains("skip"))
  .map((each) => {
    const box = (each.closest("label") ?? each).getBoundingClientRect();
    return [each.textContent.trim() || each.name, box.width, box.height];
  })
"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def records_of(site: Site) -> Records:
    """Return the way to records of the cast."""
    records = Records(site.database, site.cast)
    await records.adopt(earning_pack())
    return records


async def test_many_records_are_ticked_and_approved(site: Site, opens: Opens) -> None:
    records = await records_of(site)
    ids = [await records.record(who, state="pending") for who in ("alice", "bob", "alice")]
    await records.record("bob", state="pending", minutes=480)
    page = await opens("/office/reviews", who="wen", size=TABLET_SIZE)
    await site.shot(page, "reviews")
    await page.get_by_label("全选本页").check()
    assert await page.locator('[name="record[]"]:checked').count() == 4
    await page.get_by_role("button", name="通过所选").click()
    await page.get_by_text("通过 3 条").wait_for()
    await page.get_by_text("1 条转第二人复核").wait_for()
    await site.shot(page, "reviews-done")
    assert [(await records.state(id_))[0] for id_ in ids] == ["approved"] * 3
    small = await opens("/office/reviews", who="olga", language="en")
    await site.shot(small, "reviews-small")
    await small.get_by_label("All of this page").check()
    await small.get_by_label("Reason").select_option(label="Times are wrong")
    await small.get_by_role("button", name="Reject the chosen").click()
    await small.get_by_text("1 rejected").wait_for()


async def test_a_neighbour_reads_the_board_and_objects(site: Site, opens: Opens) -> None:
    records = await records_of(site)
    now = datetime.now(UTC)
    for who in ("alice", "bob"):
        await records.record(who, starts_at=now - timedelta(days=2))
    place = site.cast.organisations["apple"]
    cipher = Cipher(VAULT_KEY)
    await records.do("wen", lambda tx, actor: open_notice(tx, actor, cipher, organisation_id=place, now=now))
    stranger = await opens(f"/notices?bank={site.cast.bank.code}")
    await site.shot(stranger, "notices")
    await stranger.get_by_role("link", name="查看").click()
    await stranger.get_by_text("清洁日").first.wait_for()
    await site.shot(stranger, "notice-small")
    neighbour = await opens("/notices", who="bob", language="en", size=TABLET_SIZE)
    await neighbour.get_by_role("link", name="Look").click()
    await neighbour.get_by_role("link", name="Object").first.click()
    await neighbour.get_by_label("What is not right").fill("测试：当日未见其人")
    await site.shot(neighbour, "notice-object")
    await neighbour.get_by_role("button", name="Send").click()
    await neighbour.get_by_text("Your objection to line 1 was received").wait_for()
    await site.shot(neighbour, "notice-objected")


PAGES = (
    "/",
    "/login",
    "/login?by=password",
    "/me",
    "/me/code",
    "/me/spending",
    "/shops",
    "/offers",
    "/notices",
    "/stations",
    "/office/reviews",
    "screen",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("elder", ["0", "1"])
async def test_every_page_can_be_read_and_touched(site: Site, opens: Opens, scheme: str, elder: str) -> None:
    records = await records_of(site)
    await records.record("alice", state="pending")
    size: ViewportSize = {"width": 360, "height": 740}
    page = await opens(f"/?elder={elder}", who="wen", size=size, color_scheme=scheme)
    for path in PAGES:
        where = f"/stations/{site.scene.stations[0]}/screen" if path == "screen" else path
        await page.goto(site.url + where)
        await page.wait_for_timeout(150)
        name = path.strip("/").replace("/", "-").replace("?", "-") or "start"
        await site.shot(page, f"{name}-{scheme}-{'elder' if elder == '1' else 'usual'}")
        await judge(page, path, target=ELDER_TARGET if elder == "1" else TARGET)


async def judge(page: Page, path: str, *, target: int) -> None:
    """Assert that what a page shows can be read and touched."""
    for text, size, contrast in await page.evaluate(TEXTS):
        assert size >= TEXT, (path, text, size)
        assert contrast >= CONTRAST, (path, text, contrast)
    for text, width, height in await page.evaluate(TARGETS):
        assert height >= target, (path, text, width, height)
        assert width >= target, (path, text, width, height)
    assert await page.evaluate(OVERFLOW) <= 0, path
