"""Judging scans: the order of refusals, the last place, posters, nearness. No database."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.scans.rules import (
    REFUSALS,
    Claim,
    SessionFacts,
    Site,
    Taken,
    judge,
    nearness,
    needs_place,
    session_of_poster,
)
from timebank.words import words

NOON = datetime(2026, 5, 9, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLACE = Site(7, 25_000_000, 119_000_000, 100)
SESSION = SessionFacts(
    id=1,
    state="planned",
    activity_state="published",
    is_emergency=False,
    starts_at=NOON,
    ends_at=NOON + 2 * HOUR,
    early=HOUR,
    late=2 * HOUR,
    capacity=None,
    sites={7: PLACE},
    organisations=frozenset({3}),
)
CLAIM = Claim(
    digest=b"d",
    kind="in",
    mode="station_code",
    happened_at=NOON,
    session_id=1,
    station_id=7,
    volunteer_id=5,
    phone=b"p",
    proof=b"r",
)


def signed_up(*volunteers: int) -> Taken:
    return Taken(signed_up={(1, volunteer) for volunteer in volunteers})


def test_a_scan_in_order_is_accepted_and_taken() -> None:
    taken = signed_up(5)
    assert judge(CLAIM, SESSION, taken).outcome == "accepted"
    assert taken.pairs == {(1, 5, "in"): NOON}
    assert judge(CLAIM, SESSION, taken).outcome == "repeat"


def test_what_is_refused_takes_nothing() -> None:
    taken = signed_up(5)
    for claim in (replace(CLAIM, fault="code_forged"), replace(CLAIM, late_fault="phone_used")):
        judge(claim, SESSION, taken)
    assert taken == signed_up(5)


FAULTS = ("device_revoked", "code_expired", "card_unknown")
WRONG = {
    "sequence_conflict": {"device": ("d", 1)},
    "code_expired": {"fault": "code_expired"},
    "session_mismatch": {"asked_session_id": 2},
    "station_not_of_session": {"station_id": 8},
    "no_volunteer": {"volunteer_id": None},
    "session_not_open": {"happened_at": NOON - 2 * HOUR},
    "phone_used": {"phone": b"other"},
    "not_signed_up": {"mode": "poster"},
}


@given(st.sets(st.sampled_from(sorted(WRONG)), min_size=1))
def test_of_several_refusals_the_first_in_the_list_is_answered(wrong: set[str]) -> None:
    taken = Taken(sequence={("d", 1): b"another"}, phones={(1, b"other"): {6}})
    claim = CLAIM
    for name in wrong:
        claim = replace(claim, **WRONG[name])  # type: ignore[arg-type]  # arguments of many types
    assert judge(claim, SESSION, taken).outcome == min(wrong, key=REFUSALS.index)


def test_every_refusal_has_its_words() -> None:
    for code in REFUSALS:
        assert all(words(code, station="", volunteer=""))


@pytest.mark.parametrize(
    ("proof_by", "kind", "outcome"),
    [(5, "in", "repeat"), (5, "out", "code_replayed"), (6, "in", "code_replayed"), (None, "out", "accepted")],
)
def test_a_proof_is_used_once(proof_by: int | None, kind: str, outcome: str) -> None:
    taken = Taken(pairs={(1, 5, "in"): NOON}, proofs={} if proof_by is None else {b"r": proof_by})
    assert judge(replace(CLAIM, kind=kind), SESSION, taken).outcome == outcome  # type: ignore[arg-type]  # one of two words


def test_places_left_are_for_who_did_not_sign_up() -> None:
    limited = replace(SESSION, capacity=2)
    taken = Taken(signed_up={(1, 5)}, places_left={1: 1})
    claims = [replace(CLAIM, volunteer_id=v, phone=None, proof=None) for v in (6, 7, 5)]
    outcomes = [judge(claim, limited, taken).outcome for claim in claims]
    assert outcomes == ["accepted", "not_signed_up", "accepted"]
    out = replace(claims[0], kind="out", happened_at=NOON + HOUR)
    assert judge(out, limited, taken).outcome == "accepted"
    assert judge(replace(claims[1], is_afterwards=True), limited, taken).outcome == "accepted"


@given(st.permutations(list(range(12))))
def test_what_is_told_afterwards_comes_to_the_same_in_any_order(order: list[int]) -> None:
    moments = random.Random(1)
    claims = [
        replace(
            CLAIM,
            digest=bytes([n]),
            volunteer_id=n % 3,
            kind="in" if n % 2 else "out",
            happened_at=NOON + timedelta(minutes=moments.randrange(100)),
            phone=None,
            proof=None,
            is_afterwards=True,
            device=("d", n),
            late_fault="code_expired" if n == 4 else None,
        )
        for n in range(12)
    ]
    taken = Taken(places_left={1: 0})
    verdicts = {n: judge(claims[n], replace(SESSION, capacity=1), taken) for n in order}
    good = {n for n, verdict in verdicts.items() if verdict.is_good}
    assert good == set(range(12)) - {4}


def test_an_entry_that_follows_another_than_the_one_on_record_is_doubtful() -> None:
    taken = Taken(sequence={("d", 1): b"one"})
    entry = replace(CLAIM, device=("d", 2), prior=b"one")
    assert not judge(entry, SESSION, taken).is_doubtful
    assert judge(replace(entry, prior=b"two"), SESSION, taken).is_doubtful
    assert not judge(replace(entry, device=("d", 9), prior=b"two", digest=b"e"), SESSION, taken).is_doubtful


def test_only_who_may_walk_in_waits_for_the_lock_on_a_session() -> None:
    session = replace(SESSION, capacity=3)
    assert needs_place(CLAIM, session, Taken())
    assert not needs_place(CLAIM, session, signed_up(5))
    for change in ({"fault": "code_expired"}, {"mode": "poster"}, {"is_afterwards": True}):
        assert not needs_place(replace(CLAIM, **change), session, Taken())
    for facts in ({"capacity": None}, {"is_guarded": True}, {"is_emergency": True}):
        assert not needs_place(CLAIM, replace(session, **facts), Taken())


def test_a_poster_is_for_the_session_checked_in_to_or_signed_up_for_or_next() -> None:
    later = replace(SESSION, id=2, starts_at=NOON + HOUR, ends_at=NOON + 3 * HOUR)
    both = [later, SESSION]
    at = NOON + HOUR
    assert session_of_poster(both, "in", at, 5, Taken()) == 1
    assert session_of_poster(both, "in", at, 5, Taken(signed_up={(2, 5)})) == 2
    checked_in = Taken(signed_up={(2, 5)}, pairs={(1, 5, "in"): NOON})
    assert session_of_poster(both, "out", at, 5, checked_in) == 1
    assert session_of_poster(both, "in", at + 3 * HOUR, 5, Taken()) is None


@pytest.mark.parametrize(
    ("north_metres", "radius", "found"),
    [(0, 100, "inside"), (99, 100, "inside"), (101, 100, "near"), (299, 100, "near"), (302, 100, "far"),
     (299, None, "inside"), (900_000, 100, "far")],
)  # fmt: skip
def test_nearness_is_a_step(north_metres: int, radius: int | None, found: str) -> None:
    latitude = 25.0 + north_metres / 111_195
    assert nearness(replace(PLACE, radius_metres=radius), latitude, 119.0) == found


def test_a_station_that_nobody_placed_is_near_to_nothing() -> None:
    assert nearness(Site(7, None, None, None), 25.0, 119.0) is None
