"""Balances, statements and standing over HTTP."""

from datetime import date, datetime
from uuid import uuid4

import pytest

from api.service import Service
from ledger.holds import hold
from tests.api.books import END_OF_2096, END_OF_2099, SPRING, add_shop, adopt_pack, book, credit, spend
from tests.api.cast import Cast
from tests.api.conftest import As
from timebank.database import Address, Database
from timebank.jobs.running import run_now


@pytest.fixture
async def alice(database: Database, cast: Cast) -> str:
    """Book for Alice: 240 minutes; 50 points to the end of 2096 and 20 to 2099, 15 spent, 10 held."""
    person = cast.people["alice"]
    await book(
        database,
        cast,
        credit("a", person, points=50, expires_on=END_OF_2096),
        credit("b", person),
        spend("c", person, uuid4(), 15),
        hold("d", owner=person, unit="point", amount=10, until=END, effective_at=SPRING, actor="test"),
    )
    return f"/api/v1/people/{person}"


END = SPRING.replace(year=2098)


@pytest.mark.parametrize("what", ["balances", "statements/point"])
async def test_one_s_own_takes_one_statement(
    service: Service, as_: As, address: Address, alice: str, what: str
) -> None:
    asked: list[object] = []
    async with Database.connect(address) as service.database:
        assert (await as_("alice").get(f"{alice}/{what}")).status_code == 200
        async with service.database.connections.lent() as connection:
            connection.add_query_logger(asked.append)
        assert (await as_("alice").get(f"{alice}/{what}")).status_code == 200
    assert len(asked) == 1


@pytest.mark.parametrize("what", ["balances", "statements/point"])
async def test_it_ends_with_the_session(
    as_: As, alice: str, cast: Cast, database: Database, what: str
) -> None:
    assert (await as_("alice").get(f"{alice}/{what}")).status_code == 200
    ending = "update sessions set ended_at = now(), ended_for = 'test' where bank_id = $1 and id = $2"
    await database.write(
        cast.bank, lambda tx: tx.connection.execute(ending, tx.bank_id, cast.sessions["alice"])
    )
    answer = await as_("alice").get(f"{alice}/{what}")
    assert (answer.status_code, answer.json()["code"]) == (401, "session_over")


@pytest.mark.parametrize(("name", "looks"), [("alice", 0), ("wen", 3)])
async def test_only_somebody_else_s_look_is_recorded(
    as_: As, alice: str, cast: Cast, database: Database, name: str, looks: int
) -> None:
    for what in ("balances", "statements/point", "standing"):
        await as_(name).get(f"{alice}/{what}")
    count = "select count(*) from look_ups where bank_id = $1"
    assert await database.read(cast.bank, lambda tx: tx.connection.fetchval(count, tx.bank_id)) == looks


async def test_a_person_sees_their_balances_lot_by_lot(as_: As, alice: str) -> None:
    answer = await as_("alice").get(f"{alice}/balances")
    assert answer.status_code == 200
    minute, point = answer.json()["balances"]
    assert minute == {
        "unit": "minute",
        "unit_class": "honour",
        "total": 240,
        "spendable": 0,
        "held": 0,
        "lots": [{"expires_on": None, "amount": 240}],
    }
    assert (point["unit"], point["total"], point["held"]) == ("point", 45, 10)
    assert point["lots"] == [
        {"expires_on": "2096-12-31", "amount": 25},
        {"expires_on": "2099-12-31", "amount": 20},
    ]


@pytest.mark.parametrize(("as_of", "spendable"), [("2096-12-31T15:59:59Z", 45), ("2096-12-31T16:00:00Z", 20)])
async def test_a_lot_is_spendable_through_its_last_day_in_the_bank_s_zone(
    as_: As, alice: str, as_of: str, spendable: int
) -> None:
    answer = await as_("alice").get(f"{alice}/balances", params={"as_of": as_of})
    assert answer.json()["balances"][1]["spendable"] == spendable


async def test_what_is_effective_earlier_is_recorded_later(as_: As, alice: str) -> None:
    at = {"as_of": "2025-06-01T00:00:00Z"}
    effective = (await as_("alice").get(f"{alice}/balances", params=at)).json()
    recorded = (await as_("alice").get(f"{alice}/balances", params={**at, "basis": "recorded"})).json()
    assert [balance["total"] for balance in effective["balances"]] == [240, 45]
    assert [balance["total"] for balance in recorded["balances"]] == [0, 0]
    now = {"as_of": "2099-01-01T00:00:00Z", "basis": "recorded"}
    all_of_it = (await as_("alice").get(f"{alice}/balances", params=now)).json()["balances"]
    assert [(balance["total"], balance["held"]) for balance in all_of_it] == [(240, 0), (45, 10)]


@pytest.mark.parametrize("name", ["alice", "wen", "olga", "audrey", "adam", "ada"])
@pytest.mark.parametrize("what", ["balances", "statements/point", "standing"])
async def test_who_may_see_it_sees_it(as_: As, alice: str, name: str, what: str) -> None:
    assert (await as_(name).get(f"{alice}/{what}")).status_code == 200


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("bob", 403),
        ("carl", 403),
        ("stella", 403),
        ("mia", 403),
        ("max", 403),
        ("till", 403),
        ("station", 403),
        ("xu", 404),
        ("stranger", 401),
    ],
)
@pytest.mark.parametrize("what", ["balances", "statements/point", "standing"])
async def test_who_may_not_see_it_does_not(as_: As, alice: str, name: str, status: int, what: str) -> None:
    assert (await as_(name).get(f"{alice}/{what}")).status_code == status


@pytest.mark.parametrize("what", ["balances", "statements/point", "standing"])
async def test_nobody_has_no_balances(as_: As, what: str) -> None:
    answer = await as_("adam").get(f"/api/v1/people/{uuid4()}/{what}")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_person")


async def test_a_statement_goes_on_where_its_page_ended(as_: As, alice: str) -> None:
    whole = (await as_("alice").get(f"{alice}/statements/point")).json()
    assert [(line["kind"], line["amount"], line["balance"]) for line in whole["items"]] == [
        ("hold", -10, 45),
        ("redemption", -15, 55),
        ("credit", 20, 70),
        ("credit", 50, 50),
    ]
    assert whole["next_cursor"] is None
    lines, cursor = [], None
    while True:
        params = {"limit": "1", **({"cursor": cursor} if cursor else {})}
        page = (await as_("alice").get(f"{alice}/statements/point", params=params)).json()
        lines += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert lines == whole["items"]


@pytest.mark.parametrize("cursor", ["nonsense", "MQ", "*", "LTEsLTI", "é"])
async def test_a_cursor_that_is_none_of_ours_is_refused(as_: As, alice: str, cursor: str) -> None:
    answer = await as_("alice").get(f"{alice}/statements/point", params={"cursor": cursor})
    if cursor == "MQ":  # the figure 1: a page of no lots
        assert answer.json()["items"] == []
        return
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


async def test_an_unknown_unit_has_no_statement(as_: As, alice: str) -> None:
    answer = await as_("alice").get(f"{alice}/statements/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_unit")
    empty = await as_("alice").get(f"{alice}/statements/fufen")
    assert (empty.status_code, empty.json()) == (200, {"items": [], "next_cursor": None})


async def test_standing_has_stars_once_a_policy_says_what_they_take(
    as_: As, alice: str, cast: Cast, database: Database
) -> None:
    before = (await as_("alice").get(f"{alice}/standing")).json()
    assert (before["minutes"], before["star"], before["points"], before["points_held"]) == (240, None, 45, 10)
    await adopt_pack(database, cast, effective_from=date(2021, 1, 1))
    after = (await as_("alice").get(f"{alice}/standing")).json()
    assert (after["star"], after["next_star_minutes"]) == (0, 6_000)
    await book(database, cast, credit("e", cast.people["alice"], minutes=6_000 - 240, expires_on=END_OF_2099))
    starred = (await as_("alice").get(f"{alice}/standing")).json()
    # The hours are there; the star comes with the daily count.
    assert (starred["minutes"], starred["star"], starred["missing_minutes"]) == (6_000, 0, 0)
    today = datetime.now(cast.bank.zone)
    await run_now(database, cast.bank, "recognise", as_of=today.date(), now=today)
    starred = (await as_("alice").get(f"{alice}/standing")).json()
    assert (starred["star"], starred["next_star_minutes"], starred["missing_minutes"]) == (1, 18_000, 12_000)


async def test_the_till_sees_the_stock(as_: As, cast: Cast, database: Database) -> None:
    shop = await add_shop(database, cast, stock=7)
    (seen,) = (await as_("till").get("/api/v1/shops")).json()["items"]
    assert (seen["id"], seen["code"], seen["name"]) == (shop, "S1", None)
    (rice,) = (await as_("alice").get(f"/api/v1/shops/{shop}/goods")).json()["items"]
    assert (rice["sku"], rice["price_points"], rice["stock"]) == ("RICE", 30, 7)
    unknown = await as_("till").get(f"/api/v1/shops/{shop + 1}/goods")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_shop")
    assert (await as_("station").get("/api/v1/shops")).status_code == 403


async def test_who_looks_at_anothers_is_on_the_register_and_who_looks_at_their_own_is_not(
    as_: As, alice: str
) -> None:
    for name in ("alice", "wen"):
        for path in ("balances", "statements/point", "standing", "records"):
            assert (await as_(name).get(f"{alice}/{path}")).status_code == 200
    assert (await as_("xu").get(f"{alice}/balances")).status_code == 404
    looks = (await as_("alice").get(f"{alice}/look-ups")).json()["items"]
    assert sorted(field for look in looks for field in look["fields"]) == [
        "balances",
        "records",
        "standing",
        "statement",
    ]
    assert {look["purpose"] for look in looks} == {"standing.read", "records.read"}
