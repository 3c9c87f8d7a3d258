"""A volunteer whose line is lost while spending: pressed again, it is spent once; wanted again, it is another."""

from playwright.async_api import expect

from tests.journeys.conftest import Opens, Site
from tests.journeys.counter import open_shop
from tests.journeys.offer import open_offer
from tests.journeys.test_lost_network import NOTHING_KEPT, count, lose_the_answer


async def test_a_voucher(site: Site, opens: Opens) -> None:
    offer = await open_offer(site)
    phone = await opens("/offers", who="alice")
    button = phone.locator("ul.offers form button")
    await lose_the_answer(phone, "/offers", button)
    assert await count(site, "vouchers") == 1
    await button.click()
    await phone.wait_for_url("**/me/vouchers/*")
    assert await count(site, "vouchers") == 1
    await phone.wait_for_function(NOTHING_KEPT)
    await phone.go_back()
    await button.click()
    await phone.wait_for_url("**/me/vouchers/*")
    assert await count(site, "vouchers", f"offer_id = {offer}") == 2


async def test_a_basket(site: Site, opens: Opens) -> None:
    await open_shop(site, opens)
    phone = await opens("/shops", who="alice")
    await phone.locator("a[href^='/shops/']").first.click()
    await phone.wait_for_url("**/shops/*")
    await phone.locator("[data-step='1']").first.dblclick()
    reserve = phone.locator("form[data-basket] button.whole")
    await lose_the_answer(phone, "/shops/", reserve)
    assert await count(site, "reservations") == 1
    await expect(phone.locator("[data-pieces]")).to_have_text("2")
    await reserve.click()
    await phone.wait_for_url("**/me/reservations/*")
    assert await count(site, "reservations") == 1
    await phone.wait_for_function(NOTHING_KEPT)
