"""Conversions over HTTP: what is offered, what an amount would give, doing it once, and whose it is."""

from datetime import timedelta

import pytest_asyncio

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.markets import once, said
from tests.timebank.conversions.scene import Counter, open_counter
from timebank.database import Database

POINTS = {"from_unit": "point", "to_unit": "fufen", "amount": 20}
HOURS = {"from_unit": "minute", "to_unit": "fufen", "amount": 120}


@pytest_asyncio.fixture
async def counter(database: Database, cast: Cast) -> Counter:
    """Return the bank, and Alice with 300 minutes and 100 points."""
    return await open_counter(database, cast)


def path(cast: Cast, what: str, name: str = "alice") -> str:
    return f"/api/v1/people/{cast.people[name]}/{what}"


async def test_it_says_what_can_be_converted(as_: As, counter: Counter) -> None:
    found = (await as_("alice").get(path(counter.cast, "conversion-offers"))).json()["items"]
    assert found == [
        {
            "from_unit": "point",
            "to_unit": "fufen",
            "from_amount": 10,
            "to_amount": 3,
            "left": 100,
            "month_left": 50,
            "most": 50,
        },
        {
            "from_unit": "minute",
            "to_unit": "fufen",
            "from_amount": 60,
            "to_amount": 2,
            "left": 300,
            "month_left": None,
            "most": 300,
        },
    ]


async def test_a_quote_gives_and_keeps_nothing(as_: As, counter: Counter) -> None:
    answer = await as_("alice").post(path(counter.cast, "conversion-quotes"), json=HOURS)
    assert answer.status_code == 200
    quote = answer.json()
    assert (quote["to_amount"], quote["policy_version"]) == (4, 1)
    assert quote["expires_on"] is not None
    assert (await as_("alice").get(path(counter.cast, "conversions"))).json()["items"] == []
    assert await counter.lots("fufen") == []


async def test_it_is_done_once_and_told(as_: As, counter: Counter) -> None:
    alice = as_("alice")
    key = once("same")
    first = await alice.post(path(counter.cast, "conversions"), json=POINTS, headers=key)
    again = await alice.post(path(counter.cast, "conversions"), json=POINTS, headers=key)
    assert (first.status_code, first.json()) == (201, again.json())
    assert first.json()["to_amount"] == 6
    other = await alice.post(path(counter.cast, "conversions"), json=HOURS, headers=key)
    assert said(other) == (409, "idempotency_conflict")
    hours = await alice.post(path(counter.cast, "conversions"), json=HOURS, headers=once())
    assert hours.json()["to_amount"] == 4
    page = (await alice.get(path(counter.cast, "conversions"), params={"limit": 1})).json()
    assert [one["from_unit"] for one in page["items"]] == ["minute"]
    rest = await alice.get(path(counter.cast, "conversions"), params={"cursor": page["next_cursor"]})
    assert [one["id"] for one in rest.json()["items"]] == [first.json()["id"]]
    told = (await alice.get(path(counter.cast, "notifications"))).json()["items"]
    assert [one["kind"] for one in told] == ["converted", "converted"]
    assert sum(balance for _, balance in await counter.lots("fufen")) == 10


async def test_each_refusal(as_: As, counter: Counter) -> None:
    wanted = [
        ({**POINTS, "amount": 15}, 422, "conversion_step"),
        ({**POINTS, "amount": 60}, 422, "conversion_limit_reached"),
        ({**HOURS, "amount": 360}, 422, "hours_all_converted"),
        ({**POINTS, "to_unit": "minute"}, 422, "conversion_not_offered"),
        ({**POINTS, "amount": 0}, 422, "request_invalid"),
        ({**POINTS, "surprise": 1}, 422, "request_invalid"),
    ]
    for body, status, code in wanted:
        for what in ("conversion-quotes", "conversions"):
            answer = await as_("alice").post(path(counter.cast, what), json=body, headers=once())
            assert said(answer) == (status, code), (what, body)
    for name in ("bob", "carl"):
        short = await as_(name).post(path(counter.cast, "conversions", name), json=POINTS, headers=once())
        assert said(short) == (422, "insufficient")
    without = await as_("alice").post(path(counter.cast, "conversions"), json=POINTS)
    assert said(without) == (422, "request_invalid")
    assert await counter.lots("fufen") == []


async def test_before_the_first_policy(as_: As, cast: Cast) -> None:
    answer = await as_("alice").get(path(cast, "conversion-offers"))
    assert said(answer) == (422, "policy_missing")


async def test_nobody_converts_for_another_but_an_agent(as_: As, counter: Counter, service: Service) -> None:
    for name in ("bob", "wen", "carl", "max", "adam"):
        for what in ("conversion-quotes", "conversions"):
            answer = await as_(name).post(path(counter.cast, what), json=POINTS, headers=once())
            assert answer.status_code in {403, 404}, (name, what)
    scope = {"agent_id": str(counter.cast.people["bob"]), "scopes": ["spending"], "reason": "代办"}
    until = (service.now() + timedelta(days=30)).isoformat()
    proxy = await as_("wen").post(path(counter.cast, "proxies"), json={**scope, "until_at": until})
    assert proxy.status_code == 201, proxy.text
    done = await as_("bob").post(path(counter.cast, "conversions"), json=POINTS, headers=once())
    assert done.status_code == 201
