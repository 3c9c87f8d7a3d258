"""The desk's rules in a browser: a draft that outlives a reload, tried and adopted; a workbook and its answer."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.async_api import Page, expect

from tests.api.books import adopt_pack
from tests.journeys.conftest import PHONE_SIZE, Opens, Site
from tests.timebank.workbook import generator

AXE = Path("api/web/node_modules/axe-core/axe.min.js")
GRAVE = (
    "axe.run().then(r => r.violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(v => v.id))"
)
RATE = "#f-crediting-points_per_hour"


async def is_fit(page: Page) -> None:
    """Hold a page to what every page is held to: no grave finding of axe's, and no scrolling sideways."""
    await page.wait_for_load_state()
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    assert await page.evaluate(GRAVE) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_draft_is_kept_tried_and_adopted(site: Site, opens: Opens) -> None:
    await adopt_pack(site.database, site.cast)
    page = await opens("/office/policy/draft", who="adam")
    await page.fill(RATE, "12")
    await page.reload()
    await expect(page.locator(RATE)).to_have_value("12")
    await expect(page.locator("[data-restored]")).to_be_visible()
    await page.fill(RATE, "zwölf")
    await page.locator(RATE).press("Enter")
    await expect(page.locator("#fault-crediting-points_per_hour")).to_be_visible()
    await is_fit(page)
    await page.fill(RATE, "12")
    await page.click(".stay button[value=check]")
    await expect(page.locator("ins")).to_have_text("12")
    await page.click("button[value=simulate]")
    await expect(page.locator("#trial")).to_be_visible()
    await is_fit(page)
    soon = datetime.now(UTC).astimezone(site.cast.bank.zone).date() + timedelta(days=2)
    await page.fill("#effective_from", soon.isoformat())
    await page.dblclick("button[value=adopt]")
    await page.wait_for_url("**/office/policy/2")
    await is_fit(page)
    await page.goto(f"{site.url}/office/policy/draft?of=1")
    await expect(page.locator(RATE)).to_have_value("10")
    await expect(page.locator("[data-restored]")).to_be_hidden()


async def test_desks_fit_a_phone_in_the_elders_view(opens: Opens, site: Site) -> None:
    await adopt_pack(site.database, site.cast)
    page = await opens("/office/policy?elder=2", who="adam", size=PHONE_SIZE, color_scheme="dark")
    for path in (
        "policy/1",
        "policy/draft",
        "imports",
        "exports",
        "audit",
        "merchants",
        "settlements",
        "solvency",
    ):
        await page.goto(f"{site.url}/office/{path}")
        await is_fit(page)


async def test_a_workbook_is_followed_to_its_answer(opens: Opens, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    generator.write(path, generator.district(31, generator.Size(6, 8, 40, 4, 3, 12)))
    page = await opens("/office/imports", who="adam", language="en")
    await page.set_input_files("#file", path)
    await page.click("button[value=rehearse]")
    await expect(page.locator("[data-working] strong")).to_be_visible()
