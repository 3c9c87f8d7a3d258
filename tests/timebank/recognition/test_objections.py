"""Objections to who is on a list: who raises and who decides them, and what becomes of the line."""

import pytest

from tests.timebank.recognition.stage import CIPHER, NEW_YEAR, OVER, Stage
from timebank.errors import RefusalError
from timebank.notices.objections import Objection
from timebank.recognition.deciding import decide_candidate
from timebank.recognition.noticing import open_notice
from timebank.recognition.objection_queries import objection, objections
from timebank.recognition.objections import Decided, Decision, decide_objection, raise_objection
from timebank.recognition.queries import Round, candidate, decisions


async def object_(stage: Stage, found: Round, who: str = "max", number: int = 2) -> int:
    return await stage.do(
        who,
        lambda tx, actor: raise_objection(
            tx,
            actor,
            CIPHER,
            round_id=found.id,
            number=number,
            objection=Objection("他没来", "19900000001"),
            now=NEW_YEAR,
        ),
    )


async def decide(stage: Stage, objection_id: int, who: str, decision: Decision = "upheld") -> Decided:
    return await stage.do(
        who,
        lambda tx, actor: decide_objection(
            tx, actor, objection_id=objection_id, decision=decision, reason="核实", now=OVER
        ),
    )


async def state_of(stage: Stage, found: Round, number: int = 2) -> str:
    return (await stage.read(lambda tx: candidate(tx, found.id, number))).state


async def test_upheld_the_candidate_is_off_for_all_who_objected(stage: Stage) -> None:
    found = await stage.noticed()
    first, _ = await object_(stage, found), await object_(stage, found, "carl")
    assert await state_of(stage, found) == "objected"
    assert (await decide(stage, first, "wen")).candidate.state == "excluded"
    assert [one.reason for one in await stage.read(lambda tx: decisions(tx, found.id, 2))] == ["objection"]
    assert await stage.told("carl") == await stage.told("max") == ["recognition_objection_decided"]
    assert "recognition_objection_raised" in await stage.told("olga")


async def test_dismissed_it_is_shown_again_when_nobody_else_objects(stage: Stage) -> None:
    found = await stage.noticed()
    first, second = await object_(stage, found), await object_(stage, found, "carl")
    assert (await decide(stage, first, "wen", "dismissed")).candidate.state == "objected"
    assert (await decide(stage, second, "olga", "dismissed")).candidate.state == "proposed"
    with pytest.raises(RefusalError, match="already_decided_objection"):
        await decide(stage, second, "olga")


async def test_who_may_not_decide(stage: Stage) -> None:
    found = await stage.opened()
    await stage.do(
        "olga",
        lambda tx, actor: decide_candidate(
            tx, actor, round_id=found.id, number=2, decision="exclude", reason="mistake", now=NEW_YEAR
        ),
    )
    await stage.do(
        "olga",
        lambda tx, actor: decide_candidate(
            tx, actor, round_id=found.id, number=2, decision="include", reason="cleared", now=NEW_YEAR
        ),
    )
    await stage.do("olga", lambda tx, actor: open_notice(tx, actor, CIPHER, round_id=found.id, now=NEW_YEAR))
    await stage.grant("bob", "office", "root")
    objection_id = await object_(stage, found, "wen")
    for who, code in (
        ("olga", "decision_by_decider"),
        ("wen", "decision_by_objector"),
        ("bob", "recognition_of_own"),
        ("stella", "unknown_objection"),
        ("alice", "forbidden"),
    ):
        with pytest.raises(RefusalError, match=code):
            await decide(stage, objection_id, who)
    assert await state_of(stage, found) == "objected"


async def test_what_is_refused(stage: Stage) -> None:
    found = await stage.opened()
    for round_id, number in ((found.id, 1), (10**9, 1)):
        with pytest.raises(RefusalError, match="unknown_line"):
            await stage.do(
                "max",
                lambda tx, actor, round_id=round_id, number=number: raise_objection(  # type: ignore[misc]  # ids
                    tx,
                    actor,
                    CIPHER,
                    round_id=round_id,
                    number=number,
                    objection=Objection("不实"),
                    now=NEW_YEAR,
                ),
            )
    await stage.do("olga", lambda tx, actor: open_notice(tx, actor, CIPHER, round_id=found.id, now=NEW_YEAR))
    first = await object_(stage, found)
    with pytest.raises(RefusalError, match="already_objected"):
        await object_(stage, found)
    await decide(stage, first, "wen")
    with pytest.raises(RefusalError, match="line_settled"):
        await object_(stage, found, "carl")
    with pytest.raises(RefusalError, match="notice_over"):
        await stage.do(
            "carl",
            lambda tx, actor: raise_objection(
                tx, actor, CIPHER, round_id=found.id, number=1, objection=Objection("不实"), now=OVER
            ),
        )


async def test_who_objects_too_decides_for_nobody_else_either(stage: Stage) -> None:
    found = await stage.noticed()
    another = await object_(stage, found)
    await object_(stage, found, "wen")
    with pytest.raises(RefusalError, match="decision_by_objector"):  # their own would be upheld with it
        await decide(stage, another, "wen")
    assert await state_of(stage, found) == "objected"


async def test_who_is_of_the_office_does_not_read_who_objects_to_them(stage: Stage) -> None:
    await stage.grant("bob", "office", "root")
    found = await stage.noticed()
    raised = await object_(stage, found)
    with pytest.raises(RefusalError, match="recognition_of_own"):
        await stage.do("bob", lambda tx, actor: objection(tx, actor, raised, now=NEW_YEAR))
    assert await stage.do("bob", lambda tx, actor: objections(tx, actor, after_id=0, limit=9)) == []
    assert "recognition_objection_raised" not in await stage.told("bob")
    (one,) = await stage.do("wen", lambda tx, actor: objections(tx, actor, after_id=0, limit=9))
    assert await stage.do("wen", lambda tx, actor: objection(tx, actor, one.id, now=NEW_YEAR)) == one
