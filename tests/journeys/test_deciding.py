"""The office reviews what waits, the board shows it, a neighbour objects; in both languages and for old eyes."""

from datetime import UTC, datetime, timedelta

from playwright.async_api import expect

from tests.journeys.conftest import TABLET_SIZE, Opens, Site
from tests.serving import VAULT_KEY
from tests.timebank.notices.scene import Scene as Records
from tests.timebank.notices.scene import earning_pack
from timebank.notices.actions import open_notice
from timebank.vault.cipher import Cipher


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
    await expect(page.locator('[name="record[]"]:checked')).to_have_count(4)
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
    await stranger.get_by_role("link", name="公示至").click()
    await stranger.get_by_text("清洁日").first.wait_for()
    await site.shot(stranger, "notice-small")
    neighbour = await opens("/notices", who="bob", language="en", size=TABLET_SIZE)
    await neighbour.get_by_role("link", name="Until").click()
    await neighbour.get_by_role("link", name="Object").first.click()
    await neighbour.get_by_label("What is not right").fill("测试：当日未见其人")
    await site.shot(neighbour, "notice-object")
    await neighbour.get_by_role("button", name="Send").click()
    await neighbour.get_by_text("Your objection to line 1 was received").wait_for()
    await site.shot(neighbour, "notice-objected")
