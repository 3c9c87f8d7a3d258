"""Crediting under the storage cap: what is earned beyond it goes to the nearest care fund, or is not issued."""

from datetime import timedelta
from uuid import UUID

import pytest

from ledger.holds import hold
from tests.api.books import book
from tests.api.cast import enter
from tests.api.timecoins import CAP, care_fund, coins_of, earn, timecoin_pack
from tests.timebank.notices.scene import OVER, SERVICE, Scene
from tests.timebank.offices import assert_sound
from timebank.database import Bank, Database
from timebank.notices.crediting import By, Credited, credit_records

BY = By("job:credit")

_DETAIL = """
select e.detail ->> 'timecoins_beyond_cap' as beyond, (e.detail ->> 'care_fund')::bigint as fund,
  e.detail ? 'care_fund' as says_fund
from record_entries e where e.bank_id = $1 and e.record_id = $2 and e.kind = 'credited'
"""


@pytest.fixture
async def scene(database: Database, bank: Bank) -> Scene:
    """Return the scene with a pack by which an hour earns two time-coins, ten of which are kept."""
    scene = Scene(database, await enter(database, bank))
    await scene.adopt(timecoin_pack())
    return scene


async def credit(scene: Scene, *record_ids: int) -> Credited:
    return await scene.write(
        lambda tx: credit_records(tx, record_ids=record_ids, state="approved", by=BY, now=OVER)
    )


async def coins(scene: Scene, owner: UUID) -> int:
    return await coins_of(scene.database, scene.cast.bank, owner)


async def said(scene: Scene, record_id: int) -> tuple[str | None, int | None, bool]:
    """Return what the entry says went beyond the cap, to which fund, and whether it says so."""
    row = await scene.read(lambda tx: tx.connection.fetchrow(_DETAIL, tx.bank_id, record_id))
    assert row is not None
    return row["beyond"], row["fund"], row["says_fund"]


async def test_up_to_the_cap_all_is_kept(scene: Scene) -> None:
    alice = scene.cast.people["alice"]
    await earn(scene.database, scene.cast, alice, CAP - 4)
    record = await scene.record("alice")
    assert (await credit(scene, record)).credited == 1
    assert await coins(scene, alice) == CAP
    assert await said(scene, record) == (None, None, False)


async def test_beyond_it_goes_to_the_nearest_care_fund_up_the_tree(scene: Scene) -> None:
    alice = scene.cast.people["alice"]
    _, of_root = await care_fund(scene.database, scene.cast, "root")
    near, of_north = await care_fund(scene.database, scene.cast, "north")
    _, of_birch = await care_fund(scene.database, scene.cast, "birch")
    await earn(scene.database, scene.cast, alice, CAP - 1)
    record = await scene.record("alice")
    await credit(scene, record)
    assert await coins(scene, alice) == CAP
    assert [await coins(scene, owner) for owner in (of_north, of_root, of_birch)] == [3, 0, 0]
    assert await said(scene, record) == ("3", near, True)
    wallet = await scene.wallet("alice")
    assert wallet["minute", None] == 120  # hours know no cap
    await assert_sound(scene.database, scene.cast.bank)


async def test_who_belongs_to_no_fund_fills_that_of_the_bank(scene: Scene) -> None:
    alice = scene.cast.people["alice"]
    top, of_root = await care_fund(scene.database, scene.cast, "root")
    await scene.write(
        lambda tx: tx.connection.execute(
            "update volunteers set organisation_id = null where bank_id = $1", tx.bank_id
        )
    )
    await earn(scene.database, scene.cast, alice, CAP)
    record = await scene.record("alice")
    await credit(scene, record)
    assert (await coins(scene, alice), await coins(scene, of_root)) == (CAP, 4)
    assert await said(scene, record) == ("4", top, True)


async def test_without_a_fund_it_is_not_issued_and_the_entry_says_so(scene: Scene) -> None:
    alice = scene.cast.people["alice"]
    closed, of_closed = await care_fund(scene.database, scene.cast, "apple")
    await scene.write(
        lambda tx: tx.connection.execute(
            "update funds set closed_on = '2025-01-01' where bank_id = $1 and id = $2", tx.bank_id, closed
        )
    )
    await earn(scene.database, scene.cast, alice, CAP - 1)
    record = await scene.record("alice")
    await credit(scene, record)
    assert (await coins(scene, alice), await coins(scene, of_closed)) == (CAP, 0)
    assert await said(scene, record) == ("3", None, True)
    issued = await scene.read(
        lambda tx: tx.connection.fetchval(
            "select sum(p.amount) from postings p join units u on u.bank_id = $1 and u.id = p.unit_id"
            " where p.bank_id = $1 and u.code = 'timecoin'",
            tx.bank_id,
        )
    )
    assert issued == CAP
    await assert_sound(scene.database, scene.cast.bank)


async def test_what_is_held_counts_and_what_has_lapsed_does_not(scene: Scene) -> None:
    alice = scene.cast.people["alice"]
    await earn(scene.database, scene.cast, alice, 5, expires_on=(OVER - timedelta(days=2)).date())
    await earn(scene.database, scene.cast, alice, CAP - 3)
    await book(
        scene.database,
        scene.cast,
        hold(
            "errand",
            owner=alice,
            unit="timecoin",
            amount=2,
            until=OVER + timedelta(days=9),
            effective_at=OVER - timedelta(hours=1),
            actor="test",
        ),
    )
    record = await scene.record("alice")
    await credit(scene, record)
    assert await said(scene, record) == ("1", None, True)
    assert await coins(scene, alice) == CAP - 2 + 5


async def test_records_at_once_fill_the_room_one_after_the_other(scene: Scene) -> None:
    alice, bob = scene.cast.people["alice"], scene.cast.people["bob"]
    fund, owner = await care_fund(scene.database, scene.cast, "root")
    records = [
        await scene.record(who, starts_at=SERVICE + timedelta(hours=3 * n))
        for n, who in enumerate(("alice", "alice", "bob", "alice"))
    ]
    assert (await credit(scene, *records)).credited == 4
    assert [await coins(scene, one) for one in (alice, bob, owner)] == [CAP, 4, 2]
    assert [await said(scene, record) for record in records] == [
        (None, None, False),
        (None, None, False),
        (None, None, False),
        ("2", fund, True),
    ]
    assert (await credit(scene, *records)).credited == 0
    assert await coins(scene, owner) == 2
