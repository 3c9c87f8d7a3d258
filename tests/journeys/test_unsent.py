"""What was not sent for want of a line is still to be sent, whichever page is looked at meanwhile."""

from playwright.async_api import expect

from tests.journeys.conftest import TABLET_SIZE, Opens, Site
from tests.journeys.offer import open_offer
from tests.journeys.patience import arrive
from tests.journeys.test_lost_network import fill_offer, press_without_line


async def test_an_offer_outlives_a_look_at_the_page_that_would_have_followed(
    site: Site, opens: Opens
) -> None:
    await open_offer(site)
    page = await opens("/merchant", who="max", size=TABLET_SIZE)
    await page.locator("a[href$='/new']").click()
    await arrive(page.locator("#title"))
    await fill_offer(page)
    await press_without_line(page, page.locator("form.card button.whole"), "zh")
    await page.goto(f"{site.url}/merchant")
    await page.locator("a[href$='/new']").click()
    await expect(page.locator("#title")).to_have_value("磨剪子")
