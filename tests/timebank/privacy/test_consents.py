"""Consents in the database: the last word counts, and every word stays."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import asyncpg
import pytest

from ledger.session import ReadTx, WriteTx
from tests.api.cast import Cast
from tests.timebank.privacy.conftest import As
from timebank.access import Actor
from timebank.database import Database
from timebank.errors import RefusalError
from timebank.privacy.actions import declare_consent
from timebank.privacy.queries import Declaration, consents_of, declarations_of, has_consent
from timebank.privacy.rules import Purpose

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

LOCATION = Purpose.LOCATION


def declare(
    person_id: UUID, purpose: Purpose, *, is_given: bool, by: UUID | None = None
) -> "Callable[[WriteTx, Actor, datetime], Awaitable[Declaration]]":
    """Return the declaration as something to do."""
    return lambda tx, actor, now: declare_consent(
        tx,
        actor,
        person_id,
        purpose=purpose,
        is_given=is_given,
        text_version="2026-1",
        declared_by=by,
        now=now,
    )


async def states(database: Database, cast: Cast, person_id: UUID) -> dict[Purpose, bool]:
    async def work(tx: ReadTx) -> dict[Purpose, bool]:
        return {purpose: await has_consent(tx, person_id, purpose) for purpose in Purpose}

    return await database.read(cast.bank, work)


async def test_the_last_word_on_each_purpose_counts(database: Database, cast: Cast, as_: As) -> None:
    alice = cast.people["alice"]
    assert not any((await states(database, cast, alice)).values())
    for purpose, is_given in ((LOCATION, True), (Purpose.PUBLICATION, True), (LOCATION, False)):
        await as_("alice", declare(alice, purpose, is_given=is_given))
    found = await states(database, cast, alice)
    assert [purpose for purpose, is_given in found.items() if is_given] == [Purpose.PUBLICATION]
    history = await database.read(cast.bank, lambda tx: declarations_of(tx, alice, after=0, limit=10))
    assert [(one.purpose, one.is_given, one.declared_by) for one in history] == [
        (LOCATION, True, alice),
        (Purpose.PUBLICATION, True, alice),
        (LOCATION, False, alice),
    ]
    last = await database.read(cast.bank, lambda tx: consents_of(tx, alice))
    assert [one.id for one in last] == [history[2].id, history[1].id]


async def test_a_worker_writes_down_whose_word_it_is(database: Database, cast: Cast, as_: As) -> None:
    alice, wen = cast.people["alice"], cast.people["wen"]
    assert (await as_("wen", declare(alice, LOCATION, is_given=True))).declared_by == alice
    with pytest.raises(RefusalError, match="declarer_not_entitled"):
        await as_("wen", declare(alice, LOCATION, is_given=False, by=wen))
    with pytest.raises(RefusalError, match="declarer_not_entitled"):
        await as_("alice", declare(alice, LOCATION, is_given=False, by=wen))
    assert (await states(database, cast, alice))[LOCATION]


async def test_a_guardian_speaks_for_a_minor_as_long_as_they_are_one(
    database: Database, cast: Cast, as_: As
) -> None:
    alice, bob = cast.people["alice"], cast.people["bob"]
    await guard(database, cast, minor=alice, guardian=bob, days=10)
    with pytest.raises(RefusalError, match="guardian_needed"):
        await as_("wen", declare(alice, LOCATION, is_given=True))
    assert (await as_("wen", declare(alice, LOCATION, is_given=True, by=bob))).declared_by == bob
    await as_("wen", declare(alice, Purpose.GUARDIAN, is_given=True, by=bob))
    await as_("alice", declare(alice, LOCATION, is_given=False))
    assert not (await states(database, cast, alice))[LOCATION]
    assert (await states(database, cast, alice))[Purpose.GUARDIAN]
    with pytest.raises(RefusalError, match="declarer_not_entitled"):
        await as_("wen", declare(alice, LOCATION, is_given=True, by=bob), days=11)
    await as_("alice", declare(alice, LOCATION, is_given=True), days=11)


async def guard(database: Database, cast: Cast, *, minor: UUID, guardian: UUID, days: int) -> None:
    async def work(tx: WriteTx) -> None:
        today = tx.day(datetime.now(tx.zone))
        await tx.connection.execute(
            "insert into guardianships (bank_id, minor_id, guardian_id, relation, from_on, until_on, recorded_by)"
            " values ($1, $2, $3, 'mother', $4, $5, 'test')",
            tx.bank_id,
            minor,
            guardian,
            today,
            today + timedelta(days=days),
        )

    await database.write(cast.bank, work)


async def test_nobody_declares_for_who_is_not_there(as_: As) -> None:
    with pytest.raises(RefusalError, match="unknown_person"):
        await as_("adam", declare(uuid4(), LOCATION, is_given=True))


async def test_no_word_is_ever_changed(
    cast: Cast, as_: As, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    alice = cast.people["alice"]
    await as_("alice", declare(alice, LOCATION, is_given=True))
    for statement in ("update consents set is_given = false", "delete from consents", "delete from look_ups"):
        with pytest.raises(asyncpg.PostgresError, match="append-only"):
            await superuser.execute(statement)
