"""Opening notices: what is shown, to the end of which day, and what is left for the next."""

import asyncio
from datetime import date, datetime

import pytest

from tests.timebank.notices.scene import LAST_DAY, NAMES, OPENED, SERVICE, ZONE, Scene, earning_pack
from tests.timebank.offices import assert_sound
from timebank.errors import RefusalError
from timebank.notices import queries
from timebank.notices.crediting import Credited
from timebank.workdays.actions import set_calendar_day


async def test_a_notice_shows_what_was_approved_masked_and_in_order(scene: Scene) -> None:
    later = await scene.record("alice", starts_at=SERVICE.replace(hour=14))
    earlier = await scene.record("bob")
    pending = await scene.record("alice", state="pending", starts_at=SERVICE.replace(day=25))
    opened = await scene.open()
    assert (opened.closes_on, opened.lines, opened.credited) == (LAST_DAY, 2, Credited())
    assert opened.notice_id is not None
    notice_id = opened.notice_id
    shown = await scene.read(lambda tx: queries.lines(tx, notice_id, after_line=0, limit=10))
    assert [(line.line, line.name, line.state, line.minutes) for line in shown] == [
        (1, "测*", "shown", 120),
        (2, "测*明", "shown", 120),
    ]
    assert {line.served_on for line in shown} == {SERVICE.date()}
    assert not any(name in str(shown) for name in NAMES.values())
    for record in (earlier, later):
        assert await scene.state(record) == ("noticed", ["approved", "noticed"])
    assert await scene.state(pending) == ("pending", ["approved"])
    counts = await scene.read(lambda tx: queries.line_counts(tx, notice_id))
    assert counts == {"shown": 2}
    of_both = await scene.read(lambda tx: queries.line_counts_of(tx, [notice_id, notice_id + 1]))
    assert of_both == {notice_id: counts}


@pytest.mark.parametrize("at", ["birch", "south", None])
async def test_only_the_subtree_is_shown(scene: Scene, at: str | None) -> None:
    await scene.record("alice", at=at)
    with pytest.raises(RefusalError, match="nothing_to_notice"):
        await scene.open()
    assert (await scene.open("olga", at="root")).lines == 1


async def test_a_disputed_record_waits(scene: Scene) -> None:
    record = await scene.record("alice")
    await scene.dispute(record)
    with pytest.raises(RefusalError, match="nothing_to_notice"):
        await scene.open()
    await scene.dispute(record, decided=True)
    assert (await scene.open()).lines == 1


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("xu", "unknown_organisation"), ("alice", "forbidden"), ("adam", "forbidden"), ("station", "forbidden")],
)
async def test_who_may_not_open_a_notice_is_refused(scene: Scene, who: str, refusal: str) -> None:
    record = await scene.record("alice")
    with pytest.raises(RefusalError, match=refusal):
        await scene.open(who)
    assert await scene.state(record) == ("approved", ["approved"])


async def test_the_banks_own_calendar_moves_the_last_day_of_later_notices_only(scene: Scene) -> None:
    await scene.record("alice")
    first = await scene.open()
    await scene.write(
        lambda tx: set_calendar_day(
            tx, day=date(2025, 10, 9), is_working=False, name="测试停工", actor="test", now=OPENED
        )
    )
    await scene.record("bob")
    second = await scene.open()
    assert (first.closes_on, second.closes_on) == (date(2025, 10, 11), date(2025, 10, 13))
    assert first.notice_id is not None
    kept = await scene.read(lambda tx: queries.notice(tx, first.notice_id or 0))
    assert kept.closes_on == date(2025, 10, 11)


async def test_without_notice_days_records_are_credited_at_once(scene: Scene) -> None:
    await scene.adopt(earning_pack(notice_working_days=0), effective_from=OPENED.date())
    record = await scene.record("alice")
    opened = await scene.open()
    assert (opened.notice_id, opened.lines, opened.credited) == (None, 0, Credited(1, 0))
    assert await scene.state(record) == ("credited", ["approved", "credited"])
    assert (await scene.wallet("alice"))["minute", None] == 120
    await assert_sound(scene.database, scene.cast.bank)


async def test_without_a_policy_nothing_is_shown(scene: Scene) -> None:
    await scene.record("alice")
    with pytest.raises(RefusalError, match="policy_missing"):
        await scene.open(now=datetime(2020, 1, 1, tzinfo=ZONE))


async def test_two_notices_at_once_share_no_record(scene: Scene) -> None:
    for _ in range(20):
        await scene.record("alice")
    opened = await asyncio.gather(*(scene.open() for _ in range(4)), return_exceptions=True)
    lines = [done.lines for done in opened if not isinstance(done, BaseException)]
    refused = [done.code for done in opened if isinstance(done, RefusalError)]
    assert (sum(lines), len(lines) + len(refused)) == (20, 4)
    assert set(refused) <= {"nothing_to_notice"}
