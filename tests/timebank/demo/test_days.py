"""The demo run on one day after another, and across midnight: what somebody promised before is no hindrance."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from ledger.session import WriteTx
from tests.api.books import adopt_pack
from tests.api.cast import Cast
from timebank.database import Database
from timebank.demo.coming import plan_coming
from timebank.demo.meeting import hold_meeting
from timebank.demo.yesterday import hold_yesterday
from timebank.vault.cipher import Cipher

PLACE = "apple"


class Stage:
    """A bank in which the demo's days are held at one organisation, where Alice and Bob volunteer."""

    def __init__(self, database: Database, cast: Cast) -> None:
        self.database, self.cast, self.cipher = database, cast, Cipher(b"v" * 32)

    async def run(self, at: str) -> int:
        """Hold what the demo holds whenever it is run, and return today's session."""
        now, people = datetime.fromisoformat(at).replace(tzinfo=self.cast.bank.zone), self.cast.people
        worker, shown, office = people["wen"], people["alice"], people["olga"]

        async def work(tx: WriteTx) -> int:
            station, session = await hold_meeting(
                tx, self.cipher, worker_id=worker, volunteer_id=shown, at=PLACE, now=now
            )
            await plan_coming(
                tx,
                self.cipher,
                worker_id=worker,
                volunteer_id=shown,
                at=PLACE,
                station_id=station,
                now=now,
            )
            await hold_yesterday(
                tx,
                self.cipher,
                worker_id=worker,
                office_id=office,
                volunteer_id=shown,
                at=PLACE,
                station_id=station,
                now=now,
            )
            return session

        return await self.database.write(self.cast.bank, work)

    async def times_of(self, name: str) -> list[datetime]:
        """Return when the sessions begin that somebody is signed up for."""
        sql = """
            select s.starts_at from sign_ups u join activity_sessions s on s.bank_id = $1 and s.id = u.session_id
            join volunteers v on v.bank_id = $1 and v.id = u.volunteer_id
            where u.bank_id = $1 and v.owner = $2 order by s.starts_at
        """
        args = self.cast.bank.id, self.cast.people[name]
        rows = await self.database.read(self.cast.bank, lambda tx: tx.connection.fetch(sql, *args))
        return [row["starts_at"].astimezone(self.cast.bank.zone) for row in rows]


@pytest.fixture
async def stage(database: Database, cast: Cast) -> Stage:
    """Return the stage, with Bob at Alice's place."""
    await adopt_pack(database, cast)

    async def work(tx: WriteTx) -> None:
        await tx.connection.execute(
            "update volunteers set organisation_id = $2 where bank_id = $1",
            tx.bank_id,
            cast.organisations[PLACE],
        )

    await database.write(cast.bank, work)
    return Stage(database, cast)


async def test_what_began_before_midnight_goes_on_and_is_not_begun_again(stage: Stage) -> None:
    late = await stage.run("2026-11-23 23:50")
    assert await stage.run("2026-11-24 00:10") == late
    assert await stage.run("2026-11-24 10:00") != late


async def test_who_was_there_yesterday_was_not_elsewhere_too(stage: Stage) -> None:
    first = await stage.run("2026-11-23 10:00")
    assert await stage.run("2026-11-24 10:00") != first
    begun = await stage.times_of("bob")
    assert len(begun) == len(set(begun)) >= 3
    assert all(later - earlier >= timedelta(hours=3) for earlier, later in pairwise(begun))
