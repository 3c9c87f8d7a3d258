"""Raising and lowering ceilings, and which budget pays for whom."""

import asyncio
from datetime import date
from uuid import uuid4

import pytest

from ledger.posting import post
from ledger.values import BUDGET, ISSUANCE, WALLET, Draft, Move, Place, Posted
from tests.timebank.budgets.scene import change, left
from tests.timebank.notices.scene import OVER, Scene
from tests.timebank.offices import assert_sound
from timebank.budgets.actions import issuers
from timebank.budgets.queries import budgets, ceilings
from timebank.errors import RefusalError
from timebank.organisations.actions import move_organisation


async def paying(scene: Scene, unit: str = "point") -> dict[str, str]:
    """Return who pays for each organisation: a budget's name, or `bank`."""
    owners = {
        row["owner"]: row["code"]
        for row in await scene.read(
            lambda tx: tx.connection.fetch(
                "select code, owner from organisations where bank_id = $1", tx.bank_id
            )
        )
    }
    ids = scene.cast.organisations
    found = await scene.read(lambda tx: issuers(tx, unit, [*ids.values(), None]))
    names = {id_: "bank" if place == Place(ISSUANCE) else owners[place.owner] for id_, place in found.items()}
    assert all(place.kind in {BUDGET, ISSUANCE} for place in found.values())
    return {code: names[id_] for code, id_ in ids.items()} | {"": names[None]}


async def issue(scene: Scene, at: str, amount: int, key: str = "issue") -> bool:
    """Issue something for an organisation to somebody."""
    place = scene.cast.organisations[at]
    issuer = (await scene.read(lambda tx: issuers(tx, "point", [place])))[place]
    draft = Draft("award", key, OVER, "test", (Move(issuer, Place(WALLET, uuid4()), "point", amount),))
    (outcome,) = await scene.write(lambda tx: post(tx, [draft]))
    return isinstance(outcome, Posted)


async def test_the_nearest_budget_pays(scene: Scene) -> None:
    nobody = dict.fromkeys([*scene.cast.organisations, ""], "bank")
    assert await paying(scene) == nobody
    await change(scene, "root", 100)
    assert await paying(scene) == dict.fromkeys(nobody, "root")
    assert await paying(scene, "fufen") == nobody
    await change(scene, "apple", 100)
    assert await paying(scene) == dict.fromkeys(nobody, "root") | {"apple": "apple", "grid": "apple"}
    await change(scene, "apple", -100)
    assert (await paying(scene))["grid"] == "apple"


async def test_an_organisation_that_is_moved_is_paid_for_by_its_new_line(scene: Scene) -> None:
    await change(scene, "south", 100)
    assert (await paying(scene))["grid"] == "bank"
    nodes = scene.cast.organisations
    await scene.write(
        lambda tx: move_organisation(
            tx,
            nodes["apple"],
            parent_id=nodes["south"],
            moved_on=date(2025, 10, 1),
            today=OVER.date(),
            actor="test",
        )
    )
    assert (await paying(scene))["grid"] == "south"


async def test_a_ceiling_is_raised_and_lowered_by_what_is_left(scene: Scene) -> None:
    made = await change(scene, "apple", 100)
    assert (made.change, made.ceiling, made.left) == (100, 100, 100)
    assert await issue(scene, "grid", 30)
    with pytest.raises(RefusalError) as refused:
        await change(scene, "apple", -71)
    assert (refused.value.code, refused.value.params) == (
        "ceiling_below_issued",
        {"unit": "point", "left": 70, "lowered": 71},
    )
    lowered = await change(scene, "apple", -70)
    assert (lowered.ceiling, lowered.left) == (30, 0)
    assert not await issue(scene, "apple", 1, "more")
    (found,) = await scene.read(lambda tx: budgets(tx, organisations=None, limit=10))
    assert (found.unit, found.ceiling, found.issued, found.left, found.missing) == ("point", 30, 30, 0, 0)
    entries = await scene.read(lambda tx: ceilings(tx, organisations=None, before=2**62, limit=10))
    assert [(one.change, one.transaction_id) for one in entries] == [
        (-70, lowered.transaction_id),
        (100, made.transaction_id),
    ]
    assert {one.made_by for one in entries} == {f"person:{scene.cast.people['adam']}"}
    await assert_sound(scene.database, scene.cast.bank)


@pytest.mark.parametrize(
    ("unit", "by", "code"),
    [
        ("minute", 5, "budget_unit_refused"),
        ("party_score", 5, "budget_unit_refused"),
        ("goods/rice", 5, "budget_unit_refused"),
        ("gold", 5, "unknown_unit"),
        ("point", 0, "ceiling_change_refused"),
        ("point", 10**12 + 1, "ceiling_change_refused"),
        ("point", -1, "ceiling_below_issued"),
    ],
)
async def test_what_is_no_ceiling_is_refused(scene: Scene, unit: str, by: int, code: str) -> None:
    with pytest.raises(RefusalError, match=code):
        await change(scene, "apple", by, unit=unit)
    assert set((await paying(scene)).values()) == {"bank"}


@pytest.mark.parametrize(
    ("who", "at", "code"),
    [
        ("olga", "apple", "forbidden"),
        ("audrey", "apple", "forbidden"),
        ("alice", "apple", "forbidden"),
        ("ada", "south", "unknown_organisation"),
        ("ada", "root", "unknown_organisation"),
    ],
)
async def test_only_an_administrator_in_reach_changes_it(scene: Scene, who: str, at: str, code: str) -> None:
    with pytest.raises(RefusalError, match=code):
        await change(scene, at, 5, who)
    assert (await change(scene, "apple", 5, "ada")).left == 5


async def test_lowered_and_issued_at_once_it_is_never_below_nothing(scene: Scene) -> None:
    await change(scene, "apple", 100)

    async def lower() -> bool:
        try:
            await change(scene, "apple", -7)
        except RefusalError:
            return False
        return True

    done = await asyncio.gather(
        *(lower() for _ in range(12)), *(issue(scene, "grid", 5, f"issue {n}") for n in range(12))
    )
    lowered, issued = sum(done[:12]), sum(done[12:])
    assert 7 * lowered + 5 * issued + await left(scene, "apple") == 100
    assert await left(scene, "apple") < 7
    await assert_sound(scene.database, scene.cast.bank)
