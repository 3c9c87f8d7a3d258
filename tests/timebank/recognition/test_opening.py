"""Opening a round: what is frozen, for whom, and what is refused."""

from dataclasses import replace
from datetime import date

import pytest

from tests.timebank.recognition.stage import NEW_YEAR, Stage
from tests.timebank.recognition.year import FROM, UNTIL
from timebank.errors import RefusalError
from timebank.recognition.opening import NOBODY, Wanted, check_opening, open_by_command, open_round
from timebank.recognition.queries import candidates

SUBJECTS = "select count(*) from recognition_subjects s where s.bank_id = $1 and s.round_id = $2"


def wanted(stage: Stage, at: str = "root") -> Wanted:
    return Wanted(stage.cast.organisations[at], "good", FROM, UNTIL, "测试名单")


async def open_(stage: Stage, what: Wanted, who: str = "olga") -> int:
    return await stage.do(who, lambda tx, actor: open_round(tx, actor, what, now=NEW_YEAR))


async def test_a_round_is_frozen_with_the_criteria_of_today(stage: Stage) -> None:
    found = await stage.opened()
    assert (found.state, found.policy_version, found.criteria.step_hours) == ("review", 2, (3, 6))
    assert (found.candidates, found.opened_by) == (2, stage.cast.people["olga"])
    assert await stage.read(lambda tx: tx.connection.fetchval(SUBJECTS, tx.bank_id, found.id)) == 2


async def test_below_an_organisation_are_those_who_live_there(stage: Stage) -> None:
    found = await stage.opened("stella", at="apple")
    (alice,) = await stage.read(lambda tx: candidates(tx, found.id, limit=10))
    assert (alice.person_id, alice.community_id) == (
        stage.cast.people["alice"],
        stage.cast.organisations["apple"],
    )


async def test_an_erased_person_is_left_out(stage: Stage) -> None:
    erase = "update people set erased_at = now() where bank_id = $1 and id = $2"
    await stage.write(lambda tx: tx.connection.execute(erase, tx.bank_id, stage.cast.people["alice"]))
    assert (await stage.opened()).candidates == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scheme": "other"}, "unknown_scheme"),
        ({"from_on": date(2026, 1, 1)}, "period_inverted"),
        ({"until_on": date(2026, 1, 8)}, "period_not_over"),
        ({"organisation_id": 10**9}, "unknown_organisation"),
    ],
)
async def test_what_is_refused(stage: Stage, changes: dict[str, object], code: str) -> None:
    what = replace(wanted(stage), **changes)  # type: ignore[arg-type]  # one field each
    for work in (open_round, check_opening):
        with pytest.raises(RefusalError) as refused:
            await stage.do("olga", lambda tx, actor, work=work: work(tx, actor, what, now=NEW_YEAR))  # type: ignore[misc]  # of two kinds
        assert refused.value.code == code


async def test_nothing_is_cut_off_where_nothing_is_sealed(stage: Stage) -> None:
    with pytest.raises(RefusalError, match="nothing_sealed"):
        await open_(stage, wanted(stage))


@pytest.mark.parametrize(
    ("who", "at", "code"),
    [
        ("adam", "root", "forbidden"),
        ("alice", "root", "forbidden"),
        ("stella", "birch", "unknown_organisation"),
    ],
)
async def test_who_may_not(stage: Stage, who: str, at: str, code: str) -> None:
    with pytest.raises(RefusalError, match=code):
        await open_(stage, wanted(stage, at), who)


async def test_by_the_command_nobody_in_particular_opens_it(stage: Stage) -> None:
    await stage.seal()
    round_id = await stage.write(lambda tx: open_by_command(tx, wanted(stage), now=NEW_YEAR))
    query = "select r.opened_by from recognition_rounds r where r.bank_id = $1 and r.id = $2"
    assert await stage.read(lambda tx: tx.connection.fetchval(query, tx.bank_id, round_id)) == NOBODY


async def test_what_may_be_opened_is_known_beforehand(stage: Stage) -> None:
    await stage.do("olga", lambda tx, actor: check_opening(tx, actor, wanted(stage), now=NEW_YEAR))
