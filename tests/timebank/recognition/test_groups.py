"""Lists of teams and units: whose hours count for them, from when to when; and how they are shown and judged."""

from datetime import date

import pytest

from ledger.session import WriteTx
from tests.timebank.recognition.stage import CIPHER, NEW_YEAR, SCHEME, Stage
from tests.timebank.recognition.test_computing import frozen, made
from timebank.errors import RefusalError
from timebank.recognition.computing import compute_round
from timebank.recognition.deciding import decide_candidate
from timebank.recognition.lists import lines, list_of
from timebank.recognition.noticing import open_notice
from timebank.recognition.queries import candidates

SERVED = date(2025, 3, 5)
"""The day on which Alice served six hours and Bob three."""

_GROUP = """
insert into organisations (bank_id, code, name, level, parent_id) values ($1, $2, $2, $3, $4) returning id
"""
_MEMBER = """
insert into memberships (bank_id, person_id, organisation_id, kind, from_on, until_on, recorded_by)
values ($1, $2, $3, $4, $5, $6, 'test')
"""


async def group(stage: Stage, code: str, level: str = "team", at: str = "apple") -> int:
    async def work(tx: WriteTx) -> int:
        id_: int = await tx.connection.fetchval(_GROUP, tx.bank_id, code, level, stage.cast.organisations[at])
        return id_

    return await stage.write(work)


async def join(
    stage: Stage, who: str, place: int, since: date, until: date | None = None, kind: str = "team"
) -> None:
    who_ = stage.cast.people[who]
    await stage.write(lambda tx: tx.connection.execute(_MEMBER, tx.bank_id, who_, place, kind, since, until))


async def test_a_team_has_the_hours_of_its_members_of_that_day(stage: Stage) -> None:
    red, blue = await group(stage, "red"), await group(stage, "blue")
    await join(stage, "alice", red, SERVED)
    await join(stage, "bob", red, date(2025, 1, 1), SERVED)  # no member any more on that day
    await join(stage, "bob", blue, SERVED)
    await join(stage, "alice", blue, date(2025, 3, 6))  # not yet
    await stage.seal()
    round_id = await frozen(stage, subject="team")
    await compute_round(stage.write, round_id)
    rows = await stage.read(lambda tx: candidates(tx, round_id, limit=9))
    assert [(one.organisation, one.minutes, one.evidence["people"]) for one in rows] == [
        ("red", 360, 1),
        ("blue", 180, 1),
    ]
    assert {one.community_id for one in rows} == {stage.cast.organisations["apple"]}


async def test_who_is_in_two_counts_in_both_and_the_register_is_enough(stage: Stage) -> None:
    red, blue, green = [await group(stage, code) for code in ("red", "blue", "green")]
    for place in (red, blue):
        await join(stage, "alice", place, SERVED)
    register = "update volunteers set team_id = $3 where bank_id = $1 and owner = $2"
    await stage.write(lambda tx: tx.connection.execute(register, tx.bank_id, stage.cast.people["bob"], green))
    await stage.seal()
    round_id = await frozen(stage, subject="team")
    await compute_round(stage.write, round_id)
    rows = await stage.read(lambda tx: candidates(tx, round_id, limit=9))
    assert {one.organisation: (one.minutes, one.place, one.tied) for one in rows} == {
        "red": (360, 1, 2),
        "blue": (360, 1, 2),
        "green": (180, 3, 1),
    }


async def test_units_have_who_reports_there_once_and_party_members_only_if_so_wished(stage: Stage) -> None:
    mill = await group(stage, "mill", "partner_unit")
    for kind in ("work_unit", "party_unit"):
        await join(stage, "alice", mill, SERVED, kind=kind)
    await join(stage, "bob", mill, SERVED, kind="work_unit")
    await stage.seal()
    party = "update volunteers set is_party_member = true where bank_id = $1 and owner = $2"
    await stage.write(lambda tx: tx.connection.execute(party, tx.bank_id, stage.cast.people["bob"]))
    found = []
    for only in (False, True):
        round_id = await frozen(stage, subject="unit", party_members_only=only)
        await compute_round(stage.write, round_id)
        found += await stage.read(lambda tx, id_=round_id: candidates(tx, id_, limit=9))  # type: ignore[misc]  # a lambda with a default has no type
    assert [(one.minutes, one.records, one.evidence["people"]) for one in found] == [(540, 2, 2), (180, 1, 1)]


async def test_its_own_name_is_shown_and_no_member_decides(stage: Stage) -> None:
    red = await group(stage, "red")
    await join(stage, "alice", red, SERVED)
    await stage.grant("alice", "office", "root")
    await stage.seal()
    round_id = await frozen(stage, subject="team")
    await compute_round(stage.write, round_id)
    with pytest.raises(RefusalError, match="recognition_of_own"):
        await stage.do(
            "alice",
            lambda tx, actor: decide_candidate(
                tx, actor, round_id=round_id, number=1, decision="exclude", reason="mistake", now=NEW_YEAR
            ),
        )
    await stage.do("olga", lambda tx, actor: open_notice(tx, actor, CIPHER, round_id=round_id, now=NEW_YEAR))
    found = await stage.read(lambda tx: list_of(tx, round_id))
    (line,) = await stage.read(lambda tx: lines(tx, found, after=0, limit=9))
    assert (line.name, line.state) == ("red", "proposed")


@pytest.mark.parametrize("way", ["not of the party", "joined since", "named in the register"])
async def test_no_member_decides_whose_hours_do_not_count_either(stage: Stage, way: str) -> None:
    red = await group(stage, "red")
    await join(stage, "bob", red, SERVED)
    if way == "not of the party":
        await join(stage, "alice", red, SERVED)
    register = "update volunteers set is_party_member = true where bank_id = $1 and owner = $2"
    await stage.write(lambda tx: tx.connection.execute(register, tx.bank_id, stage.cast.people["bob"]))
    await stage.grant("alice", "office", "root")
    await stage.seal()
    round_id = await frozen(stage, subject="team", party_members_only=True)
    await compute_round(stage.write, round_id)
    if way == "joined since":
        await join(stage, "alice", red, date(2026, 1, 2))
    elif way == "named in the register":
        named = "update volunteers set team_id = $3 where bank_id = $1 and owner = $2"
        await stage.write(
            lambda tx: tx.connection.execute(named, tx.bank_id, stage.cast.people["alice"], red)
        )
    with pytest.raises(RefusalError, match="recognition_of_own"):
        await stage.do(
            "alice",
            lambda tx, actor: decide_candidate(
                tx, actor, round_id=round_id, number=1, decision="exclude", reason="mistake", now=NEW_YEAR
            ),
        )


async def test_a_volunteer_s_list_knows_no_teams(stage: Stage) -> None:
    await group(stage, "red")
    await stage.seal()
    assert set(await made(stage, **SCHEME)) == {"alice", "bob"}
