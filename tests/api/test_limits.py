"""Limits of one process: how often, and how long."""

import asyncio
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI

from api.app import create_app, turned_away
from api.limits import Buckets
from api.middleware import Guard
from api.service import Service


class Clock:
    """A clock that is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def client(app: object) -> httpx2.AsyncClient:
    """Return a client of an application."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test")  # type: ignore[arg-type]  # any application


def test_a_bucket_fills_again_with_time() -> None:
    clock = Clock()
    buckets = Buckets(2, 0.5, clock)
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 2]
    assert buckets.take("b") == 0
    clock.now = 1.9
    assert buckets.take("a") == pytest.approx(0.1)
    clock.now = 2
    assert buckets.take("a") == 0
    clock.now = 1000
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 2]


async def test_who_asks_too_often_is_told_when_to_come_again(service: Service) -> None:
    clock = Clock()
    async with client(create_app(service, buckets=Buckets(2, 0.1, clock))) as anybody:
        answers = [await anybody.get("/health/live") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert (answers[2].json()["code"], answers[2].headers["retry-after"]) == ("throttled", "11")
        assert answers[2].headers["x-content-type-options"] == "nosniff"
        clock.now = 10
        assert (await anybody.get("/health/live")).status_code == 200


async def test_what_anybody_can_make_up_is_no_way_around_the_limit_of_an_address(service: Service) -> None:
    token, _ = service.tokens.issue("any", uuid4(), now=service.now())
    made_up = [f"Bearer {number}" for number in range(3)] + ["Basic x", f"Bearer {token[:-9]}aaaaaaaaa"]
    async with client(create_app(service, buckets=Buckets(2, 0.1, Clock()))) as anybody:
        statuses = [
            (await anybody.get("/health/live", headers={"Authorization": said})).status_code
            for said in made_up
        ]
        assert statuses == [200, 200, 429, 429, 429]
        theirs = await anybody.get("/health/live", headers={"Authorization": f"Bearer {token}"})
        assert theirs.status_code == 200


async def test_a_household_of_ipv6_has_one_limit(service: Service) -> None:
    app = create_app(service, buckets=Buckets(2, 0.1, Clock()))
    statuses = []
    for address in ("2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"):
        transport = httpx2.ASGITransport(app=app, client=(address, 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as anybody:
            statuses.append((await anybody.get("/health/live")).status_code)
    assert statuses == [200, 200, 429, 200]


async def test_a_request_that_takes_too_long_is_ended() -> None:
    slow = FastAPI()
    ended = asyncio.Event()

    @slow.get("/slow")
    async def _slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    async with client(Guard(slow, buckets=Buckets(9, 9), refused=turned_away, seconds=0.05)) as anybody:
        answer = await anybody.get("/slow")
    assert (answer.status_code, answer.json()["code"]) == (503, "timed_out")
    assert ended.is_set()
