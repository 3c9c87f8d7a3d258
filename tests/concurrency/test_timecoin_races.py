"""Time-coins given from all sides at once: nobody ends up with more than the cap, and no coin is lost or made."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from ledger.session import WriteTx
from tests.api.cast import enter
from tests.api.timecoins import CAP, care_fund, coins_of, earn, make_kin, timecoin_pack
from tests.timebank.notices.scene import OVER, SERVICE, Scene
from tests.timebank.offices import assert_sound
from timebank.access import Actor
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.gifts.actions import donate, give, grant
from timebank.gifts.queries import Gift
from timebank.jobs.release_holds import release_over
from timebank.jobs.run import Run
from timebank.notices.crediting import By, credit_records
from timebank.service_orders.actions import Wish, assign_server, cancel_order, finish_service, order_service
from timebank.service_orders.queries import ServiceOrder, service_order

BY = By("job:credit")
ROUNDS = 12


@pytest.fixture
async def scene(database: Database, bank: Bank) -> Scene:
    """Return a bank with time-coins, Alice and Bob being married."""
    scene = Scene(database, await enter(database, bank))
    await scene.adopt(timecoin_pack())
    await make_kin(database, scene.cast, "alice", "bob")
    return scene


async def tried(scene: Scene, who: str, work: Callable[[WriteTx, Actor], Awaitable[object]]) -> object:
    """Do something as one of the cast, and return what came of it, or the code of the refusal."""
    try:
        return await scene.do(who, work)
    except RefusalError as refused:
        return refused.code


async def test_gifts_grants_and_credits_at_once_fill_the_room_exactly(scene: Scene) -> None:
    database, cast = scene.database, scene.cast
    alice, bob = cast.people["alice"], cast.people["bob"]
    fund, owner = await care_fund(database, cast, "root", coins=50)
    await earn(database, cast, alice, 30)
    records = [await scene.record("bob", starts_at=SERVICE + timedelta(hours=3 * n)) for n in range(8)]

    async def credited(record: int) -> object:
        return await scene.write(
            lambda tx: credit_records(tx, record_ids=[record], state="approved", by=BY, now=OVER)
        )

    def given(n: int) -> Awaitable[object]:
        return tried(
            scene,
            "alice",
            lambda tx, actor: give(
                tx, actor, key=f"g{n}", person_id=alice, to_person_id=bob, amount=3, now=OVER
            ),
        )

    def granted(n: int) -> Awaitable[object]:
        return tried(
            scene,
            "olga",
            lambda tx, actor: grant(
                tx, actor, key=f"g{n}", fund_id=fund, person_id=bob, amount=3, ground="aged_80", now=OVER
            ),
        )

    # What is donated to the fund meanwhile takes the same locks from the other side.
    def donated(n: int) -> Awaitable[object]:
        return tried(
            scene,
            "alice",
            lambda tx, actor: donate(
                tx, actor, key=f"d{n}", person_id=alice, fund_id=fund, amount=1, now=OVER
            ),
        )

    done = await asyncio.gather(
        *(credited(record) for record in records),
        *(one(n) for n in range(6) for one in (given, granted, donated)),
    )
    gifts = [one for one in done if isinstance(one, Gift)]
    refused = {one for one in done if isinstance(one, str)}
    assert refused <= {"storage_cap_reached"}
    assert await coins_of(database, cast.bank, bob) == CAP
    moved = {
        kind: sum(one.amount for one in gifts if one.kind == kind) for kind in ("gift", "grant", "donation")
    }
    assert await coins_of(database, cast.bank, alice) == 30 - moved["gift"] - moved["donation"]
    earned_by_bob = CAP - moved["gift"] - moved["grant"]
    beyond = 8 * 4 - earned_by_bob
    assert await coins_of(database, cast.bank, owner) == 50 + moved["donation"] - moved["grant"] + beyond
    await assert_sound(database, cast.bank)


async def test_an_order_is_finished_cancelled_or_lapsed_and_only_one(scene: Scene) -> None:
    database, cast = scene.database, scene.cast
    alice = cast.people["alice"]
    await earn(database, cast, alice, 2 * ROUNDS)
    left = 2 * ROUNDS
    for n in range(ROUNDS):
        made = await _assigned(scene, n)
        found = await _resolved(scene, made)
        used = found.coins_used or 0
        assert found.state in {"done", "cancelled", "lapsed"}
        assert (found.state == "done") == (used == 1)
        left -= used
        assert await coins_of(database, cast.bank, alice) == left
        assert await coins_of(database, cast.bank, alice, kind="held") == 0
    await assert_sound(database, cast.bank)


async def _resolved(scene: Scene, made: ServiceOrder) -> ServiceOrder:
    """Let a worker finish an order, its owner cancel it and the job let it go, and return it as it then is."""
    database, bank = scene.database, scene.cast.bank
    await asyncio.gather(
        tried(
            scene,
            "wen",
            lambda tx, actor: finish_service(tx, actor, order_id=made.id, minutes_used=30, now=OVER),
        ),
        tried(
            scene,
            "alice",
            lambda tx, actor: cancel_order(tx, actor, order_id=made.id, person_id=made.person_id, now=OVER),
        ),
        release_over(
            Run(database, bank, made.until_at.date(), made.until_at),
            before=made.until_at + timedelta(seconds=1),
        ),
    )
    return await scene.read(lambda tx: service_order(tx, made.id))


async def _assigned(scene: Scene, n: int) -> ServiceOrder:
    """Return an order of Alice's that costs two coins and somebody serves."""
    people = scene.cast.people
    wish = Wish(people["alice"], None, "errands", "测试", OVER + timedelta(hours=1), 90)
    made = await scene.do(
        "alice",
        lambda tx, actor: order_service(
            tx, actor, key=f"o{n}", person_id=people["alice"], wish=wish, now=OVER
        ),
    )
    assert isinstance(made, ServiceOrder)
    server = await _neighbour(scene)
    return await scene.do(
        "wen",
        lambda tx, actor: assign_server(
            tx, actor, order_id=made.id, server_id=server, expected_version=1, now=OVER
        ),
    )


async def _neighbour(scene: Scene) -> UUID:
    """Return somebody who lives in apple."""
    person = uuid4()

    async def work(tx: WriteTx) -> None:
        await tx.connection.execute("insert into people (bank_id, id) values ($1, $2)", tx.bank_id, person)
        await tx.connection.execute(
            "insert into memberships (bank_id, person_id, organisation_id, kind, from_on, recorded_by)"
            " values ($1, $2, $3, 'residence', '2025-01-01', 'test')",
            tx.bank_id,
            person,
            scene.cast.organisations["apple"],
        )

    await scene.write(work)
    return person
