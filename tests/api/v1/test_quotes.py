"""Quotes over HTTP: all that a cashier sees of who stands there, and confirming it once."""

import asyncio

import pytest

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.counter import NAME, QUOTES, TILLS, Counter
from tests.api.v1.markets import once, said
from tests.api.v1.residents import PEOPLE
from tests.timebank.reservations.scene import KEYS
from tests.timebank.tills.scene import MINUTE, open_desk
from timebank.codes.rules import pick_up_code
from timebank.database import Database
from timebank.policy.spending import RedemptionRule
from timebank.vault.actions import put_fields

PIN = "4071"


@pytest.fixture
async def counter(as_: As, database: Database, cast: Cast, service: Service) -> Counter:
    """Return an open till; Alice has a name, a phone and 300 points, and may spend 200 a month."""
    desk = await open_desk(database, cast, rule=RedemptionRule(member_month_points=200))
    alice = cast.people["alice"]
    fields = [(alice, "name", NAME), (alice, "phone", "19900000001")]
    await desk.market.write(lambda tx: put_fields(tx, service.cipher, fields))
    counter = Counter(as_, service, desk)
    service.now = lambda: counter.at
    await counter.open()
    return counter


async def test_a_cashier_sees_a_masked_name_the_balance_and_the_basket(as_: As, counter: Counter) -> None:
    rice = counter.desk.market.rice
    quoted = await counter.quote(counter.rice(1), {"barcode": "6900000000011", "quantity": 1})
    assert quoted.status_code == 201, quoted.text
    found = quoted.json()
    assert found == {
        "id": found["id"],
        "till_id": counter.till,
        "shown": "code",
        "masked_name": "示*",
        "balance_points": 300,
        "lines": [
            {
                "goods_id": rice,
                "sku": "RICE",
                "name": "大米 5kg",
                "quantity": 2,
                "price_points": 30,
                "points": 60,
                "stock": 10,
            }
        ],
        "points": 60,
        "warnings": [],
        "refusals": [],
        "expires_at": (counter.at + 5 * MINUTE).isoformat().replace("+00:00", "Z"),
        "version": 1,
    }
    for private in (NAME, "19900000001", str(counter.desk.person("alice")), "ALICE"):
        assert private not in quoted.text
    again = await as_("carl").get(f"{QUOTES}/{found['id']}")
    assert (again.json(), again.headers["ETag"], quoted.headers["ETag"]) == (found, '"1"', '"1"')


async def test_the_look_is_on_record_for_the_member(as_: As, cast: Cast, counter: Counter) -> None:
    await counter.quote()
    looks = (await as_("alice").get(f"{PEOPLE}/{cast.people['alice']}/look-ups")).json()["items"]
    assert [(look["purpose"], look["fields"]) for look in looks] == [("quotes.make", ["balances", "name"])]


async def test_what_speaks_against_it_has_words(counter: Counter) -> None:
    found = (await counter.quote(counter.rice(11))).json()
    assert [(finding["code"], finding["limit"]) for finding in found["refusals"]] == [
        ("out_of_stock", None),
        ("insufficient_points", None),
        ("limit_reached", "member_month_points"),
    ]
    assert found["refusals"][0]["goods_id"] == counter.desk.market.rice
    assert found["refusals"][2]["detail"] == "超出每人每月积分限额：限 200，已用 0，本次 330"
    near = (await counter.quote(counter.rice(6))).json()
    assert [finding["detail_en"] for finding in near["warnings"]] == [
        "near a member's points a month: 200 allowed, 0 used, 180 wanted"
    ]


async def test_the_basket_is_changed_as_it_was_seen(as_: As, counter: Counter) -> None:
    found = (await counter.quote()).json()
    path, body = f"{QUOTES}/{found['id']}", {"lines": [counter.rice(2)]}
    assert said(await as_("carl").put(path, json=body)) == (428, "version_missing")
    changed = await as_("carl").put(path, json=body, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["points"], changed.headers["ETag"]) == (200, 60, '"2"')
    assert said(await as_("carl").put(path, json=body, headers={"If-Match": '"1"'})) == (
        412,
        "version_differs",
    )
    sold = {"lines": [{"goods_id": counter.desk.market.far_rice}]}
    assert said(await as_("carl").put(path, json=sold, headers={"If-Match": "*"})) == (422, "goods_not_sold")


async def test_a_redemption_is_made_once_whatever_the_key(as_: As, counter: Counter) -> None:
    quote = (await counter.quote(counter.rice(2))).json()["id"]
    assert (await as_("carl").post(f"{QUOTES}/{quote}/confirm")).status_code == 422
    done = await counter.confirm(quote, cents=150)
    assert done.status_code == 201, done.text
    receipt = done.json()["receipt"]
    assert done.json()["balance_points"] == 240
    assert receipt["number"] == "S1-20260509-0001"
    assert (receipt["points"], receipt["cash_cents"], receipt["refunded_at"]) == (60, 150, None)
    many = await asyncio.gather(*(counter.confirm(quote, cents=n) for n in range(5)))
    assert [answer.json() for answer in many] == [done.json()] * 5
    assert await counter.desk.points() == 240
    assert str(counter.desk.person("alice")) not in done.text


async def test_a_confirmation_without_a_body_is_one_without_cash(as_: As, counter: Counter) -> None:
    quote = (await counter.quote(counter.rice())).json()["id"]
    done = await as_("carl").post(f"{QUOTES}/{quote}/confirm", headers=once())
    assert (done.status_code, done.json()["receipt"]["cash_cents"]) == (201, 0)


async def test_a_refused_confirmation_says_why(counter: Counter) -> None:
    quote = (await counter.quote(counter.rice(7))).json()["id"]
    refused = await counter.confirm(quote)
    assert said(refused) == (422, "limit_reached")
    assert refused.json()["detail"] == "超出兑换限额：限 200，已用 0，本次 210"
    empty = (await counter.quote()).json()["id"]
    assert said(await counter.confirm(empty)) == (422, "basket_empty")
    assert said(await counter.confirm("00000000-0000-0000-0000-000000000007")) == (404, "unknown_quote")


async def test_what_the_ledger_refused_is_said_again(counter: Counter) -> None:
    await counter.desk.do("update goods set price_points = 100 where bank_id = $1")
    two = (await counter.quote(counter.rice(), {"goods_id": counter.desk.market.oil})).json()["id"]
    await counter.desk.market.write_off(counter.desk.market.oil, 10)
    first = await counter.confirm(two)
    assert said(first) == (422, "out_of_stock")
    await counter.desk.market.receive(counter.desk.market.oil, 10)
    again = await counter.confirm(two)
    assert (said(again), again.json()["detail"]) == (said(first), first.json()["detail"])


async def test_a_code_is_used_up_and_a_card_needs_its_pin(as_: As, cast: Cast, counter: Counter) -> None:
    shown = {"code": await counter.desk.code("alice", counter.at)}
    assert (await counter.quote(shown=shown)).status_code == 201
    assert said(await counter.quote(shown=shown)) == (422, "code_used")
    card = (await as_("wen").post(f"{PEOPLE}/{cast.people['alice']}/cards")).json()["token"]
    assert said(await counter.quote(shown={"card": card, "pin": PIN})) == (422, "pin_missing")
    await as_("alice").put(f"{PEOPLE}/{cast.people['alice']}/cards/pin", json={"pin": PIN})
    assert said(await counter.quote(shown={"card": card, "pin": "9999"})) == (422, "pin_wrong")
    quoted = await counter.quote(counter.rice(), shown={"card": card, "pin": PIN})
    assert (quoted.status_code, quoted.json()["shown"], quoted.json()["masked_name"]) == (201, "card", "示*")
    assert (await counter.confirm(quoted.json()["id"])).status_code == 201


async def test_nobody_tries_pins_but_at_their_own_open_till(as_: As, cast: Cast, counter: Counter) -> None:
    card = (await as_("wen").post(f"{PEOPLE}/{cast.people['alice']}/cards")).json()["token"]
    await as_("alice").put(f"{PEOPLE}/{cast.people['alice']}/cards/pin", json={"pin": PIN})
    shown = {"card": card, "pin": "9999"}
    for _ in range(6):
        assert said(await counter.quote(shown=shown, by="mia")) == (403, "forbidden")
        assert said(await counter.quote(shown=shown, till=999_999_999)) == (404, "unknown_till")
    assert (await counter.quote(shown={"card": card, "pin": PIN})).status_code == 201


async def test_a_reservation_is_picked_up_by_its_code(counter: Counter) -> None:
    made = await counter.desk.counter.reserve(now=counter.at)
    code = pick_up_code(KEYS, bank_id=counter.desk.market.bank.id, reservation_id=made.id)
    assert said(await counter.quote(counter.rice(), shown={"pick_up": code})) == (422, "quote_of_reservation")
    quoted = (await counter.quote(shown={"pick_up": code})).json()
    assert (quoted["shown"], quoted["points"], quoted["balance_points"]) == ("pick_up", 30, 270)
    done = await counter.confirm(quoted["id"])
    assert (done.status_code, done.json()["balance_points"]) == (201, 270)
    assert said(await counter.quote(shown={"pick_up": code})) == (422, "reservation_over")


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"code": "A" * 40, "pick_up": "A" * 40},
        {"card": "TBC-0123456789ABCDEF"},
        {"pin": PIN},
        {"code": "A" * 40, "pin": PIN},
        {"phone": "19900000001"},
        {"name": NAME},
    ],
)
async def test_nobody_is_found_but_by_what_they_show(counter: Counter, shown: dict[str, str]) -> None:
    assert said(await counter.quote(shown=shown)) == (422, "request_invalid")


async def test_another_session_of_the_cashier_sells_nothing(as_: As, counter: Counter) -> None:
    quote = (await counter.quote(counter.rice())).json()["id"]
    await counter.desk.log_in_anew("carl")
    token, _ = counter.service.tokens.issue(
        counter.desk.market.bank.code, counter.desk.sessions["carl"], now=counter.at
    )
    headers = {"Authorization": f"Bearer {token}", **once()}
    answer = await as_("stranger").post(f"{QUOTES}/{quote}/confirm", json={}, headers=headers)
    assert said(answer) == (422, "till_closed")
    own = (await as_("stranger").get(TILLS, headers=headers)).json()["items"]
    assert [till["is_selling"] for till in own] == [False]
