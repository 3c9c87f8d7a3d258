"""Who looked at whom: what the person sees of it, and what the auditor."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from ledger.session import WriteTx
from tests.api.cast import Cast
from tests.timebank.privacy.conftest import As
from timebank.database import Database
from timebank.errors import RefusalError
from timebank.privacy.actions import record_look_up
from timebank.privacy.queries import (
    LookUp,
    LookUpFilter,
    ViewerRole,
    check_person_known,
    look_ups,
    look_ups_of,
)

LAST = 2**63 - 1


async def look(as_: As, cast: Cast, viewer: str, subject: str, purpose: str, *fields: str) -> None:
    """Look at somebody."""
    await as_(
        viewer,
        lambda tx, actor, _: record_look_up(tx, actor, cast.people[subject], purpose=purpose, fields=fields),
    )


async def seen(
    database: Database, cast: Cast, name: str, *, before: int = LAST, limit: int = 10
) -> list[LookUp]:
    """Return what one of the cast reads."""
    return await database.read(
        cast.bank, lambda tx: look_ups_of(tx, cast.people[name], before=before, limit=limit)
    )


async def test_a_look_names_the_viewer_s_role_at_that_time(database: Database, cast: Cast, as_: As) -> None:
    await look(as_, cast, "wen", "alice", "people.read", "phone", "name", "phone")
    await look(as_, cast, "station", "alice", "cards.resolve", "name")
    await look(as_, cast, "bob", "alice", "people.read", "name")
    await look(as_, cast, "alice", "alice", "people.read", "name")

    async def later(tx: WriteTx) -> None:
        now = datetime.now(UTC) + timedelta(seconds=1)
        await tx.connection.execute(
            "update role_grants set revoked_at = $2, revoked_by = 'test' where bank_id = $1", tx.bank_id, now
        )

    await database.write(cast.bank, later)
    apple = cast.organisations["apple"]
    by_bob, by_station, by_wen = await seen(database, cast, "alice")
    assert by_wen.roles == (ViewerRole("community_worker", apple, "测试apple"),)
    assert (by_wen.purpose, by_wen.fields) == ("people.read", ("name", "phone"))
    assert by_station.roles == (ViewerRole("station", apple, "测试apple"),)
    assert (by_bob.roles, by_bob.is_own) == ((), False)
    assert await seen(database, cast, "bob") == []


async def test_pages_go_on_where_the_last_ended(database: Database, cast: Cast, as_: As) -> None:
    for number in range(5):
        await look(as_, cast, "wen", "alice", f"look.{'abcde'[number]}", "name")
    first = await seen(database, cast, "alice", limit=3)
    rest = await seen(database, cast, "alice", before=first[-1].id, limit=3)
    assert [one.purpose for one in (*first, *rest)] == ["look.e", "look.d", "look.c", "look.b", "look.a"]


async def test_the_auditor_asks_by_viewer_subject_purpose_and_time(
    database: Database, cast: Cast, as_: As
) -> None:
    await look(as_, cast, "wen", "alice", "people.read", "name")
    await look(as_, cast, "xu", "bob", "people.find", "phone")
    await look(as_, cast, "wen", "bob", "people.find", "phone")
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    async def count(**wanted: object) -> int:
        found = await database.read(
            cast.bank,
            lambda tx: look_ups(tx, LookUpFilter(**wanted), before=LAST, limit=10),  # type: ignore[arg-type]  # arguments of many types
        )
        return len(found)

    assert await count() == 3
    assert await count(viewer_id=cast.people["wen"]) == 2
    assert await count(viewer_id=cast.people["wen"], subject_id=cast.people["bob"]) == 1
    assert await count(purpose="people.find") == 2
    assert await count(since=tomorrow) == 0
    assert await count(before=tomorrow) == 3


async def test_who_is_not_there_is_unknown(database: Database, cast: Cast) -> None:
    await database.read(cast.bank, lambda tx: check_person_known(tx, cast.people["alice"]))
    with pytest.raises(RefusalError, match="unknown_person"):
        await database.read(cast.bank, lambda tx: check_person_known(tx, uuid4()))
