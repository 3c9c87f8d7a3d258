"""Closing sessions: what becomes of each attendance, of what is missing, and of what arrives later."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from ledger.session import WriteTx
from tests.api.books import add_activity, add_record
from tests.statements import statements_in
from tests.timebank.records.scene import EVENING, NINE, Scene
from timebank.errors import RefusalError
from timebank.policy.rules import default_pack
from timebank.records.correcting import void_record
from timebank.records.disputes import raise_dispute
from timebank.records.making import Closed, close_due

MUTUAL = ("station_code", "member_code")


def outcomes(closed: Closed) -> list[tuple[str, str, str, int]]:
    return [(one.grade, one.outcome, one.state, one.minutes) for one in closed.records]


async def test_every_attendance_becomes_a_record(scene: Scene) -> None:
    session = await scene.session()
    await scene.attend(session, "alice", 8.9, 11.05)
    for mode in MUTUAL:
        await scene.scan(session, "bob", "in", 9.25, mode=mode, outcome="repeat")
        await scene.scan(session, "bob", "out", 11, mode=mode, outcome="repeat")
    closed = await scene.close(session)
    assert outcomes(closed) == [("B", "accepted", "pending", 120), ("A", "accepted", "pending", 90)]
    assert [one.person_id for one in closed.records] == [scene.cast.people["alice"], scene.cast.people["bob"]]
    assert (closed.missing_time, closed.noted) == ([], [])
    first, second = await scene.records()
    assert (first["served_from"], first["served_until"]) == (NINE, NINE + timedelta(hours=2))
    assert (first["points"], first["policy_version"], first["origin"]) == (20, 1, "scans")
    assert (first["check_in_at"], first["recorded_at"]) == (NINE - timedelta(minutes=6), EVENING)
    assert first["made_by"] == f"person:{scene.cast.people['stella']}"
    assert (second["points"], second["entries"]) == (15, ["made"])
    assert await scene.told("alice") == ["records_made"]


async def test_refused_scans_are_no_evidence(scene: Scene) -> None:
    session = await scene.session()
    await scene.scan(session, "alice", "in", 9, outcome="code_expired")
    assert (await scene.close(session)).records == []


async def test_a_forgotten_check_out_is_cut_and_graded_down(scene: Scene) -> None:
    session = await scene.session()
    await scene.attend(session, "alice", 9, None)
    closed = await scene.close(session)
    assert outcomes(closed) == [("D", "accepted", "pending", 90)]
    assert closed.records[0].is_cut


async def test_a_forgotten_check_in_makes_no_record_and_is_told_to_the_steward(scene: Scene) -> None:
    session = await scene.session()
    await scene.scan(session, "alice", "out", 11)
    closed = await scene.close(session)
    assert (closed.records, closed.missing_time) == ([], [scene.cast.people["alice"]])
    await scene.scan(session, "alice", "in", 9, mode="late_entry", received_at=EVENING)
    assert outcomes(await scene.reconsider(session)) == [("E", "accepted", "pending", 120)]


async def test_what_is_no_volunteer_service_is_rejected(scene: Scene) -> None:
    session = await scene.session(service=False)
    await scene.attend(session, "alice")
    assert outcomes(await scene.close(session)) == [("B", "not_volunteer_service", "rejected", 0)]


async def test_what_overlaps_an_import_is_rejected_and_what_touches_is_not(scene: Scene) -> None:
    imported = NINE.replace(hour=10)
    activity = await add_activity(scene.database, scene.cast, "A1", "apple", starts_at=imported)
    record = await add_record(scene.database, scene.cast, activity, "alice")
    rows = await scene.records()
    assert rows[0]["id"] == record
    spring = rows[0]["served_from"]
    assert isinstance(spring, datetime)
    hour = spring.astimezone(NINE.tzinfo)
    touching = await scene.served("alice", starts_at=hour - timedelta(hours=2))
    assert (await scene.record(touching))["outcome"] == "accepted"
    session = await scene.session(starts_at=hour)
    came = (hour - NINE) / timedelta(hours=1) + 9
    await scene.attend(session, "alice", came + 1.9, came + 2)
    await scene.attend(session, "bob", came, came + 2)
    closed = await scene.close(session, now=EVENING)
    assert outcomes(closed) == [("B", "too_short", "rejected", 0), ("B", "accepted", "pending", 120)]
    other = await scene.session(starts_at=hour + timedelta(minutes=30))
    await scene.attend(other, "alice", came + 0.5, came + 2.5)
    assert outcomes(await scene.close(other)) == [("B", "overlap", "rejected", 0)]


async def test_the_tiers_of_a_day(scene: Scene) -> None:
    morning = await scene.served("alice", starts_at=NINE.replace(hour=0), hours=8)
    more = await scene.served("alice", starts_at=NINE.replace(hour=8), hours=4)
    beyond = await scene.served("alice", starts_at=NINE.replace(hour=12), hours=0.5)
    found = [await scene.record(id_) for id_ in (morning, more, beyond)]
    assert [(one["outcome"], one["minutes"]) for one in found] == [
        ("accepted", 480),
        ("needs_review", 240),
        ("day_full", 0),
    ]
    tomorrow = await scene.served("alice", starts_at=NINE + timedelta(days=1))
    assert (await scene.record(tomorrow))["outcome"] == "accepted"


async def test_rejected_and_voided_records_leave_room(scene: Scene) -> None:
    first = await scene.served("alice")
    assert await scene.review("wen", first, decision="reject", reason="not_there") == ["rejected"]
    second = await scene.served("alice")
    await scene.do(
        "olga", lambda tx, actor: void_record(tx, actor, record_id=second, reason="mistake", now=EVENING)
    )
    third = await scene.served("alice")
    assert [row["outcome"] for row in await scene.records()] == ["accepted"] * 3
    assert (await scene.record(third))["state"] == "pending"


async def test_nobody_is_in_two_cities_at_once(scene: Scene) -> None:
    fuzhou, xiamen = await scene.station(26.0745, 119.2965), await scene.station(24.4798, 118.0894)
    near = await scene.station(26.0750, 119.2970)
    one, two = await scene.session(), await scene.session(starts_at=NINE + timedelta(hours=3))
    for who, elsewhere in (("alice", xiamen), ("bob", near)):
        for kind, hour in (("in", 9), ("out", 11)):
            await scene.scan(one, who, kind, hour, station=fuzhou)
            await scene.scan(two, who, kind, hour + 2.1, station=elsewhere)
    first = await scene.close(one)
    assert outcomes(first) == [
        ("B", "impossible_travel", "pending", 120),
        ("B", "accepted", "pending", 120),
    ]
    assert [row.outcome for row in (await scene.close(two)).records] == ["impossible_travel", "accepted"]


async def test_a_doubtful_clock_is_graded_down(scene: Scene) -> None:
    session = await scene.session()
    await scene.scan(session, "alice", "in", 9, doubtful=True)
    await scene.scan(session, "alice", "out", 11)
    assert outcomes(await scene.close(session)) == [("D", "accepted", "pending", 120)]


async def test_the_policy_of_the_service_date_prices(scene: Scene) -> None:
    pack = default_pack()
    dearer = pack.model_copy(update={"crediting": pack.crediting.model_copy(update={"points_per_hour": 20})})
    await scene.adopt(dearer, effective_from=NINE.date() + timedelta(days=1))
    before = await scene.record(await scene.served("alice"))
    after = await scene.record(await scene.served("alice", starts_at=NINE + timedelta(days=1)))
    assert [(one["points"], one["policy_version"]) for one in (before, after)] == [(20, 1), (40, 2)]


@pytest.mark.parametrize("who", ["xu", "bob", "station", "carl"])
async def test_who_may_not_close(scene: Scene, who: str) -> None:
    session = await scene.session()
    with pytest.raises(RefusalError) as refused:
        await scene.close(session, who)
    assert refused.value.code == ("unknown_activity_session" if who == "xu" else "forbidden")


async def test_when_a_session_is_not_closed(scene: Scene) -> None:
    session = await scene.session()
    with pytest.raises(RefusalError, match="session_not_over"):
        await scene.close(session, now=NINE + timedelta(hours=1))
    await scene.close(session, now=EVENING)
    with pytest.raises(RefusalError, match="already_closed_session"):
        await scene.close(session, now=EVENING)
    with pytest.raises(RefusalError, match="unknown_activity_session"):
        await scene.close(session + 1_000)
    other = await scene.session()
    with pytest.raises(RefusalError, match="session_not_closed"):
        await scene.reconsider(other)
    cancel = "update activity_sessions set state = 'cancelled' where bank_id = $1 and id = $2"
    await scene.write(lambda tx: tx.connection.execute(cancel, tx.bank_id, other))
    with pytest.raises(RefusalError, match="session_cancelled"):
        await scene.close(other)
    again = await scene.write(lambda tx: close_due(tx, session_id=other, actor="job", now=EVENING))
    assert again is None


async def test_an_activity_of_nobody_is_closed_by_who_reaches_the_whole_bank_only(scene: Scene) -> None:
    session = await scene.session(at=None)
    with pytest.raises(RefusalError, match="unknown_activity_session"):
        await scene.close(session, "wen")


async def test_what_arrives_later_replaces_what_nobody_has_looked_at(scene: Scene) -> None:
    session = await scene.session()
    await scene.attend(session, "alice", 9, None)
    closed = await scene.close(session)
    old = closed.records[0].id
    await scene.scan(session, "alice", "out", 10.5, received_at=EVENING + timedelta(hours=1))
    await scene.attend(session, "bob")
    again = await scene.reconsider(session)
    assert outcomes(again) == [("B", "accepted", "pending", 90), ("B", "accepted", "pending", 120)]
    first, *new = await scene.records()
    assert (first["id"], first["state"], first["entries"]) == (old, "voided", ["made", "voided"])
    assert [row["corrects_id"] for row in new] == [old, None]
    assert (await scene.reconsider(session)).records == []
    assert len(await scene.records()) == 3


async def test_later_scans_make_good_what_the_rules_rejected(scene: Scene) -> None:
    session = await scene.session()
    await scene.attend(session, "alice", 9, 9.1)
    assert outcomes(await scene.close(session)) == [("B", "too_short", "rejected", 0)]
    await scene.scan(session, "alice", "out", 11, outcome="repeat")
    assert outcomes(await scene.reconsider(session)) == [("B", "accepted", "pending", 120)]


@pytest.mark.parametrize("settled", ["approve", "reject", "dispute", "void"])
async def test_what_somebody_has_looked_at_is_only_noted(scene: Scene, settled: str) -> None:
    session = await scene.session()
    await scene.attend(session, "alice", 9, 10)
    (record,) = (await scene.close(session)).records
    if settled == "dispute":
        await scene.do(
            "alice",
            lambda tx, actor: raise_dispute(tx, actor, record_id=record.id, statement="测试", now=EVENING),
        )
    elif settled == "void":
        await scene.do(
            "olga",
            lambda tx, actor: void_record(tx, actor, record_id=record.id, reason="fraud", now=EVENING),
        )
    else:
        await scene.review("wen", record.id, decision=settled, reason="other")
    before = await scene.record(record.id)
    await scene.scan(session, "alice", "out", 11, outcome="repeat")
    again = await scene.reconsider(session)
    noted = [] if settled == "void" else [record.id]
    assert (again.records, again.noted) == ([], noted)
    (after,) = await scene.records()
    assert after["state"] == before["state"]
    assert after["minutes"] == 60
    assert (await scene.reconsider(session)).noted == []
    entries = after["entries"]
    assert isinstance(entries, list)
    assert entries.count("noted") == len(noted)


async def test_a_thousand_attendances_are_closed_in_few_statements(scene: Scene) -> None:
    session = await scene.session()

    async def crowd(tx: WriteTx) -> list[UUID]:
        connection = tx.connection
        rows = await connection.fetch(
            "insert into people (bank_id, id) select $1, gen_random_uuid() from generate_series(1, 1000)"
            " returning id",
            scene.cast.bank.id,
        )
        people = [row["id"] for row in rows]
        await connection.execute(
            "insert into volunteers (bank_id, code, owner, is_party_member)"
            " select $1, 'V' || row_number() over (), p.id, false from unnest($2::uuid[]) as p (id)",
            scene.cast.bank.id,
            people,
        )
        await connection.execute(
            "insert into scans (bank_id, digest, session_id, volunteer_id, kind, mode, outcome, happened_at,"
            " received_at, actor) select $1, decode(md5(v.id || k.kind), 'hex'), $2, v.id, k.kind, 'station_code',"
            " 'accepted', k.at, k.at, 'test' from volunteers v,"
            " (values ('in', $3::timestamptz), ('out', $4::timestamptz)) as k (kind, at)"
            " where v.bank_id = $1 and v.code like 'V%'",
            scene.cast.bank.id,
            session,
            NINE,
            NINE + timedelta(hours=2),
        )
        return people

    await scene.write(crowd)

    async def close(tx: WriteTx) -> tuple[Closed | None, int]:
        async with statements_in(tx) as asked:
            closed = await close_due(tx, session_id=session, actor="job", now=EVENING)
        return closed, len(asked)

    closed, statements = await scene.write(close)
    assert closed is not None
    assert len(closed.records) == 1_000
    assert statements < 20
