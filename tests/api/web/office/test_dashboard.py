"""What the office sees first: what waits for whom, and the service of a year."""

from datetime import datetime

import pytest

from tests.api.entering import Door
from tests.api.web.browser import Browsers
from tests.timebank.notices.scene import ZONE, Scene

DESK = "/office"
OCTOBER = datetime(2025, 10, 20, 10, tzinfo=ZONE)


@pytest.fixture(autouse=True)
def _in_october(door: Door) -> None:
    door.clock.at = OCTOBER


@pytest.mark.parametrize("name", ["alice", "carl", "stella", "mia", "max"])
async def test_is_not_for_others(of: Browsers, name: str) -> None:
    assert (await of(name).get(DESK)).status_code == 403


async def test_says_what_waits_for_the_reader_and_since_when(of: Browsers, records: Scene) -> None:
    disputed = await records.record("alice", state="pending")
    await records.dispute(disputed)
    await records.record("alice", state="approved")
    await records.record("bob", at="birch", state="pending")
    wen = of("wen")
    page = (await wen.get(DESK)).text
    assert "<strong>1</strong><span>Records to review" in page
    assert "<strong>1</strong><span>Disputes to decide" in page
    assert "<strong>1</strong><span>Approved, not yet on a notice" in page
    assert "Objections to decide" not in page
    assert "Since 2025-09-30" in page
    assert "<strong>2</strong><span>Records to review" in (await of("olga").get(DESK)).text


async def test_nothing_waits_in_an_empty_bank(of: Browsers) -> None:
    olga = of("olga")
    assert (await olga.get(DESK)).status_code == 200
    assert olga.text.count("Nothing waits") == 4
    assert "No service was credited" in olga.text


async def test_reports_the_service_of_a_year_to_who_may_read_it(of: Browsers, records: Scene) -> None:
    await records.record("alice", minutes=90, points=15, state="approved")
    await records.notice()
    await records.write(
        lambda tx: tx.connection.execute(
            "update service_records set state = 'credited' where bank_id = $1", tx.bank_id
        )
    )
    audrey = of("audrey")
    await audrey.get(DESK)
    assert "<dd>1.5</dd>" in audrey.last.text
    assert "<dd>15</dd>" in audrey.last.text
    assert '<td>2025-09</td><td class="number">1.5</td>' in audrey.last.text
    assert "测试apple" in audrey.text
    assert "Records to review" not in audrey.text  # who audits reviews nothing
    await audrey.get(f"{DESK}?year=2024")
    assert "No service was credited" in audrey.text
    assert "Hours served" not in (await of("wen").get(DESK)).text


async def test_a_year_that_is_none_is_refused(of: Browsers) -> None:
    assert (await of("olga").get(f"{DESK}?year=99999")).status_code == 422


async def test_sessions_past_the_deadline_are_named(of: Browsers, records: Scene, door: Door) -> None:
    await records.record("alice", state="pending")
    wen = of("wen")
    assert "Sessions past" not in (await wen.get(DESK)).text or "overdue" in wen.text
    door.clock.at = datetime(2025, 12, 1, 10, tzinfo=ZONE)
    page = (await wen.get(DESK)).text
    assert "清洁日" in page
    assert "days overdue" in page
    assert "1 record to review" in page
