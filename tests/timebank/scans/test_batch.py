"""Stations without network: the same attendances in whatever order, however often and by whomever it is told."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from tests.api.cast import Cast
from tests.timebank.scans.outage import Outage, lose_network, signed
from tests.timebank.scans.scene import ENDS, STARTS, Scene, open_scene, taken
from timebank.codes.rules import MemberCode, read_code
from timebank.database import Database
from timebank.scans.batch import FIRST_PRIOR, Entry, canonical, digest_of, moment_of
from timebank.scans.queries import SessionAttendance

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
EVENING = ENDS + timedelta(hours=8)


async def a_day(scene: Scene, outage: Outage, members: int, *, doubled: bool = False) -> list[Entry]:
    """Let members come and go while the station is offline, some of them scanned again or sent away."""
    phones = [await scene.pass_of(person) for person in await scene.members(members)]
    random = Random(members)
    with outage.queue() as queue:
        moments = [
            (kind, phone, base + random.randrange(3000) * SECOND)
            for phone in phones
            for kind, base in (("in", STARTS - 30 * MINUTE), ("out", ENDS))
        ]
        if doubled:
            moments += [(kind, phone, at + 7 * MINUTE) for kind, phone, at in moments[::5]]
        for kind, phone, at in sorted(moments, key=lambda moment: moment[2]):
            queue.add(
                kind=kind,  # type: ignore[arg-type]  # of a tuple: one of two words
                activity_session_id=scene.session,
                now=at - 3 * SECOND,
                offset_ms=3000,
                station_id=scene.stations[0],
                member_code=phone.code(at + random.randrange(-50, 50) * SECOND),
                outcome="code_expired" if random.random() < 0.02 else "accepted",
            )
    return outage.entries()


async def truth(scene: Scene, entries: list[Entry]) -> set[tuple[UUID, datetime | None, datetime | None]]:
    """Return who was there from when to when, by what the station told the members."""
    rows = await scene.database.read(
        scene.bank,
        lambda tx: tx.connection.fetch("select id, person_id from passes where bank_id = $1", tx.bank_id),
    )
    owners = {row["id"]: row["person_id"] for row in rows}
    times: dict[UUID, dict[str, list[datetime]]] = {}
    for entry in entries:
        code = read_code(entry.member_code or "")
        assert isinstance(code, MemberCode)
        if entry.outcome == "accepted":
            times.setdefault(owners[code.pass_id], {}).setdefault(entry.kind, []).append(moment_of(entry))
    return {
        (owner, min(found.get("in", []), default=None), max(found.get("out", []), default=None))
        for owner, found in times.items()
    }


def plain(attendances: list[SessionAttendance]) -> list[tuple[object, ...]]:
    """Return attendances without ids that differ from bank to bank."""
    return [
        (a.check_in_at, a.check_out_at, a.in_modes, a.out_modes, a.is_doubtful, len(a.station_ids))
        for a in attendances
    ]


@pytest.mark.parametrize("seed", range(6))
async def test_order_partition_and_repetition_make_no_difference(
    database: Database, cast: Cast, tmp_path: Path, seed: int
) -> None:
    scene = await open_scene(database, cast)
    first = await lose_network(scene, tmp_path)
    entries = await a_day(scene, first, 8, doubled=True)
    random = Random(seed)
    sent = entries + random.choices(entries, k=len(entries) // 2)
    random.shuffle(sent)
    told: dict[int, set[str]] = {}
    while sent:
        part = [sent.pop() for _ in range(min(len(sent), random.randrange(1, 9)))]
        outcomes = await first.upload(part, EVENING + len(sent) * MINUTE)
        for entry, outcome in zip(sorted(part, key=lambda e: e.seq), outcomes, strict=True):
            told.setdefault(entry.seq, set()).add(outcome)
    assert all(len(outcomes) == 1 for outcomes in told.values())
    attendances = await scene.attendances()
    assert {(a.owner, a.check_in_at, a.check_out_at) for a in attendances} == await truth(scene, entries)
    for attendance in attendances:
        assert attendance.in_modes | attendance.out_modes == {"member_code"}
        assert not attendance.is_doubtful
    (rows,) = await database.read(
        scene.bank,
        lambda tx: tx.connection.fetch(
            "select count(*) as n, count(distinct device_seq) as seqs from scans where bank_id = $1",
            tx.bank_id,
        ),
    )
    assert rows["n"] == rows["seqs"] == len(entries)


async def test_two_thousand_scans_uploaded_twice_out_of_order_and_half_by_another_device(
    database: Database, cast: Cast, tmp_path: Path
) -> None:
    scene = await open_scene(database, cast)
    one, two = await lose_network(scene, tmp_path), await lose_network(scene, tmp_path)
    people = await scene.members(1000)
    phones = [await scene.pass_of(person) for person in people]
    online = await scene.another_session(STARTS)
    await scene.sign_up(people, session=online)
    random = Random(1)
    queue_one, queue_two = one.queue(), two.queue()
    for kind, base in (("in", STARTS - 30 * MINUTE), ("out", ENDS)):
        requests = []
        for n, phone in enumerate(phones):
            at = base + n * 3 * SECOND
            for queue in (queue_one, queue_two) if n % 2 else (queue_one,):
                queue.add(
                    kind=kind,  # type: ignore[arg-type]  # of a tuple: one of two words
                    activity_session_id=scene.session,
                    now=at,
                    offset_ms=0,
                    station_id=scene.stations[0],
                    member_code=phone.code(at),
                )
            requests.append(
                taken(
                    scene,
                    at,
                    kind=kind,
                    member_code=phone.code(at),
                    session_id=online,
                    station_id=scene.stations[0],
                )
            )
        for start in range(0, 1000, 250):
            assert set(await scene.outcomes(*requests[start : start + 250])) == {"accepted"}
    queue_one.__exit__(None, None, None)
    queue_two.__exit__(None, None, None)
    assert (len(one.entries()), len(two.entries())) == (2000, 1000)
    parts = [
        (outage, entries[start : start + 400])
        for outage, entries in ((one, one.entries()), (two, two.entries()), (one, one.entries()))
        for start in range(0, len(entries), 400)
    ]
    random.shuffle(parts)
    for outage, part in parts:
        assert set(await outage.upload(part, EVENING)) <= {"accepted", "repeat"}
    offline = await scene.attendances()
    assert len(offline) == 1000
    assert plain(offline) == plain(await scene.attendances(online))


async def test_the_same_number_with_another_content_is_a_conflict(scene: Scene, tmp_path: Path) -> None:
    outage = await lose_network(scene, tmp_path)
    first, second, *_ = entries = await a_day(scene, outage, 2)
    assert await outage.upload(entries[:1], EVENING) == ["accepted"]
    forked = signed(outage, replace(first, kind="out"))
    for _ in range(2):
        assert await outage.upload([forked], EVENING) == ["sequence_conflict"]
        assert await outage.upload([first], EVENING) == ["accepted"]
    # An entry that says it follows another than the one that is on record was made by a copy of the queue.
    stray = signed(outage, replace(second, prior=digest_of(outage.device, forked).hex()))
    await outage.upload([stray], EVENING)
    assert [a.is_doubtful for a in await scene.attendances() if a.check_in_at != STARTS].count(True) == 1


async def test_what_the_device_did_not_sign_is_refused_and_stands_in_nobody_s_way(
    scene: Scene, tmp_path: Path
) -> None:
    outage, other = await lose_network(scene, tmp_path), await lose_network(scene, tmp_path)
    (entry, *_) = await a_day(scene, outage, 1)
    for wrong in (replace(entry, kind="out"), replace(entry, seq=9), signed(other, entry)):
        assert await outage.upload([wrong], EVENING) == ["signature_invalid"]
    assert await other.upload([entry], EVENING) == ["signature_invalid"]
    assert await outage.upload([entry], EVENING) == ["accepted"]
    assert len(await scene.kept()) == 5


async def test_a_lost_device_is_believed_only_about_before_and_with_doubt(
    scene: Scene, tmp_path: Path
) -> None:
    outage = await lose_network(scene, tmp_path)
    entries = await a_day(scene, outage, 4)
    half = len(entries) // 2
    await scene.do(
        "update devices set revoked_at = $2, revoked_by = 'test' where bank_id = $1", STARTS + 60 * MINUTE
    )
    outcomes = await outage.upload(entries, EVENING)
    assert set(outcomes[:half]) <= {"accepted", "code_expired"}
    assert set(outcomes[half:]) == {"device_revoked"}
    attendances = await scene.attendances()
    assert attendances
    assert all(a.is_doubtful and a.check_out_at is None for a in attendances)


async def test_codes_and_cards_are_checked_as_of_the_scan(scene: Scene, tmp_path: Path) -> None:
    outage = await lose_network(scene, tmp_path)
    ann, ben = await scene.members(2)
    phone, card = await scene.pass_of(ann), await scene.card_of(ben)
    with outage.queue() as queue:
        for seconds in (-91, -60, 60, 91):
            queue.add(
                kind="in",
                activity_session_id=scene.session,
                now=STARTS,
                offset_ms=0,
                member_code=phone.code(STARTS + seconds * SECOND),
            )
        queue.add(kind="in", activity_session_id=scene.session, now=STARTS, offset_ms=0, card=card)
        queue.add(kind="in", activity_session_id=scene.session, now=ENDS + MINUTE, offset_ms=0, card=card)
        queue.add(kind="in", activity_session_id=scene.session + 10**6, now=STARTS, offset_ms=0, card=card)
    await scene.do(
        "update cards set revoked_at = $2, revoked_for = 'lost' where bank_id = $1", STARTS + MINUTE
    )
    await scene.do("update passes set revoked_at = $2 where bank_id = $1", STARTS + MINUTE)
    assert await outage.upload(outage.entries(), EVENING) == [
        "code_expired", "accepted", "repeat", "code_early", "accepted", "card_unknown", "unknown_activity_session",
    ]  # fmt: skip


async def test_another_place_s_session_is_unknown_to_a_station(
    scene: Scene, tmp_path: Path, cast: Cast
) -> None:
    outage = await lose_network(scene, tmp_path, organisation=cast.organisations["birch"])
    (entry, *_) = await a_day(scene, outage, 1)
    assert await outage.upload([entry], EVENING) == ["unknown_activity_session"]


async def test_what_the_station_refused_is_kept_and_counts_for_nothing(scene: Scene, tmp_path: Path) -> None:
    outage = await lose_network(scene, tmp_path)
    card = await scene.card_of((await scene.members(1))[0])
    with outage.queue() as queue:
        for outcome in ("phone_used", "accepted"):
            queue.add(
                kind="in",
                activity_session_id=scene.session,
                now=STARTS,
                offset_ms=0,
                card=card,
                outcome=outcome,
            )
    assert await outage.upload(outage.entries(), EVENING) == ["phone_used", "accepted"]


async def test_an_upload_after_the_closing_counts(scene: Scene, tmp_path: Path) -> None:
    outage = await lose_network(scene, tmp_path)
    entries = await a_day(scene, outage, 1)
    await scene.do("update activity_sessions set state = 'closed', closed_at = $2 where bank_id = $1", ENDS)
    assert await outage.upload(entries, EVENING) == ["accepted", "accepted"]
    await scene.do("update activities set state = 'cancelled' where bank_id = $1")
    assert await outage.upload(entries, EVENING) == ["accepted", "accepted"]


def test_the_chain_and_the_bytes_are_as_documented() -> None:
    text = (Path(__file__).parents[3] / "docs" / "offline.md").read_text(encoding="utf-8")
    block = text.split("```json\n", 1)[1].split("```", 1)[0]
    example = json.loads(block)
    device, entry = example.pop("device_id"), example.pop("entry")
    said = Entry(**entry)
    assert said.prior == FIRST_PRIOR
    assert canonical(UUID(device), said).decode() == example["signed_bytes"]
    assert sha256(canonical(UUID(device), said)).hexdigest() == example["digest"]


async def test_a_station_knows_nothing_of_the_time_before_it_was_enrolled(
    scene: Scene, tmp_path: Path
) -> None:
    outage = await lose_network(scene, tmp_path, enrolled=STARTS + 30 * MINUTE)
    cards = [await scene.card_of(person) for person in await scene.members(2)]
    with outage.queue() as queue:
        for card, minute in zip(cards, (20, 40), strict=True):
            at = STARTS + minute * MINUTE
            queue.add(kind="in", activity_session_id=scene.session, now=at, offset_ms=0, card=card)
    assert await outage.upload(outage.entries(), EVENING) == ["accepted", "accepted"]
    doubts = {a.check_in_at: a.is_doubtful for a in await scene.attendances()}
    assert doubts == {STARTS + 20 * MINUTE: True, STARTS + 40 * MINUTE: False}
