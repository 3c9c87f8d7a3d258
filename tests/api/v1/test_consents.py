"""Consents over HTTP: one's own, a worker's on paper, a guardian's, an agent's."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ledger.session import WriteTx
from tests.api.cast import Cast
from tests.api.conftest import As
from timebank.database import Database

LOCATION = {"purpose": "location", "is_given": True, "text_version": "2026-1"}


def place(cast: Cast, name: str) -> str:
    return f"/api/v1/people/{cast.people[name]}/consents"


async def test_what_is_given_can_be_withdrawn_and_both_stay_on_record(as_: As, cast: Cast) -> None:
    alice = as_("alice")
    before = (await alice.get(place(cast, "alice"))).json()
    assert [row["purpose"] for row in before] == [
        "location",
        "publication",
        "merchant",
        "employer",
        "guardian",
    ]
    assert not any(row["is_given"] for row in before)
    answer = await alice.post(place(cast, "alice"), json=LOCATION)
    assert answer.status_code == 201
    assert answer.json()["declared_by"] == str(cast.people["alice"])
    assert (await alice.get(place(cast, "alice"))).json()[0]["is_given"]
    await alice.post(place(cast, "alice"), json=LOCATION | {"is_given": False})
    assert not (await alice.get(place(cast, "alice"))).json()[0]["is_given"]
    first = (await alice.get(f"{place(cast, 'alice')}/history", params={"limit": 1})).json()
    rest = await alice.get(f"{place(cast, 'alice')}/history", params={"cursor": first["next_cursor"]})
    assert [row["is_given"] for row in (*first["items"], *rest.json()["items"])] == [True, False]


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("alice", 201),
        ("wen", 201),
        ("xu", 404),
        ("bob", 403),
        ("olga", 403),
        ("audrey", 403),
        ("adam", 403),
        ("carl", 403),
        ("station", 403),
        ("stranger", 401),
    ],
)
async def test_who_may_declare(as_: As, cast: Cast, name: str, status: int) -> None:
    assert (await as_(name).post(place(cast, "alice"), json=LOCATION)).status_code == status


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("alice", 200),
        ("wen", 200),
        ("adam", 200),
        ("xu", 404),
        ("bob", 403),
        ("till", 403),
        ("stranger", 401),
    ],
)
async def test_who_may_read(as_: As, cast: Cast, name: str, status: int) -> None:
    assert (await as_(name).get(place(cast, "alice"))).status_code == status
    assert (await as_(name).get(f"{place(cast, 'alice')}/history")).status_code == status


async def test_a_worker_s_look_is_on_record(as_: As, cast: Cast) -> None:
    await as_("wen").get(place(cast, "alice"))
    looks = await as_("alice").get(f"/api/v1/people/{cast.people['alice']}/look-ups")
    (look,) = looks.json()["items"]
    assert (look["purpose"], look["fields"]) == ("consents.read", ["consents"])
    assert look["roles"][0]["role"] == "community_worker"


async def test_a_guardian_and_an_agent_speak_for_who_they_act_for(
    as_: As, cast: Cast, database: Database
) -> None:
    bob = cast.people["bob"]

    async def work(tx: WriteTx) -> None:
        await tx.connection.execute(
            "insert into guardianships (bank_id, minor_id, guardian_id, relation, from_on, recorded_by)"
            " values ($1, $2, $3, 'mother', $4, 'test')",
            tx.bank_id,
            cast.people["alice"],
            bob,
            date(2025, 1, 1),
        )
        now = datetime.now(UTC)
        await tx.connection.execute(
            "insert into proxies (bank_id, principal_id, agent_id, scopes, reason, from_at, until_at, made_by)"
            " values ($1, $2, $3, '{consents}', 'ill', $4, $5, 'test')",
            tx.bank_id,
            cast.people["carl"],
            bob,
            now,
            now + timedelta(days=1),
        )

    await database.write(cast.bank, work)
    for principal in ("alice", "carl"):
        answer = await as_("bob").post(place(cast, principal), json=LOCATION)
        assert (answer.status_code, answer.json().get("declared_by")) == (201, str(bob))
    refused = await as_("alice").post(place(cast, "alice"), json=LOCATION)
    assert (refused.status_code, refused.json()["code"]) == (422, "guardian_needed")
    withdrawn = await as_("bob").post(place(cast, "alice"), json=LOCATION | {"is_given": False})
    assert withdrawn.status_code == 201


@pytest.mark.parametrize(
    "wrong",
    [{"purpose": "anything"}, {"text_version": ""}, {"text_version": "a\0"}, {"is_given": None}, {"more": 1}],
)
async def test_what_is_no_declaration_is_refused(as_: As, cast: Cast, wrong: dict[str, object]) -> None:
    answer = await as_("alice").post(place(cast, "alice"), json=LOCATION | wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


async def test_somebody_else_s_word_is_refused(as_: As, cast: Cast) -> None:
    body = LOCATION | {"declared_by": str(cast.people["bob"])}
    answer = await as_("wen").post(place(cast, "alice"), json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "declarer_not_entitled")
