"""The edge: one answer per key, the commit before the response, and nothing for who is not logged in."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import pytest_asyncio
from fastapi import Body, FastAPI
from pydantic import BaseModel
from starlette.responses import Response

from api.edge import CallerOf, IdempotencyKey, Refusal
from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import Posted
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.ledger.drafts import award
from timebank.access import Actor
from timebank.database import Bank, Database

if TYPE_CHECKING:
    import asyncpg

KEYED = {"Idempotency-Key": "k1"}


class Paid(BaseModel):
    """What the probe did."""

    transaction_id: int


@pytest_asyncio.fixture(autouse=True)
async def probe(app: FastAPI) -> AsyncIterator[None]:
    """Add routes that post to whom they are told, in the ways that real ones do."""

    async def pay(
        caller: CallerOf, key: IdempotencyKey, owner: Annotated[UUID, Body(embed=True)]
    ) -> Response:
        async def work(tx: WriteTx, actor: Actor) -> Paid | Refusal:
            del actor
            if owner.int == 0:
                return Refusal("unknown_person", {})
            (outcome,) = await post(tx, [award(owner, 5, key=f"probe {key}")])
            assert isinstance(outcome, Posted)
            return Paid(transaction_id=outcome.transaction_id)

        return await caller.write_once(key, {"owner": owner}, work, action="probe.pay")

    app.add_api_route("/probe", pay, methods=["POST"])
    yield


async def posted(database: Database, bank: Bank) -> int:
    """Return how many transactions and acts there are, which must be the same."""
    row = await database.read(
        bank,
        lambda tx: tx.connection.fetchrow(
            "select (select count(*) from transactions where bank_id = $1),"
            " (select count(*) from acts where bank_id = $1), (select count(*) from replies where bank_id = $1)",
            tx.bank_id,
        ),
    )
    assert row is not None
    assert len(set(row)) == 1
    return int(row[0])


async def test_a_key_has_one_answer(as_: As, cast: Cast, database: Database) -> None:
    body = {"owner": str(cast.people["alice"])}
    first = await as_("olga").post("/probe", json=body, headers=KEYED)
    again = await as_("olga").post("/probe", json=body, headers=KEYED)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert first.status_code == 201
    assert await posted(database, cast.bank) == 1


async def test_twenty_at_once_with_one_key_get_one_answer(as_: As, cast: Cast, database: Database) -> None:
    body = {"owner": str(cast.people["alice"])}
    answers = await asyncio.gather(*(as_("olga").post("/probe", json=body, headers=KEYED) for _ in range(20)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert await posted(database, cast.bank) == 1


async def test_a_key_is_its_actors_own(as_: As, cast: Cast) -> None:
    body = {"owner": str(cast.people["alice"])}
    await as_("olga").post("/probe", json=body, headers=KEYED)
    other = await as_("wen").post("/probe", json={"owner": str(UUID(int=0))}, headers=KEYED)
    assert other.status_code == 404


async def test_another_request_with_the_key_is_told_so(as_: As, cast: Cast, database: Database) -> None:
    await as_("olga").post("/probe", json={"owner": str(cast.people["alice"])}, headers=KEYED)
    answer = await as_("olga").post("/probe", json={"owner": str(cast.people["bob"])}, headers=KEYED)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")
    assert await posted(database, cast.bank) == 1


async def test_a_refusal_on_record_is_repeated_too(as_: As) -> None:
    for _ in range(2):
        answer = await as_("olga").post("/probe", json={"owner": str(UUID(int=0))}, headers=KEYED)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_person")
        assert answer.headers["content-type"] == "application/problem+json"


async def test_without_a_key_nothing_moves(as_: As, cast: Cast, database: Database) -> None:
    for headers in ({}, {"Idempotency-Key": ""}, {"Idempotency-Key": "x" * 101}, {"Idempotency-Key": "a b"}):
        answer = await as_("olga").post("/probe", json={"owner": str(cast.people["alice"])}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
        assert answer.json()["errors"][0]["where"] == "header.Idempotency-Key"
    assert await posted(database, cast.bank) == 0


async def test_when_the_commit_fails_nobody_hears_of_success(
    as_: As, cast: Cast, database: Database, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await superuser.execute(
        "create function spoil() returns trigger language plpgsql as"
        f" $$ begin if new.bank_id = {cast.bank.id} then raise exception 'spoiled'; end if; return null; end $$;"
        "create constraint trigger spoil after insert on acts deferrable initially deferred"
        " for each row execute function spoil()"
    )
    body = {"owner": str(cast.people["alice"])}
    try:
        answer = await as_("olga").post("/probe", json=body, headers=KEYED)
        assert (answer.status_code, answer.json()["code"]) == (500, "internal")
        assert "spoiled" not in answer.text
        assert (answer.headers["x-content-type-options"], answer.headers["cache-control"]) == (
            "nosniff",
            "no-store",
        )
        assert answer.headers["x-request-id"] == answer.json()["request_id"]
        assert await posted(database, cast.bank) == 0
    finally:
        await superuser.execute("drop trigger spoil on acts; drop function spoil()")
    answer = await as_("olga").post("/probe", json=body, headers=KEYED)
    assert answer.status_code == 201
    assert await posted(database, cast.bank) == 1


async def test_a_connection_lost_at_the_commit_is_an_outage(
    as_: As, cast: Cast, database: Database, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await superuser.execute(
        "create function cut() returns trigger language plpgsql security definer as"
        f" $$ begin if new.bank_id = {cast.bank.id} then perform pg_terminate_backend(pg_backend_pid());"
        " perform pg_sleep(1); end if; return null; end $$;"
        "create constraint trigger cut after insert on acts deferrable initially deferred"
        " for each row execute function cut()"
    )
    body = {"owner": str(cast.people["alice"])}
    try:
        answer = await as_("olga").post("/probe", json=body, headers=KEYED)
        assert (answer.status_code, answer.json()["code"]) == (503, "database_lost")
        assert answer.headers["retry-after"]
    finally:
        await superuser.execute("drop trigger cut on acts; drop function cut()")
    assert (await as_("olga").post("/probe", json=body, headers=KEYED)).status_code == 201
    assert await posted(database, cast.bank) == 1


async def test_a_body_may_not_be_large(as_: As) -> None:
    for body in (b"x" * 300_000, b'{"owner": "' + b"x" * 300_000):
        answer = await as_("olga").post("/probe", content=body, headers=KEYED)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_a_body_that_does_not_say_its_length_is_counted(as_: As) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 10_000

    answer = await as_("olga").post("/probe", content=pieces(), headers=KEYED)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_what_was_sent_is_not_said_back(as_: As) -> None:
    answer = await as_("olga").post("/probe", json={"owner": "19900000001"}, headers=KEYED)
    assert answer.status_code == 422
    assert "19900000001" not in answer.text
    assert answer.json()["errors"] == [{"where": "body.owner", "what": "uuid_parsing"}]


async def test_unknown_places_and_methods_are_problems_too(as_: As) -> None:
    for path, method, status in (("/api/v1/nothing", "GET", 404), ("/api/v1/me", "PUT", 405)):
        answer = await as_("olga").request(method, path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
