"""Simulating on the books: the packs in force come to what was credited, and nothing is written."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from ledger.session import ReadTx, WriteTx
from tests.timebank.offices import Books, books, new_office, take_in
from tests.timebank.policy.test_rules import body, changed
from tests.timebank.workbook import generator
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.policy.actions import adopt
from timebank.policy.rules import PolicyPack, default_pack, parse_pack
from timebank.policy.simulating import Read, Simulation, simulate

T = TypeVar("T")

FIRST, LAST = date(2024, 1, 1), date(2026, 1, 1)

_CREDITED = """
select count(distinct t.id) as records,
  (sum(p.amount) filter (where u.code = 'minute'))::bigint as minutes,
  (sum(p.amount) filter (where u.code = 'point'))::bigint as points
from transactions t
join postings p on p.bank_id = $1 and p.transaction_id = t.id
join units u on u.bank_id = $1 and u.id = p.unit_id
where t.bank_id = $1 and t.kind = 'credit' and t.refusal is null
"""
_ENDING = """
select a.expires_on, sum(p.amount)::bigint as points
from transactions t
join postings p on p.bank_id = $1 and p.transaction_id = t.id
join accounts a on a.bank_id = $1 and a.id = p.to_account_id
join units u on u.bank_id = $1 and u.id = p.unit_id and u.code = 'point'
where t.bank_id = $1 and t.kind = 'credit' and t.refusal is null group by 1
"""
_WAITING = """
select count(*), coalesce(sum(minutes), 0)::bigint from service_records where bank_id = $1 and state = 'pending'
"""


def reading(database: Database, bank: Bank) -> Read:
    """Return the way in which a command reads."""

    async def read(work: Callable[[ReadTx], Awaitable[T]], /) -> T:
        return await database.read(bank, work)

    return read


async def simulated(database: Database, bank: Bank, pack: PolicyPack, **span: date) -> Simulation:
    days = {"from_on": FIRST, "until_on": LAST, **span}
    return await simulate(reading(database, bank), pack, **days)


async def row(database: Database, bank: Bank, sql: str) -> tuple[Any, ...]:
    async def work(tx: ReadTx) -> tuple[Any, ...]:
        return tuple(await tx.connection.fetchrow(sql, tx.bank_id) or ())

    return await database.read(bank, work)


def crediting(**figures: int) -> PolicyPack:
    return parse_pack(changed(crediting={**body()["crediting"], **figures}))


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_pack_in_force_comes_to_what_the_books_credited(
    database: Database, tmp_path: Path, seed: int
) -> None:
    bank = await new_office(database)
    generator.write(tmp_path / "year.xlsx", generator.district(seed))
    await take_in(database, bank, tmp_path / "year.xlsx")
    found = await simulated(database, bank, default_pack())
    credited = await row(database, bank, _CREDITED)
    for tally in (found.total.before, found.total.after):
        assert (tally.records, tally.minutes, tally.points) == credited
        waiting = (tally.waiting_records, tally.waiting_minutes)
        assert waiting == await row(database, bank, _WAITING)
        assert tally.over_cap_records == waiting[0] > 0
    assert (found.booked.records, found.booked.minutes, found.booked.points) == credited
    assert found.agrees
    assert found.people == []
    assert sum(pair.before.points for pair in found.months.values()) == credited[2]
    assert found.gains["point"].same == found.gains["minute"].same > 0
    assert (found.notice_days_before, found.notice_days_after) == (3, 3)

    async def endings(tx: ReadTx) -> dict[str, int]:
        rows = await tx.connection.fetch(_ENDING, tx.bank_id)
        return {f"{one['expires_on']:%Y-%m}": one["points"] for one in rows}

    ending = {month: each.before for month, each in found.ending["point"].items()}
    assert ending == await database.read(bank, endings)


async def test_what_was_imported_in_parts_and_under_two_packs_is_priced_as_it_was(
    database: Database, tmp_path: Path
) -> None:
    bank = await new_office(database)
    other = crediting(rounding_minutes=60, points_per_hour=7, daily_cap_minutes=300)
    await database.write(bank, lambda tx: adopt(tx, other, effective_from=date(2025, 1, 1), actor="test"))
    whole = generator.district(4)
    rows = whole["签到"]
    for number, part in enumerate((rows[1::2], rows[::2])):  # late ones come first
        generator.write(tmp_path / f"{number}.xlsx", {**whole, "签到": part})
        await take_in(database, bank, tmp_path / f"{number}.xlsx")
    found = await simulated(database, bank, default_pack())
    before = found.total.before
    assert (before.records, before.minutes, before.points) == await row(database, bank, _CREDITED)
    assert (before.waiting_records, before.waiting_minutes) == await row(database, bank, _WAITING)
    assert found.agrees
    assert found.total.after.points > before.points


async def test_a_candidate_comes_to_what_it_would_have_credited(database: Database, tmp_path: Path) -> None:
    """The same workbook in a bank that had the candidate all along; an activity a day, so that nothing overlaps."""
    sheets = generator.district(5)
    candidate = crediting(rounding_minutes=15, points_per_hour=12, daily_cap_minutes=600)
    start = datetime(2025, 1, 1, 9)  # noqa: DTZ001 -- a workbook's times are local
    sheets["签到"] = []
    for number, activity in enumerate(sheets["活动"]):
        activity[8] = start + timedelta(days=number)
        activity[9] = activity[8] + timedelta(minutes=170)
        sheets["签到"].append([activity[0], f"V{number % 25 + 1:06}", *activity[8:10], "扫码", None])
    generator.write(tmp_path / "apart.xlsx", sheets)
    was, would = await new_office(database), await new_office(database)
    await database.write(would, lambda tx: adopt(tx, candidate, effective_from=FIRST, actor="test"))
    for bank in (was, would):
        await take_in(database, bank, tmp_path / "apart.xlsx")
    found = await simulated(database, was, candidate)
    after = found.total.after
    assert (after.records, after.minutes, after.points) == await row(database, would, _CREDITED)
    assert after.minutes > found.total.before.minutes
    assert found.gains["point"].more > 0
    assert len(found.people) <= 20


async def test_the_span_is_what_begins_on_its_days(database: Database, tmp_path: Path) -> None:
    bank = await new_office(database)
    generator.write(tmp_path / "year.xlsx", generator.district(6))
    await take_in(database, bank, tmp_path / "year.xlsx")
    whole = await simulated(database, bank, default_pack())
    middle = date(2024, 7, 20)
    parts = [
        await simulated(database, bank, default_pack(), until_on=middle),
        await simulated(database, bank, default_pack(), from_on=middle + timedelta(days=1)),
    ]
    assert sum(part.records for part in parts) == whole.records > 0
    assert sum(part.total.before.points for part in parts) == whole.total.before.points
    none = await simulated(
        database, bank, default_pack(), from_on=LAST + timedelta(days=1), until_on=date(2026, 9, 9)
    )
    assert (none.records, none.agrees, none.months) == (0, True, {})


async def test_nothing_is_written(database: Database, tmp_path: Path) -> None:
    bank = await new_office(database)
    generator.write(tmp_path / "year.xlsx", generator.district(7))
    await take_in(database, bank, tmp_path / "year.xlsx")
    before: Books = await books(database, bank)
    await simulated(database, bank, crediting(points_per_hour=99))
    assert await books(database, bank) == before


@pytest.mark.parametrize(
    ("from_on", "until_on", "code"),
    [
        (date(2025, 1, 2), date(2025, 1, 1), "span_backwards"),
        (date(2022, 1, 1), date(2025, 1, 5), "span_too_long"),
    ],
)
async def test_a_span_runs_forwards_and_three_years_at_most(
    database: Database, from_on: date, until_on: date, code: str
) -> None:
    bank = await new_office(database)
    with pytest.raises(RefusalError, match=code):
        await simulated(database, bank, default_pack(), from_on=from_on, until_on=until_on)
    assert (
        await simulated(database, bank, default_pack(), from_on=date(2022, 1, 1), until_on=date(2025, 1, 3))
    ).agrees


_SESSION = """
with place as (
  insert into activities (bank_id, code, name, category, is_volunteer_service, leader_code, place, starts_at, ends_at,
    rest_minutes, difficulty_permille)
  values ($1, 'S1', '清洁日', 'elder_care', true, '', '广场', $2::timestamptz,
    $2::timestamptz + interval '60 days', 0, 1500) returning id
), session as (
  insert into activity_sessions (bank_id, activity_id, starts_at, ends_at, place, rest_minutes)
  select $1, id, $2::timestamptz + interval '31 days', $2::timestamptz + interval '31 days 2 hours', '广场', 30
  from place
  returning id, activity_id, starts_at, ends_at
), person as (
  insert into people (bank_id, id) values ($1, gen_random_uuid()) returning id
), volunteer as (
  insert into volunteers (bank_id, code, owner, is_party_member, registered_on)
  select $1, 'V1', id, true, '2025-01-01' from person returning id
)
insert into service_records (bank_id, activity_id, session_id, volunteer_id, check_in_at, check_out_at, served_from,
  served_until, minutes, points, policy_version, outcome, state, origin, grade)
select $1, s.activity_id, s.id, v.id, s.starts_at, s.ends_at, s.starts_at, s.ends_at, 90, 23, 1, 'accepted', $3,
  'scans', 'E'
from session s, volunteer v
"""


@pytest.mark.parametrize(
    ("state", "credited", "waiting"),
    [("credited", 1, 0), ("noticed", 0, 1), ("pending", 0, 1), ("rejected", 0, 0), ("voided", 0, 0)],
)
async def test_a_session_is_priced_by_its_own_times(
    database: Database, state: str, credited: int, waiting: int
) -> None:
    bank = await new_office(database)
    start = datetime(2025, 3, 1, 2, tzinfo=UTC)

    async def work(tx: WriteTx) -> None:
        await tx.connection.execute(_SESSION, tx.bank_id, start, state)

    await database.write(bank, work)
    earns = parse_pack(
        changed(earned=[{"unit": "party_score", "per_hour_permille": 2000, "party_members_only": True}])
    )
    found = await simulated(database, bank, earns)
    before, after = found.total.before, found.total.after
    assert found.agrees
    assert (before.records, before.waiting_records) == (credited, waiting)
    # 120 minutes less 30 of rest; 1.5 hours at 10 points and a difficulty of 1.5 are 22.5
    assert (before.minutes, before.points) == (90 * credited, 23 * credited)
    assert after.earned["party_score"] == 3 * credited
    assert after.second_approver_records == credited + waiting
    assert list(found.months) == (["2025-04"] if state != "voided" else [])
