"""Who approves a list, when, and that only one does; then it is published."""

import asyncio
from datetime import date

import pytest

from tests.timebank.recognition.stage import CIPHER, NEW_YEAR, OVER, Stage
from timebank.errors import RefusalError
from timebank.notices.objections import Objection
from timebank.recognition.approving import approve_round, publish_round
from timebank.recognition.deciding import decide_candidate
from timebank.recognition.noticing import open_notice
from timebank.recognition.objections import decide_objection, raise_objection
from timebank.recognition.queries import Round

_GUARDIAN = """
insert into guardianships (bank_id, minor_id, guardian_id, relation, from_on, recorded_by)
values ($1, $2, $3, 'parent', $4, 'test')
"""

_KIN = """
insert into kinships (bank_id, person_id, kin_id, relation, declared_at, declared_by, confirmed_at, confirmed_by)
values ($1, $2, $3, 'spouse', $4, 'test', $4, $3)
"""


async def approve(stage: Stage, who: str, found: Round, *, version: int | None = None) -> Round:
    return await stage.do(
        who,
        lambda tx, actor: approve_round(tx, actor, round_id=found.id, expected_version=version, now=OVER),
    )


async def refused(stage: Stage, who: str, found: Round) -> str:
    with pytest.raises(RefusalError) as refusal:
        await approve(stage, who, found)
    return refusal.value.code


async def test_not_by_who_opened_or_decided_and_not_without_the_right(stage: Stage) -> None:
    found = await stage.opened()
    await stage.grant("mia", "office", "root")
    await stage.do(
        "mia",
        lambda tx, actor: decide_candidate(
            tx, actor, round_id=found.id, number=2, decision="exclude", reason="mistake", now=NEW_YEAR
        ),
    )
    assert await refused(stage, "wen", found) == "round_at_other_step"
    await stage.grant("max", "office", "root")
    await stage.do("max", lambda tx, actor: open_notice(tx, actor, CIPHER, round_id=found.id, now=NEW_YEAR))
    for who in ("olga", "mia", "max"):
        assert await refused(stage, who, found) == "approval_by_involved"
    assert await refused(stage, "alice", found) == "forbidden"
    assert await refused(stage, "adam", found) == "forbidden"
    assert await refused(stage, "stella", found) == "unknown_round"
    assert (await approve(stage, "wen", found)).state == "approved"


async def test_an_office_above_approves_where_there_is_one(stage: Stage) -> None:
    found = await stage.noticed("stella", at="apple")
    await stage.grant("mia", "office", "apple")
    assert await refused(stage, "mia", found) == "approval_from_above_needed"
    assert (await approve(stage, "olga", found)).state == "approved"


async def test_where_only_those_involved_are_above_another_of_the_place_approves(stage: Stage) -> None:
    end = "update role_grants set revoked_at = $3, revoked_by = 't' where bank_id = $1 and person_id = $2"
    await stage.write(lambda tx: tx.connection.execute(end, tx.bank_id, stage.cast.people["wen"], NEW_YEAR))
    found = await stage.noticed("olga", at="apple")
    assert (await approve(stage, "stella", found)).state == "approved"


async def test_not_before_the_notice_is_over_nor_while_somebody_objects(stage: Stage) -> None:
    found = await stage.noticed()
    with pytest.raises(RefusalError, match="recognition_notice_open"):
        await stage.do("wen", lambda tx, actor: approve_round(tx, actor, round_id=found.id, now=NEW_YEAR))
    objection_id = await stage.do(
        "max",
        lambda tx, actor: raise_objection(
            tx, actor, CIPHER, round_id=found.id, number=1, objection=Objection("不实"), now=NEW_YEAR
        ),
    )
    assert await refused(stage, "wen", found) == "objections_undecided"
    await stage.do(
        "olga",
        lambda tx, actor: decide_objection(
            tx, actor, objection_id=objection_id, decision="dismissed", reason="属实", now=OVER
        ),
    )
    assert (await approve(stage, "wen", found)).state == "approved"


async def test_not_by_who_is_on_it_or_acts_for_somebody_on_it(stage: Stage) -> None:
    await stage.grant("alice", "office", "root")
    found = await stage.noticed()
    assert await refused(stage, "alice", found) == "recognition_of_own"
    people = stage.cast.people
    await stage.write(
        lambda tx: tx.connection.execute(
            _GUARDIAN, tx.bank_id, people["bob"], people["wen"], date(2025, 1, 1)
        )
    )
    assert await refused(stage, "wen", found) == "recognition_of_own"


@pytest.mark.parametrize(("one", "other"), [("wen", "bob"), ("bob", "wen")])
async def test_not_by_kin_of_who_is_on_it_nor_does_kin_decide(stage: Stage, one: str, other: str) -> None:
    found = await stage.opened()
    people = stage.cast.people
    await stage.write(
        lambda tx: tx.connection.execute(_KIN, tx.bank_id, people[one], people[other], NEW_YEAR)
    )
    with pytest.raises(RefusalError, match="recognition_of_own"):
        await stage.do(
            "wen",
            lambda tx, actor: decide_candidate(
                tx, actor, round_id=found.id, number=2, decision="exclude", reason="mistake", now=NEW_YEAR
            ),
        )
    await stage.do("olga", lambda tx, actor: open_notice(tx, actor, CIPHER, round_id=found.id, now=NEW_YEAR))
    assert await refused(stage, "wen", found) == "recognition_of_own"


async def test_two_who_approve_at_once(stage: Stage) -> None:
    await stage.grant("mia", "office", "root")
    found = await stage.noticed()
    tries = [approve(stage, who, found, version=found.version) for who in ("wen", "mia", "wen", "mia")]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    done = [one for one in outcomes if isinstance(one, Round)]
    assert len(done) == 1
    codes = {one.code for one in outcomes if isinstance(one, RefusalError)}
    assert codes == {"version_differs"}
    assert (await stage.again(found)).version == found.version + 1


async def test_an_objection_and_an_approval_at_once(stage: Stage) -> None:
    found = await stage.noticed()
    last_moment = OVER.replace(day=12, hour=23)

    async def object_() -> int:
        return await stage.do(
            "max",
            lambda tx, actor: raise_objection(
                tx, actor, CIPHER, round_id=found.id, number=1, objection=Objection("不实"), now=last_moment
            ),
        )

    first, second = await asyncio.gather(approve(stage, "wen", found), object_(), return_exceptions=True)
    refusals = [one.code for one in (first, second) if isinstance(one, RefusalError)]
    assert refusals in (["objections_undecided"], ["notice_over"])


async def test_only_what_is_approved_is_published(stage: Stage) -> None:
    found = await stage.noticed()
    with pytest.raises(RefusalError, match="round_at_other_step"):
        await stage.do("olga", lambda tx, actor: publish_round(tx, actor, round_id=found.id, now=OVER))
    await approve(stage, "wen", found)
    done = await stage.do("olga", lambda tx, actor: publish_round(tx, actor, round_id=found.id, now=OVER))
    assert (done.state, done.published_by) == ("published", stage.cast.people["olga"])
