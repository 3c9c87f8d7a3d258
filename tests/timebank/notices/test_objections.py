"""Objections: a frozen line, who may decide, and what comes of it."""

import asyncio
from datetime import timedelta

import pytest

from tests.timebank.notices.scene import CIPHER, LAST_EVENING, OVER, Scene
from tests.timebank.offices import assert_sound
from timebank.errors import RefusalError
from timebank.notices import queries
from timebank.notices.closing import credit_notice
from timebank.notices.crediting import By, Credited
from timebank.notices.objections import MAX_OPEN
from timebank.records.correcting import void_record

BY = By("job:credit")


async def close(scene: Scene, notice_id: int) -> Credited:
    return await scene.write(lambda tx: credit_notice(tx, notice_id=notice_id, by=BY, now=OVER))


async def lines(scene: Scene, notice_id: int) -> dict[str, int]:
    return await scene.read(lambda tx: queries.line_counts(tx, notice_id))


async def test_an_objection_freezes_the_line_and_tells_the_office_not_the_volunteer_who(scene: Scene) -> None:
    await scene.grant("olga", "office", "north")
    record, other = await scene.record("alice"), await scene.record("bob")
    notice_id = await scene.notice()
    await scene.object_to(notice_id, 1, "xu")
    assert await scene.state(record) == ("objected", ["approved", "noticed", "objected"])
    assert await close(scene, notice_id) == Credited(1, 0)
    assert (await scene.state(other))[0] == "credited"
    assert await scene.wallet("alice") == {}
    assert await lines(scene, notice_id) == {"objected": 1, "credited": 1}
    assert await scene.told("alice") == ["record_objected"]
    assert await scene.told("olga") == ["objection_raised"]
    said = await scene.read(
        lambda tx: tx.connection.fetchval(
            "select string_agg(e.actor || coalesce(e.person_id::text, '') || e.detail::text, ' ')"
            " from record_entries e where e.bank_id = $1 and e.record_id = $2 and e.kind = 'objected'",
            tx.bank_id,
            record,
        )
    )
    assert str(scene.cast.people["xu"]) not in said


async def test_dismissed_while_the_notice_is_open_it_is_credited_with_the_others(scene: Scene) -> None:
    record = await scene.record("alice")
    notice_id = await scene.notice()
    objection = await scene.object_to(notice_id, 1)
    decided = await scene.decide(objection, "dismissed")
    assert not decided.is_credited
    assert await scene.state(record) == ("noticed", ["approved", "noticed", "objected", "cleared"])
    assert await lines(scene, notice_id) == {"shown": 1}
    assert await close(scene, notice_id) == Credited(1, 0)
    assert await scene.told("alice") == ["record_objected", "objection_dismissed", "record_credited"]
    assert await scene.told("xu") == ["objection_decided"]


@pytest.mark.parametrize("is_closed", [False, True])
async def test_dismissed_when_the_notice_is_over_it_is_credited_at_once(
    scene: Scene,
    is_closed: bool,
) -> None:
    record = await scene.record("alice")
    notice_id = await scene.notice()
    objection = await scene.object_to(notice_id, 1)
    if is_closed:
        assert await close(scene, notice_id) == Credited()
    decided = await scene.decide(objection, "dismissed", now=OVER)
    assert decided.is_credited
    assert (await scene.state(record))[0] == "credited"
    assert (await scene.wallet("alice"))["minute", None] == 120
    assert await close(scene, notice_id) == Credited()
    await assert_sound(scene.database, scene.cast.bank)


async def test_upheld_the_line_is_struck_for_all_who_objected(scene: Scene) -> None:
    record = await scene.record("alice")
    notice_id = await scene.notice()
    first, second = await scene.object_to(notice_id, 1, "xu"), await scene.object_to(notice_id, 1, "carl")
    await scene.decide(first, "upheld")
    assert await scene.state(record) == (
        "rejected",
        ["approved", "noticed", "objected", "objected", "rejected"],
    )
    with pytest.raises(RefusalError, match="already_decided_objection"):
        await scene.decide(second, "dismissed")
    assert await close(scene, notice_id) == Credited()
    assert await scene.wallet("alice") == {}
    assert await lines(scene, notice_id) == {"struck": 1}
    assert await scene.told("alice") == ["record_objected", "objection_upheld"]
    assert await scene.told("carl") == ["objection_decided"]


async def test_one_dismissed_of_two_leaves_the_line_frozen(scene: Scene) -> None:
    record = await scene.record("alice")
    notice_id = await scene.notice()
    first, second = await scene.object_to(notice_id, 1, "xu"), await scene.object_to(notice_id, 1, "carl")
    assert not (await scene.decide(first, "dismissed", now=OVER)).is_credited
    assert (await scene.state(record))[0] == "objected"
    assert await close(scene, notice_id) == Credited()
    assert (await scene.decide(second, "dismissed", now=OVER)).is_credited


async def test_who_objects_again_too_late_or_to_what_is_settled_is_refused(scene: Scene) -> None:
    await scene.record("alice")
    await scene.record("bob")
    notice_id = await scene.notice()
    objection = await scene.object_to(notice_id, 1)
    with pytest.raises(RefusalError, match="already_objected"):
        await scene.object_to(notice_id, 1)
    with pytest.raises(RefusalError, match="notice_over"):
        await scene.object_to(notice_id, 2, now=OVER)
    await scene.decide(objection, "upheld")
    with pytest.raises(RefusalError, match="line_settled"):
        await scene.object_to(notice_id, 1, "carl")
    for notice, line in ((notice_id, 3), (notice_id + 1000, 1)):
        with pytest.raises(RefusalError, match="unknown_line"):
            await scene.object_to(notice, line)
    with pytest.raises(RefusalError, match="forbidden"):
        await scene.object_to(notice_id, 2, "station")


async def test_nobody_freezes_a_whole_board(scene: Scene) -> None:
    for _ in range(MAX_OPEN + 1):
        await scene.record("alice")
    notice_id = await scene.notice()
    for line in range(1, MAX_OPEN + 1):
        await scene.object_to(notice_id, line)
    with pytest.raises(RefusalError, match="too_many_objections"):
        await scene.object_to(notice_id, MAX_OPEN + 1)


async def test_who_objected_approved_or_is_concerned_does_not_decide(scene: Scene) -> None:
    await scene.record("alice", approver="olga")
    notice_id = await scene.notice()
    objection = await scene.object_to(notice_id, 1)
    with pytest.raises(RefusalError, match="decision_by_approver"):
        await scene.decide(objection, "dismissed")
    for who in ("wen", "alice", "adam", "station"):
        with pytest.raises(RefusalError, match="forbidden"):
            await scene.decide(objection, "dismissed", who)
    with pytest.raises(RefusalError, match="unknown_objection"):
        await scene.decide(objection + 1000, "dismissed")


async def test_who_planned_it_or_corrected_it_does_not_decide(scene: Scene) -> None:
    await scene.record("alice", creator="olga")
    await scene.record("bob", corrector="olga")
    notice_id = await scene.notice()
    for line in (1, 2):
        objection = await scene.object_to(notice_id, line)
        with pytest.raises(RefusalError, match="decision_by_enterer"):
            await scene.decide(objection, "dismissed")


async def test_dismissed_after_it_was_voided_its_line_stays_struck(scene: Scene) -> None:
    record = await scene.record("alice")
    notice_id = await scene.notice()
    objection = await scene.object_to(notice_id, 1)
    await scene.do(
        "adam",
        lambda tx, actor: void_record(tx, actor, record_id=record, reason="duplicate", now=LAST_EVENING),
    )
    assert not (await scene.decide(objection, "dismissed")).is_credited
    assert await lines(scene, notice_id) == {"struck": 1}


async def test_an_objector_of_the_office_does_not_decide(scene: Scene) -> None:
    await scene.record("alice")
    notice_id = await scene.notice()
    objection = await scene.object_to(notice_id, 1, "olga")
    with pytest.raises(RefusalError, match="decision_by_objector"):
        await scene.decide(objection, "dismissed")
    # Another's to the same line decides hers too.
    other = await scene.object_to(notice_id, 1, "xu")
    with pytest.raises(RefusalError, match="decision_by_objector"):
        await scene.decide(other, "upheld")
    assert await lines(scene, notice_id) == {"objected": 1}


async def test_an_office_out_of_reach_knows_nothing_of_it(scene: Scene) -> None:
    await scene.record("alice")
    notice_id = await scene.notice()
    await scene.grant("mia", "office", "south")
    objection = await scene.object_to(notice_id, 1, "xu")
    with pytest.raises(RefusalError, match="unknown_objection"):
        await scene.decide(objection, "dismissed", "mia")
    assert await scene.told("mia") == []


async def test_objection_and_credit_at_once_never_credit_a_frozen_line(scene: Scene) -> None:
    # The objection comes in the last minute, and the credit of a clock that is ahead by a little.
    for _ in range(10):
        record = await scene.record("alice", minutes=60, points=10)
        notice_id = await scene.notice()
        raised, done = await asyncio.gather(
            scene.object_to(notice_id, 1), close(scene, notice_id), return_exceptions=True
        )
        state, kinds = await scene.state(record)
        if isinstance(raised, RefusalError):
            assert (state, raised.code in {"notice_over", "line_settled"}) == ("credited", True)
            assert "objected" not in kinds
        else:
            assert (state, done) == ("objected", Credited())
    await assert_sound(scene.database, scene.cast.bank)


async def test_a_contact_is_sealed_and_read_by_the_office_only(scene: Scene) -> None:
    await scene.record("alice")
    notice_id = await scene.notice()
    said = "19900008888"
    objection = await scene.object_to(notice_id, 1, contact=said)
    sealed = await scene.read(
        lambda tx: tx.connection.fetchval(
            "select contact_sealed from objections where bank_id = $1 and id = $2", tx.bank_id, objection
        )
    )
    assert said.encode() not in bytes(sealed)
    assert await scene.read(lambda tx: queries.contact_of(tx, CIPHER, objection)) == said
    (found,) = await scene.do(
        "olga", lambda tx, actor: queries.objections(tx, actor, after_id=0, limit=9, is_open=True)
    )
    assert (found.line, found.has_contact, found.decision) == (1, True, None)
    with pytest.raises(RefusalError, match="forbidden"):
        await scene.do("wen", lambda tx, actor: queries.objection(tx, actor, objection))
    await scene.decide(objection, "dismissed", now=LAST_EVENING - timedelta(hours=1))
    decided = await scene.do("olga", lambda tx, actor: queries.objection(tx, actor, objection))
    assert (decided.decision, decided.reason) == ("dismissed", "测试：查实")
