"""Quotas and ties by figures that can be followed by hand, and a computation that dies in between."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from ledger.session import WriteTx
from tests.timebank.recognition.stage import NEW_YEAR, SCHEME, Stage
from tests.timebank.recognition.year import FROM, UNTIL
from timebank.jobs.running import run_now
from timebank.policy.calendar import RecognitionScheme
from timebank.recognition.computing import compute_round, is_small
from timebank.recognition.opening import NOBODY, Criteria, Wanted, freeze_round
from timebank.recognition.queries import Candidate, candidates, round_of

T = TypeVar("T")

EXTRA = ("carl", "mia", "max", "audrey")
"""Volunteers besides: Carl and Mia in apple, Max in birch, Audrey nowhere."""


async def settle(stage: Stage) -> None:
    """Let four more people serve: Carl and Mia two hours, Max three as Bob did, Audrey none that counts."""
    places = stage.cast.organisations
    homes = {"carl": places["grid"], "mia": places["apple"], "max": places["birch"], "audrey": None}

    async def work(tx: WriteTx) -> None:
        for who, home in homes.items():
            await tx.connection.execute(
                "insert into volunteers (bank_id, code, owner, organisation_id, is_party_member)"
                " values ($1, $2, $3, $4, false)",
                tx.bank_id,
                who.upper(),
                stage.cast.people[who],
                home,
            )

    await stage.write(work)
    for who, minutes in {"carl": 120, "mia": 120, "max": 180, "audrey": 30}.items():
        await stage.credit(f"record:{who}", who, minutes)
    await stage.seal()


async def frozen(stage: Stage, **changes: object) -> int:
    """Freeze a round of the stage's scheme with other words in it."""
    scheme = RecognitionScheme.model_validate({**SCHEME, "step_hours": (1, 3), **changes}, strict=False)
    wanted = Wanted(stage.cast.organisations["root"], "good", FROM, UNTIL, "测试名单")
    return await stage.write(
        lambda tx: freeze_round(tx, wanted, Criteria(1, scheme), by=NOBODY, now=NEW_YEAR)
    )


async def made(stage: Stage, **changes: object) -> dict[str, Candidate]:
    round_id = await frozen(stage, **changes)
    await compute_round(stage.write, round_id)
    rows = await stage.read(lambda tx: candidates(tx, round_id, limit=100))
    return {(one.code or "").lower(): one for one in rows}


async def test_ties_share_a_place_and_are_shown(stage: Stage) -> None:
    await settle(stage)
    listed = await made(stage)
    assert {who: (one.level, one.place, one.tied) for who, one in listed.items()} == {
        "alice": (2, 1, 1),
        "bob": (2, 2, 2),
        "max": (2, 2, 2),
        "carl": (1, 4, 2),
        "mia": (1, 4, 2),
    }
    # Who ties comes in the order of the ids, which says nothing about anybody.
    assert [one.number for one in listed.values()] == [1, 2, 3, 4, 5]
    tied = [stage.cast.people[who] for who in listed if who in {"bob", "max"}]
    assert [str(one) for one in tied] == sorted(str(one) for one in tied)


@pytest.mark.parametrize(
    ("quota", "at_tie", "named", "tied"),
    [
        # Apple has three who took part, birch two; Audrey, at home nowhere, is a part of her own.
        ({"per": "community", "most": 1}, "include", {"alice", "bob", "max"}, set()),
        ({"per": "community", "most": 1}, "leave_out", {"alice"}, {"bob", "max"}),
        ({"per": "community", "percent": 34}, "leave_out", {"alice"}, {"carl", "mia", "bob", "max"}),
        ({"per": "list", "most": 3}, "leave_out", {"alice", "bob", "max"}, set()),
        # A third of six who took part, rounded up to two.
        ({"per": "list", "percent": 33}, "include", {"alice", "bob", "max"}, set()),
        ({"per": "list", "percent": 33}, "leave_out", {"alice"}, {"bob", "max"}),
    ],
)
async def test_quotas(
    stage: Stage, quota: dict[str, object], at_tie: str, named: set[str], tied: set[str]
) -> None:
    await settle(stage)
    listed = await made(stage, quota=quota, at_tie=at_tie)
    assert {who for who, one in listed.items() if one.finding == "named"} == named
    assert {who for who, one in listed.items() if one.finding == "tied_over_quota"} == tied
    assert {who for who, one in listed.items() if one.state == "proposed"} == named


async def test_points_and_evidence(stage: Stage) -> None:
    await stage.credit("record:c", "bob", 60, points=20)
    await stage.seal()
    listed = await made(stage, least_points=30)
    assert list(listed) == ["bob"]
    bob = listed["bob"]
    assert (bob.minutes, bob.points, bob.records) == (240, 40, 2)
    assert (bob.evidence["grades"], bob.evidence["quota"], bob.evidence["bars"]) == ({"none": 240}, None, [])
    assert (bob.evidence["since"], bob.evidence["until"]) == ("2025-03-05", "2025-03-05")


class KilledError(Exception):
    """The process is gone."""


@pytest.mark.parametrize("deaths", range(1, 6))
async def test_a_computation_that_dies_goes_on_where_it_was(stage: Stage, deaths: int) -> None:
    await settle(stage)
    whole = await compute_round(stage.write, await frozen(stage))
    round_id, left = await frozen(stage), deaths

    async def dying(work: Callable[[WriteTx], Awaitable[T]]) -> T:
        nonlocal left
        left -= 1

        async def half(tx: WriteTx) -> T:
            result = await work(tx)
            if not left:
                raise KilledError
            return result

        return await stage.write(half)

    with pytest.raises(KilledError):
        await compute_round(dying, round_id, batch=2)
    between = await stage.read(lambda tx: round_of(tx, round_id))
    assert (between.state, between.digest) == ("computing", None)
    assert await stage.read(lambda tx: candidates(tx, round_id, limit=9)) == []
    again = await compute_round(stage.write, round_id, batch=2)
    assert (again.state, again.digest) == ("review", whole.digest)
    assert await compute_round(stage.write, round_id) == again  # once is enough


async def test_the_job_computes_what_is_open(stage: Stage) -> None:
    await stage.seal()
    round_id = await frozen(stage)
    assert await stage.read(lambda tx: is_small(tx, round_id))
    result = await run_now(
        stage.database, stage.cast.bank, "compute_rounds", as_of=NEW_YEAR.date(), now=NEW_YEAR
    )
    assert result == {"computed": 1, "failed": 0}
    assert (await stage.read(lambda tx: round_of(tx, round_id))).state == "review"
