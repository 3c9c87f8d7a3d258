"""The end of lots by the calendar: renewed by the policy, past what fails, and after a death in the middle."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from ledger.posting import post
from ledger.values import TAKINGS, Draft, Move, Place, Wallet
from tests.conftest import SPRING
from tests.timebank.expiry.packs import extension, pack, yearly
from tests.timebank.expiry.scene import FIRST_DAY, Scene
from timebank.jobs.expire import run_expire
from timebank.jobs.run import Run

if TYPE_CHECKING:
    import asyncpg

END = date(2026, 12, 31)
NEW_YEAR = END + timedelta(1)
RENEWALS = """
select a.owner, t.effective_at, t.metadata::text as metadata from transactions t
join postings p on p.bank_id = $1 and p.transaction_id = t.id
join accounts a on a.bank_id = $1 and a.id = p.from_account_id
where t.bank_id = $1 and t.kind = 'carry_over' order by t.id
"""


async def test_grace_renews_once_and_then_lots_expire(
    scene: Scene, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await scene.adopt((FIRST_DAY, pack(yearly(31))))
    who = await scene.person()
    await scene.give(who, END, 50)
    await scene.give(who, END, 8, unit="fufen")
    assert await scene.expire(NEW_YEAR) == {
        "holds_released": 0,
        "lots": 1,
        "amounts": {"fufen": 8},
        "renewed_lots": 1,
        "renewed_amounts": {"point": 50},
    }
    assert await scene.lots(who) == {date(2027, 1, 31): 50}
    (row,) = await superuser.fetch(RENEWALS, scene.bank.id)
    assert row["effective_at"] == datetime(2026, 12, 31, 16, tzinfo=UTC)  # midnight in Shanghai
    assert row["metadata"] == '{"rule": "grace", "policy": 1}'
    assert await scene.expire(NEW_YEAR) == {"holds_released": 0, "lots": 0, "amounts": {}}
    assert (await scene.expire(date(2027, 1, 31)))["lots"] == 0
    assert (await scene.expire(date(2027, 2, 1)))["amounts"] == {"point": 50}
    await scene.assert_sound()


async def test_an_extension_of_the_version_in_force_renews(scene: Scene) -> None:
    rule = extension("2026-12-01", "2026-12-31", "2027-06-30")
    await scene.adopt((FIRST_DAY, pack()), (date(2026, 12, 20), pack(extensions=(rule,))))
    before, after = await scene.person(), await scene.person()
    await scene.give(before, date(2026, 12, 19), 5)
    await scene.give(after, date(2026, 12, 20), 7)
    done = await scene.expire(NEW_YEAR)
    assert (done["amounts"], done["renewed_amounts"]) == ({"point": 5}, {"point": 7})
    assert await scene.lots(after) == {date(2027, 6, 30): 7}


async def test_a_year_that_was_missed_comes_to_the_same(scene: Scene) -> None:
    await scene.adopt((FIRST_DAY, pack(yearly(31))))
    late, timely = await scene.person(), await scene.person()
    await scene.give(late, END, 50)
    await scene.give(late, date(2027, 12, 31), 3)
    done = await scene.expire(date(2027, 6, 1))
    assert (done["amounts"], done["renewed_amounts"]) == ({"point": 50}, {"point": 50})
    assert await scene.lots(late) == {date(2027, 12, 31): 3}
    assert await scene.lots(timely) == {}
    await scene.assert_sound()


@pytest.mark.parametrize(("utc", "day"), [("2026-12-31 15:59", END), ("2026-12-31 16:00", NEW_YEAR)])
async def test_the_last_day_ends_at_midnight_of_the_bank(scene: Scene, utc: str, day: date) -> None:
    """A spend in the last minute is booked, a minute later it is refused, and only then there is something to end."""
    who = await scene.person()
    await scene.give(who, END, 50)
    at = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    draft = Draft("redeem", "r", at, "test", (Move(Wallet(who), Place(TAKINGS), "point", 20),))
    (outcome,) = await scene.database.write(scene.bank, lambda tx: post(tx, [draft]))
    is_over = day > END
    assert getattr(outcome, "code", None) == ("insufficient" if is_over else None)
    assert (await scene.expire(at.astimezone(scene.bank.zone).date()))["lots"] == int(is_over)


async def test_what_fails_is_noted_and_passed_over(
    scene: Scene, superuser: "asyncpg.Connection[asyncpg.Record]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("timebank.jobs.expire.BATCH", 8)
    people = [await scene.person() for _ in range(20)]
    for who in people:
        await scene.give(who, END, 5)
    poisoned = people[11]
    move = Move(Wallet(poisoned), Place(TAKINGS), "point", 2)
    spent = Draft("redeem", "r", SPRING, "test", (move,))
    await scene.database.write(scene.bank, lambda tx: post(tx, [spent]))
    # Somebody restored an old row: its next number is taken.
    await superuser.execute(
        "update accounts set last_seq = 1 where bank_id = $1 and owner = $2", scene.bank.id, poisoned
    )
    assert (await scene.expire(NEW_YEAR))["lots"] == 19
    faults = "select item, problem from job_faults where bank_id = $1"
    (fault,) = await superuser.fetch(faults, scene.bank.id)
    lot = await superuser.fetchval(
        "select id from accounts where bank_id = $1 and owner = $2", scene.bank.id, poisoned
    )
    assert tuple(fault) == (f"lot {lot}", "23505:postings_from_seq_key")
    await superuser.execute(
        "update accounts set last_seq = 2 where bank_id = $1 and owner = $2", scene.bank.id, poisoned
    )
    assert (await scene.expire(NEW_YEAR + timedelta(1)))["amounts"] == {"point": 3}
    await scene.assert_sound()


class _Death(BaseException):
    """What a process may come to."""


def dying_after(lots: int) -> Callable[[int, int | None], None]:
    def listen(done: int, _: int | None) -> None:
        if done >= lots:
            raise _Death

    return listen


async def test_a_run_that_died_is_ended_by_the_next(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("timebank.jobs.expire.BATCH", 3)
    rule = extension("2026-12-31", "2026-12-31", "2027-06-30", unit="fufen")
    await scene.adopt((FIRST_DAY, pack(extensions=(rule,))))
    people: list[UUID] = []
    for n in range(10):
        people.append(await scene.person())
        await scene.give(people[-1], END, 1 + n)
        await scene.give(people[-1], END, 1 + n, unit="fufen")
    now = datetime(2027, 1, 1, 1, tzinfo=UTC)
    dying = Run(scene.database, scene.bank, NEW_YEAR, now, listener=dying_after(8))
    with pytest.raises(_Death):
        await run_expire(dying)
    rest = await scene.expire(NEW_YEAR)
    assert rest["lots"] != 10
    assert [await scene.lots(who) for who in people] == [{}] * 10
    assert [await scene.lots(who, "fufen") for who in people] == [
        {date(2027, 6, 30): 1 + n} for n in range(10)
    ]
    assert (await scene.expire(NEW_YEAR))["lots"] == 0
    await scene.assert_sound()
