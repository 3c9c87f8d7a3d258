"""Review: who is taken off the list or put on it, by whom, and what stays of it."""

from typing import Literal

import pytest

from tests.timebank.recognition.stage import NEW_YEAR, Stage
from timebank.errors import RefusalError
from timebank.recognition.deciding import Reason, decide_candidate
from timebank.recognition.ending import revoke_candidate, revoke_round, withdraw_round
from timebank.recognition.queries import Candidate, Round, candidate, decisions


async def decide(
    stage: Stage,
    found: Round,
    decision: Literal["exclude", "include"],
    *,
    who: str = "olga",
    number: int = 2,
    reason: Reason = "mistake",
    version: int | None = None,
) -> Candidate:
    return await stage.do(
        who,
        lambda tx, actor: decide_candidate(
            tx,
            actor,
            round_id=found.id,
            number=number,
            decision=decision,
            reason=reason,
            note="测试",
            expected_version=version,
            now=NEW_YEAR,
        ),
    )


async def test_a_decision_is_kept_and_what_was_found_stays(stage: Stage) -> None:
    found = await stage.opened()
    done = await decide(stage, found, "exclude", version=found.version)
    assert (done.state, done.finding) == ("excluded", "named")
    kept = await stage.read(lambda tx: decisions(tx, found.id, 2))
    assert [(one.decision, one.reason, one.note, one.decided_by) for one in kept] == [
        ("exclude", "mistake", "测试", stage.cast.people["olga"])
    ]
    assert (await stage.again(found)).version == found.version + 1


@pytest.mark.parametrize(
    ("decision", "who", "number", "version", "code"),
    [
        ("include", "olga", 2, None, "already_proposed"),
        ("exclude", "olga", 9, None, "unknown_candidate"),
        ("exclude", "olga", 2, 1, "version_differs"),
        ("exclude", "adam", 2, None, "forbidden"),
        ("exclude", "stella", 2, None, "unknown_round"),
        ("exclude", "alice", 1, None, "recognition_of_own"),
    ],
)
async def test_what_is_refused(
    stage: Stage,
    decision: Literal["exclude", "include"],
    who: str,
    number: int,
    version: int | None,
    code: str,
) -> None:
    await stage.grant("alice", "office", "root")
    found = await stage.opened()
    with pytest.raises(RefusalError, match=code):
        await decide(stage, found, decision, who=who, number=number, version=version)
    assert await stage.read(lambda tx: decisions(tx, found.id, 2)) == []


async def test_a_round_is_given_up_before_it_is_published_only(stage: Stage) -> None:
    found = await stage.noticed()
    with pytest.raises(RefusalError, match="round_at_other_step"):
        await stage.do(
            "wen",
            lambda tx, actor: revoke_round(tx, actor, round_id=found.id, reason="mistake", now=NEW_YEAR),
        )
    with pytest.raises(RefusalError, match="round_at_other_step"):
        await stage.do(
            "wen",
            lambda tx, actor: revoke_candidate(
                tx, actor, round_id=found.id, number=1, reason="mistake", now=NEW_YEAR
            ),
        )
    done = await stage.do(
        "olga",
        lambda tx, actor: withdraw_round(tx, actor, round_id=found.id, reason="criteria", now=NEW_YEAR),
    )
    assert (done.state, done.end_reason) == ("withdrawn", "criteria")
    with pytest.raises(RefusalError, match="round_at_other_step"):
        await decide(stage, found, "exclude")
    assert (await stage.read(lambda tx: candidate(tx, found.id, 2))).state == "proposed"
