"""Recording scans: what is accepted, what is refused with which code, and that everything is kept."""

import secrets
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from ledger.session import WriteTx
from tests.api.cast import Cast, enter
from tests.conftest import new_bank
from tests.statements import statements_in
from tests.timebank.scans.scene import ENDS, KEYS, LATITUDE, LONGITUDE, STARTS, Scene, open_scene, own, taken
from timebank.codes.rules import merchant_code, pick_up_code
from timebank.database import Database
from timebank.scans.actions import record_scans
from timebank.scans.requests import ScanRequest

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


async def test_checking_in_and_out_is_an_attendance(scene: Scene) -> None:
    (ann,) = await scene.members(1)
    phone, later = secrets.token_bytes(32), ENDS + 5 * MINUTE
    (first,) = await scene.scan(own(ann, STARTS, code=scene.shown(STARTS), phone=phone))
    assert (first.outcome, first.happened_at, first.check_in_at) == ("accepted", STARTS, STARTS)
    (out,) = await scene.scan(own(ann, later, kind="out", code=scene.shown(later, station=1), phone=phone))
    assert (out.outcome, out.check_in_at, out.check_out_at) == ("accepted", STARTS, later)
    (attendance,) = await scene.attendances()
    assert (attendance.owner, attendance.check_in_at, attendance.check_out_at) == (ann, STARTS, later)
    assert attendance.in_modes == attendance.out_modes == {"station_code"}
    assert attendance.station_ids == set(scene.stations[:2])
    assert not attendance.is_doubtful


async def test_the_first_check_in_lets_the_activity_run(scene: Scene) -> None:
    async def state() -> str:
        query = "select a.state from activities a join activity_sessions s on s.bank_id = $1 and s.activity_id = a.id"
        found: str = await scene.database.read(
            scene.bank,
            lambda tx: tx.connection.fetchval(
                f"{query} where a.bank_id = $1 and s.id = $2", tx.bank_id, scene.session
            ),
        )
        return found

    (ann,) = await scene.members(1)
    assert await scene.outcomes(own(ann, STARTS, code="NONSENSE")) == ["code_unreadable"]
    assert await state() == "published"
    assert await scene.outcomes(own(ann, STARTS, code=scene.shown(STARTS))) == ["accepted"]
    assert await state() == "running"


async def test_a_repeat_is_friendly_says_the_first_time_and_counts(scene: Scene) -> None:
    (ann,) = await scene.members(1)
    phone = secrets.token_bytes(32)
    for minute in (0, 1, 2):
        at = STARTS + minute * MINUTE
        (answer,) = await scene.scan(own(ann, at, code=scene.shown(at), phone=phone))
        assert (answer.outcome, answer.check_in_at) == ("repeat" if minute else "accepted", STARTS)
    for hour in (1, 2):
        at = STARTS + timedelta(hours=hour)
        await scene.scan(own(ann, at, kind="out", code=scene.shown(at), phone=phone))
    (attendance,) = await scene.attendances()
    assert (attendance.check_in_at, attendance.check_out_at) == (STARTS, ENDS)


async def test_everything_wrong_with_a_code_has_its_refusal_and_is_kept(
    scene: Scene, database: Database
) -> None:
    ann, ben = await scene.members(2)
    other = await open_scene(database, await enter(database, await new_bank(database)))
    elsewhere = await scene.another_session(STARTS)
    good = scene.shown(STARTS)
    forged = good[:-8] + ("AAAAAAA" if good[-8:-1] != "AAAAAAA" else "BBBBBBB") + good[-1]
    cases: list[tuple[str, ScanRequest]] = [
        ("code_unreadable", own(ann, STARTS, code="HELLO")),
        ("code_unreadable", own(ann, STARTS, code=(await scene.pass_of(ben)).code(STARTS))),
        ("code_of_other_bank", own(ann, STARTS, code=other.shown(STARTS))),
        ("code_forged", own(ann, STARTS, code=forged)),
        ("code_expired", own(ann, STARTS, code=scene.shown(STARTS - 31 * SECOND))),
        ("code_early", own(ann, STARTS, code=scene.shown(STARTS + 31 * SECOND))),
        ("session_mismatch", own(ann, STARTS, code=good, session_id=elsewhere)),
        ("station_not_of_session", own(ann, STARTS, code=scene.shown(STARTS, station=2))),
        ("unknown_activity_session", own(ann, STARTS, code=scene.shown(STARTS, session=987_654))),
        ("no_volunteer", own(uuid4(), STARTS, code=good)),
    ]
    assert await scene.outcomes(*(request for _, request in cases)) == [code for code, _ in cases]
    kept = await scene.kept()
    assert sorted(outcome for outcome, _ in kept) == sorted(code for code, _ in cases)
    # What the steward of the session counts: what named it, also by a code that nobody made.
    assert [session for _, session in kept].count(scene.session) == 6
    assert await scene.attendances() == []


@pytest.mark.parametrize(
    ("kind", "minutes", "outcome"),
    [
        ("in", -61, "session_not_open"),
        ("in", -60, "accepted"),
        ("in", 120, "accepted"),
        ("in", 121, "session_not_open"),
        ("out", 240, "accepted"),
        ("out", 241, "session_not_open"),
    ],
)
async def test_a_session_takes_scans_in_its_time(scene: Scene, kind: str, minutes: int, outcome: str) -> None:
    (ann,) = await scene.members(1)
    at = STARTS + minutes * MINUTE
    assert await scene.outcomes(own(ann, at, kind=kind, code=scene.shown(at))) == [outcome]


@pytest.mark.parametrize(
    "change",
    [
        "update activity_sessions set state = 'cancelled' where bank_id = $1",
        "update activity_sessions set state = 'closed', closed_at = clock_timestamp() where bank_id = $1",
        "update activities set state = 'draft' where bank_id = $1",
    ],
)
async def test_a_session_that_is_not_on_takes_nothing(scene: Scene, change: str) -> None:
    (ann,) = await scene.members(1)
    await scene.do(change)
    assert await scene.outcomes(own(ann, STARTS, code=scene.shown(STARTS))) == ["session_not_open"]


async def test_a_merchants_or_a_pick_up_code_checks_nobody_in(scene: Scene) -> None:
    (ann,) = await scene.members(1)
    for code in (
        merchant_code(KEYS, bank_id=scene.bank.id, offer_id=1, at=STARTS),
        pick_up_code(KEYS, bank_id=scene.bank.id, reservation_id=1),
    ):
        assert await scene.outcomes(own(ann, STARTS, code=code)) == ["code_unreadable"]
        assert await scene.outcomes(own(ann, STARTS, member_code=code)) == ["code_unreadable"]


async def test_a_steward_scans_codes_and_cards(scene: Scene) -> None:
    ann, ben, cat = await scene.members(3)
    phone, card = await scene.pass_of(ann), await scene.card_of(ben)
    cases = [
        ("accepted", taken(scene, STARTS, member_code=phone.code(STARTS), station_id=scene.stations[0])),
        ("accepted", taken(scene, STARTS, card=card, evidence="pin")),
        ("card_unknown", taken(scene, STARTS, card="TBC-0000000000000000", evidence="photo")),
        ("code_expired", taken(scene, STARTS, member_code=phone.code(STARTS - 61 * SECOND))),
        ("code_early", taken(scene, STARTS, member_code=phone.code(STARTS + 61 * SECOND))),
        ("code_unreadable", taken(scene, STARTS, member_code=scene.shown(STARTS))),
        (
            "station_not_of_session",
            taken(scene, STARTS, member_code=phone.code(STARTS), station_id=scene.stations[2]),
        ),
        (
            "unknown_activity_session",
            taken(scene, STARTS, member_code=phone.code(STARTS), within=frozenset({10**9})),
        ),
    ]
    assert await scene.outcomes(*(request for _, request in cases)) == [outcome for outcome, _ in cases]
    lost = await scene.pass_of(cat)
    await scene.do("update passes set revoked_at = $2 where bank_id = $1 and id = $3", STARTS, lost.id)
    assert await scene.outcomes(taken(scene, STARTS, member_code=lost.code(STARTS))) == ["pass_revoked"]
    assert {a.owner: a.in_modes for a in await scene.attendances()} == {ann: {"member_code"}, ben: {"card"}}


async def test_a_picture_of_a_member_s_code_is_no_use_at_another_session(scene: Scene) -> None:
    (ann,) = await scene.members(1)
    code, other = (await scene.pass_of(ann)).code(STARTS), await scene.another_session(STARTS)
    assert await scene.outcomes(taken(scene, STARTS, member_code=code)) == ["accepted"]
    replayed = taken(scene, STARTS + 5 * SECOND, member_code=code, session_id=other)
    assert await scene.outcomes(replayed) == ["code_replayed"]


async def test_a_full_session_sends_away_who_did_not_sign_up(database: Database, cast: Cast) -> None:
    scene = await open_scene(database, cast, capacity=3)
    (ann,) = await scene.members(1)
    walkers = await scene.members(3, signed_up=False)
    code = scene.shown(STARTS)
    first = [own(person, STARTS, code=code) for person in walkers]
    assert await scene.outcomes(*first) == ["accepted", "accepted", "not_signed_up"]
    assert await scene.outcomes(own(ann, STARTS, code=code)) == ["accepted"]
    out = own(walkers[0], ENDS, kind="out", code=scene.shown(ENDS))
    assert await scene.outcomes(out, own(walkers[2], STARTS, code=code)) == ["accepted", "not_signed_up"]


async def test_an_emergency_and_a_session_without_limit_take_whoever_comes(scene: Scene) -> None:
    walkers = await scene.members(2, signed_up=False)
    rescue = await scene.another_session(STARTS, capacity=1, kind="emergency")
    for session in (scene.session, rescue):
        code = scene.shown(STARTS, session=session)
        assert await scene.outcomes(*(own(p, STARTS, code=code) for p in walkers)) == ["accepted"] * 2


async def test_a_poster_checks_in_who_signed_up_to_the_session_that_is_on(scene: Scene) -> None:
    ann, ben = await scene.members(2)
    (cat,) = await scene.members(1, signed_up=False)
    afternoon = await scene.another_session(STARTS + timedelta(hours=3))
    await scene.sign_up([ann], session=afternoon)
    cases = [
        ("accepted", own(ann, STARTS, code=scene.poster())),
        ("code_expired", own(ben, STARTS, code=scene.poster(serial=2))),
        ("not_signed_up", own(cat, STARTS, code=scene.poster())),
        ("session_not_open", own(ben, STARTS - timedelta(hours=5), code=scene.poster())),
        ("session_not_open", own(ben, STARTS, code=scene.poster(station=2))),
        ("accepted", own(ann, ENDS + 30 * MINUTE, kind="out", code=scene.poster())),
        ("accepted", own(ann, ENDS + 30 * MINUTE, code=scene.poster())),
    ]
    assert await scene.outcomes(*(request for _, request in cases)) == [outcome for outcome, _ in cases]
    (morning,) = await scene.attendances()
    assert (set(morning.in_modes), morning.check_out_at) == ({"poster"}, ENDS + 30 * MINUTE)
    assert [a.check_in_at for a in await scene.attendances(afternoon)] == [ENDS + 30 * MINUTE]


async def test_a_roll_call_names_who_signed_up_or_is_in_reach(scene: Scene, cast: Cast) -> None:
    ann, bob = (await scene.members(1))[0], cast.people["bob"]
    cases = [
        ("accepted", taken(scene, STARTS, person_id=ann, by_hand="roll_call")),
        ("no_volunteer", taken(scene, STARTS, person_id=bob, by_hand="roll_call")),
        ("no_volunteer", taken(scene, STARTS, person_id=uuid4(), by_hand="roll_call")),
    ]
    assert await scene.outcomes(*(request for _, request in cases)) == [outcome for outcome, _ in cases]
    await scene.sign_up([bob])
    again = replace(cases[1][1], digest=secrets.token_bytes(32))
    assert await scene.outcomes(again) == ["accepted"]


async def test_papers_are_entered_after_the_session_was_closed(scene: Scene) -> None:
    (ann,) = await scene.members(1)
    await scene.do(
        "update activity_sessions set state = 'closed', closed_at = $2 where bank_id = $1 and id = $3",
        ENDS,
        scene.session,
    )
    now = ENDS + timedelta(days=3)
    rows = [
        taken(scene, now, kind=kind, person_id=ann, by_hand="late_entry", happened_at=at, evidence="S-1/2")
        for kind, at in (("in", STARTS), ("out", ENDS))
    ]
    assert await scene.outcomes(*rows) == ["accepted", "accepted"]
    (attendance,) = await scene.attendances()
    assert (attendance.check_in_at, attendance.check_out_at) == (STARTS, ENDS)
    assert attendance.in_modes == {"late_entry"}


async def test_the_same_digest_is_the_same_scan(scene: Scene) -> None:
    (ann,) = await scene.members(1)
    request = own(ann, STARTS, code=scene.shown(STARTS))
    refused = own(ann, STARTS, code="HELLO")
    for _ in range(2):
        assert await scene.outcomes(request, refused, request, refused) == [
            "accepted", "code_unreadable", "accepted", "code_unreadable",
        ]  # fmt: skip
    assert len(await scene.kept()) == 2


async def test_where_a_phone_is_is_kept_only_as_nearness_and_only_with_consent(scene: Scene) -> None:
    people = await scene.members(4)
    for person in people[:3]:
        await scene.do(
            "insert into consents (bank_id, person_id, purpose, is_given, text_version, declared_by, actor)"
            " values ($1, $2, 'location', true, '1', $2, 'test')",
            person,
        )
    places = [(LATITUDE, LONGITUDE), (LATITUDE + 0.002, LONGITUDE), (LATITUDE, LONGITUDE + 1)]
    places.append(places[0])
    code = scene.shown(STARTS)
    requests = [own(p, STARTS, code=code, location=at) for p, at in zip(people, places, strict=True)]
    assert await scene.outcomes(*requests) == ["accepted"] * 4
    rows = await scene.database.read(
        scene.bank,
        lambda tx: tx.connection.fetch(
            "select s.nearness from scans s join volunteers v on v.bank_id = $1 and v.id = s.volunteer_id"
            " where s.bank_id = $1 order by array_position($2, v.owner)",
            tx.bank_id,
            people,
        ),
    )
    assert [row["nearness"] for row in rows] == ["inside", "near", "far", None]


async def test_a_batch_takes_as_many_statements_as_one_scan(scene: Scene) -> None:
    people = await scene.members(60)
    code = scene.shown(STARTS)

    async def statements(*requests: ScanRequest) -> int:
        async def work(tx: WriteTx) -> int:
            async with statements_in(tx) as asked:
                answers = await record_scans(tx, requests, codes=KEYS)
            assert {answer.outcome for answer in answers} == {"accepted"}
            return len(asked)

        return await scene.database.write(scene.bank, work)

    first = await statements(own(people[0], STARTS, code=code))
    one = await statements(own(people[1], STARTS, code=code))
    many = await statements(*(own(person, STARTS, code=code) for person in people[2:]))
    # With the first the activity runs.
    assert (first, one, many) == (5, 4, 4)


async def test_what_a_steward_scans_of_themself_is_doubted(scene: Scene) -> None:
    ann, ben = await scene.members(2)
    for person in (ann, ben):
        shown = (await scene.pass_of(person)).code(STARTS)
        answer = await scene.outcomes(taken(scene, STARTS, member_code=shown, actor=f"person:{ann}"))
        assert answer == ["accepted"]
    assert {a.owner: a.is_doubtful for a in await scene.attendances()} == {ann: True, ben: False}


@pytest.mark.parametrize("guard", ["is_dangerous = true, insurance = '保单'", "min_age = 18"])
@pytest.mark.parametrize("kind", ["ordinary", "emergency"])
async def test_nobody_walks_in_where_a_sign_up_asks_for_the_age(scene: Scene, guard: str, kind: str) -> None:
    (ann,), (ben,) = await scene.members(1), await scene.members(1, signed_up=False)
    await scene.do(f"update activities set {guard}, kind = '{kind}' where bank_id = $1")
    code, card = scene.shown(STARTS), await scene.card_of(ben)
    requests = [own(person, STARTS, code=code) for person in (ann, ben)]
    assert await scene.outcomes(*requests, taken(scene, STARTS, card=card)) == [
        "accepted", "not_signed_up", "not_signed_up",
    ]  # fmt: skip
