"""What somebody is being checked in to is neither cancelled nor moved: whoever changes it waits for the scan."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from ledger.session import WriteTx
from tests.api.cast import enter
from tests.timebank.records.scene import Scene
from timebank.access import Actor
from timebank.activities.sessions import cancel_session, edit_session
from timebank.activities.steps import cancel_activity
from timebank.database import Bank, Database
from timebank.errors import RefusalError

NOW = datetime.now(UTC)
_SCAN = """
insert into scans (bank_id, digest, session_id, volunteer_id, kind, mode, outcome, happened_at, received_at,
  is_doubtful, actor)
select $1, $2, $3, v.id, 'in', 'station_code', 'accepted', $5, $5, false, 'test'
from volunteers v where v.bank_id = $1 and v.owner = $4
"""


@pytest.fixture
async def scene(database: Database, bank: Bank) -> Scene:
    """Return the scene with its pack adopted."""
    scene = Scene(database, await enter(database, bank))
    await scene.adopt()
    return scene


async def _cancel(tx: WriteTx, actor: Actor, session: int) -> None:
    await cancel_session(tx, actor, session)


async def _cancel_all(tx: WriteTx, actor: Actor, session: int) -> None:
    activity = "select activity_id from activity_sessions where bank_id = $1 and id = $2"
    of = await tx.connection.fetchval(activity, tx.bank_id, session)
    await cancel_activity(tx, actor, of, now=NOW)


async def _move(tx: WriteTx, actor: Actor, session: int) -> None:
    changes = {"starts_at": NOW + timedelta(hours=1)}
    await edit_session(tx, actor, session, changes=changes, station_ids=None, expected_version=None, now=NOW)


@pytest.mark.parametrize("change", [_cancel, _cancel_all, _move])
async def test_whoever_is_being_checked_in_is_seen(
    scene: Scene, change: Callable[[WriteTx, Actor, int], Awaitable[None]]
) -> None:
    session = await scene.session(starts_at=NOW, hours=3)
    stored = asyncio.Event()

    async def scan_slowly(tx: WriteTx) -> None:
        alice = scene.cast.people["alice"]
        await tx.connection.execute(_SCAN, tx.bank_id, uuid4().bytes, session, alice, NOW)
        stored.set()
        await asyncio.sleep(0.5)

    async def change_meanwhile() -> None:
        await stored.wait()
        await scene.do("wen", lambda tx, actor: change(tx, actor, session))

    _, refused = await asyncio.gather(scene.write(scan_slowly), change_meanwhile(), return_exceptions=True)
    assert isinstance(refused, RefusalError)
    assert refused.code == "activity_session_attended"
